// `Optimizer`: a rule, the parameters that it changes, and what it remembers of them.
//
//     Optimizer optimizer(Adam{.learning_rate = 0.01}, {model.weights, model.bias});
//     for (int i = 0; i < 1000; ++i) optimizer.step([&](Tape& tape) { return model.loss(tape.variable(x), y); });
#pragma once

#include <cstdint>
#include <limits>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include <xtape/optim/loss.hpp>
#include <xtape/optim/rule.hpp>
#include <xtape/parameter.hpp>
#include <xtape/tape.hpp>

namespace xtape::optim {

namespace detail {
struct Recording;
}

/// Where a step leaves the parameters alone.
struct Limits {
  double gradient_norm = 0;                               ///< the gradient's norm is below this
  double loss = std::numeric_limits<double>::infinity();  ///< the loss is above this
};

enum class Outcome : std::uint8_t {
  updated,        ///< the parameters have their new values
  unchanged,      ///< nothing was to be updated
  gradient_norm,  ///< unchanged, by Limits::gradient_norm
  loss,           ///< unchanged, by Limits::loss
  non_finite,     ///< unchanged, because loss, gradient or a new value is not finite
  line_search,    ///< unchanged, because the line search of Newton's method or L-BFGS found no lower loss
  unbounded,      ///< unchanged, because L-BFGS found that the loss falls without bound
};

/// What one step found. Loss and gradient norm belong to the parameters before the update (to the point looked ahead,
/// if the rule looks ahead).
struct Step {
  std::int64_t iteration = 0;  ///< the number of updates made before
  std::int64_t epoch = 0;      ///< the number of passes over the rows of mini-batches completed before
  double loss = 0;
  double gradient_norm = 0;  ///< Euclidean, over all parameters
  Outcome outcome = Outcome::unchanged;
  std::string problem;  ///< what is not finite, and at which iteration; or what the line search met
  std::optional<double> validation_loss = {};  ///< of the parameters after the update, where `minimize` measured it
};

/// Applies one rule to some parameters, step by step. Loss, gradient, update and the test that they are finite run as
/// one plan, which is made once: each step records anew, and finds its plan in the cache. The update of parameters of
/// many kilobytes is a plan of its own, which writes over the old values where nobody else holds them.
class Optimizer {
 public:
  /// The parameters must outlive the Optimizer. Throws ValueError if there are none, one stands twice, or the rule's
  /// settings make no sense; DTypeError if one is not floating.
  Optimizer(UpdateRule rule, Parameters parameters);

  /// One update. Throws NumericalError, with parameters and state unchanged, if the loss, a gradient or a new value
  /// is not finite; ShapeError if the loss is not a scalar; ValueError if the first loss depends on none of the
  /// parameters. One that it does not depend on has a zero gradient: that is told once, as a warning.
  Step step(const LossFunction& loss);
  /// One update, unless a limit is reached or something is not finite: then parameters and state are unchanged, and
  /// the outcome says why.
  Step step_unless(const LossFunction& loss, const Limits& limits);
  /// One update by gradients that are there already: sums over several losses, or what another program has computed.
  /// One for each parameter, in the order of the parameters, taken at their present values. All else is as in `step`;
  /// the Step's loss is NaN, for it is not known. Memory that a gradient borrows is not read after the call. Throws,
  /// with parameters and state unchanged, ValueError if there are more or fewer of them than parameters, or if the rule
  /// looks ahead, and so wants them taken elsewhere; DTypeError or ShapeError if one differs from its parameter;
  /// NumericalError if a gradient or a new value is not finite.
  Step apply(const std::vector<Array>& gradients);
  /// Loss and gradient norm as they are, without an update.
  Step measure(const LossFunction& loss, const Limits& limits = {});

  /// The number of updates made.
  std::int64_t iterations() const { return iterations_; }
  /// What the rule remembers of the parameter at this place.
  const State& state(std::size_t parameter) const { return states_.at(parameter); }

 private:
  /// A Parameter's value when it was last known to be finite; another Parameter may reach the same version.
  struct FiniteValue {
    std::uint64_t version = std::numeric_limits<std::uint64_t>::max();
    const void* elements = nullptr;
    friend bool operator==(const FiniteValue&, const FiniteValue&) = default;
  };
  static FiniteValue present_value(const Parameter& parameter) {
    return {parameter.version(), parameter.value().bytes()};
  }

  detail::Recording begin(bool look_ahead);
  detail::Recording record(const LossFunction& loss, bool update);
  void check_given(const std::vector<Array>& gradients) const;
  std::vector<Assignment> propose(detail::Recording& recording);
  Step run(detail::Recording& recording, const Limits& limits, bool update);
  bool assign(detail::Recording& recording, std::span<const Assignment> assignments);
  bool will_stay_finite(double largest) const;
  void remember_finite(const detail::Recording& recording);

  UpdateRule rule_;
  Parameters parameters_;
  std::vector<State> states_;
  Tape tape_;
  std::int64_t iterations_ = 0;
  double largest_norm_ = 0;                 // of the gradients of all updates
  std::vector<FiniteValue> finite_values_;  // of the parameters, as far as known
  bool dependence_checked_ = false;
};

}  // namespace xtape::optim
