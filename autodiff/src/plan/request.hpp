// What a tape asks to have planned: nodes in ascending order, which of them are leaves and which are outputs; and its
// key, the structure with everything that the plan depends on.
#pragma once

#include <algorithm>
#include <cstdint>
#include <span>
#include <vector>

#include "tape/state.hpp"

namespace xtape::detail {

struct Request {
  TapeState* state = nullptr;
  std::vector<NodeId>
      nodes;  ///< all that the outputs depend on, down to nodes that hold values, in an order of execution
  std::vector<NodeId> outputs;  ///< without values yet, each once
};

/// Fills in the outputs that hold no value yet, each once, and the kept roots on the way to them.
void make_request(TapeState& state, std::span<const NodeId> outputs, Request& request);

/// Where the nodes of a request stand in it, counted from 1; uses the state's marks while it is alive.
class Positions {
 public:
  explicit Positions(const Request& request) : request_(request), marks_(request.state->marks) {
    if (marks_.size() < request.state->program.size()) marks_.resize(request.state->program.size());
    std::uint32_t position = 0;
    for (NodeId id : request.nodes) marks_[id] = ++position;
  }
  ~Positions() {
    for (NodeId id : request_.nodes) marks_[id] = 0;
  }
  Positions(const Positions&) = delete;
  Positions& operator=(const Positions&) = delete;
  std::uint32_t operator[](NodeId id) const { return marks_[id]; }

 private:
  const Request& request_;
  std::vector<std::uint32_t>& marks_;
};

/// The structure of a request as words: ops, dtypes, shapes, attributes, inputs by position, leaves, outputs and
/// options. Equal keys mean that the same plan serves.
struct PlanKey {
  LargeVector<std::uint64_t> words;  ///< of which `size` count; the rest is room to write in
  std::size_t size = 0;
  std::uint64_t hash = 0;
  /// For keeping: a copy without the rest or, where that would take time, the words themselves.
  PlanKey take() {
    constexpr std::size_t kLarge = std::size_t{1} << 14;
    if (size < kLarge) return {{words.data(), words.data() + size}, size, hash};
    words.resize(size);
    return {std::move(words), size, hash};
  }
  friend bool operator==(const PlanKey& a, const PlanKey& b) {
    return a.hash == b.hash && a.size == b.size && std::equal(a.words.data(), a.words.data() + a.size, b.words.data());
  }
};

/// Writes the key into `key`, whose memory is reused.
void make_key(const Request& request, PlanKey& key);

}  // namespace xtape::detail
