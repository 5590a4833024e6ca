#include <limits>
#include <utility>

#include <xtape/optim/fail.hpp>
#include <xtape/optim/minimize.hpp>

#include "early_stopping.hpp"
#include "report.hpp"

namespace xtape::optim {

namespace {

void check_mini_batches(const Stopping& stopping) {
  stopping.check();
  if (stopping.gradient_norm) {
    detail::fail<ValueError>(
        "minimize: Stopping::gradient_norm is not for mini-batches, whose gradients do not vanish; ",
        "use loss_decrease or early_stopping");
  }
}

/// Mini-batches, an epoch after the other.
class MiniBatches {
 public:
  MiniBatches(const Parameters& parameters, const BatchLoss& loss, const Batching& batching, UpdateRule rule,
              const Stopping& stopping, const Progress& progress)
      : loss_(loss),
        batches_(batching),
        optimizer_(std::move(rule), parameters),
        stopping_(stopping),
        progress_(progress),
        watch_(parameters, stopping.early_stopping) {
    if (!loss) detail::fail<ValueError>("minimize: there is no loss function");
    result_.loss = result_.gradient_norm = std::numeric_limits<double>::quiet_NaN();
    if (!stopping.epochs) most_iterations_ = stopping.iterations.value_or(detail::kIterations);
    else if (stopping.iterations) most_iterations_ = *stopping.iterations;
  }

  Result run() {
    bool going = true;
    while (going) going = run_epoch();
    result_.iterations = optimizer_.iterations();
    result_.epochs = batches_.epochs();
    watch_.restore(result_);
    result_.message = detail::describe(result_, step_, stopping_);
    return result_;
  }

 private:
  /// Returns whether to go on.
  bool run_epoch() {
    if (stopping_.epochs && batches_.epochs() == *stopping_.epochs) return stop(StopReason::epochs);
    const std::int64_t epoch = batches_.epochs();
    double sum = 0, rows = 0;
    while (batches_.epochs() == epoch) {
      if (optimizer_.iterations() == most_iterations_) return stop(StopReason::iterations);
      Array batch = batches_.next();
      ++result_.evaluations;
      step_ = optimizer_.step_unless([&](Tape& tape) { return loss_(tape, tape.variable(batch)); }, {});
      step_.epoch = epoch;
      result_.gradient_norm = step_.gradient_norm;
      const auto size = static_cast<double>(batch.size());
      sum += size * step_.loss;
      rows += size;
      result_.loss = sum / rows;
      bool patience_ends = batches_.epochs() > epoch && watch_.sees_the_end(batches_.epochs(), step_);
      if (progress_) progress_(step_);
      if (step_.outcome == Outcome::non_finite) return stop(StopReason::non_finite);
      if (patience_ends) return stop(StopReason::validation_loss);
    }
    if (result_.loss > highest_loss_) return stop(StopReason::loss_decrease);
    highest_loss_ = detail::highest_next(result_.loss, stopping_);
    return true;
  }

  bool stop(StopReason reason) {
    result_.reason = reason;
    return false;
  }

  const BatchLoss& loss_;
  Batches batches_;
  Optimizer optimizer_;
  const Stopping& stopping_;
  const Progress& progress_;
  detail::Watch watch_;
  std::int64_t most_iterations_ = -1;
  double highest_loss_ = std::numeric_limits<double>::infinity();
  Step step_;
  Result result_;
};

}  // namespace

Result minimize(const Parameters& parameters, const BatchLoss& loss, const Batching& batching, UpdateRule rule,
                const Stopping& stopping, const Progress& progress) {
  check_mini_batches(stopping);
  return MiniBatches(parameters, loss, batching, std::move(rule), stopping, progress).run();
}

}  // namespace xtape::optim
