// Losses of classification.
#include "ops/gather.hpp"
#include "ops/logsumexp.hpp"
#include "ops/loss.hpp"
#include "ops/partials.hpp"
#include "ops/strong.hpp"

namespace xtape {

using namespace detail;

namespace {

/// Boolean targets as 0 and 1.
Var checked_labels(std::string_view op, const Var& logits, const Var& target) {
  check_same_shape(op, "logits are", logits, target);
  if (target.dtype() == DType::boolean) return cast(target, logits.dtype());
  check_same_dtype(op, "logits are", logits, target);
  return target;
}

/// Boolean targets as -1 and 1.
Var checked_signs(std::string_view op, const Var& prediction, const Var& target) {
  check_same_shape(op, "prediction is", prediction, target);
  if (target.dtype() == DType::boolean) return 2 * cast(target, prediction.dtype()) - 1;
  check_same_dtype(op, "prediction is", prediction, target);
  return target;
}

Var with_positive_weight(const Var& z, const Var& y, const Var& positive_weight) {
  static constexpr std::string_view kName = "binary_cross_entropy_with_logits";
  check_same_dtype(kName, "logits are", z, positive_weight, "positive_weight is");
  if (broadcast_shapes(kName, z.shape(), positive_weight.shape()) != z.shape())
    fail<ShapeError>(kName, "positive_weight is ", positive_weight.shape(), ", logits are ", z.shape());
  const Var loss_of_positive = softplus(-z), loss_of_negative = softplus(z);
  const Var positive = strong_multiply(positive_weight * y, loss_of_positive);
  return positive + strong_multiply(1 - y, loss_of_negative);
}

/// `what` is as in "logits are".
void check_classes(std::string_view op, std::string_view what, const Var& x, const Var& classes) {
  check_last_axis(op, what, x);
  if (classes.dtype() != DType::int64)
    fail<DTypeError>(op, "the classes are ", classes.dtype(), ", they must be int64");
  if (const Shape shape = without_last_axis(x.shape()); classes.shape() != shape)
    fail<ShapeError>(op, what, " ", x.shape(), ", so the classes must be ", shape, ", they are ", classes.shape());
}

/// Losses of samples, each of which stands for `shares` in the weighted mean, times the weights of the samples; null
/// where there are none.
Var combined_samples(std::string_view op, const Var& losses, const Var* shares, const Var* samples,
                     Reduction reduction) {
  if (samples == nullptr) return shares == nullptr ? combined(losses, reduction) : combined(losses, *shares, reduction);
  check_weights(op, "sample_weights", *samples, losses.shape(), losses);
  const Var weighted = strong_multiply(*samples, losses);
  return combined(weighted, shares == nullptr ? *samples : *samples * *shares, reduction);
}

/// The negative log-likelihoods of classes, times their weights, and those weights.
struct ClassLosses {
  Var losses, shares;
};

ClassLosses losses_of_classes(std::string_view op, const Var& log_probabilities, const Var& classes,
                              const Var* class_weights, double smoothing) {
  const Var& x = log_probabilities;
  ClassLosses result{-picked_classes(op, x, classes), {}};
  if (class_weights != nullptr) {
    check_weights(op, "class_weights", *class_weights, Shape{x.shape().back()}, x);
    result.shares = take(*class_weights, classes, 0);
    result.losses = strong_multiply(result.shares, result.losses);
  }
  if (smoothing == 0) return result;
  const Var even = -mean(class_weights == nullptr ? x : strong_multiply(*class_weights, x), -1);
  const Var smoothed = strong_multiply(smoothing, even);
  result.losses = strong_multiply(1 - smoothing, result.losses) + smoothed;
  return result;
}

Var cross_entropy_of_classes(const Var& logits, const Var& classes) {
  check_classes("softmax_cross_entropy", "logits are", logits, classes);
  const ShiftedLogSum normalizer = shifted_logsumexp(logits, chosen_axes("softmax_cross_entropy", -1, logits.rank()));
  const Var picked = picked_classes("softmax_cross_entropy", logits, classes);
  const Var distance = normalizer.shift - picked;  // exact where they are close, and 0 for the largest
  return normalizer.excess + distance;
}

Var cross_entropy_of_probabilities(const Var& logits, const Var& target, const Var* class_weights, double smoothing) {
  static constexpr std::string_view kName = "softmax_cross_entropy";
  check_alike(kName, "logits are", logits, target);
  Var weights = target;
  if (smoothing != 0) weights = target * (1 - smoothing) + smoothing / static_cast<double>(logits.shape().back());
  if (class_weights != nullptr) {
    check_weights(kName, "class_weights", *class_weights, Shape{logits.shape().back()}, logits);
    weights = *class_weights * weights;
  }
  return -sum(strong_multiply(weights, log_softmax(logits, -1)), -1);
}

}  // namespace

Var binary_cross_entropy_with_logits(const Operand& logits, const Operand& target, Reduction reduction) {
  static constexpr std::string_view kName = "binary_cross_entropy_with_logits";
  return record_loss(kName, {&logits, &target}, [=](const auto& x) {
    const Var y = checked_labels(kName, x[0], x[1]);
    return combined(bce_with_logits(x[0], y), reduction);
  });
}

Var binary_cross_entropy_with_logits(const Operand& logits, const Operand& target,
                                     const BinaryCrossEntropyOptions& options) {
  static constexpr std::string_view kName = "binary_cross_entropy_with_logits";
  const double smoothing = options.label_smoothing;
  check_smoothing(kName, smoothing);
  const Operand* const operands[] = {&logits, &target, given(options.positive_weight), given(options.weights)};
  return record_loss(kName, operands, [&](const auto& x) {
    Var y = checked_labels(kName, x[0], x[1]);
    if (smoothing != 0) y = y * (1 - smoothing) + smoothing / 2;
    const Var losses = options.positive_weight ? with_positive_weight(x[0], y, x[2]) : bce_with_logits(x[0], y);
    return combined_samples(kName, losses, nullptr, options.weights ? &x[3] : nullptr, options.reduction);
  });
}

Var softmax_cross_entropy(const Operand& logits, const Operand& target, Reduction reduction) {
  return record_loss("softmax_cross_entropy", {&logits, &target}, [=](const auto& x) {
    check_last_axis("softmax_cross_entropy", "logits are", x[0]);
    const bool of_classes = x[1].dtype() == DType::int64;
    return combined(
        of_classes ? cross_entropy_of_classes(x[0], x[1]) : cross_entropy_of_probabilities(x[0], x[1], nullptr, 0),
        reduction);
  });
}

Var softmax_cross_entropy(const Operand& logits, const Operand& target, const CrossEntropyOptions& options) {
  static constexpr std::string_view kName = "softmax_cross_entropy";
  check_smoothing(kName, options.label_smoothing);
  const Operand* const operands[] = {&logits, &target, given(options.class_weights), given(options.sample_weights)};
  return record_loss(kName, operands, [&](const auto& x) {
    check_last_axis(kName, "logits are", x[0]);
    const Var* const class_weights = options.class_weights ? &x[2] : nullptr;
    const Var* const samples = options.sample_weights ? &x[3] : nullptr;
    if (x[1].dtype() != DType::int64) {
      const Var losses = cross_entropy_of_probabilities(x[0], x[1], class_weights, options.label_smoothing);
      return combined_samples(kName, losses, nullptr, samples, options.reduction);
    }
    check_classes(kName, "logits are", x[0], x[1]);
    const ClassLosses parts =
        losses_of_classes(kName, log_softmax(x[0], -1), x[1], class_weights, options.label_smoothing);
    return combined_samples(kName, parts.losses, class_weights == nullptr ? nullptr : &parts.shares, samples,
                            options.reduction);
  });
}

Var nll_loss(const Operand& log_probabilities, const Operand& classes, const ClassOptions& options) {
  const Operand* const operands[] = {&log_probabilities, &classes, given(options.class_weights),
                                     given(options.sample_weights)};
  return record_loss("nll_loss", operands, [&](const auto& x) {
    check_classes("nll_loss", "log_probabilities are", x[0], x[1]);
    const Var* const class_weights = options.class_weights ? &x[2] : nullptr;
    const ClassLosses parts = losses_of_classes("nll_loss", x[0], x[1], class_weights, 0);
    return combined_samples("nll_loss", parts.losses, class_weights == nullptr ? nullptr : &parts.shares,
                            options.sample_weights ? &x[3] : nullptr, options.reduction);
  });
}

Var kl_divergence(const Operand& log_probabilities, const Operand& target, Reduction reduction) {
  static constexpr std::string_view kName = "kl_divergence";
  return record_loss(kName, {&log_probabilities, &target}, [=](const auto& x) {
    check_last_axis(kName, "log_probabilities are", x[0]);
    check_alike(kName, "log_probabilities are", x[0], x[1]);
    const Var log_ratio = log(x[1]) - x[0];
    return combined(sum(strong_multiply(x[1], log_ratio), -1), reduction);
  });
}

Var sigmoid_focal_loss(const Operand& logits, const Operand& target, const FocalOptions& options) {
  static constexpr std::string_view kName = "sigmoid_focal_loss";
  if (!(options.gamma >= 0)) fail<ValueError>(kName, "gamma must not be negative, is ", options.gamma);
  if (options.alpha && !(*options.alpha >= 0 && *options.alpha <= 1))
    fail<ValueError>(kName, "alpha must be in [0, 1], is ", *options.alpha);
  return record_loss(kName, {&logits, &target}, [&](const auto& x) {
    const Var y = checked_labels(kName, x[0], x[1]), other = 1 - y;
    const Var wrong_negative = other * sigmoid(x[0]);
    const Var wrong = wrong_negative + y * sigmoid(-x[0]);
    const Var difficulty = power(wrong, options.gamma);
    const Var loss = strong_multiply(difficulty, bce_with_logits(x[0], y));
    if (!options.alpha) return combined(loss, options.reduction);
    const Var share_of_negative = (1 - *options.alpha) * other;
    const Var share = *options.alpha * y + share_of_negative;
    return combined(strong_multiply(share, loss), options.reduction);
  });
}

Var hinge_loss(const Operand& prediction, const Operand& target, Reduction reduction) {
  return record_loss("hinge_loss", {&prediction, &target}, [=](const auto& x) {
    const Var signs = checked_signs("hinge_loss", x[0], x[1]);
    return combined(relu(1 - signs * x[0]), reduction);
  });
}

Var squared_hinge_loss(const Operand& prediction, const Operand& target, Reduction reduction) {
  return record_loss("squared_hinge_loss", {&prediction, &target}, [=](const auto& x) {
    const Var signs = checked_signs("squared_hinge_loss", x[0], x[1]);
    return combined(square(relu(1 - signs * x[0])), reduction);
  });
}

}  // namespace xtape
