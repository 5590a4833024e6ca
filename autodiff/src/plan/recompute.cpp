#include "plan/recompute.hpp"

#include <algorithm>

#include "plan/buffers.hpp"
#include "plan/lower.hpp"

namespace xtape::detail {

namespace {

/// The nodes that the outputs depend on, and all leaves.
std::vector<bool> live_nodes(const Layout& layout) {
  std::vector<bool> live(layout.program.size());
  for (NodeId output : layout.outputs) live[output] = true;
  for (NodeId leaf : layout.leaves) live[leaf] = true;
  for (NodeId id = layout.program.size(); id-- > 0;) {
    if (!live[id]) continue;
    for (NodeId input : layout.program.inputs(layout.program[id])) live[input] = true;
  }
  return live;
}

/// The last of a node's operands, by the names that they have got.
NodeId last_operand(const Layout& source, NodeId id, const std::vector<NodeId>& renamed) {
  NodeId last = kNoNode;
  for (NodeId input : source.program.inputs(source.program[id])) {
    const NodeId operand = renamed[source.accesses[input].base];
    if (operand != kNoNode && (last == kNoNode || operand > last)) last = operand;
  }
  return last;
}

/// A value whose readers all read the copy of it that is computed again need not be computed before. What waits for it
/// then waits for its last operand.
Layout without_dead(const Layout& source) {
  const std::vector<bool> live = live_nodes(source);
  Layout result;
  std::vector<NodeId> renamed(source.program.size(), kNoNode);
  std::vector<NodeId> inputs;
  for (NodeId id = 0; id < source.program.size(); ++id) {
    if (!live[id]) {
      renamed[id] = last_operand(source, id, renamed);
      continue;
    }
    const Node& node = source.program[id];
    inputs.clear();
    for (NodeId input : source.program.inputs(node)) inputs.push_back(renamed[input]);
    renamed[id] = append_copy(result.program, node, inputs, source.program.attributes(node));
    result.accesses.push_back({renamed[source.accesses[id].base], source.accesses[id].view});
    result.origins.push_back(source.origins[id]);
    result.after.push_back(source.after[id] == kNoNode ? kNoNode : renamed[source.after[id]]);
  }
  for (NodeId leaf : source.leaves) result.leaves.push_back(renamed[leaf]);
  for (NodeId output : source.outputs) result.outputs.push_back(renamed[output]);
  return result;
}

/// A user's function might give something else when it is called again.
bool repeatable(const Op& op) {
  return op.kind != OpKind::opaque || std::ranges::find(all_ops(), &op) != all_ops().end();
}

class Recomputation {
 public:
  Recomputation(const Draft& draft, std::size_t stride)
      : draft_(draft),
        source_(draft.plan),
        fusion_(draft.fusion),
        last_(last_readers(source_.program, source_.accesses, fusion_)),
        renamed_(source_.program.size(), kNoNode),
        again_(source_.program.size(), kNoNode),
        wanted_(source_.program.size()) {
    find_peak();
    choose(stride);
  }

  Layout run() {
    for (NodeId id = 0; id < source_.program.size(); ++id) {
      std::vector<NodeId> inputs;
      for (NodeId input : source_.program.inputs(source_.program[id]))
        inputs.push_back(is_late(id) ? read_late(input) : renamed_[input]);
      renamed_[id] = append(id, inputs, kNoNode);
      if (marks_peak(id)) latest_ = renamed_[id];
    }
    for (NodeId leaf : source_.leaves) result_.leaves.push_back(renamed_[leaf]);
    for (NodeId output : source_.outputs) result_.outputs.push_back(renamed_[output]);
    return without_dead(result_);
  }

 private:
  enum class Fate : std::uint8_t { passing, kept, dropped };  ///< passing: not kept over the peak in the first place

  const Node& node(NodeId id) const { return source_.program[id]; }
  bool is_computed(NodeId id) const { return fusion_.group_of[id] != Fusion::kNoGroup; }
  std::uint32_t step_of(NodeId id) const { return fusion_.group_of[id]; }
  bool is_late(NodeId id) const { return is_computed(id) && step_of(id) > peak_; }
  bool in_workspace(NodeId id) const { return source_.placements[id].place == Place::arena; }
  /// Whether what waits for the node waits for the peak: rather not for a dropped one, which may not be there.
  bool marks_peak(NodeId id) const {
    return is_late(id) ||
           (is_computed(id) && step_of(id) == peak_ && (fate_[id] != Fate::dropped || latest_ == kNoNode));
  }
  std::size_t bytes_of(NodeId id) const {
    return static_cast<std::size_t>(node(id).shape.size()) * size_of(node(id).dtype);
  }

  void find_peak() {
    std::vector<std::int64_t> change(fusion_.groups.size() + 2);
    for (NodeId id = 0; id < source_.program.size(); ++id) {
      if (!is_computed(id) || !in_workspace(id)) continue;
      change[step_of(id)] += static_cast<std::int64_t>(bytes_of(id));
      change[last_[id] + 1] -= static_cast<std::int64_t>(bytes_of(id));
    }
    std::int64_t live = 0, most = -1;
    for (std::uint32_t step = 0; step < fusion_.groups.size(); ++step) {
      live += change[step];
      if (live <= most) continue;
      most = live;
      peak_ = step;
    }
  }

  void choose(std::size_t stride) {
    fate_.assign(source_.program.size(), Fate::passing);
    std::size_t count = 0;
    for (NodeId id = 0; id < source_.program.size(); ++id) {
      if (!is_computed(id) || !in_workspace(id) || step_of(id) > peak_ || last_[id] <= peak_) continue;
      const bool keep = !repeatable(*node(id).op) || (stride > 0 && ++count % stride == 0);
      fate_[id] = keep ? Fate::kept : Fate::dropped;
    }
  }

  /// The operand of a node after the peak.
  NodeId read_late(NodeId operand) {
    const NodeId base = source_.accesses[operand].base;
    if (!is_computed(base) || fate_[base] != Fate::dropped || is_late(base)) return renamed_[operand];
    compute_again(base);
    return again(operand);
  }

  /// The value computed again, seen through the operand's view.
  NodeId again(NodeId operand) {
    if (again_[operand] == kNoNode) {
      const NodeId base = again_[source_.accesses[operand].base];
      again_[operand] = append(operand, std::span<const NodeId>(&base, 1), kNoNode);
      result_.accesses[again_[operand]] = {base, source_.accesses[operand].view};
    }
    return again_[operand];
  }

  /// Whether a value that is computed again reads this one computed again too.
  bool goes_again(NodeId base) const {
    return is_computed(base) && source_.placements[base].place != Place::output && fate_[base] != Fate::kept &&
           repeatable(*node(base).op);
  }

  void compute_again(NodeId base) {
    for (const NodeId id : closure(base)) {
      std::vector<NodeId> inputs;
      for (NodeId input : source_.program.inputs(node(id)))
        inputs.push_back(goes_again(source_.accesses[input].base) ? again(input) : renamed_[input]);
      again_[id] = append(id, inputs, latest_);
    }
  }

  /// What has to be computed again for a value, in order, the value included.
  std::vector<NodeId> closure(NodeId base) {
    std::vector<NodeId> found, open;
    const auto want = [&](NodeId id) {
      if (wanted_[id]) return;
      wanted_[id] = true;
      found.push_back(id);
      open.push_back(id);
    };
    want(base);
    while (!open.empty()) {
      const NodeId id = open.back();
      open.pop_back();
      for (NodeId input : source_.program.inputs(node(id)))
        if (goes_again(source_.accesses[input].base)) want(source_.accesses[input].base);
    }
    std::ranges::sort(found);
    return found;
  }

  /// A copy of the node that runs no earlier than `after`.
  NodeId append(NodeId id, std::span<const NodeId> inputs, NodeId after) {
    const NodeId copy = append_copy(result_.program, node(id), inputs, source_.program.attributes(node(id)));
    const Access& access = source_.accesses[id];
    result_.accesses.push_back({access.base == id ? copy : renamed_[access.base], access.view});
    result_.origins.push_back(draft_.origins[id]);
    const NodeId before = draft_.after.empty() ? kNoNode : draft_.after[id];
    result_.after.push_back(after == kNoNode && before != kNoNode ? renamed_[before] : after);
    return copy;
  }

  const Draft& draft_;
  const Plan& source_;
  const Fusion& fusion_;
  std::vector<std::uint32_t> last_;
  std::uint32_t peak_ = 0;
  std::vector<Fate> fate_;
  Layout result_;
  std::vector<NodeId> renamed_;  ///< by node of the source
  std::vector<NodeId> again_;    ///< the same, for what is computed again
  std::vector<bool> wanted_;     ///< whether it is computed again
  NodeId latest_ = kNoNode;      ///< the last node appended that runs at the peak or after it
};

}  // namespace

Layout recomputing(const Draft& draft, std::size_t stride) { return Recomputation(draft, stride).run(); }

}  // namespace xtape::detail
