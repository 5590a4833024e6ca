// What an update rule is: a function of a parameter, its gradient and the rule's own state to the parameter's new
// value, written in ordinary ops. Loss, gradient and update then run as one plan, whoever wrote the rule.
//
//     Var Momentum::update(const Var& x, const Var& gradient, State& state) const {
//       Var& v = state["velocity"];
//       v = momentum * v + gradient;
//       return x - learning_rate(state.step()) * v;
//     }
#pragma once

#include <concepts>
#include <cstdint>
#include <deque>
#include <functional>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include <xtape/parameter.hpp>
#include <xtape/tape.hpp>

namespace xtape::optim {

/// What a rule remembers of one parameter from step to step: named slots of the parameter's shape and dtype, each a
/// Parameter "parameter.slot" that starts as zeros when it is first used.
class State {
 public:
  explicit State(const Parameter& parameter) : parameter_(&parameter) {}

  /// The slot's present value. Assign to it what the slot shall hold after the step.
  Var& operator[](std::string_view slot);
  /// 1 in the first step. A C++ number, so that what is computed from it never causes a new plan.
  std::int64_t step() const { return step_; }
  /// The Euclidean norm of the gradient over all parameters of the Optimizer, a float64 scalar. Throws StaleVarError in
  /// `look_ahead`, when there is no gradient yet.
  const Var& gradient_norm() const { return gradient_norm_; }

  /// The slots in the order of their first use.
  std::vector<const Parameter*> slots() const;

 private:
  friend class Optimizer;
  struct Slot {
    std::string name;
    Parameter parameter;
    Var value;
    bool used = false;  // in the present step
  };
  void begin(Tape& tape, std::int64_t step);
  void propose(std::vector<Assignment>& assignments);

  const Parameter* parameter_;
  std::deque<Slot> slots_;  // a rule holds references while it adds slots
  Tape* tape_ = nullptr;
  std::int64_t step_ = 0;
  Var gradient_norm_;
};

/// A struct with `Var update(const Var& x, const Var& gradient, State& state) const`.
template <class T>
concept HasUpdate = requires(const T& rule, const Var& var, State& state) {
  { rule.update(var, var, state) } -> std::convertible_to<Var>;
};

/// A rule whose gradient is taken elsewhere than at x: `Var look_ahead(const Var& x, State& state) const` gives the
/// point. A rule around another one says by `bool looks_ahead() const` whether that does.
template <class T>
concept HasLookAhead = requires(const T& rule, const Var& var, State& state) {
  { rule.look_ahead(var, state) } -> std::convertible_to<Var>;
};

/// A rule that can promise that finite parameters stay finite: `bool keeps_finite(double largest, std::int64_t step)
/// const` is true if finite values of the parameter and slots that began as zeros cannot become infinite or NaN in this
/// step, whatever the gradients are, as long as none of their elements was ever larger than `largest`. It must be the
/// struct's own: a promise is not inherited, for it is about one update.
template <class T>
concept KeepsFinite = std::same_as<decltype(&T::keeps_finite), bool (T::*)(double, std::int64_t) const>;

class UpdateRule;

/// A function or lambda of the same arguments.
template <class T>
concept UpdateFunction = !HasUpdate<T> && !std::same_as<T, UpdateRule> &&
                         std::is_invocable_r_v<Var, const T&, const Var&, const Var&, State&>;

/// Any rule. Where a struct has a `check() const` too, it is called first, to throw on settings that make no sense.
class UpdateRule {
 public:
  template <HasUpdate Rule>
  UpdateRule(Rule rule) {
    if constexpr (requires { rule.check(); }) rule.check();
    if constexpr (HasLookAhead<Rule>)
      if (looks_ahead(rule))
        look_ahead_ = [rule](const Var& x, State& state) -> Var { return rule.look_ahead(x, state); };
    if constexpr (KeepsFinite<Rule>)
      keeps_finite_ = [rule](double largest, std::int64_t step) { return rule.keeps_finite(largest, step); };
    update_ = [rule = std::move(rule)](const Var& x, const Var& gradient, State& state) -> Var {
      return rule.update(x, gradient, state);
    };
  }
  template <UpdateFunction Function>
  UpdateRule(Function update) : update_(std::move(update)) {
    check_callable();
  }

  Var operator()(const Var& x, const Var& gradient, State& state) const { return update_(x, gradient, state); }

  bool looks_ahead() const { return look_ahead_ != nullptr; }
  /// Where the gradient is taken; x itself for most rules.
  Var look_ahead(const Var& x, State& state) const { return look_ahead_ ? look_ahead_(x, state) : x; }

  /// Whether the rule promises that what is finite stays so; false where it says nothing.
  bool keeps_finite(double largest, std::int64_t step) const {
    return keeps_finite_ != nullptr && keeps_finite_(largest, step);
  }

 private:
  template <class Rule>
  static bool looks_ahead(const Rule& rule) {
    if constexpr (requires { rule.looks_ahead(); }) return rule.looks_ahead();
    else return true;
  }
  void check_callable() const;

  std::function<Var(const Var&, const Var&, State&)> update_;
  std::function<bool(double, std::int64_t)> keeps_finite_;
  std::function<Var(const Var&, State&)> look_ahead_;
};

}  // namespace xtape::optim
