// The losses: expressions of other ops, which check that nothing is broadcast.
#include <xtape/ops.hpp>

#include "ops/errors.hpp"
#include "ops/gather.hpp"
#include "ops/partials.hpp"
#include "ops/record.hpp"
#include "ops/strong.hpp"

namespace xtape {

namespace {

using detail::fail;

void check_same_shape(std::string_view op, std::string_view what, const Var& prediction, const Var& target) {
  if (prediction.shape() != target.shape())
    fail<ShapeError>(op, what, " ", prediction.shape(), ", target is ", target.shape(), "; nothing is broadcast");
}

Var combined(const Var& losses, Reduction reduction) {
  if (reduction == Reduction::none) return losses;
  return reduction == Reduction::sum ? sum(losses) : mean(losses);
}

/// Prediction and target may be of two dtypes.
template <class Body>
Var record_loss(std::string_view op, const Operand& prediction, const Operand& target, Reduction reduction, Body body) {
  const Operand* const list[] = {&prediction, &target};
  detail::TapeState& state = detail::tape_of(op, list);
  const Var x = detail::VarAccess::make(state, detail::resolve(state, op, prediction, DType::float64));
  const Var y = detail::VarAccess::make(state, detail::resolve(state, op, target, x.dtype()));
  const detail::RuleScope scope(state, detail::location_of(state, prediction));
  detail::check_floating(op, x);
  return detail::hand_out(state, combined(body(x, y), reduction));
}

void check_same_dtype(std::string_view op, std::string_view what, const Var& prediction, const Var& target) {
  if (prediction.dtype() != target.dtype())
    fail<DTypeError>(op, what, " ", prediction.dtype(), ", target is ", target.dtype());
}

Var cross_entropy_of_classes(const Var& logits, const Var& classes) {
  Shape shape;
  for (std::size_t axis = 0; axis + 1 < logits.rank(); ++axis) shape.push_back(logits.shape()[axis]);
  if (classes.shape() != shape)
    fail<ShapeError>("softmax_cross_entropy", "logits are ", logits.shape(), ", so the classes must be ", shape,
                     ", they are ", classes.shape());
  const Var normalizer = logsumexp(logits, -1);
  return normalizer - detail::picked_classes(logits, classes);
}

Var cross_entropy_of_probabilities(const Var& logits, const Var& target) {
  check_same_shape("softmax_cross_entropy", "logits are", logits, target);
  check_same_dtype("softmax_cross_entropy", "logits are", logits, target);
  return -sum(strong_multiply(target, log_softmax(logits, -1)), -1);
}

}  // namespace

Var squared_error(const Operand& prediction, const Operand& target, Reduction reduction) {
  return record_loss("squared_error", prediction, target, reduction, [](const Var& x, const Var& y) {
    check_same_shape("squared_error", "prediction is", x, y);
    check_same_dtype("squared_error", "prediction is", x, y);
    return square(x - y);
  });
}

Var binary_cross_entropy_with_logits(const Operand& logits, const Operand& target, Reduction reduction) {
  constexpr std::string_view kName = "binary_cross_entropy_with_logits";
  return record_loss(kName, logits, target, reduction, [&](const Var& x, const Var& y) {
    check_same_shape(kName, "logits are", x, y);
    if (y.dtype() == DType::boolean) return bce_with_logits(x, cast(y, x.dtype()));
    check_same_dtype(kName, "logits are", x, y);
    return bce_with_logits(x, y);
  });
}

Var softmax_cross_entropy(const Operand& logits, const Operand& target, Reduction reduction) {
  return record_loss("softmax_cross_entropy", logits, target, reduction, [](const Var& x, const Var& y) {
    if (x.rank() == 0) fail<ShapeError>("softmax_cross_entropy", "logits are [], they need a last axis of classes");
    return y.dtype() == DType::int64 ? cross_entropy_of_classes(x, y) : cross_entropy_of_probabilities(x, y);
  });
}

}  // namespace xtape
