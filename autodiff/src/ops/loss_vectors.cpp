// Losses of vectors along an axis, by their angles and distances.
#include "ops/loss.hpp"

namespace xtape {

using namespace detail;

namespace {

/// Of vectors of unit length there is no product that overflows. The other axes broadcast.
Var similarity(const Var& a, const Var& b, int axis, double epsilon) {
  const auto unit = [&](const Var& x) {
    const Var length = norm(x, 2, axis, true);
    return x / where(length <= epsilon, epsilon, length);
  };
  const Var unit_a = unit(a), unit_b = unit(b);
  return sum(unit_a * unit_b, axis);
}

/// x, broadcast to the shape if its own vectors, along the axis counted from the end, are shorter than the shape's.
Var with_vectors_of(const Var& x, const Shape& shape, std::size_t place) {
  const bool whole = x.rank() > place && x.shape().back(place) == shape.back(place);
  return whole ? x : broadcast_to(x, shape);
}

}  // namespace

Var cosine_similarity(const Operand& a, const Operand& b, int axis, double epsilon) {
  if (!(epsilon >= 0)) fail<ValueError>("cosine_similarity", "epsilon must not be negative, is ", epsilon);
  return record_loss("cosine_similarity", {&a, &b}, [=](const auto& x) {
    check_same_dtype("cosine_similarity", "a is", x[0], x[1], "b is");
    const Shape shape = broadcast_shapes("cosine_similarity", x[0].shape(), x[1].shape());
    const std::size_t place = shape.rank() - 1 - normalized_axis("cosine_similarity", axis, shape.rank());
    return similarity(with_vectors_of(x[0], shape, place), with_vectors_of(x[1], shape, place),
                      -1 - static_cast<int>(place), epsilon);
  });
}

Var cosine_embedding_loss(const Operand& a, const Operand& b, const Operand& target, Reduction reduction,
                          double margin) {
  static constexpr std::string_view kName = "cosine_embedding_loss";
  return record_loss(kName, {&a, &b, &target}, [=](const auto& x) {
    check_last_axis(kName, "a is", x[0]);
    check_alike(kName, "a is", x[0], x[1], "b is");
    if (const Shape shape = without_last_axis(x[0].shape()); x[2].shape() != shape)
      fail<ShapeError>(kName, "a is ", x[0].shape(), ", so the target must be ", shape, ", it is ", x[2].shape());
    const Var cosine = similarity(x[0], x[1], -1, 1e-8);
    const Var alike = x[2].dtype() == DType::boolean ? x[2] : x[2] > 0;
    const Var apart = 1 - cosine;
    const Var close = relu(cosine - margin);
    return combined(where(alike, apart, close), reduction);
  });
}

Var triplet_margin_loss(const Operand& anchor, const Operand& positive, const Operand& negative,
                        const TripletOptions& options) {
  static constexpr std::string_view kName = "triplet_margin_loss";
  if (!(options.margin >= 0)) fail<ValueError>(kName, "margin must not be negative, is ", options.margin);
  if (!(options.p >= 1)) fail<ValueError>(kName, "p must be 1 or more, is ", options.p);
  return record_loss(kName, {&anchor, &positive, &negative}, [&](const auto& x) {
    check_last_axis(kName, "anchor is", x[0]);
    check_alike(kName, "anchor is", x[0], x[1], "positive is");
    check_alike(kName, "anchor is", x[0], x[2], "negative is");
    const Var near = norm(x[0] - x[1], options.p, -1);
    Var far = norm(x[0] - x[2], options.p, -1);
    if (options.swap) far = minimum(far, norm(x[1] - x[2], options.p, -1));
    return combined(relu(near - far + options.margin), options.reduction);
  });
}

}  // namespace xtape
