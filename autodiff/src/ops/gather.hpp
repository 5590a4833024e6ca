// Picking elements along an axis, for losses.
#pragma once

#include <string_view>

#include <xtape/tape.hpp>

namespace xtape::detail {

/// take_along_axis along the last axis, in which negative indices are out of range too. Errors name `op`, which is
/// softmax_cross_entropy or nll_loss.
Var picked_classes(std::string_view op, const Var& x, const Var& classes);

/// The rows of weight at the indices; errors in the name of embedding.
Var embedded(const Var& weight, const Var& indices);

}  // namespace xtape::detail
