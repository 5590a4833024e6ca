#include "ops/op.hpp"

#include "ops/errors.hpp"
#include "ops/leaf.hpp"
#include "tape/state.hpp"

// The linker makes these two symbols for the section that XTAPE_LIST_OP fills.
extern "C" {
[[gnu::visibility("hidden")]] extern const xtape::detail::Op* const __start_xtape_ops[];
[[gnu::visibility("hidden")]] extern const xtape::detail::Op* const __stop_xtape_ops[];
}

namespace xtape::detail {

constinit const Op input_op{.name = "input", .kind = OpKind::leaf};
XTAPE_LIST_OP(input_op);
constinit const Op number_op{.name = "number", .kind = OpKind::leaf};
XTAPE_LIST_OP(number_op);
constinit const Op parameter_op{.name = "parameter", .kind = OpKind::leaf};
XTAPE_LIST_OP(parameter_op);
constinit const Op placeholder_op{.name = "placeholder", .kind = OpKind::leaf};
XTAPE_LIST_OP(placeholder_op);
constinit const Op constant_op{.name = "constant", .kind = OpKind::constant};
XTAPE_LIST_OP(constant_op);

std::span<const Op* const> all_ops() { return {__start_xtape_ops, __stop_xtape_ops}; }

Var Rule::x(std::size_t input) const {
  return VarAccess::make(state_, state_.program.inputs(state_.program[node_])[input]);
}

Var Rule::y() const { return VarAccess::make(state_, node_); }

std::span<const std::int64_t> Rule::attributes() const { return state_.program.attributes(state_.program[node_]); }

std::size_t Rule::inputs() const { return state_.program[node_].input_count; }

void Rule::give(std::size_t input, const Var& given) {
  const NodeId target = state_.program.inputs(state_.program[node_])[input];
  const Shape& shape = state_.program[VarAccess::node(given)].shape;
  if (shape != state_.program[target].shape)
    fail<ShapeError>(state_.program[node_].op->name, "its rule gives ", shape, " to an input of ",
                     state_.program[target].shape);
  receive(driver, target, given);
}

}  // namespace xtape::detail
