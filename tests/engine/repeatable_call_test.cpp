// Calls of functions of ops, recorded again by one line of the source with other operands or options than before: the
// nodes must be those of a tape that has no previous recording.
#include <gtest/gtest.h>

#include <functional>

#include <xtape/xtape.hpp>

#include "support/check.hpp"
#include "tape/state.hpp"

namespace xtape::test {

namespace {

using Record = std::function<Var(Tape&, int)>;

/// How many of a recording's calls were taken over from the previous one.
std::size_t taken_over(Tape& tape, const Record& record, int choice) {
  tape.reset();
  detail::TapeState& state = detail::VarAccess::state(tape);
  const std::size_t before = state.calls.repeats();
  record(tape, choice);
  return state.calls.repeats() - before;
}

/// Records by one choice after the other, in all pairs; each must give what it gives on a tape of its own.
void expect_as_on_new_tapes(const Record& record, int choices) {
  Tape tape;
  for (int first = 0; first < choices; ++first)
    for (int second = 0; second < choices; ++second)
      for (int choice : {first, second, second}) {
        tape.reset();
        const Var result = record(tape, choice);
        Tape fresh;
        const Var expected = record(fresh, choice);
        ASSERT_EQ(tape.dump(), fresh.dump()) << first << " " << second;
        ASSERT_TRUE(same_bits(result.value(), expected.value())) << first << " " << second;
      }
}

Var matrix(Tape& tape) { return tape.variable(Array{{1, 2, 3}, {4, 5, 7}}); }

TEST(RepeatableCall, IsTakenOver) {
  const Array samples{{1, 2, 3}, {4, 5, 6}}, labels{0, 1};
  Parameter weights("w", Array{0.1, 0.2, 0.3}), bias("b", Array(0.5));
  const auto record = [&](Tape& tape, int) {
    const Var logits = matmul(tape.variable(samples), tape.read(weights)) + tape.read(bias);
    return mean(binary_cross_entropy_with_logits(logits, labels, Reduction::none));
  };
  Tape tape;
  EXPECT_EQ(taken_over(tape, record, 0), 0u);
  EXPECT_EQ(taken_over(tape, record, 0), 4u);  // matmul, the sum that broadcasts, the loss, its mean
  EXPECT_EQ(taken_over(tape, record, 0), 4u);
}

TEST(RepeatableCall, OtherAxes) {
  const Axes axes[] = {Axes(), 0, 1, -1, {0, 1}, {1, 0}, std::initializer_list<int>{}, {}, 1};
  const auto record = [&](Tape& tape, int choice) {
    const Var x = matrix(tape);
    return sum(x, axes[choice], choice >= 7) + mean(x, axes[choice], choice >= 7);
  };
  expect_as_on_new_tapes(record, 9);
}

TEST(RepeatableCall, OtherOptions) {
  const Reduction reductions[] = {Reduction::mean, Reduction::sum, Reduction::none, Reduction::sum};
  const auto record = [&](Tape& tape, int choice) {
    const Var x = matrix(tape);
    const Var taken = take(x, Array::from<std::int64_t>({0, 1}), choice % 2);
    const Var loss = squared_error(taken, choice == 3 ? taken * 0.5 : tanh(taken), reductions[choice]);
    return reshape(loss, choice == 2 ? std::vector<std::int64_t>{-1} : std::vector<std::int64_t>{1, 1});
  };
  expect_as_on_new_tapes(record, 4);
}

TEST(RepeatableCall, OtherOperands) {
  Parameter row("row", Array{1, 2, 3});
  const Array column = Array::from<double>({1, 2}, {2, 1});
  const Array arrays[] = {Array::from<double>({1, 2, 3}, {1, 3}), Array{3, 4, 5}, column, Array::ones({2, 3})};
  const auto record = [&](Tape& tape, int choice) {
    const Var x = matrix(tape), y = tape.variable(arrays[choice % 4]), r = tape.read(row);
    const Var sum_of_two = x + arrays[choice % 4];
    const Var product = choice % 3 == 0 ? x * y : x * r;
    return logaddexp(sum_of_two, choice > 2 ? product : y);
  };
  expect_as_on_new_tapes(record, 8);
}

TEST(RepeatableCall, OtherNumbers) {
  const Operand numbers[] = {2.0, 3.0, literal(2.0), 2, literal(0.0), literal(3.0)};
  const auto record = [&](Tape& tape, int choice) {
    const Var x = matrix(tape);
    return logaddexp(x, numbers[choice]) + leaky_relu(x - 3, numbers[choice]);
  };
  expect_as_on_new_tapes(record, 6);
}

TEST(RepeatableCall, OtherDTypes) {
  const DType dtypes[] = {DType::float64, DType::float32};
  const auto record = [&](Tape& tape, int choice) {
    const Var x = cast(matrix(tape), dtypes[choice]);
    return softmax(matmul(x, transpose(x)), 1) * 2;
  };
  expect_as_on_new_tapes(record, 2);
}

/// What a rule does with nodes that a call recorded depends on who has Vars of them.
TEST(RepeatableCall, GradientsThroughCalls) {
  const auto record = [](Tape& tape, int choice) {
    const Var x = matrix(tape);
    const Var y = matmul(x, transpose(x));
    const Var loss = sum(choice % 2 == 0 ? square(y) : logsumexp(y, 0));
    const Var dx = tape.gradient(loss, choice < 2 ? x : y);
    return tape.gradient(sum(dx * dx), x);
  };
  expect_as_on_new_tapes(record, 4);
}

/// The gradient for y is a node of kron's, which is to stay one that rules look through.
TEST(RepeatableCall, AGradientThatIsAnOlderNode) {
  const auto record = [](Tape& tape, int choice) {
    const Var s = tape.variable(2.0), y = tape.variable(Array{1, 2, 3});
    const Var dy = tape.gradient(sum(kron(s, y)), y);
    return choice == 0 ? dy : tape.gradient(sum(dy * s), s);
  };
  expect_as_on_new_tapes(record, 2);
}

TEST(RepeatableCall, ErrorsAreThrownEachTime) {
  Tape tape;
  const Array right[] = {Array::from<double>({1, 2, 3}, {3, 1}), Array::from<double>({1, 2}, {2, 1})};
  for (int choice : {0, 0, 1, 1, 0, 0, 1}) {
    tape.reset();
    const auto product = [&] { return matmul(matrix(tape), right[choice]).value(); };
    if (choice == 0) EXPECT_TRUE(equals(product(), {14, 35}));
    else EXPECT_THROW(product(), ShapeError);
  }
}

/// A value that a function of ops makes itself is new each time.
TEST(RepeatableCall, ValuesOfTheFunctionsOwnAreNotTakenOver) {
  const auto record = [](Tape& tape, int choice) {
    const Var x = tape.variable(Array::ones({choice + 2, 3}));
    return cumsum(x, 0) + softmax_cross_entropy(x, Array::from<std::int64_t>(std::vector<std::int64_t>(
                                                       static_cast<std::size_t>(choice) + 2, 1)));
  };
  expect_as_on_new_tapes(record, 3);
}

TEST(RepeatableCall, ItemsOfLeavesAndNumbers) {
  Tape tape;
  Parameter p("p", Array(4.0));
  for (double x : {1.5, 2.5}) {
    tape.reset();
    const Var read = tape.read(p), leaf = tape.variable(x), whole = tape.variable(std::int64_t{7});
    EXPECT_EQ(read.item<double>(), 4);
    EXPECT_EQ(leaf.item<float>(), static_cast<float>(x));
    EXPECT_EQ(whole.item<double>(), 7);
    EXPECT_EQ((leaf * read).item<double>(), 4 * x);
    EXPECT_THROW(matrix(tape).item<double>(), ShapeError);
  }
}

}  // namespace

}  // namespace xtape::test
