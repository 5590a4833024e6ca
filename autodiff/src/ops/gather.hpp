// Picking elements along an axis, for losses; and what the planner knows of taking by indices.
#pragma once

#include <array>
#include <optional>
#include <string_view>

#include <xtape/tape.hpp>

#include "ops/op.hpp"

namespace xtape::detail {

/// take_along_axis along the last axis, in which negative indices are out of range too. Errors name `op`, which is
/// softmax_cross_entropy or nll_loss.
Var picked_classes(std::string_view op, const Var& x, const Var& classes);

/// The rows of weight at the indices; errors in the name of embedding.
Var embedded(const Var& weight, const Var& indices);

/// The indices as places along an axis, counted from its front. Throws as the op does whose node gave the attributes.
extern const Op places_op;
/// If the node copies whole parts of its first input along the first axis, by the indices that are its second: the
/// attributes of the places_op that checks these.
std::optional<std::array<std::int64_t, 2>> attributes_of_places(const Program& program, const Node& node);

}  // namespace xtape::detail
