// What a tape holds beyond a reset: small values may stay for the next recording, and nobody can tell.
#include <gtest/gtest.h>

#include <cstdint>
#include <memory>
#include <vector>

#include <xtape/custom_op.hpp>
#include <xtape/engine.hpp>
#include <xtape/xtape.hpp>

namespace xtape {
namespace {

/// x x + c of this step, from an Array of its own.
Array squares(Tape& tape, double x, const Array& c) {
  tape.reset();
  return (square(tape.variable(Array{x, x + 1})) + c).value();
}

TEST(HeldValues, ResultsOfEarlierRecordingsStayAsTheyWere) {
  Tape tape;
  const Array c{0.5, 0.25};
  std::vector<Array> kept;
  for (int i = 0; i < 4; ++i) kept.push_back(squares(tape, i, c));
  for (int i = 0; i < 4; ++i) {
    EXPECT_EQ(kept[static_cast<std::size_t>(i)].values<double>()[0], i * i + 0.5);
    EXPECT_EQ(kept[static_cast<std::size_t>(i)].values<double>()[1], (i + 1) * (i + 1) + 0.25);
  }
}

TEST(HeldValues, AnotherArrayOfTheSameLineCounts) {
  Tape tape;
  for (double c : {1.0, 2.0, 2.0, -3.0}) EXPECT_EQ(squares(tape, 2, Array{c, 10 * c}).values<double>()[1], 9 + 10 * c);
}

TEST(HeldValues, TheSameArrayInAnotherShapeCounts) {
  Tape tape;
  const Array matrix{{1, 2, 3}, {4, 5, 6}};
  for (int i = 0; i < 3; ++i) {
    tape.reset();
    const Array sums = sum(i == 1 ? reshape(tape.variable(matrix), {3, 2}) : tape.variable(matrix), 0).value();
    EXPECT_EQ(sums.size(), i == 1 ? 2 : 3);
    EXPECT_EQ(sums.values<double>()[0], i == 1 ? 9 : 5);
  }
}

TEST(HeldValues, ADroppedResultMayBeComputedAgain) {
  Tape tape;
  const Array c{0.5, 0.25};
  for (int i = 0; i < 4; ++i) EXPECT_EQ(squares(tape, i, c).values<double>()[0], i * i + 0.5);
}

TEST(HeldValues, AParameterKeepsItsValueWhileTheNextIsComputed) {
  Tape tape;
  Parameter p("p", Array{1, 2});
  for (int i = 0; i < 4; ++i) {
    const Array before = p.value();
    tape.reset();
    const Var x = tape.read(p);
    tape.evaluate({}, {{p, x + x}});
    EXPECT_EQ(before.values<double>()[1], 2 << i);
    EXPECT_EQ(p.value().values<double>()[1], 4 << i);
    EXPECT_EQ(p.version(), static_cast<std::uint64_t>(i) + 1);
  }
}

TEST(HeldValues, AnotherParameterInThePlaceOfOne) {
  Tape tape;
  Parameter a("a", Array(1.0)), b("b", Array(2.0));
  const auto twice = [&](const Parameter& p) {
    tape.reset();
    return (tape.read(p) * 2.0).item<double>();
  };
  EXPECT_EQ(twice(a), 2);
  EXPECT_EQ(twice(b), 4);
  EXPECT_EQ(twice(a), 2);
  a = Parameter("a", Array(5.0));
  EXPECT_EQ(twice(a), 10);
}

TEST(HeldValues, AdoptedMemoryIsGivenBackByAReset) {
  Tape tape;
  const auto owner = std::make_shared<std::vector<double>>(std::vector<double>{1, 2, 3});
  Parameter p("p", Array::adopt(owner->data(), DType::float64, {3}, owner));
  for (int i = 0; i < 3; ++i) {
    tape.reset();
    EXPECT_EQ(owner.use_count(), 2) << "the Parameter's";
    const Var x = tape.variable(Array::adopt(owner->data(), DType::float64, {3}, owner));
    EXPECT_EQ(sum(x * tape.read(p)).item<double>(), 14);
    EXPECT_EQ(owner.use_count(), 3);
  }
  tape.reset();
  p = Parameter("p", Array(0.0));
  EXPECT_EQ(owner.use_count(), 1);
}

TEST(HeldValues, AParameterMayEndBeforeTheTapeThatReadIt) {
  Tape tape;
  for (int i = 0; i < 3; ++i) {
    tape.reset();
    const auto p = std::make_unique<Parameter>("p", Array{1.0 * i, 2});
    EXPECT_EQ(sum(tape.read(*p)).item<double>(), i + 2);
  }
}

TEST(HeldValues, HandlesOfAFewParametersStay) {
  const auto owner = std::make_shared<std::vector<double>>(std::vector<double>{1, 2, 3});
  Tape tape;
  {
    std::vector<Parameter> parameters;
    for (int i = 0; i < 200; ++i) parameters.emplace_back("p", Array{0, 0, 0});
    for (Parameter& parameter : parameters) {
      tape.read(parameter);
      parameter.assign(Array::adopt(owner->data(), DType::float64, {3}, owner));
    }
    tape.reset();
  }
  EXPECT_LE(owner.use_count(), 1 + 64);
  tape.reset();
  EXPECT_EQ(owner.use_count(), 1);
}

TEST(HeldValues, TheNewValueMayBelongToTheOldOne) {
  struct Both {
    std::vector<double> old{1, 2, 3};
    Array next{4, 5, 6};
  };
  auto both = std::make_shared<Both>();
  const Both* raw = both.get();
  Parameter p("p", Array::adopt(raw->old.data(), DType::float64, {3}, std::move(both)));
  p.assign(raw->next);
  EXPECT_EQ(p.value().values<double>()[2], 6);
}

TEST(HeldValues, WhoeverFreesTheOldValueSeesTheNewOne) {
  Array seen;
  std::vector<double> elements{1, 2, 3};
  Parameter p("p", Array{0, 0, 0});
  std::shared_ptr<void> owner(elements.data(), [&](void*) { seen = p.value(); });
  p.assign(Array::adopt(elements.data(), DType::float64, {3}, std::move(owner)));
  EXPECT_FALSE(seen.has_value());
  p.assign(Array{7, 8, 9});
  EXPECT_EQ(seen.values<double>()[0], 7);
}

TEST(HeldValues, AParameterReplacedWhileThePlanRunsIsCheckedAgain) {
  Parameter p("p", Array{1, 2, 3});
  bool moved = false;
  const CustomOp op(
      "replace",
      [&](std::span<const Array> x) {
        if (moved) const Parameter other = std::move(p);
        else p = Parameter("p", Array{{1, 2}, {3, 4}});
        return Array::copy(x[0].values<double>().data(), x[0].shape());
      },
      [](std::span<const Array>, const Array&, const Array& cotangent) { return std::vector<Array>{cotangent}; });
  Tape tape;
  const auto step = [&] {
    tape.reset();
    p = Parameter("p", Array{1, 2, 3});
    tape.evaluate({}, {{p, op(tape.variable(Array{5, 6, 7})) * 2.0}});
  };
  EXPECT_THROW(step(), ShapeError);
  EXPECT_EQ(p.value().values<double>()[3], 4);
  moved = true;
  EXPECT_THROW(step(), ValueError);
}

TEST(HeldValues, LargeOnesAreGivenBackByAReset) {
  Tape tape;
  const std::size_t before = memory_statistics().in_use;
  for (int i = 0; i < 3; ++i) {
    tape.reset();
    EXPECT_EQ(memory_statistics().in_use, before);
    const Var x = tape.variable(Array::full({2000}, 1.0 + i, DType::float64));
    EXPECT_EQ((x * x).value().values<double>()[1999], (1.0 + i) * (1.0 + i));
    EXPECT_GE(memory_statistics().in_use, before + 2 * 16000);
  }
  tape.reset();
  EXPECT_EQ(memory_statistics().in_use, before);
}

TEST(HeldValues, ManySmallOnes) {
  Tape tape;
  for (int i = 0; i < 3; ++i) {
    tape.reset();
    Var total = tape.variable(Array{0, 0});
    for (int j = 0; j < 200; ++j) {
      total = total + Array{1.0 * j, 1.0 * i};
      if (j % 3 == 0) total.value();
    }
    EXPECT_EQ(total.value().values<double>()[0], 199 * 100);
    EXPECT_EQ(total.value().values<double>()[1], 200 * i);
  }
}

}  // namespace
}  // namespace xtape
