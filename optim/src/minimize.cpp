#include <xtape/optim/minimize.hpp>

#include <limits>
#include <utility>
#include <variant>

#include <xtape/optim/fail.hpp>

#include "early_stopping.hpp"
#include "lbfgs_method.hpp"
#include "newton_method.hpp"
#include "report.hpp"

namespace xtape::optim {

namespace {

/// The method behind `minimize` on all rows at once.
class Descent {
 public:
  Descent(const Method& method, const Parameters& parameters, const LossFunction& loss)
      : steps_(make_steps(method, parameters)) {
    if (const auto* rule = std::get_if<UpdateRule>(&method)) looks_ahead_ = rule->looks_ahead();
    if (loss) loss_ = [this, &loss](Tape& tape) { return ++evaluations_, loss(tape); };
  }
  Descent(const Descent&) = delete;
  Descent& operator=(const Descent&) = delete;

  /// Loss and gradient norm of its steps are those of another point than the parameters.
  bool looks_ahead() const { return looks_ahead_; }
  std::int64_t evaluations() const { return evaluations_; }

  Step step(const Limits& limits) {
    Step step = step_unless(limits);
    if (!looks_ahead_ || step.outcome != Outcome::gradient_norm) return step;
    Step here = measure(limits);
    if (here.outcome == Outcome::gradient_norm) return here;
    return step_unless({.gradient_norm = 0, .loss = limits.loss});
  }

  Step measure(Limits limits) {
    if (looks_ahead_) limits.loss = std::numeric_limits<double>::infinity();  // it belongs to points looked ahead
    return std::visit([&](auto& steps) { return steps.measure(loss_, limits); }, steps_);
  }

 private:
  using Steps = std::variant<Optimizer, detail::NewtonMethod, detail::LBFGSMethod>;

  static Steps make_steps(const Method& method, const Parameters& parameters) {
    if (const auto* newton = std::get_if<Newton>(&method)) return Steps(detail::NewtonMethod(*newton, parameters));
    if (const auto* lbfgs = std::get_if<LBFGS>(&method)) return Steps(detail::LBFGSMethod(*lbfgs, parameters));
    return Steps(Optimizer(std::get<UpdateRule>(method), parameters));
  }
  Step step_unless(const Limits& limits) {
    return std::visit([&](auto& steps) { return steps.step_unless(loss_, limits); }, steps_);
  }

  Steps steps_;
  LossFunction loss_;  // counts its calls
  std::int64_t evaluations_ = 0;
  bool looks_ahead_ = false;
};

}  // namespace

Result minimize(const Parameters& parameters, const LossFunction& loss, const Method& method, const Stopping& stopping,
                const Progress& progress) {
  stopping.check();
  if (stopping.epochs) detail::fail<ValueError>("minimize: Stopping::epochs is for mini-batches; use iterations");
  Descent descent(method, parameters, loss);
  detail::Watch watch(parameters, stopping.early_stopping);
  const std::int64_t most = stopping.iterations.value_or(detail::kIterations);
  Limits limits;
  limits.gradient_norm = stopping.gradient_norm.value_or(0);
  Step step;
  Result result;
  bool going = true, patience_ends = false;
  while (going) {
    bool last = result.iterations == most;
    step = last ? descent.measure(limits) : descent.step(limits);
    going = !last && step.outcome == Outcome::updated;
    if (going) patience_ends = watch.sees_the_end(++result.iterations, step);
    if (progress) progress(step);
    if (patience_ends) going = false;
    limits.loss = detail::highest_next(step.loss, stopping);
  }
  result.reason = patience_ends ? StopReason::validation_loss : detail::reason_of(step.outcome);
  watch.restore(result);
  result.message = detail::describe(result, step, stopping);
  if (watch || descent.looks_ahead()) step = descent.measure({});
  result.loss = step.loss;
  result.gradient_norm = step.gradient_norm;
  result.evaluations = descent.evaluations();
  return result;
}

}  // namespace xtape::optim
