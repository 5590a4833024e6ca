#include "plan/build.hpp"

#include "kernels/dispatch.hpp"
#include "plan/buffers.hpp"
#include "plan/fuse.hpp"
#include "plan/layout.hpp"
#include "plan/loops.hpp"
#include "plan/lower.hpp"
#include "plan/verify.hpp"

namespace xtape::detail {

namespace {

MatmulStep::Operand blas_operand_of(const Layout& layout, NodeId value) {
  MatmulStep::Operand operand{layout.accesses[value], false, 0};
  blas_operand(operand.access.view, layout.program[value].shape, operand.transposed, operand.leading);
  return operand;
}

MatmulStep build_matmul(const Layout& layout, NodeId id) {
  const Node& node = layout.program[id];
  const auto inputs = layout.program.inputs(node);
  const std::size_t rank = node.shape.rank();
  MatmulStep step{id, blas_operand_of(layout, inputs[0]), blas_operand_of(layout, inputs[1]), {}, 0, 0, 0};
  for (std::size_t axis = 0; axis + 2 < rank; ++axis) step.batch.push_back(node.shape[axis]);
  step.m = node.shape[rank - 2];
  step.n = node.shape[rank - 1];
  step.k = layout.program[inputs[0]].shape.back();
  return step;
}

OpaqueStep build_opaque(const Layout& layout, NodeId id) {
  OpaqueStep step{id, {}, layout.origins[id]};
  for (NodeId input : layout.program.inputs(layout.program[id])) step.inputs.push_back(layout.accesses[input]);
  return step;
}

void build_step(Plan& plan, const Layout& layout, const Fusion& fusion, std::uint32_t group_index,
                const std::vector<bool>& materialized) {
  const Group& group = fusion.groups[group_index];
  const auto add = [&](auto& list, auto step) {
    plan.steps.push_back({group.kind, static_cast<std::uint32_t>(list.size())});
    list.push_back(std::move(step));
  };
  switch (group.kind) {
    case Step::Kind::loop:
      return add(plan.loops, build_loop(layout, group, group_index, fusion, materialized, plan.instruction_set));
    case Step::Kind::matmul:
      return add(plan.matmuls, build_matmul(layout, group.nodes[0]));
    case Step::Kind::opaque:
      return add(plan.opaques, build_opaque(layout, group.nodes[0]));
  }
}

}  // namespace

Plan build_plan(const Request& request) {
  const Options& options = request.state->options;
  Layout layout = lay_out(lower(request), options);
  const Fusion fusion = fuse(layout, options);
  const std::vector<bool> materialized = materialized_nodes(layout, fusion);

  Plan plan;
  plan.instruction_set = instruction_set();
  plan.outputs = layout.outputs;
  plan.leaves = layout.leaves;
  for (std::uint32_t i = 0; i < fusion.groups.size(); ++i) build_step(plan, layout, fusion, i, materialized);
  plan.accesses = std::move(layout.accesses);
  plan.program = std::move(layout.program);
  place_buffers(plan, fusion, materialized, options);
  verify_if_enabled(plan);
  return plan;
}

}  // namespace xtape::detail
