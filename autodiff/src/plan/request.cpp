#include "plan/request.hpp"

#include <algorithm>

#include "kernels/dispatch.hpp"
#include "ops/op.hpp"
#include "tape/reachable.hpp"

namespace xtape::detail {

namespace {

std::uint64_t mix(std::uint64_t hash, std::uint64_t word) {
  __extension__ using Wide = unsigned __int128;
  const Wide product = static_cast<Wide>(hash ^ word) * 0x9E3779B97F4A7C15ULL;
  return static_cast<std::uint64_t>(product) ^ static_cast<std::uint64_t>(product >> 64);
}

/// Writes words one after the other and hashes them on the way.
struct KeyWriter {
  std::uint64_t* next;
  std::uint64_t hash;

  void add(std::uint64_t word) {
    *next++ = word;
    hash = mix(hash, word);
  }
};

void add_node(const Program& program, const Node& node, const Positions& positions, KeyWriter& key) {
  const bool leaf = node.holds != Holds::nothing;
  const bool number = node.holds == Holds::number;
  key.add(leaf ? (number ? 2 : 1) : reinterpret_cast<std::uintptr_t>(node.op));
  key.add(static_cast<std::uint64_t>(node.dtype) | node.shape.rank() << 8 |
          static_cast<std::uint64_t>(node.attribute_count) << 16 | static_cast<std::uint64_t>(node.input_count) << 32);
  for (std::int64_t extent : node.shape) key.add(static_cast<std::uint64_t>(extent));
  if (leaf) return;
  for (NodeId input : program.inputs(node)) key.add(positions[input]);
  for (std::int64_t attribute : program.attributes(node)) key.add(static_cast<std::uint64_t>(attribute));
}

}  // namespace

void make_request(TapeState& state, std::span<const NodeId> outputs, Request& request) {
  request.state = &state;
  request.outputs.clear();
  const auto add = [&](NodeId id) {
    if (state.program[id].holds == Holds::nothing &&
        std::find(request.outputs.begin(), request.outputs.end(), id) == request.outputs.end())
      request.outputs.push_back(id);
  };
  for (NodeId id : outputs) add(id);
  reachable(state, request.outputs, true, request.nodes);
  for (NodeId id : request.nodes)
    if (state.program[id].keep) add(id);
}

void make_key(const Request& request, PlanKey& key) {
  const TapeState& state = *request.state;
  std::size_t most = 2 + request.outputs.size() + 2 * request.nodes.size();
  for (NodeId id : request.nodes) {
    const Node& node = state.program[id];
    most += node.shape.rank() + node.input_count + node.attribute_count;
  }
  if (key.words.size() < most) key.words.resize(most);
  KeyWriter writer{key.words.data(), 0};
  writer.add(static_cast<std::uint64_t>(state.options.planned) |
             static_cast<std::uint64_t>(state.options.rounding_passes) << 1 |
             static_cast<std::uint64_t>(instruction_set()) << 2 | request.nodes.size() << 8);
  writer.add(state.options.memory_budget);
  const Positions positions(request);
  for (NodeId id : request.nodes) add_node(state.program, state.program[id], positions, writer);
  for (NodeId id : request.outputs) writer.add(positions[id]);
  key.size = static_cast<std::size_t>(writer.next - key.words.data());
  key.hash = writer.hash;
}

}  // namespace xtape::detail
