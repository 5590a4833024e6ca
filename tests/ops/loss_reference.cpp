#include "ops/loss_reference.hpp"

namespace xtape::test {

namespace {

Real total(const std::vector<Real>& x) {
  Real sum = 0;
  for (Real element : x) sum += element;
  return sum;
}

constexpr Reduction kReductions[] = {Reduction::mean, Reduction::sum, Reduction::none};

}  // namespace

Reduced call(Var (*loss)(const Operand&, const Operand&, Reduction)) {
  return [loss](Vars x, Reduction reduction) { return loss(x[0], x[1], reduction); };
}

Reference elementwise(Scalar scalar) {
  return [scalar](Tensors x) { return broadcast_apply(scalar, x); };
}

Tensor combined(const Tensor& losses, Reduction reduction) {
  return combined(losses, {losses.dtype, losses.shape, std::vector<Real>(losses.elements.size(), 1)}, reduction);
}

Tensor combined(const Tensor& losses, const Tensor& weights, Reduction reduction) {
  if (reduction == Reduction::none) return losses;
  Tensor result = reduced(losses, {}, false, total);
  if (reduction == Reduction::mean) result.elements[0] /= total(weights.elements);
  return result;
}

Row::Part reductions(const std::vector<Input>& inputs, const Reduced& loss, const Reference& elements) {
  return [=](Row& row) {
    for (Reduction reduction : kReductions)
      row.samples.push_back({inputs, [=](Vars x) { return loss(x, reduction); },
                             [=](Tensors x) { return combined(elements(x), reduction); }});
  };
}

Row::Part weighted_reductions(const std::vector<Input>& inputs, const Reduced& loss, const Reference& losses,
                              const Reference& weights) {
  return [=](Row& row) {
    for (Reduction reduction : kReductions)
      row.samples.push_back({inputs, [=](Vars x) { return loss(x, reduction); },
                             [=](Tensors x) { return combined(losses(x), weights(x), reduction); }});
  };
}

Row::Part shapes_must_match(const Reduced& loss) {
  return [=](Row& row) {
    row.failures.push_back({{real({3, 1}), real({3})},
                            [=](Vars x) { return loss(x, Reduction::mean); },
                            &is_a<ShapeError>,
                            {row.name, "[3, 1]", "[3]"}});
  };
}

Row::Part dtypes_must_match(const Reduced& loss) {
  return [=](Row& row) {
    row.failures.push_back({{real({2}), integer({2}, 0, 1)},
                            [=](Vars x) { return loss(x, Reduction::mean); },
                            &is_a<DTypeError>,
                            {row.name, "float64", "int64"}});
    row.failures.push_back({{integer({2}, 0, 1), integer({2}, 0, 1)},
                            [=](Vars x) { return loss(x, Reduction::mean); },
                            &is_a<DTypeError>,
                            {row.name, "int64"}});
  };
}

Tensor along_last_axis(Tensors x, const std::function<Real(const Parts&)>& row) {
  const std::int64_t extent = x[0].shape.back(), rows = x[0].shape.size() / extent;
  Tensor result{x[0].dtype, Shape(std::span(x[0].shape.begin(), x[0].shape.rank() - 1)), {}};
  for (std::int64_t i = 0; i < rows; ++i) {
    Parts parts;
    for (const Tensor& input : x) {
      const std::int64_t width = std::ssize(input.elements) / rows;
      parts.emplace_back(input.elements.begin() + i * width, input.elements.begin() + (i + 1) * width);
    }
    result.elements.push_back(row(parts));
  }
  return result;
}

}  // namespace xtape::test
