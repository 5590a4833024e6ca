// `Program`: nodes in single-assignment form, the one representation that tapes record and plans are made from.
// Structure of arrays: a node's inputs and attributes stand in two flat vectors, so that recording an op allocates
// nothing of its own. A training loop records the same program again and again: after `rewind` the previous recording
// stays in place, and what is appended is compared with it instead of being written, up to the first difference.
#pragma once

#include <algorithm>
#include <cstdint>
#include <span>
#include <utility>
#include <vector>

#include <xtape/array.hpp>

namespace xtape::detail {

struct Op;

using NodeId = std::uint32_t;
inline constexpr NodeId kNoNode = ~NodeId{0};

/// The user's source line that recorded a node.
struct Location {
  const char* file = "";
  std::uint32_t line = 0;
  friend bool operator==(const Location&,
                         const Location&) = default;  ///< files by address, which suffices to see repetition
};

/// Where a node's value is, if it has one.
enum class Holds : std::uint8_t {
  nothing,    ///< not computed (yet)
  array,      ///< an Array: a leaf, or a value that was asked for
  number,     ///< a C++ number given beside a Var: a 0-d input that nobody can differentiate for
  parameter,  ///< a read of a Parameter at a version
};

struct Node {
  const Op* op;
  Shape shape;
  Location location;
  std::uint32_t first_input;
  std::uint32_t input_count;
  std::uint32_t first_attribute;
  std::uint32_t value = 0;  ///< index into the table that `holds` names
  std::uint16_t attribute_count;
  DType dtype;
  Holds holds = Holds::nothing;
  bool keep = false;          ///< keep the value once some plan computes it: the root of a gradient
  bool internal = false;      ///< recorded by a rule or a composite, and no Var of it was handed out
  bool was_internal = false;  ///< the same of the previous recording's node, where that is the same
};

class Program {
 public:
  /// The shape may be that of a node of this program. Throws ShapeError for more elements than can be addressed.
  NodeId append(const Op& op, DType dtype, const Shape& shape, std::span<const NodeId> inputs,
                std::span<const std::int64_t> attributes, Location location);
  /// Appends a node without attributes if the previous recording has it here; a node's shape follows from the rest of
  /// it. Else returns kNoNode.
  NodeId append_again(const Op& op, DType dtype, std::span<const NodeId> inputs, Location location);

  const Node& operator[](NodeId id) const { return nodes_[id]; }
  Node& operator[](NodeId id) { return nodes_[id]; }
  std::span<const NodeId> inputs(const Node& node) const {
    return {inputs_.data() + node.first_input, node.input_count};
  }
  std::span<const std::int64_t> attributes(const Node& node) const {
    return {attributes_.data() + node.first_attribute, node.attribute_count};
  }
  /// Whether all nodes are the same as the other program's: ops, dtypes, shapes, inputs and attributes.
  bool same(const Program& other) const;
  /// How many nodes, from the first on, are the same as those of the previous recording.
  NodeId repeated() const { return repeated_; }
  /// Whether all nodes are the same to rules too, which see locations and what is internal; up to `known` they are.
  bool repeats_to_rules(NodeId known) const;
  /// Appends the nodes that the previous recording has next, up to `end`, without values; all nodes must be the same so
  /// far.
  void append_again_until(NodeId end);
  NodeId size() const { return size_; }
  /// Begins another recording; this one is then the previous. Keeps nothing of a large one.
  void rewind();

 private:
  [[noreturn]] static void throw_too_large(const Op& op, const Shape& shape);
  /// Whether the previous recording goes on after the nodes that are the same.
  bool follows() const { return size_ < nodes_.size(); }
  bool next_is(const Op& op, DType dtype, std::span<const NodeId> inputs) const;
  NodeId take_next();
  void forget_rest();

  std::vector<Node> nodes_;  ///< of this recording, then of the previous one as long as they are the same
  std::vector<NodeId> inputs_;
  std::vector<std::int64_t> attributes_;
  NodeId size_ = 0, repeated_ = 0;
  NodeId first_relocated_ = kNoNode;  ///< the first node that is the same but for its location
};

inline bool Program::next_is(const Op& op, DType dtype, std::span<const NodeId> wanted) const {
  const Node& next = nodes_[size_];
  if (next.op != &op || next.dtype != dtype || next.input_count != wanted.size()) return false;
  const NodeId* own = inputs_.data() + next.first_input;
  for (std::size_t i = 0; i < wanted.size(); ++i)  // a few: a call of memcmp costs more
    if (own[i] != wanted[i]) return false;
  return true;
}

inline NodeId Program::take_next() {
  Node& node = nodes_[size_];
  node.holds = Holds::nothing;
  node.keep = false;
  node.was_internal = std::exchange(node.internal, false);
  repeated_ = size_ + 1;
  return size_++;
}

inline NodeId Program::append_again(const Op& op, DType dtype, std::span<const NodeId> wanted, Location location) {
  if (!follows() || !next_is(op, dtype, wanted)) return kNoNode;
  const Node& next = nodes_[size_];
  if (next.attribute_count != 0 || next.location != location) return kNoNode;
  return take_next();
}

inline NodeId Program::append(const Op& op, DType dtype, const Shape& shape, std::span<const NodeId> wanted,
                              std::span<const std::int64_t> attributes, Location location) {
  if (follows()) {
    Node& next = nodes_[size_];
    if (next_is(op, dtype, wanted) && next.shape == shape && std::ranges::equal(this->attributes(next), attributes)) {
      if (next.location != location) first_relocated_ = std::min(first_relocated_, size_);
      next.location = location;
      return take_next();
    }
    forget_rest();
  }
  if (!shape.addressable()) throw_too_large(op, shape);
  nodes_.push_back({.op = &op,
                    .shape = shape,
                    .location = location,
                    .first_input = static_cast<std::uint32_t>(inputs_.size()),
                    .input_count = static_cast<std::uint32_t>(wanted.size()),
                    .first_attribute = static_cast<std::uint32_t>(attributes_.size()),
                    .attribute_count = static_cast<std::uint16_t>(attributes.size()),
                    .dtype = dtype});
  inputs_.insert(inputs_.end(), wanted.begin(), wanted.end());
  attributes_.insert(attributes_.end(), attributes.begin(), attributes.end());
  return size_++;
}

}  // namespace xtape::detail
