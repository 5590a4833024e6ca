// Losses, named as in torch.nn.functional. Shapes and dtypes of prediction and target must be equal, else ShapeError or
// DTypeError: nothing is broadcast unless said. Gradients flow to all floating operands, at kinks that of least norm.
#pragma once

#include <optional>

#include <xtape/operand.hpp>

namespace xtape {

/// sum(weights losses) / sum(weights), for samples that count differently in a loss of Reduction::none. One of weight 0
/// does not count, even if its loss is infinite or NaN. ShapeError or DTypeError unless both are alike.
Var weighted_mean(const Operand& losses, const Operand& weights);

// ---- Regression

/// (prediction - target)^2; torch's mse_loss.
Var squared_error(const Operand& prediction, const Operand& target, Reduction reduction = Reduction::mean);
/// |prediction - target|
Var l1_loss(const Operand& prediction, const Operand& target, Reduction reduction = Reduction::mean);
/// d^2 / 2 where d = |prediction - target| < delta, beyond delta (d - delta / 2). ValueError unless delta > 0.
Var huber_loss(const Operand& prediction, const Operand& target, Reduction reduction = Reduction::mean,
               double delta = 1);
/// d^2 / (2 beta) where d = |prediction - target| < beta, beyond d - beta / 2. ValueError unless beta >= 0.
Var smooth_l1_loss(const Operand& prediction, const Operand& target, Reduction reduction = Reduction::mean,
                   double beta = 1);

struct PoissonOptions {
  Reduction reduction = Reduction::mean;
  bool log_input = true;  ///< the prediction is the logarithm of the rate, else the rate itself
  bool full = false;      ///< with log(target!), which does not depend on the prediction; exact, not Stirling's formula
};
/// rate - target log(rate), where target 0 leaves the rate alone, even 0; no small number is added to it.
Var poisson_nll_loss(const Operand& prediction, const Operand& target, const PoissonOptions& options = {});

struct GaussianOptions {
  Reduction reduction = Reduction::mean;
  bool full = false;      ///< with log(2 pi) / 2
  double epsilon = 1e-6;  ///< the least variance; one that is raised to it gets no gradient
};
/// (log(variance) + (prediction - target)^2 / variance) / 2. The variance is broadcast to the prediction's shape.
Var gaussian_nll_loss(const Operand& prediction, const Operand& target, const Operand& variance,
                      const GaussianOptions& options = {});

// ---- Two classes

/// -target log(p) - (1 - target) log(1 - p) with p = sigmoid(logits), accurate for all logits. Targets are of the dtype
/// of the logits or boolean; beyond [0, 1], which is not checked, the formula holds, and is not bounded below.
Var binary_cross_entropy_with_logits(const Operand& logits, const Operand& target,
                                     Reduction reduction = Reduction::mean);

struct BinaryCrossEntropyOptions {
  Reduction reduction = Reduction::mean;
  std::optional<Operand> positive_weight = {};  ///< multiplies -target log(p); broadcast to the logits' shape
  std::optional<Operand> weights = {};          ///< of the losses, in their shape
  double label_smoothing = 0;                   ///< s: the target becomes (1 - s) target + s / 2
};
/// The same with options. With weights the mean is sum(weights losses) / sum(weights), not torch's sum over their
/// number; a loss of weight 0 does not count, even if it is infinite or NaN.
Var binary_cross_entropy_with_logits(const Operand& logits, const Operand& target,
                                     const BinaryCrossEntropyOptions& options);

struct FocalOptions {
  Reduction reduction = Reduction::mean;
  double gamma = 2;                  ///< how much less losses count that are small already; 0 is cross-entropy
  std::optional<double> alpha = {};  ///< the weight of target 1, beside 1 - alpha for target 0
};
/// (1 - q)^gamma times the binary cross-entropy, q the probability of the target's class; targets as there. Lin et al.,
/// Focal Loss for Dense Object Detection, 2017.
Var sigmoid_focal_loss(const Operand& logits, const Operand& target, const FocalOptions& options = {});

/// max(0, 1 - target prediction) with targets -1 and 1, or boolean; gradient 0 at the kink.
Var hinge_loss(const Operand& prediction, const Operand& target, Reduction reduction = Reduction::mean);
/// The square of `hinge_loss`.
Var squared_hinge_loss(const Operand& prediction, const Operand& target, Reduction reduction = Reduction::mean);

// ---- Many classes, over the last axis. The unreduced loss has the shape without it. int64 classes have that shape
// too; one out of range throws ValueError when the value is computed, and none counts from the end.

/// -log(softmax(logits)[class]), or -sum(target log(softmax(logits))) for a floating target of the logits' shape and
/// dtype; torch's cross_entropy. That such targets are probabilities is not checked: the formula holds for any.
Var softmax_cross_entropy(const Operand& logits, const Operand& target, Reduction reduction = Reduction::mean);

struct CrossEntropyOptions {
  Reduction reduction = Reduction::mean;
  std::optional<Operand> class_weights = {};   ///< (classes): multiply the terms of their classes
  std::optional<Operand> sample_weights = {};  ///< of the unreduced losses, in their shape
  double label_smoothing = 0;                  ///< s: the target becomes (1 - s) target + s / classes
};
/// The same with options. The mean is sum(losses) / sum(weights), where a sample's weight is
/// that of its class, for int64 targets, times its own; a sample of weight 0 does not count, whatever its loss is.
Var softmax_cross_entropy(const Operand& logits, const Operand& target, const CrossEntropyOptions& options);

struct ClassOptions {
  Reduction reduction = Reduction::mean;
  std::optional<Operand> class_weights = {};   ///< as in CrossEntropyOptions
  std::optional<Operand> sample_weights = {};  ///< as in CrossEntropyOptions
};
/// -log_probabilities[class], the negative log-likelihood of int64 classes.
Var nll_loss(const Operand& log_probabilities, const Operand& classes, const ClassOptions& options = {});

/// sum(target (log(target) - log_probabilities)) over the last axis, where target 0 adds 0: the mean is torch's
/// kl_div(..., reduction="batchmean").
Var kl_divergence(const Operand& log_probabilities, const Operand& target, Reduction reduction = Reduction::mean);

// ---- Vectors

/// sum(a b) / (|a| |b|) over the axis, after broadcasting; lengths below epsilon count as epsilon, 0 has gradient 0.
Var cosine_similarity(const Operand& a, const Operand& b, int axis = -1, double epsilon = 1e-8);
/// 1 - cosine_similarity(a, b) where the target is 1 or true, else max(0, cosine_similarity(a, b) - margin). Vectors
/// lie along the last axis; the target, of any dtype, has the shape without it and gets no gradient.
Var cosine_embedding_loss(const Operand& a, const Operand& b, const Operand& target,
                          Reduction reduction = Reduction::mean, double margin = 0);

struct TripletOptions {
  Reduction reduction = Reduction::mean;
  double margin = 1;
  double p = 2;       ///< of the norm, 1 to infinity
  bool swap = false;  ///< the negative's distance is that from anchor or positive, whichever is less
};
/// max(0, |anchor - positive| - |anchor - negative| + margin), the p-norms of the last axis; nothing is added to the
/// differences, so that equal points have distance and gradient 0.
Var triplet_margin_loss(const Operand& anchor, const Operand& positive, const Operand& negative,
                        const TripletOptions& options = {});

}  // namespace xtape
