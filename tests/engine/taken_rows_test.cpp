// Rows taken by indices and multiplied row by row are read where they stand: bits against gathered copies, what keeps a
// copy, and errors of indices.
#include <array>

#include <gtest/gtest.h>

#include <xtape/function.hpp>
#include <xtape/xtape.hpp>

#include "support/check.hpp"
#include "support/interpreter.hpp"
#include "support/plans.hpp"

namespace xtape::test {

namespace {

/// Indices of an axis of this extent, from the front and from the end.
Array random_indices(const Shape& shape, std::int64_t extent, std::uint64_t seed) {
  Random random(seed);
  const auto end = static_cast<Real>(extent);
  return array_of(random_tensor(random, shape, DType::int64, -end, end - 1));
}

struct Extents {
  std::int64_t rows, columns, batch;
};

/// A step of stochastic gradient descent: the loss, and the new weights and bias.
std::vector<Var> step(Tape& tape, const Operand& x, const Operand& y, const Var& batch, const Var& w, const Var& b) {
  const Var rows = take(x, batch, 0), labels = take(y, batch, 0);
  const Var logits = matmul(rows, w) + b;
  const Var loss = binary_cross_entropy_with_logits(logits, labels);
  const auto [dw, db] = tape.gradient<2>(loss, {w, b});
  return {loss, w - 0.5 * dw, b - 0.5 * db};
}

std::vector<Var> step(Tape& tape, const Extents& extents, DType dtype) {
  const Var x = tape.variable(random_array({extents.rows, extents.columns}, dtype, 1));
  const Var y = sigmoid(tape.variable(random_array({extents.rows}, dtype, 2)));
  const Var batch = tape.variable(random_indices({extents.batch}, extents.rows, 3));
  const Var w = tape.variable(random_array({extents.columns}, dtype, 4));
  const Var b = tape.variable(random_array({}, dtype, 5));
  return step(tape, x, y, batch, w, b);
}

TEST(TakenRows, AgreeWithTheInterpreter) {
  for (DType dtype : {DType::float32, DType::float64})
    for (const Extents extents : {Extents{1, 2, 2}, {5, 3, 4}, {9, 30, 32}, {200, 8, 65}, {40, 67, 130}}) {
      Tape tape(kPlanned);
      const std::vector<Var> results = step(tape, extents, dtype);
      tape.evaluate(results);
      const std::vector<Tensor> expected = interpret(results);
      for (std::size_t which = 0; which < results.size(); ++which)
        EXPECT_TRUE(close(results[which].value(), expected[which], dtype == DType::float32 ? 1e-5L : 1e-13L))
            << "result " << which << " of " << extents.batch << " of " << extents.rows << " x " << extents.columns;
    }
}

/// Every width of a kernel's row, and more rows than a chunk has.
TEST(TakenRows, HaveTheBitsOfACopy) {
  const int before = num_threads();
  std::vector<Extents> all{{300, 12, 20000}, {17, 300, 50}};
  for (std::int64_t columns = 2; columns < 70; columns += columns < 10 ? 1 : 7) all.push_back({50, columns, 37});
  for (DType dtype : {DType::float32, DType::float64})
    for (const Extents& extents : all) {
      const auto run = [&](const Options& options, int threads) {
        set_num_threads(threads);
        Tape tape(options);
        return tape.evaluate(step(tape, extents, dtype));
      };
      const std::vector<Array> copied = run(kUnplanned, 1);
      for (int threads : {1, 2, 4})
        EXPECT_TRUE(same_bits(run(kPlannedExactly, threads), copied)) << extents.columns << " columns";
    }
  set_num_threads(before);
}

/// What a plan says of the calls of a program.
bool copies_rows(const Tape& tape, const std::vector<Var>& outputs) {
  return tape.dump_plan(outputs).find(" take(") != std::string::npos;
}

TEST(TakenRows, AreNotCopied) {
  Tape tape(kPlanned);
  const std::vector<Var> results = step(tape, {100, 30, 32}, DType::float64);
  const std::string plan = tape.dump_plan(results);
  EXPECT_FALSE(copies_rows(tape, results)) << plan;
  EXPECT_TRUE(contains(plan, {" places(", " taken_row_dots(", " taken_row_sums(", " taken_elements("})) << plan;
}

/// Rows that something else reads, or that are asked for, are there as a copy, and then all read that.
TEST(TakenRows, AreCopiedForOtherReaders) {
  using Read = Var (*)(const Var& rows, const Var& z);
  constexpr Read kReaders[] = {
      [](const Var& rows, const Var&) { return rows; },
      [](const Var& rows, const Var&) { return transpose(rows); },
      [](const Var& rows, const Var& z) { return sum(rows) + sum(z); },
      [](const Var& rows, const Var& z) {
        return matmul(transpose(rows), stack({z, z}, 1));
      },
      [](const Var& rows, const Var&) { return matmul(rows, slice(rows, {Slice(0)})); },
      [](const Var& rows, const Var& z) { return matmul(slice(z, {Slice(2, 9)}), slice(rows, {Slice(2, 9)})); },
  };
  for (const Read read : kReaders) {
    const auto record = [&](Tape& tape) {
      const Var x = tape.variable(random_array({20, 6}, DType::float64, 1));
      const Var rows = take(x, random_indices({12}, 20, 2), 0);
      const Var z = matmul(rows, tape.variable(random_array({6}, DType::float64, 3)));
      return std::vector<Var>{tanh(z), read(rows, z)};
    };
    Tape planned(kPlannedExactly), unplanned(kUnplanned);
    const std::vector<Var> results = record(planned);
    EXPECT_TRUE(copies_rows(planned, results)) << planned.dump_plan(results);
    EXPECT_TRUE(same_bits(planned.evaluate(results), unplanned.evaluate(record(unplanned))));
  }
}

/// Rows of more than one axis, by indices of more than one, of a matrix that is a view itself.
TEST(TakenRows, MayBeReshaped) {
  const auto record = [](Tape& tape) {
    const Var images = tape.variable(random_array({5, 7, 30}, DType::float64, 1));
    const Var batch = take(transpose(images, {2, 0, 1}), random_indices({3, 4}, 30, 2), 0);
    const Var z = matmul(reshape(batch, {12, 35}), tape.variable(random_array({35}, DType::float64, 3)));
    const Var back = matmul(tanh(z), reshape(batch, {-1, 35}));
    return std::vector<Var>{z, back};
  };
  Tape planned(kPlannedExactly), unplanned(kUnplanned);
  const std::vector<Var> results = record(planned);
  EXPECT_FALSE(copies_rows(planned, results)) << planned.dump_plan(results);
  EXPECT_TRUE(same_bits(planned.evaluate(results), unplanned.evaluate(record(unplanned))));
}

/// Labels of any dtype, which may be asked for.
TEST(TakenRows, ComeWithLabels) {
  for (DType dtype : {DType::boolean, DType::int64, DType::float32, DType::float64}) {
    const auto record = [&](Tape& tape) {
      const Var x = tape.variable(random_array({40, 9}, DType::float64, 1));
      const Var y = tape.variable(random_array({40}, dtype, 2));
      const Var batch = tape.variable(random_indices({33}, 40, 3));
      const Var labels = take(y, batch, 0);
      const Var z = matmul(take(x, batch, 0), tape.variable(random_array({9}, DType::float64, 4)));
      const Var wanted = cast(labels, DType::float64), error = z - wanted;
      return std::vector<Var>{labels, sum(square(error))};
    };
    Tape planned(kPlannedExactly), unplanned(kUnplanned);
    const std::vector<Var> results = record(planned);
    EXPECT_FALSE(copies_rows(planned, results)) << planned.dump_plan(results);
    EXPECT_TRUE(same_bits(planned.evaluate(results), unplanned.evaluate(record(unplanned)))) << static_cast<int>(dtype);
  }
}

/// A permutation of what the loop also reads in order, and writes.
TEST(TakenRows, AreReadBeforeTheyAreWrittenOver) {
  const auto run = [](const Options& options) {
    Parameter targets("targets", random_array({600}, DType::float64, 1));
    Tape tape(options);
    const Var x = tape.variable(random_array({600, 5}, DType::float64, 2));
    const Var order = tape.variable(random_indices({600}, 600, 3));
    const Var z = matmul(take(x, order, 0), tape.variable(random_array({5}, DType::float64, 4)));
    const Var y = tape.read(targets), other = tanh(y), taken = take(y, order, 0), mixed = take(other, order, 0);
    const Var error = z - taken, total = sum(error * mixed), next = y - 0.1 * error * other;
    tape.evaluate({total}, {{targets, next}});
    return std::vector<Array>{total.value(), targets.value()};
  };
  EXPECT_TRUE(same_bits(run(kPlannedExactly), run(kUnplanned)));
}

/// An index beyond the axis is an error in the name of the op, before anything is computed, and the tape goes on.
TEST(TakenRows, RefuseIndicesBeyondTheAxis) {
  for (std::int64_t wrong : {7, -8}) {
    const std::string text = "index " + std::to_string(wrong) + " is out of range for an axis of extent 7";
    for (bool embeds : {false, true}) {
      Parameter w("w", random_array({3}, DType::float64, 1));
      const Array before = w.value();
      Tape tape;
      const Var x = tape.variable(random_array({7, 3}, DType::float64, 2)), weights = tape.read(w);
      const auto result = [&](std::int64_t index) {
        const Array indices = Array::from<std::int64_t>({0, index, 2});
        const Var rows = embeds ? embedding(indices, x) : take(x, indices, 0);
        const Var z = matmul(rows, weights);
        return matmul(tanh(z), rows);
      };
      const std::string message = message_of<ValueError>([&] {
        const Var sums = result(wrong);
        tape.evaluate({}, {{w, weights - sums}});
      });
      EXPECT_TRUE(contains(message, {embeds ? "embedding: " : "take: ", text, "taken_rows_test.cpp"})) << message;
      EXPECT_TRUE(same_bits(w.value(), before));
      EXPECT_EQ(result(-1).value().shape(), Shape{3});
    }
  }
}

TEST(TakenRows, OfAMatrixWithoutRowsAreRefused) {
  Tape tape;
  const Var x = tape.variable(Array::zeros({0, 3})), w = tape.variable(Array{1, 2, 3}), s = tape.variable(Array{1, 2});
  const Var batch = take(x, Array::from<std::int64_t>({0, 1}), 0);
  for (const Var& product : {matmul(batch, w), matmul(s, batch)}) EXPECT_THROW(product.value(), ValueError);
}

/// Each call of a Function has its own indices, and a call that throws does not keep the next one from running.
TEST(TakenRows, FollowTheIndicesOfEachCall) {
  const Array x = random_array({30, 4}, DType::float64, 1), y = random_array({30}, DType::float64, 2);
  const Array w = random_array({4}, DType::float64, 3), b(0.25);
  const Function recorded([](Tape& tape, Var rows, Var labels, Var batch, Var weights, Var bias) {
    const std::vector<Var> results = step(tape, rows, labels, batch, weights, bias);
    return std::array{results[0], results[1], results[2]};
  });
  for (std::uint64_t call = 0; call < 6; ++call) {
    const Array batch = random_indices({8}, 30, call);
    Tape tape(kPlanned);
    const std::vector<Array> expected =
        tape.evaluate(step(tape, x, y, tape.variable(batch), tape.variable(w), tape.variable(b)));
    const auto [loss, new_w, new_b] = recorded.call<3>(x, y, batch, w, b);
    EXPECT_TRUE(same_bits({loss, new_w, new_b}, expected));
    const Array wrong = Array::from<std::int64_t>({0, 1, 2, 3, 4, 5, 6, 30});
    const std::string message = message_of<ValueError>([&] { recorded.call<3>(x, y, wrong, w, b); });
    EXPECT_TRUE(contains(message, {"take: index 30 is out of range for an axis of extent 30", "taken_rows_test.cpp"}))
        << message;
  }
}

}  // namespace

}  // namespace xtape::test
