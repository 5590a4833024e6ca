#include "ops/loss.hpp"

#include "ops/partials.hpp"
#include "ops/strong.hpp"

namespace xtape::detail {

void check_same_shape(std::string_view op, std::string_view what, const Var& prediction, const Var& target,
                      std::string_view other) {
  if (prediction.shape() != target.shape())
    fail<ShapeError>(op, what, " ", prediction.shape(), ", ", other, " ", target.shape(), "; nothing is broadcast");
}

void check_same_dtype(std::string_view op, std::string_view what, const Var& prediction, const Var& target,
                      std::string_view other) {
  if (prediction.dtype() != target.dtype())
    fail<DTypeError>(op, what, " ", prediction.dtype(), ", ", other, " ", target.dtype());
}

void check_alike(std::string_view op, std::string_view what, const Var& prediction, const Var& target,
                 std::string_view other) {
  check_same_shape(op, what, prediction, target, other);
  check_same_dtype(op, what, prediction, target, other);
}

void check_weights(std::string_view op, std::string_view what, const Var& weights, const Shape& shape, const Var& x) {
  if (weights.shape() != shape) fail<ShapeError>(op, what, " are ", weights.shape(), ", they must be ", shape);
  if (weights.dtype() != x.dtype()) fail<DTypeError>(op, what, " are ", weights.dtype(), " beside ", x.dtype());
}

void check_last_axis(std::string_view op, std::string_view what, const Var& x) {
  if (x.rank() == 0) fail<ShapeError>(op, what, " [], a last axis is needed");
}

void check_smoothing(std::string_view op, double smoothing) {
  if (!(smoothing >= 0 && smoothing <= 1)) fail<ValueError>(op, "label_smoothing must be in [0, 1], is ", smoothing);
}

Shape without_last_axis(const Shape& shape) { return Shape(std::span(shape.begin(), shape.rank() - 1)); }

Var combined(const Var& losses, Reduction reduction) {
  if (reduction == Reduction::none) return losses;
  return reduction == Reduction::sum ? sum(losses) : mean(losses);
}

Var combined(const Var& losses, const Var& weights, Reduction reduction) {
  if (reduction == Reduction::none) return losses;
  const Var total = sum(losses);
  return reduction == Reduction::sum ? total : total / sum(weights);
}

}  // namespace xtape::detail

namespace xtape {

using namespace detail;

Var weighted_mean(const Operand& losses, const Operand& weights) {
  return record_loss("weighted_mean", {&losses, &weights}, [](const auto& x) {
    check_weights("weighted_mean", "weights", x[1], x[0].shape(), x[0]);
    const Var weighted = strong_multiply(x[1], x[0]);
    return combined(weighted, x[1], Reduction::mean);
  });
}

Var squared_error(const Operand& prediction, const Operand& target, Reduction reduction) {
  return record_loss("squared_error", {&prediction, &target}, [=](const auto& x) {
    check_alike("squared_error", "prediction is", x[0], x[1]);
    return combined(square(x[0] - x[1]), reduction);
  });
}

Var l1_loss(const Operand& prediction, const Operand& target, Reduction reduction) {
  return record_loss("l1_loss", {&prediction, &target}, [=](const auto& x) {
    check_alike("l1_loss", "prediction is", x[0], x[1]);
    return combined(abs(x[0] - x[1]), reduction);
  });
}

Var huber_loss(const Operand& prediction, const Operand& target, Reduction reduction, double delta) {
  if (!(delta > 0)) fail<ValueError>("huber_loss", "delta must be positive, is ", delta);
  return record_loss("huber_loss", {&prediction, &target}, [=](const auto& x) {
    check_alike("huber_loss", "prediction is", x[0], x[1]);
    const Var difference = x[0] - x[1], distance = abs(difference);
    const Var near = 0.5 * square(difference);
    const Var far = delta * (distance - 0.5 * delta);
    return combined(where(distance < delta, near, far), reduction);
  });
}

Var smooth_l1_loss(const Operand& prediction, const Operand& target, Reduction reduction, double beta) {
  if (!(beta >= 0)) fail<ValueError>("smooth_l1_loss", "beta must not be negative, is ", beta);
  return record_loss("smooth_l1_loss", {&prediction, &target}, [=](const auto& x) {
    check_alike("smooth_l1_loss", "prediction is", x[0], x[1]);
    const Var difference = x[0] - x[1], distance = abs(difference);
    if (beta == 0) return combined(distance, reduction);
    const Var near = square(difference) / (2 * beta);
    const Var far = distance - 0.5 * beta;
    return combined(where(distance < beta, near, far), reduction);
  });
}

Var poisson_nll_loss(const Operand& prediction, const Operand& target, const PoissonOptions& options) {
  return record_loss("poisson_nll_loss", {&prediction, &target}, [&](const auto& x) {
    check_alike("poisson_nll_loss", "prediction is", x[0], x[1]);
    const Var rate = options.log_input ? exp(x[0]) : x[0];
    const Var log_rate = options.log_input ? x[0] : log(x[0]);
    const Var loss = rate - strong_multiply(x[1], log_rate);
    if (!options.full) return combined(loss, options.reduction);
    return combined(loss + lgamma(x[1] + 1), options.reduction);
  });
}

Var gaussian_nll_loss(const Operand& prediction, const Operand& target, const Operand& variance,
                      const GaussianOptions& options) {
  static constexpr std::string_view kName = "gaussian_nll_loss";
  constexpr double kHalfLogTwoPi = 0.91893853320467274178;
  if (!(options.epsilon > 0)) fail<ValueError>(kName, "epsilon must be positive, is ", options.epsilon);
  return record_loss(kName, {&prediction, &target, &variance}, [&](const auto& x) {
    check_alike(kName, "prediction is", x[0], x[1]);
    check_same_dtype(kName, "variance is", x[2], x[0], "prediction is");
    if (broadcast_shapes(kName, x[0].shape(), x[2].shape()) != x[0].shape())
      fail<ShapeError>(kName, "variance is ", x[2].shape(), ", prediction is ", x[0].shape());
    const Var bounded = where(x[2] <= options.epsilon, options.epsilon, x[2]);
    const Var deviations = square(x[0] - x[1]) / bounded;
    const Var loss = 0.5 * (log(bounded) + deviations);
    return combined(options.full ? loss + kHalfLogTwoPi : loss, options.reduction);
  });
}

}  // namespace xtape
