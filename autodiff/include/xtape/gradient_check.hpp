// Checking gradients against numeric derivatives: those of functions of Vars or of Parameters, and those that an
// application wrote by hand.
//
//     auto report = xtape::check_gradient([](Var x, Var w) { return sum(tanh(matmul(x, w))); }, {x, w});
//     if (!report.passed()) std::cerr << report;
//
// There is no tolerance to choose: a numeric derivative comes with an estimate of its own error, by which the analytic
// one is judged. docs/gradient_check.md says how, and what a pass means.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <iosfwd>
#include <span>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include <xtape/array.hpp>
#include <xtape/operand.hpp>
#include <xtape/tape.hpp>

namespace xtape {

enum class CheckStatus : std::uint8_t {
  pass,
  fail,               ///< a derivative is wrong
  kink,               ///< more elements at kinks than `kink_share` allows: the point says too little of the gradient
  non_deterministic,  ///< two evaluations at the same point differ
  non_finite,         ///< the value or the gradient at the point is inf or NaN
  wrong_shape,        ///< a gradient of another shape or dtype than its input
  mutated_input,      ///< the function or its gradient wrote to its input
};

/// "pass", "fail", "kink", "non-deterministic", "non-finite", "wrong shape" or "mutated input".
std::string_view name(CheckStatus status);

struct CheckOptions {
  std::uint64_t seed = 2024;
  int order = 1;             ///< 2 checks the gradient's gradient as well, and so on
  double kink_share = 0.05;  ///< at most this share of the checked elements may be at kinks
  /// Up to so many elements each is checked by itself; beyond, `coordinates` of them drawn at random, together with
  /// `directions` random directions in which all elements move.
  std::int64_t all_elements = 64;
  std::int64_t coordinates = 24;
  int directions = 16;
  /// Whether to compare forward with reverse mode, and from order 2 on the symmetry of the Hessian.
  bool identities = true;
};

/// What a check found. The derivatives are of the worst element: the one that failed, or the one nearest to failing.
struct CheckReport {
  CheckStatus status = CheckStatus::pass;
  std::string reason;               ///< in words, if it did not pass
  int order = 1;                    ///< that `status` is about: the highest that was checked
  std::vector<std::string> names;   ///< of the inputs, if they are Parameters
  Shape output;                     ///< shape of the function's value; a tensor is summed with random weights
  std::size_t input = 0;            ///< of the worst element, counted among all inputs
  std::vector<std::int64_t> index;  ///< of the worst element in that input
  bool direction = false;           ///< the derivatives are along a random direction, not of one element
  double analytic = 0, numeric = 0;
  double left_slope = 0, right_slope = 0;  ///< one-sided numeric derivatives; infinite where the function jumps
  double step = 0;                         ///< that the numeric derivative rests on
  double error = 0;                        ///< estimated, of the numeric derivative
  double allowed = 0;                      ///< the difference that would have been accepted
  double noise = 0;                        ///< estimated, of the function's values, relative to their size
  std::uint64_t seed = 0;                  ///< of all random numbers
  std::int64_t elements = 0;               ///< of all floating inputs
  std::int64_t checked = 0, kinks = 0;     ///< elements checked one by one; those of them at kinks
  int directions = 0;
  /// Above 0, an element that is wrong by this much or more, in units of its scale (see docs/gradient_check.md), is
  /// found with probability 1 - 2^-directions; a smaller error only in the elements checked one by one.
  double found_by_directions = 0;
  std::int64_t evaluations = 0, gradients = 0;  ///< of the function and of its gradient: the cost of the check
  std::vector<std::string> notes;               ///< what was done otherwise than usual, or could not be checked

  bool passed() const { return status == CheckStatus::pass; }
};

/// Several lines: verdict, where, the derivatives, what was checked at which cost, the seed.
std::string to_string(const CheckReport& report);
std::ostream& operator<<(std::ostream& out, const CheckReport& report);

/// An input of the function to check: an Array, a C++ number (float64), or with <xtape/xtensor.hpp> an xtensor
/// expression. int64 and bool inputs are passed on and not differentiated.
class CheckInput {
 public:
  CheckInput(Array value) : array(std::move(value)) {}
  CheckInput(double number) : array(number) {}
  template <class T>
  requires requires(const T& value) { ArrayConversion<T>::convert(value); }
  CheckInput(const T& value) : array(ArrayConversion<T>::convert(value)) {}

  Array array;
};

/// A function of Vars of one tape to a Var of the same tape, of floating dtype and any shape.
using CheckedFunction = std::function<Var(std::span<const Var>)>;
/// A function of Parameters, which it reads through the tape: Var loss(Tape& tape).
using CheckedLoss = std::function<Var(Tape&)>;
/// Functions without a tape.
using PlainFunction = std::function<double(std::span<const double>)>;
using PlainGradient = std::function<std::vector<double>(std::span<const double>)>;

namespace detail {

CheckReport check_program(const CheckedFunction& f, std::span<const Array> point, const CheckOptions& options);
CheckReport check_loss(const CheckedLoss& loss, std::span<const std::reference_wrapper<const Parameter>> parameters,
                       const CheckOptions& options);
CheckReport check_plain(const PlainFunction& f, const PlainGradient& gradient, std::span<const double> x,
                        const CheckOptions& options);

template <class F, std::size_t... I>
Var call_with(F& f, std::span<const Var> vars, std::index_sequence<I...>) {
  return f(vars[I]...);
}

}  // namespace detail

/// Checks the gradients of a function of `N` Vars at a point, check_gradient(f, {x, w}), and that its value is the same
/// twice and its inputs stay as they are. A tensor output is checked through its product with a random cotangent.
/// float32 inputs are judged by numeric derivatives in float64, in which `f` or its program is recorded again; by
/// float32 only where an opaque op insists. Throws what `f` throws at the point itself, ValueError if no input is
/// floating or an option makes no sense, and DTypeError if the result is not floating.
template <class F, std::size_t N>
CheckReport check_gradient(F&& f, const CheckInput (&point)[N], const CheckOptions& options = {}) {
  std::vector<Array> arrays;
  for (const CheckInput& input : point) arrays.push_back(input.array);
  const auto call = [&f](std::span<const Var> vars) {
    return detail::call_with(f, vars, std::make_index_sequence<N>());
  };
  return detail::check_program(call, arrays, options);
}

/// The same for a function of one Var: check_gradient(f, x).
template <class F, class T>
requires std::is_convertible_v<const T&, CheckInput> CheckReport check_gradient(F&& f, const T& point,
                                                                                const CheckOptions& options = {}) {
  const CheckInput input(point);
  const auto call = [&f](std::span<const Var> vars) -> Var { return f(vars[0]); };
  return detail::check_program(call, std::span<const Array>(&input.array, 1), options);
}

/// The same for a CheckedFunction and Arrays of which there are as many as turns out.
template <class F, class Points>
requires std::is_convertible_v<const Points&, std::span<const Array>> CheckReport
check_gradient(F&& f, const Points& point, const CheckOptions& options = {}) {
  return detail::check_program(std::forward<F>(f), point, options);
}

/// Checks the gradients with respect to Parameters at their present values, check_gradient(loss, {weights, bias}), of a
/// function of a Tape that reads them: `loss(tape)`, as optim::minimize takes it. The Parameters are not assigned;
/// other values stand for them by `Tape::substitute`. Throws as above, and ValueError for a Parameter that is listed
/// twice.
template <class F, std::size_t N>
CheckReport check_gradient(F&& loss, const std::reference_wrapper<const Parameter> (&parameters)[N],
                           const CheckOptions& options = {}) {
  return detail::check_loss(std::ref(loss), parameters, options);
}

/// The same for as many Parameters as turns out: check_gradient(loss, model.parameters()).
template <class F, class Parameters>
requires std::is_convertible_v<const Parameters&, std::span<const std::reference_wrapper<Parameter>>> CheckReport
check_gradient(F&& loss, const Parameters& parameters, const CheckOptions& options = {}) {
  const std::vector<std::reference_wrapper<const Parameter>> read(parameters.begin(), parameters.end());
  return detail::check_loss(std::ref(loss), read, options);
}

/// Checks the gradient of any C++ function, tape or no tape: a PlainFunction and a PlainGradient, gradient(x) having an
/// element for each of x. Exceptions that `f` throws beside the point mean that it is not defined there. Throws
/// ValueError for an order above 1.
template <class F, class Gradient, class X>
requires std::is_convertible_v<const X&, std::span<const double>> CheckReport
check_gradient(F&& f, Gradient&& gradient, const X& x, const CheckOptions& options = {}) {
  return detail::check_plain(std::forward<F>(f), std::forward<Gradient>(gradient), x, options);
}

}  // namespace xtape
