// Rows of the losses, each in its three reductions.
#include <cmath>

#include "ops/reference.hpp"
#include "ops/row.hpp"

namespace xtape::test {

namespace {

using Loss = Var (*)(const Operand&, const Operand&, Reduction);
using Vars = std::span<const Var>;
using Tensors = std::span<const Tensor>;

Tensor combined(const Tensor& losses, Reduction reduction) {
  if (reduction == Reduction::none) return losses;
  const auto total = [](const std::vector<Real>& x) {
    Real sum = 0;
    for (Real element : x) sum += element;
    return sum;
  };
  Tensor result = reduced(losses, {}, false, total);
  if (reduction == Reduction::mean) result.elements[0] /= static_cast<Real>(losses.elements.size());
  return result;
}

/// The loss on these inputs in all three reductions, against the reference of its elements.
Row::Part each_reduction(Loss loss, const Input& prediction, const Input& target, const Reference& elements) {
  return [=](Row& row) {
    for (Reduction reduction : {Reduction::mean, Reduction::sum, Reduction::none})
      row.samples.push_back({{prediction, target},
                             [=](Vars x) { return loss(x[0], x[1], reduction); },
                             [=](Tensors x) { return combined(elements(x), reduction); }});
  };
}

Row::Part shapes_must_match(Loss loss) {
  return [=](Row& row) {
    row.failures.push_back({{real({3, 1}), real({3})},
                            [=](Vars x) { return loss(x[0], x[1], Reduction::mean); },
                            &is_a<ShapeError>,
                            {row.name, "[3, 1]", "[3]"}});
  };
}

Tensor squared(Tensors x) {
  return broadcast_apply([](const Real* a) { return (a[0] - a[1]) * (a[0] - a[1]); }, x);
}

Tensor binary_cross_entropy(Tensors x) {
  return broadcast_apply(
      [](const Real* a) { return std::fmax(a[0], Real{0}) - a[0] * a[1] + std::log1p(std::exp(-std::abs(a[0]))); }, x);
}

/// -sum(target * log_softmax(logits)) over the last axis.
Tensor cross_entropy_of_probabilities(Tensors x) {
  const std::int64_t classes = x[0].shape.back();
  Tensor result = reduced(x[0], {-1}, false, log_sum_exp);
  for (std::size_t row = 0; row < result.elements.size(); ++row) {
    const Real normaliser = result.elements[row];
    result.elements[row] = 0;
    for (std::size_t i = row * static_cast<std::size_t>(classes); i < (row + 1) * static_cast<std::size_t>(classes);
         ++i)
      result.elements[row] += x[1].elements[i] * (normaliser - x[0].elements[i]);
  }
  return result;
}

Tensor cross_entropy_of_classes(Tensors x) {
  const auto classes = static_cast<std::size_t>(x[0].shape.back());
  Tensor result = reduced(x[0], {-1}, false, log_sum_exp);
  for (std::size_t row = 0; row < result.elements.size(); ++row)
    result.elements[row] -= x[0].elements[row * classes + static_cast<std::size_t>(x[1].elements[row])];
  return result;
}

}  // namespace

std::vector<Row> loss_rows() {
  const Loss bce = binary_cross_entropy_with_logits, entropy = softmax_cross_entropy;
  return {
      {"squared_error", each_reduction(squared_error, real({4}), real({4}), squared),
       each_reduction(squared_error, real({}), real({}), squared),
       each_reduction(squared_error, real({2, 3}), real({2, 3}), squared), shapes_must_match(squared_error),
       fails<DTypeError>({real({2}), integer({2}, 0, 1)}, [](Vars x) { return squared_error(x[0], x[1]); },
                         {"squared_error", "float64", "int64"})},
      {"binary_cross_entropy_with_logits", each_reduction(bce, real({6}, -8, 8), real({6}, 0, 1), binary_cross_entropy),
       each_reduction(bce, real({2, 3}, -8, 8), boolean({2, 3}), binary_cross_entropy),
       each_reduction(bce, real({}, -8, 8), boolean({}), binary_cross_entropy), shapes_must_match(bce),
       fails<DTypeError>({real({2}), integer({2}, 0, 1)},
                         [](Vars x) { return binary_cross_entropy_with_logits(x[0], x[1]); },
                         {"binary_cross_entropy_with_logits", "int64"})},
      {"softmax_cross_entropy", each_reduction(entropy, real({4, 3}), integer({4}, 0, 2), cross_entropy_of_classes),
       each_reduction(entropy, real({3}), integer({}, 0, 2), cross_entropy_of_classes),
       each_reduction(entropy, real({2, 3, 4}), integer({2, 3}, 0, 3), cross_entropy_of_classes),
       each_reduction(entropy, real({4, 3}), real({4, 3}, 0, 1), cross_entropy_of_probabilities),
       each_reduction(entropy, real({3}), real({3}, 0, 1), cross_entropy_of_probabilities),
       fails<ShapeError>({real({4, 3}), integer({4, 1}, 0, 2)},
                         [](Vars x) { return softmax_cross_entropy(x[0], x[1]); },
                         {"softmax_cross_entropy", "[4, 3]", "[4, 1]"}),
       fails<ShapeError>({real({4, 3}), real({4})}, [](Vars x) { return softmax_cross_entropy(x[0], x[1]); },
                         {"softmax_cross_entropy", "[4, 3]", "[4]"}),
       fails<ShapeError>({real({}), integer({}, 0, 2)}, [](Vars x) { return softmax_cross_entropy(x[0], x[1]); },
                         {"softmax_cross_entropy", "[]"})},
  };
}

}  // namespace xtape::test
