#include "plan/build.hpp"

#include <algorithm>

#include "kernels/dispatch.hpp"
#include "plan/buffers.hpp"
#include "plan/donations.hpp"
#include "plan/fuse.hpp"
#include "plan/layout.hpp"
#include "plan/loops.hpp"
#include "plan/lower.hpp"
#include "plan/recompute.hpp"
#include "plan/taken_rows.hpp"
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
  OpaqueStep step{id, {}};
  for (NodeId input : layout.program.inputs(layout.program[id])) step.inputs.push_back(layout.accesses[input]);
  return step;
}

void build_step(Plan& plan, LoopSources& sources, std::uint32_t index) {
  const Layout& layout = sources.layout;
  const Group& group = sources.fusion.groups[index];
  const auto add = [&](auto& list, auto step) {
    plan.steps.push_back({group.kind, static_cast<std::uint32_t>(list.size())});
    list.push_back(std::move(step));
  };
  switch (group.kind) {
    case Step::Kind::loop:
      return add(plan.loops, build_loop(sources, index, plan.instruction_set));
    case Step::Kind::matmul:
      return add(plan.matmuls, build_matmul(layout, group.nodes[0]));
    case Step::Kind::opaque:
      return add(plan.opaques, build_opaque(layout, group.nodes[0]));
  }
}

void reserve_steps(Plan& plan, const Fusion& fusion) {
  const auto count = [&](Step::Kind kind) {
    return static_cast<std::size_t>(std::ranges::count(fusion.groups, kind, &Group::kind));
  };
  plan.loops.reserve(count(Step::Kind::loop));
  plan.matmuls.reserve(count(Step::Kind::matmul));
  plan.opaques.reserve(count(Step::Kind::opaque));
  plan.steps.reserve(fusion.groups.size());
}

Draft draft_of(Layout layout, const Options& options) {
  Draft draft{{}, fuse(layout, options), {}, {}};
  const std::vector<bool> materialized = materialized_nodes(layout, draft.fusion);
  Plan& plan = draft.plan;
  plan.instruction_set = instruction_set();
  plan.outputs = std::move(layout.outputs);
  plan.leaves = std::move(layout.leaves);
  reserve_steps(plan, draft.fusion);
  LoopSources sources(layout, draft.fusion, materialized);
  for (std::uint32_t i = 0; i < draft.fusion.groups.size(); ++i) build_step(plan, sources, i);
  plan.accesses = std::move(layout.accesses);
  plan.program = std::move(layout.program);
  const std::vector<std::uint32_t> last = place_buffers(plan, draft.fusion, materialized, options);
  find_donations(plan, draft.fusion, last, options);
  draft.origins = std::move(layout.origins);
  draft.after = std::move(layout.after);
  return draft;
}

/// Keeps fewer and fewer values over the step that needs most memory, until the workspace fits into the budget. Then
/// the peak may be elsewhere, and so on. If nothing fits, what needs least.
Draft within_budget(Draft best, const Options& options) {
  constexpr int kRounds = 4;
  for (int round = 0; round < kRounds; ++round) {
    const Draft start = best;
    for (std::size_t stride : {2, 3, 4, 6, 8, 12, 16, 24, 32, 0}) {
      Draft draft = draft_of(recomputing(start, stride), options);
      if (draft.plan.arena_bytes < best.plan.arena_bytes) best = std::move(draft);
      if (best.plan.arena_bytes <= options.memory_budget) return best;
    }
    if (best.plan.arena_bytes >= start.plan.arena_bytes) break;
  }
  return best;
}

}  // namespace

Plan build_plan(const Request& request) {
  const Options& options = request.state->options;
  Layout layout = lay_out(lower(request), options);
  if (options.planned) layout = with_rows_where_they_stand(std::move(layout));
  Draft draft = draft_of(std::move(layout), options);
  if (options.planned && draft.plan.arena_bytes > options.memory_budget)
    draft = within_budget(std::move(draft), options);
  draft.plan.origins = std::move(draft.origins);
  verify_if_enabled(draft.plan);
  return std::move(draft.plan);
}

}  // namespace xtape::detail
