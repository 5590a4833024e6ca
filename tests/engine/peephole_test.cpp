// The planner's rewrites: that they fire, that values stay within rounding, that strong zeros hold, and when they must
// not fire.
#include <cmath>
#include <limits>

#include <gtest/gtest.h>

#include <xtape/xtape.hpp>

#include "ops/strong.hpp"
#include "plan/peephole.hpp"

namespace xtape::test {

namespace {

constexpr double kInf = std::numeric_limits<double>::infinity(), kNaN = std::numeric_limits<double>::quiet_NaN();
constexpr Options kPlanned{true, true}, kExactly{true, false}, kUnplanned{false, false};

using Vars = std::vector<Var>;
/// What a program computes from three leaves of one shape.
using Build = Vars (*)(Tape& tape, const Var& a, const Var& b, const Var& c);

/// A program whose plan must have this op and so many instructions, for float64 and float32.
struct Program {
  const char* op;
  std::size_t instructions;
  Build build;
};

const Program kPrograms[] = {
    {"multiply_add", 1, [](Tape&, const Var& a, const Var& b, const Var& c) { return Vars{a * b + c}; }},
    {"multiply_add", 1, [](Tape&, const Var& a, const Var& b, const Var& c) { return Vars{c + b * a}; }},
    {"multiply_add", 1, [](Tape&, const Var& a, const Var& b, const Var&) { return Vars{0.5 * a + b}; }},
    {"multiply_add", 1, [](Tape&, const Var& a, const Var& b, const Var&) { return Vars{a * a + b}; }},
    {"multiply_subtract", 1, [](Tape&, const Var& a, const Var& b, const Var& c) { return Vars{a * b - c}; }},
    {"multiply_subtract", 1, [](Tape&, const Var& a, const Var& b, const Var&) { return Vars{square(a) - b}; }},
    {"subtract_multiply", 1, [](Tape&, const Var& a, const Var& b, const Var& c) { return Vars{c - a * b}; }},
    {"subtract_multiply", 1, [](Tape&, const Var& a, const Var& b, const Var& c) { return Vars{a * -b + c}; }},
    {"subtract_multiply", 1, [](Tape&, const Var& a, const Var& b, const Var&) { return Vars{b - square(a)}; }},
    {"subtract_divide", 1, [](Tape&, const Var& a, const Var& b, const Var& c) { return Vars{c - a / b}; }},
    {"add_scaled_square", 1, [](Tape&, const Var& a, const Var& b, const Var& c) { return Vars{c + a * square(b)}; }},
    {"add_products", 1, [](Tape&, const Var& a, const Var& b, const Var& c) { return Vars{a * b + c * a}; }},
    {"add_scaled_square_and_product", 1,
     [](Tape&, const Var& a, const Var& b, const Var& c) { return Vars{c * b + a * square(b)}; }},
    {"subtract_product_over", 1,
     [](Tape&, const Var& a, const Var& b, const Var& c) { return Vars{a - b * c / a}; }},
    {"two_zeros", 1,
     [](Tape&, const Var& a, const Var& b, const Var&) { return Vars{literal(0.0) * a + literal(0.0) * b}; }},
    {"three_zeros", 1,
     [](Tape&, const Var& a, const Var& b, const Var& c) {
       const Var two = literal(0.0) * a + literal(0.0) * b;
       return Vars{two + literal(0.0) * c};
     }},
    {"negative_square", 1, [](Tape&, const Var& a, const Var&, const Var&) { return Vars{-a * a}; }},
    {"negative_square", 1, [](Tape&, const Var& a, const Var&, const Var&) { return Vars{-square(a)}; }},
    {"negative_square", 2,
     [](Tape&, const Var& a, const Var&, const Var&) {
       return Vars{-a, -a * a};
     }},
    {"square", 1,
     [](Tape&, const Var& a, const Var&, const Var&) {
       return Vars{a * a, square(a)};
     }},
    {"add_twice", 1, [](Tape&, const Var& a, const Var& b, const Var&) { return Vars{a + b + b}; }},
    {"subtract", 1, [](Tape&, const Var& a, const Var& b, const Var&) { return Vars{-a + b}; }},
    {"add", 1, [](Tape&, const Var& a, const Var& b, const Var&) { return Vars{a - (-b)}; }},
    {"add_root_of_quotient", 2,
     [](Tape&, const Var& a, const Var& b, const Var& c) { return Vars{sqrt(square(a) / b) + c}; }},
    {"add_root_of_product", 2,
     [](Tape&, const Var& a, const Var& b, const Var& c) { return Vars{sqrt(square(a) * b) + c}; }},
    {"add_strong_products", 1,
     [](Tape&, const Var& a, const Var& b, const Var& c) {
       const Var first = strong_multiply(a, b), second = strong_multiply(c, a);
       return Vars{first + second};
     }},
    {"strong_multiply_add", 1,
     [](Tape&, const Var& a, const Var& b, const Var& c) { return Vars{strong_multiply(a, b) + c}; }},
    {"strong_multiply_subtract", 1,
     [](Tape&, const Var& a, const Var& b, const Var& c) { return Vars{strong_multiply(a, b) - c}; }},
    {"subtract_strong_multiply", 1,
     [](Tape&, const Var& a, const Var& b, const Var& c) { return Vars{c - strong_multiply(b, a)}; }},
    {"subtract_strong_multiply", 1,
     [](Tape&, const Var& a, const Var& b, const Var& c) { return Vars{c + strong_multiply(-b, a)}; }},
    {"subtract_twice_strong_multiply", 1,
     [](Tape&, const Var& a, const Var& b, const Var& c) {
       const Var once = c - strong_multiply(a, b);
       return Vars{once + strong_multiply(-b, a)};
     }},
    {"add_twice_strong_multiply", 1,
     [](Tape&, const Var& a, const Var& b, const Var& c) {
       const Var product = strong_multiply(a, b);
       return Vars{c + product + product};
     }},
    {"strong_sign", 1, [](Tape&, const Var& a, const Var& b, const Var&) { return Vars{strong_multiply(a, sign(b))}; }},
    {"strong_tanh_slope", 3,
     [](Tape& tape, const Var& a, const Var& b, const Var&) { return Vars{tape.gradient(sum(tanh(a) * exp(b)), a)}; }},
    {"strong_sigmoid_slope", 3,
     [](Tape& tape, const Var& a, const Var& b, const Var&) {
       return Vars{tape.gradient(sum(sigmoid(a) * exp(b)), a)};
     }},
    {"strong_log1p_slope", 3,
     [](Tape& tape, const Var& a, const Var& b, const Var&) { return Vars{tape.gradient(sum(log1p(exp(a)) * b), a)}; }},
    {"strong_log_slope", 1,
     [](Tape& tape, const Var& a, const Var& b, const Var&) { return Vars{tape.gradient(sum(log(a) * b), a)}; }},
    {"strong_sqrt_slope", 2,
     [](Tape& tape, const Var& a, const Var& b, const Var&) { return Vars{tape.gradient(sum(sqrt(a) * b), a)}; }},
    {"twice_subtract_strong_multiply", 1,
     [](Tape&, const Var& a, const Var& b, const Var& c) {
       const Var once = (c + c) - strong_multiply(a, b);
       return Vars{once + strong_multiply(-b, a)};
     }},
    {"where", 2,
     [](Tape& tape, const Var& a, const Var& b, const Var& c) {
       const Var chosen = where(a > b, c, c);
       return Vars{tape.gradient(sum(chosen * b), c)};
     }},
};

/// Leaves with zeros of both signs, infinities and NaN beside ordinary values.
Array mixed(DType dtype, std::size_t stride) {
  const double values[] = {0.5, -1.25, 0, -0.0, kInf, -kInf, kNaN, 1, 1e-3, -7.5, 3.25};
  constexpr std::size_t kCount = std::size(values);
  std::vector<double> elements;
  for (std::size_t i = 0; i < kCount * kCount * kCount; ++i) elements.push_back(values[i / stride % kCount]);
  const Array array = Array::from<double>(elements);
  Tape tape;
  return cast(tape.variable(array), dtype).value();
}

std::vector<Array> values(const Program& program, const Options& options, DType dtype, std::string* plan = nullptr) {
  Tape tape(options);
  const Var a = tape.variable(mixed(dtype, 1)), b = tape.variable(mixed(dtype, 11));
  const Var c = tape.variable(mixed(dtype, 121));
  const Vars outputs = program.build(tape, a, b, c);
  if (plan != nullptr) *plan = tape.dump_plan(outputs);
  return tape.evaluate(outputs);
}

std::vector<double> doubles(const Array& array) {
  Tape tape;
  const Array wide = cast(tape.variable(array), DType::float64).value();
  const auto elements = wide.values<double>();
  return {elements.begin(), elements.end()};
}

/// Equal up to a few roundings of terms as large as those of these programs: at most 7.5 cubed.
void expect_close(const std::vector<Array>& actual, const std::vector<Array>& expected, DType dtype) {
  const double epsilon = dtype == DType::float32 ? 0x1p-23 : 0x1p-52;
  for (std::size_t which = 0; which < actual.size(); ++which) {
    const std::vector<double> x = doubles(actual[which]), y = doubles(expected[which]);
    ASSERT_EQ(x.size(), y.size());
    for (std::size_t i = 0; i < x.size(); ++i) {
      if (std::isnan(y[i])) EXPECT_TRUE(std::isnan(x[i])) << "element " << i << " is " << x[i];
      else if (std::isinf(y[i])) EXPECT_EQ(x[i], y[i]) << "element " << i;
      else EXPECT_NEAR(x[i], y[i], 4 * epsilon * 422) << "element " << i;
    }
  }
}

bool has(const std::string& plan, const std::string& op) { return plan.find("= " + op + "(") != std::string::npos; }

TEST(Peephole, EveryRewriteIsUsable) {
  for (const detail::Rewrite& rewrite : detail::rewrites())
    EXPECT_TRUE(detail::is_usable(rewrite)) << rewrite.find << " -> " << rewrite.put;
  EXPECT_FALSE(detail::is_usable({"no_such_op(a, b)", "add(a, b)"}));
  EXPECT_FALSE(detail::is_usable({"add(a, b", "subtract(a, b)"}));
  EXPECT_FALSE(detail::is_usable({"add(a, y)", "subtract(a, a)"}));
}

TEST(Peephole, EveryFusedOpIsMade) {
  for (const detail::Op* op : detail::fused_ops()) {
    const auto makes = [&](const Program& program) { return op->name == program.op; };
    EXPECT_TRUE(std::any_of(std::begin(kPrograms), std::end(kPrograms), makes)) << op->name << " has no row here";
  }
}

TEST(Peephole, FiresAndKeepsValues) {
  for (const Program& program : kPrograms) {
    for (DType dtype : {DType::float64, DType::float32}) {
      std::string plan, exact_plan;
      const auto planned = values(program, kPlanned, dtype, &plan);
      const auto exact = values(program, kExactly, dtype, &exact_plan);
      SCOPED_TRACE(plan);
      EXPECT_TRUE(has(plan, program.op)) << program.op;
      EXPECT_NE(plan.find(" " + std::to_string(program.instructions) + " instruction"), std::string::npos);
      for (const detail::Op* op : detail::fused_ops()) EXPECT_FALSE(has(exact_plan, std::string(op->name)));
      expect_close(planned, exact, dtype);
      expect_close(exact, values(program, kUnplanned, dtype), dtype);
    }
  }
}

TEST(Peephole, ZerosStayStrong) {
  Tape tape;
  const Var zero = tape.variable(Array{0.0, -0.0, 0.0}), hard = tape.variable(Array{kInf, -kInf, kNaN});
  const Var c = tape.variable(Array{1.0, 2.0, 3.0});
  const Var product = strong_multiply(zero, hard), swapped = strong_multiply(hard, zero);
  const Vars outputs = {product + c, c - swapped, strong_multiply(hard, zero) - c};
  const std::string plan = tape.dump_plan(outputs);
  const std::vector<Array> results = tape.evaluate(outputs);
  for (std::size_t i = 0; i < 3; ++i) {
    const double term = static_cast<double>(i) + 1;
    EXPECT_EQ(doubles(results[0])[i], term) << plan;
    EXPECT_EQ(doubles(results[1])[i], term) << plan;
    EXPECT_EQ(doubles(results[2])[i], -term) << plan;
  }
}

TEST(Peephole, LeavesOutputsAndSharedValues) {
  Tape tape;
  const Var a = tape.variable(Array{1.0, 2.0}), b = tape.variable(Array{3.0, 4.0}), c = tape.variable(Array{5.0, 6.0});
  const Var product = a * b;
  const Var total = product + c;
  EXPECT_TRUE(has(tape.dump_plan({total}), "multiply_add"));
  EXPECT_FALSE(has(tape.dump_plan({product, total}), "multiply_add"));
  EXPECT_FALSE(has(tape.dump_plan({exp(product) * total}), "multiply_add"));
}

TEST(Peephole, LeavesIntegers) {
  Tape tape;
  const Var a = tape.variable(Array::from<std::int64_t>({1, 2})), b = tape.variable(Array::from<std::int64_t>({3, 4}));
  const Var total = a * b + a;
  EXPECT_FALSE(has(tape.dump_plan({total}), "multiply_add"));
  EXPECT_EQ(total.value().values<std::int64_t>()[1], 10);
}

/// A value that the tape holds already is an input, whatever op computed it.
TEST(Peephole, LeavesValuesThatAreThere) {
  Tape tape;
  const Var a = tape.variable(Array{1.0, 2.0}), b = tape.variable(Array{3.0, 4.0});
  const Var product = a * b;
  product.value();
  const Var total = product + a;
  EXPECT_FALSE(has(tape.dump_plan({total}), "multiply_add"));
  EXPECT_EQ(doubles(total.value())[1], 10);
}

TEST(Peephole, ElementwiseProblem) {
  Tape tape;
  const Var a = tape.variable(2.0), b = tape.variable(1.0), x = tape.variable(Array::ones({100}));
  // In statements of their own, which compilers record in one order.
  const Var wave = tanh(a * x + b), bell = exp(-x * x), tail = log1p(x * x);
  const Var y = sum(wave * bell + tail);
  Vars outputs = tape.gradient(y, {a, b, x});
  outputs.push_back(y);
  EXPECT_NE(tape.dump_plan(outputs).find(" 16 instructions"), std::string::npos) << tape.dump_plan(outputs);
}

}  // namespace

}  // namespace xtape::test
