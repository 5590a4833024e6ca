// What stands behind a CustomOp.
#pragma once

#include <cstdint>
#include <span>
#include <string>

#include <xtape/custom_op.hpp>

#include "ops/op.hpp"

namespace xtape::detail {

/// Never freed and never moved: `op` and `vjp_op` stand in tapes and plans, and the first attribute of their nodes is
/// its address, by which the functions are found.
struct CustomDefinition {
  std::string name;
  CustomOp::Forward forward;  ///< of ordinary ops
  CustomOp::Vjp vjp;
  CustomOp::ArrayForward array_forward;  ///< opaque
  CustomOp::ArrayVjp array_vjp;
  CustomOp::ShapeRule shape;
  Op op{};
  Op vjp_op{};  ///< of an opaque op: all cotangents that are wanted, one behind the other
};

/// Keeps a definition for good.
const CustomDefinition& keep_definition(CustomDefinition definition);
const CustomDefinition& definition_of(std::span<const std::int64_t> attributes);
std::int64_t attribute_of(const CustomDefinition& definition);

/// The descriptors of an op with opaque functions, in custom_opaque.cpp.
void describe_opaque(CustomDefinition& definition);
/// Records an opaque op on nodes that are the inputs.
Var record_opaque(const CustomDefinition& definition, TapeState& state, std::span<const NodeId> inputs,
                  Location location);

}  // namespace xtape::detail
