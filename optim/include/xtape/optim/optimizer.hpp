// `Optimizer`: a rule, the parameters that it changes, and what it remembers of them.
//
//     Optimizer optimizer(Adam{.learning_rate = 0.01}, {model.weights, model.bias});
//     for (int i = 0; i < 1000; ++i) optimizer.step([&](Tape& tape) { return model.loss(tape, x, y); });
#pragma once

#include <cstdint>
#include <functional>
#include <limits>
#include <string>
#include <vector>

#include <xtape/optim/rule.hpp>
#include <xtape/parameter.hpp>
#include <xtape/tape.hpp>

namespace xtape::optim {

using Parameters = std::vector<std::reference_wrapper<Parameter>>;

/// Records the loss, a floating scalar, on the given tape, reading the Parameters through it.
using LossFunction = std::function<Var(Tape&)>;

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
};

/// What one step found. Loss and gradient norm belong to the parameters before the update.
struct Step {
  std::int64_t iteration = 0;  ///< the number of updates made before
  double loss = 0;
  double gradient_norm = 0;  ///< Euclidean, over all parameters
  Outcome outcome = Outcome::unchanged;
  std::string problem;  ///< what is not finite, and at which iteration
};

/// Applies one rule to some parameters, step by step. Loss, gradient, update and the test that they are finite run as
/// one plan, which is made once: each step records anew, and finds its plan in the cache.
class Optimizer {
 public:
  /// The parameters must outlive the Optimizer. Throws ValueError if there are none, one stands twice, or the rule's
  /// settings make no sense; DTypeError if one is not floating.
  Optimizer(UpdateRule rule, Parameters parameters);

  /// One update. Throws NumericalError, with parameters and state unchanged, if the loss, a gradient or a new value
  /// is not finite; ShapeError if the loss is not a scalar.
  Step step(const LossFunction& loss);
  /// One update, unless a limit is reached or something is not finite: then parameters and state are unchanged, and
  /// the outcome says why.
  Step step_unless(const LossFunction& loss, const Limits& limits);
  /// Loss and gradient norm as they are, without an update.
  Step measure(const LossFunction& loss, const Limits& limits = {});

  /// The number of updates made.
  std::int64_t iterations() const { return iterations_; }
  /// What the rule remembers of the parameter at this place.
  const State& state(std::size_t parameter) const { return states_.at(parameter); }

 private:
  struct Recording {
    Var loss, norm, finite;
    std::vector<Var> gradients, proposals;
  };
  Recording record(const LossFunction& loss);
  std::vector<Assignment> propose(Recording& recording);
  Step run(const LossFunction& loss, const Limits& limits, bool update);
  std::string find_problem(const Recording& recording, double loss);

  UpdateRule rule_;
  Parameters parameters_;
  std::vector<State> states_;
  Tape tape_;
  std::int64_t iterations_ = 0;
};

}  // namespace xtape::optim
