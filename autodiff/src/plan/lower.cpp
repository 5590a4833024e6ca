#include "plan/lower.hpp"

#include <algorithm>
#include <bit>

#include "ops/errors.hpp"
#include "ops/fused.hpp"
#include "ops/op.hpp"
#include "plan/peephole.hpp"

namespace xtape::detail {

namespace {

NodeId lower_composite(TapeState& scratch, const Node& node, std::span<const NodeId> inputs,
                       std::span<const std::int64_t> attributes) {
  const RuleScope scope(scratch, node.location);
  std::vector<Var> vars;
  for (NodeId input : inputs) vars.push_back(VarAccess::make(scratch, input));
  return VarAccess::node(node.op->lower(vars, attributes));
}

/// Throws ValueError for the input of a function that is being recorded.
void check_has_value(const Node& node) {
  if (!is_valueless(node)) return;
  fail<ValueError>("evaluate", "the value depends on an input of a function that is being recorded (at ",
                   node.location.file, ":", node.location.line, "), which has no value yet; choose by `where`");
}

/// Calls add(node, inputs, attributes, position) for each node of the request; gives what it returned, the new nodes.
template <class Add>
LargeVector<NodeId> map_nodes(const Request& request, const Positions& positions, Add add) {
  const Program& source = request.state->program;
  LargeVector<NodeId> mapped(request.nodes.size());
  std::vector<NodeId> inputs;
  for (std::uint32_t i = 0; i < request.nodes.size(); ++i) {
    const Node& node = source[request.nodes[i]];
    inputs.clear();
    check_has_value(node);
    if (!is_leaf(node))
      for (NodeId input : source.inputs(node)) inputs.push_back(mapped[positions[input] - 1]);
    mapped[i] = add(node, inputs, is_leaf(node) ? std::span<const std::int64_t>{} : source.attributes(node), i);
  }
  return mapped;
}

std::vector<NodeId> mapped_outputs(const Request& request, const Positions& positions,
                                   const LargeVector<NodeId>& mapped) {
  std::vector<NodeId> outputs;
  for (NodeId output : request.outputs) outputs.push_back(mapped[positions[output] - 1]);
  return outputs;
}

std::vector<bool> live_nodes(const Program& program, const Replacements& replacements,
                             std::span<const NodeId> outputs) {
  std::vector<bool> live(program.size());
  for (NodeId output : outputs) live[output] = true;
  for (NodeId id = program.size(); id-- > 0;) {
    if (!live[id] || is_leaf(program[id])) continue;
    for (NodeId input : replacements.inputs(program, id)) live[input] = true;
  }
  return live;
}

/// A table of nodes by what they are, half full, or with every op in two steps nearly full. A node's first place is
/// that of the last of its inputs, so that nodes recorded one after the other find each other in the same lines of the
/// cache; where that is full, by hash.
class NodeTable {
 public:
  explicit NodeTable(std::size_t most) : buckets_(std::bit_ceil(most / kNodesToBucket + 1)) {
    for (Bucket& bucket : buckets_) std::ranges::fill(bucket.ids, kNoNode);
  }

  /// The place of the node that `same` finds, or of kNoNode, to be overwritten.
  template <class Same>
  NodeId& find(NodeId last_input, std::uint64_t hash, Same same) {
    const std::size_t mask = buckets_.size() - 1;
    const auto tag = static_cast<std::uint32_t>(hash >> 32);
    Bucket* bucket = &buckets_[last_input / kNodesToBucket & mask];
    for (auto next = static_cast<std::size_t>(hash);; bucket = &buckets_[next++ & mask])
      for (std::size_t i = 0; i < kBucket; ++i) {
        if (bucket->ids[i] == kNoNode) bucket->tags[i] = tag;
        else if (bucket->tags[i] != tag || !same(bucket->ids[i])) continue;
        return bucket->ids[i];
      }
  }

 private:
  static constexpr std::size_t kBucket = 8, kNodesToBucket = 4;
  struct alignas(64) Bucket {
    NodeId ids[kBucket];
    std::uint32_t tags[kBucket];
  };
  LargeVector<Bucket> buckets_;
};

/// Collects nodes, if asked to `merge` each only once.
class Merger {
 public:
  /// For about so many nodes and inputs.
  Merger(bool merge, std::size_t nodes, std::size_t inputs) : merge_(merge), seen_(merge ? nodes : 0) {
    result_.program.reserve(nodes, inputs);
    result_.origins.reserve(nodes);
  }

  NodeId add(const Node& node, const Op& op, std::span<const NodeId> inputs, std::span<const std::int64_t> attributes,
             std::uint32_t origin) {
    if (is_leaf(node)) {
      result_.leaves.push_back(result_.program.size());
      return append(node, op, inputs, attributes, origin);
    }
    for (const Expansion& expansion : expansions())
      if (expansion.op == &op) return expand(node, expansion, inputs, origin);
    return add_once(node, op, inputs, attributes, origin);
  }

  Lowered take() { return std::move(result_); }

 private:
  NodeId expand(const Node& node, const Expansion& expansion, std::span<const NodeId> inputs, std::uint32_t origin) {
    const std::span<const NodeId> argument = inputs.first(1);
    if (!expansion.always && (!merge_ || place_of(node, *expansion.first, argument, {}) == kNoNode))
      return add_once(node, *expansion.op, inputs, {}, origin);
    std::vector<NodeId> all(inputs.begin(), inputs.end());
    all.push_back(add_once(node, *expansion.first, argument, {}, origin));
    return add_once(node, *expansion.rest, all, {}, origin);
  }

  NodeId add_once(const Node& node, const Op& op, std::span<const NodeId> inputs,
                  std::span<const std::int64_t> attributes, std::uint32_t origin) {
    if (!merge_) return append(node, op, inputs, attributes, origin);
    NodeId& place = place_of(node, op, inputs, attributes);
    if (place == kNoNode) place = append(node, op, inputs, attributes, origin);
    return place;
  }

  NodeId& place_of(const Node& node, const Op& op, std::span<const NodeId> inputs,
                   std::span<const std::int64_t> attributes) {
    const auto same = [&](NodeId id) {
      const Node& other = result_.program[id];
      return other.op == &op && other.dtype == node.dtype && other.shape == node.shape &&
             std::ranges::equal(result_.program.inputs(other), inputs) &&
             std::ranges::equal(result_.program.attributes(other), attributes);
    };
    const NodeId last = inputs.empty() ? 0 : std::ranges::max(inputs);
    return seen_.find(last, hash(node, op, inputs, attributes), same);
  }

  NodeId append(const Node& node, const Op& op, std::span<const NodeId> inputs,
                std::span<const std::int64_t> attributes, std::uint32_t origin) {
    result_.origins.push_back(origin);
    return result_.program.append_like(node, op, inputs, attributes);
  }

  static std::uint64_t hash(const Node& node, const Op& op, std::span<const NodeId> inputs,
                            std::span<const std::int64_t> attributes) {
    std::uint64_t hash = reinterpret_cast<std::uintptr_t>(&op) ^ static_cast<std::uint64_t>(node.dtype);
    const auto add = [&](std::uint64_t word) { hash = (hash ^ word) * 0x9E3779B97F4A7C15ULL + (hash >> 29); };
    for (std::int64_t extent : node.shape) add(static_cast<std::uint64_t>(extent));
    for (NodeId input : inputs) add(input);
    for (std::int64_t attribute : attributes) add(static_cast<std::uint64_t>(attribute));
    return hash ^ (hash >> 32);
  }

  Lowered result_;
  bool merge_;
  NodeTable seen_;
};

/// The request without composites: nothing in it is dead.
Lowered lower_directly(const Request& request, const Positions& positions, bool merge) {
  Merger merger(merge, request.nodes.size(), 2 * request.nodes.size());
  const auto add = [&](const Node& node, std::span<const NodeId> inputs, auto attributes, std::uint32_t position) {
    return merger.add(node, *node.op, inputs, attributes, position);
  };
  const LargeVector<NodeId> mapped = map_nodes(request, positions, add);
  Lowered result = merger.take();
  result.outputs = mapped_outputs(request, positions, mapped);
  return result;
}

/// Recorded on a scratch tape, as composites ask for it.
Lowered lower_on_tape(const Request& request, const Positions& positions, bool merge) {
  const Tape tape(request.state->options);
  TapeState& scratch = VarAccess::state(tape);
  LargeVector<std::uint32_t> origins;
  const auto add = [&](const Node& node, std::span<const NodeId> inputs, auto attributes, std::uint32_t position) {
    const bool composite = node.op->kind == OpKind::composite && !is_leaf(node);
    const NodeId id = composite ? lower_composite(scratch, node, inputs, attributes)
                                : append_copy(scratch.program, node, inputs, attributes);
    origins.resize(scratch.program.size(), position);
    return id;
  };
  const LargeVector<NodeId> mapped = map_nodes(request, positions, add);
  const std::vector<NodeId> outputs = mapped_outputs(request, positions, mapped);
  return without_waste(scratch.program, {}, outputs, origins, merge);
}

bool has_composites(const Request& request) {
  const Program& source = request.state->program;
  return std::ranges::any_of(
      request.nodes, [&](NodeId id) { return source[id].op->kind == OpKind::composite && !is_leaf(source[id]); });
}

}  // namespace

Lowered without_waste(const Program& source, const Replacements& replacements, std::span<const NodeId> outputs,
                      std::span<const std::uint32_t> origins, bool merge) {
  const std::vector<bool> live = live_nodes(source, replacements, outputs);
  Merger merger(merge, source.size(), source.input_count());
  LargeVector<NodeId> renamed(source.size(), kNoNode);
  std::vector<NodeId> inputs;
  for (NodeId id = 0; id < source.size(); ++id) {
    const Node& node = source[id];
    if (!live[id] && !is_leaf(node)) continue;
    inputs.clear();
    for (NodeId input : replacements.inputs(source, id)) inputs.push_back(renamed[input]);
    renamed[id] = merger.add(node, replacements.op(source, id), inputs, source.attributes(node), origins[id]);
  }
  Lowered result = merger.take();
  for (NodeId output : outputs) result.outputs.push_back(renamed[output]);
  return result;
}

Lowered lower(const Request& request) {
  const Options& options = request.state->options;
  const Positions positions(request);
  Lowered lowered = has_composites(request) ? lower_on_tape(request, positions, options.planned)
                                            : lower_directly(request, positions, options.planned);
  return options.planned && options.rounding_passes ? peephole(std::move(lowered)) : std::move(lowered);
}

}  // namespace xtape::detail
