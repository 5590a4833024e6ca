#include "plan/lower.hpp"

#include <algorithm>
#include <bit>

#include "ops/errors.hpp"
#include "ops/op.hpp"
#include "plan/peephole.hpp"

namespace xtape::detail {

NodeId append_copy(Program& program, const Node& node, std::span<const NodeId> inputs,
                   std::span<const std::int64_t> attributes) {
  const NodeId id = program.append(*node.op, node.dtype, node.shape, inputs, attributes, node.location);
  program[id].holds = node.holds;
  return id;
}

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

/// Records the request on the scratch tape; `origins` grows by a position for each node recorded.
std::vector<NodeId> record_lowered(const Request& request, const Positions& positions, TapeState& scratch,
                                   std::vector<std::uint32_t>& origins) {
  const Program& source = request.state->program;
  std::vector<NodeId> mapped(request.nodes.size());
  std::vector<NodeId> inputs;
  for (std::uint32_t i = 0; i < request.nodes.size(); ++i) {
    const Node& node = source[request.nodes[i]];
    inputs.clear();
    check_has_value(node);
    if (!is_leaf(node))
      for (NodeId input : source.inputs(node)) inputs.push_back(mapped[positions[input] - 1]);
    const auto attributes = is_leaf(node) ? std::span<const std::int64_t>{} : source.attributes(node);
    mapped[i] = node.op->kind == OpKind::composite && !is_leaf(node)
                    ? lower_composite(scratch, node, inputs, attributes)
                    : append_copy(scratch.program, node, inputs, attributes);
    origins.resize(scratch.program.size(), i);
  }
  return mapped;
}

std::vector<bool> live_nodes(const Program& program, std::span<const NodeId> outputs) {
  std::vector<bool> live(program.size());
  for (NodeId output : outputs) live[output] = true;
  for (NodeId id = program.size(); id-- > 0;) {
    if (!live[id] || is_leaf(program[id])) continue;
    for (NodeId input : program.inputs(program[id])) live[input] = true;
  }
  return live;
}

/// Appends nodes, each only once: a table of ids with open addressing, at most half full.
class Merger {
 public:
  Merger(Program& program, bool merge, std::size_t most)
      : program_(program), merge_(merge), seen_(merge ? std::bit_ceil(2 * most + 1) : 0, kNoNode) {}

  NodeId add(const Node& node, std::span<const NodeId> inputs, std::span<const std::int64_t> attributes) {
    if (!merge_ || is_leaf(node)) return append_copy(program_, node, inputs, attributes);
    const std::size_t mask = seen_.size() - 1;
    std::size_t place = static_cast<std::size_t>(hash(node, inputs, attributes)) & mask;
    for (; seen_[place] != kNoNode; place = (place + 1) & mask)
      if (same(program_[seen_[place]], node, inputs, attributes)) return seen_[place];
    return seen_[place] = append_copy(program_, node, inputs, attributes);
  }

 private:
  static std::uint64_t hash(const Node& node, std::span<const NodeId> inputs,
                            std::span<const std::int64_t> attributes) {
    std::uint64_t hash = reinterpret_cast<std::uintptr_t>(node.op) ^ static_cast<std::uint64_t>(node.dtype);
    const auto add = [&](std::uint64_t word) { hash = (hash ^ word) * 0x9E3779B97F4A7C15ULL + (hash >> 29); };
    for (std::int64_t extent : node.shape) add(static_cast<std::uint64_t>(extent));
    for (NodeId input : inputs) add(input);
    for (std::int64_t attribute : attributes) add(static_cast<std::uint64_t>(attribute));
    return hash ^ (hash >> 32);
  }
  bool same(const Node& a, const Node& b, std::span<const NodeId> inputs,
            std::span<const std::int64_t> attributes) const {
    return a.op == b.op && a.dtype == b.dtype && a.shape == b.shape && !is_leaf(a) &&
           std::ranges::equal(program_.inputs(a), inputs) && std::ranges::equal(program_.attributes(a), attributes);
  }

  Program& program_;
  bool merge_;
  std::vector<NodeId> seen_;
};

}  // namespace

Lowered without_waste(const Program& source, std::span<const NodeId> outputs, std::span<const std::uint32_t> origins,
                      bool merge) {
  const std::vector<bool> live = live_nodes(source, outputs);
  Lowered result;
  Merger merger(result.program, merge, source.size());
  std::vector<NodeId> renamed(source.size(), kNoNode);
  std::vector<NodeId> inputs;
  for (NodeId id = 0; id < source.size(); ++id) {
    const Node& node = source[id];
    if (!live[id] && !is_leaf(node)) continue;
    inputs.clear();
    for (NodeId input : source.inputs(node)) inputs.push_back(renamed[input]);
    renamed[id] = merger.add(node, inputs, source.attributes(node));
    result.origins.resize(result.program.size(), origins[id]);
    if (is_leaf(node)) result.leaves.push_back(renamed[id]);
  }
  for (NodeId output : outputs) result.outputs.push_back(renamed[output]);
  return result;
}

Lowered lower(const Request& request) {
  const Options& options = request.state->options;
  const Tape tape(options);  // to record lowerings on
  TapeState& scratch = VarAccess::state(tape);
  std::vector<std::uint32_t> origins;
  const Positions positions(request);
  const std::vector<NodeId> mapped = record_lowered(request, positions, scratch, origins);
  std::vector<NodeId> outputs;
  for (NodeId output : request.outputs) outputs.push_back(mapped[positions[output] - 1]);
  Lowered lowered = without_waste(scratch.program, outputs, origins, options.planned);
  return options.planned && options.rounding_passes ? peephole(lowered) : lowered;
}

}  // namespace xtape::detail
