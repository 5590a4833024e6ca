#include "function/recorded.hpp"

#include <algorithm>
#include <utility>

#include "ops/leaf.hpp"
#include "plan/build.hpp"
#include "plan/cache.hpp"
#include "plan/request.hpp"

namespace xtape::detail {

namespace {

/// The graph's own nodes on a tape, by their ids, so that what a leaf is can be looked up in the graph. All leaves
/// count as values that are there; planning does not look at them.
void copy_nodes(const Graph& graph, TapeState& state) {
  for (NodeId id = 0; id < graph.program.size(); ++id) {
    const Node& node = graph.program[id];
    state.program.append(*node.op, node.dtype, node.shape, graph.program.inputs(node), graph.program.attributes(node),
                         node.location);
    state.program[id].internal = node.internal;
    state.program[id].holds = node.holds;
  }
  for (NodeId input : graph.inputs) {
    state.program[input].op = &input_op;
    state.program[input].holds = Holds::array;
  }
}

Source source_of(const Graph& graph, NodeId leaf) {
  const Node& node = graph.program[leaf];
  switch (node.holds) {
    case Holds::array:
      return {Source::Kind::array, node.value};
    case Holds::number:
      return {Source::Kind::number, node.value};
    case Holds::parameter:
      return {Source::Kind::parameter, node.value};
    default:
      break;
  }
  const auto found = std::ranges::find(graph.inputs, leaf);
  return {Source::Kind::input, static_cast<std::uint32_t>(found - graph.inputs.begin())};
}

std::size_t bytes_of(const InputType& type) {
  return static_cast<std::size_t>(type.shape.size()) * size_of(type.dtype);
}

ResultSource planned_result(const Plan& plan, std::span<const NodeId> asked, NodeId node,
                            std::span<const ResultSource> before, InputType type) {
  const auto output = static_cast<std::uint32_t>(std::ranges::find(asked, node) - asked.begin());
  const NodeId buffer = plan.accesses[plan.outputs[output]].base;
  const auto same =
      std::ranges::find_if(before, [&](const ResultSource& other) { return other.planned && other.buffer == buffer; });
  return {true, output, static_cast<std::uint32_t>(same - before.begin()), buffer, {}, type, bytes_of(type)};
}

}  // namespace

Recorded plan_graph(Graph graph, const Options& options) {
  const Tape tape(options);
  TapeState& state = VarAccess::state(tape);
  copy_nodes(graph, state);
  Request request;
  make_request(state, graph.outputs, request);
  Recorded recorded;
  for (NodeId input : graph.inputs) recorded.inputs.push_back({graph.program[input].dtype, graph.program[input].shape});
  if (!request.outputs.empty()) {
    PlanKey key;
    make_key(request, key);
    recorded.plan = find_plan(key, [&] { return build_plan(request); }).plan;
    recorded.nodes = request.nodes;
    for (NodeId id : request.nodes)
      if (state.program[id].holds != Holds::nothing) recorded.leaves.push_back(source_of(graph, id));
    for (const OpaqueStep& step : recorded.plan->opaques)
      recorded.opaque_locations.push_back(state.program[request.nodes[recorded.plan->origins[step.value]]].location);
  }
  for (NodeId output : graph.outputs) {
    const Node& node = state.program[output];
    const InputType type{node.dtype, node.shape};
    recorded.results.push_back(
        node.holds == Holds::nothing
            ? planned_result(*recorded.plan, request.outputs, output, recorded.results, type)
            : ResultSource{false, 0, 0, kNoNode, source_of(graph, output), type, bytes_of(type)});
  }
  recorded.graph = std::move(graph);
  return recorded;
}

}  // namespace xtape::detail
