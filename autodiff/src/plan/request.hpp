// What a tape asks to have planned: nodes in ascending order, which of them are leaves and which are outputs; and its
// key, the structure with everything that the plan depends on.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "tape/state.hpp"

namespace xtape::detail {

struct Request {
  TapeState* state;
  std::vector<NodeId> nodes;    ///< all that the outputs depend on, down to nodes that hold values
  std::vector<NodeId> outputs;  ///< without values yet, each once
};

/// The outputs that hold no value yet, each once, and the kept roots on the way to them.
Request make_request(TapeState& state, std::span<const NodeId> outputs);

/// The structure of a request as words: ops, dtypes, shapes, attributes, inputs by position, leaves, outputs and
/// options. Equal keys mean that the same plan serves.
struct PlanKey {
  std::vector<std::uint64_t> words;
  std::uint64_t hash = 0;
  friend bool operator==(const PlanKey& a, const PlanKey& b) { return a.hash == b.hash && a.words == b.words; }
};

/// Writes the key into `key`, whose memory is reused.
void make_key(const Request& request, PlanKey& key);

}  // namespace xtape::detail
