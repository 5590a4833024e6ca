#include "tape/reachable.hpp"

#include <algorithm>

namespace xtape::detail {

namespace {

/// Marks nodes and sorts them into leaves, which need no visit, and inner nodes, which the scan still has to reach.
struct Frontier {
  const Program& program;
  std::vector<std::uint32_t>& marks;
  bool stop_at_values;
  std::vector<NodeId>& leaves;
  std::size_t pending = 0;

  void add(NodeId id) {
    if (marks[id] != 0) return;
    const Node& node = program[id];
    const bool leaf = node.input_count == 0 || (stop_at_values && node.holds != Holds::nothing);
    if (leaf) leaves.push_back(id);
    else ++pending;
    marks[id] = leaf ? 2 : 1;
  }
};

}  // namespace

void reachable(TapeState& state, std::span<const NodeId> roots, bool stop_at_values, std::vector<NodeId>& nodes) {
  nodes.clear();
  if (roots.empty()) return;
  if (state.marks.size() < state.program.size()) state.marks.resize(state.program.size());
  std::vector<NodeId>& inner = state.inner;
  inner.clear();
  Frontier frontier{state.program, state.marks, stop_at_values, nodes};
  for (NodeId root : roots) frontier.add(root);
  for (NodeId id = *std::max_element(roots.begin(), roots.end()) + 1; frontier.pending > 0;) {
    if (state.marks[--id] != 1) continue;
    inner.push_back(id);
    --frontier.pending;
    for (NodeId input : state.program.inputs(state.program[id])) frontier.add(input);
  }
  std::sort(nodes.begin(), nodes.end());
  nodes.insert(nodes.end(), inner.rbegin(), inner.rend());
  for (NodeId id : nodes) state.marks[id] = 0;
}

}  // namespace xtape::detail
