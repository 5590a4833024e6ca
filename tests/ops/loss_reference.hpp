// What the rows of losses share: plain references, in all three reductions.
#pragma once

#include <functional>

#include "ops/reference.hpp"
#include "ops/row.hpp"

namespace xtape::test {

using Vars = std::span<const Var>;
using Tensors = std::span<const Tensor>;
using Reduced = std::function<Var(Vars, Reduction)>;
/// The runs of all inputs along the last axis.
using Parts = std::vector<std::vector<Real>>;

/// A loss of prediction and target.
Reduced call(Var (*loss)(const Operand&, const Operand&, Reduction));
/// The elements of a loss, one by one.
Reference elementwise(Scalar scalar);

/// Sum, mean or the elements themselves.
Tensor combined(const Tensor& losses, Reduction reduction);
/// The same with the mean weighted.
Tensor combined(const Tensor& losses, const Tensor& weights, Reduction reduction);

/// The loss of these inputs in all three reductions, against the reference of its elements.
Row::Part reductions(const std::vector<Input>& inputs, const Reduced& loss, const Reference& elements);
/// Against references of the weighted losses and of their weights.
Row::Part weighted_reductions(const std::vector<Input>& inputs, const Reduced& loss, const Reference& losses,
                              const Reference& weights);
/// Both arguments of prediction and target with shapes [3, 1] and [3].
Row::Part shapes_must_match(const Reduced& loss);
Row::Part dtypes_must_match(const Reduced& loss);

/// For each run along the last axis of x[0], a number from that run of each input: row(i) has element j of input k at
/// `at(k, j)`.
Tensor along_last_axis(Tensors x, const std::function<Real(const Parts&)>& row);

}  // namespace xtape::test
