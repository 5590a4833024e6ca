#include <xtape/optim/minimize.hpp>

#include <limits>
#include <utility>

#include <xtape/optim/fail.hpp>

#include "early_stopping.hpp"
#include "newton_method.hpp"
#include "report.hpp"

namespace xtape::optim {

namespace {

/// The method behind `minimize` on all rows at once.
class Descent {
 public:
  Descent(const Method& method, const Parameters& parameters, const LossFunction& loss) : loss_(loss) {
    if (const auto* rule = std::get_if<UpdateRule>(&method)) {
      optimizer_.emplace(*rule, parameters);
      looks_ahead_ = rule->looks_ahead();
    } else {
      newton_.emplace(std::get<Newton>(method), parameters);
    }
  }

  /// Loss and gradient norm of its steps are those of another point than the parameters.
  bool looks_ahead() const { return looks_ahead_; }

  Step step(const Limits& limits) {
    if (newton_) return newton_->step_unless(loss_, limits);
    Step step = optimizer_->step_unless(loss_, limits);
    if (!looks_ahead_ || step.outcome != Outcome::gradient_norm) return step;
    Step here = optimizer_->measure(loss_, limits);
    if (here.outcome == Outcome::gradient_norm) return here;
    return optimizer_->step_unless(loss_, {.gradient_norm = 0, .loss = limits.loss});
  }

  Step measure(Limits limits) {
    if (newton_) return newton_->measure(loss_, limits);
    if (looks_ahead_) limits.loss = std::numeric_limits<double>::infinity();  // it belongs to points looked ahead
    return optimizer_->measure(loss_, limits);
  }

 private:
  const LossFunction& loss_;
  std::optional<Optimizer> optimizer_;
  std::optional<detail::NewtonMethod> newton_;
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
    if (stopping.loss_decrease) limits.loss = step.loss - *stopping.loss_decrease;
  }
  result.reason = patience_ends ? StopReason::validation_loss : detail::reason_of(step.outcome);
  watch.restore(result);
  result.message = detail::describe(result, step, stopping);
  if (watch || descent.looks_ahead()) step = descent.measure({});
  result.loss = step.loss;
  result.gradient_norm = step.gradient_norm;
  return result;
}

}  // namespace xtape::optim
