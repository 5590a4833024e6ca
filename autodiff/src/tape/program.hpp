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

#include "tape/large_vector.hpp"

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

/// First what most passes look at.
struct Node {
  const Op* op;
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
  Shape shape;
  Location location;
};

class Program {
 public:
  /// The shape may be that of a node of this program. Throws ShapeError for more elements than can be addressed.
  NodeId append(const Op& op, DType dtype, const Shape& shape, std::span<const NodeId> inputs,
                std::span<const std::int64_t> attributes, Location location);
  /// A node with the dtype, shape, location and `holds` of another program's.
  NodeId append_like(const Node& other, const Op& op, std::span<const NodeId> inputs,
                     std::span<const std::int64_t> attributes);
  /// Room for so many nodes and inputs in all, so that appending them moves nothing.
  void reserve(std::size_t nodes, std::size_t inputs);
  /// What the previous recording has so many nodes after the next one, if all nodes are the same so far; else null.
  const Node* expected(std::size_t ahead = 0) const {
    return size_ + ahead < known_ ? &nodes_[size_ + ahead] : nullptr;
  }
  /// Appends the nodes that the previous recording has next, up to `end`, without values.
  void append_expected(NodeId end);

  const Node& operator[](NodeId id) const { return nodes_[id]; }
  Node& operator[](NodeId id) { return nodes_[id]; }
  std::span<const NodeId> inputs(const Node& node) const {
    return {inputs_.data() + node.first_input, node.input_count};
  }
  std::span<const std::int64_t> attributes(const Node& node) const {
    return {attributes_.data() + node.first_attribute, node.attribute_count};
  }
  /// Whether a node is this op of these inputs.
  bool is_of(const Node& node, const Op& op, DType dtype, std::span<const NodeId> wanted) const {
    return node.op == &op && node.dtype == dtype && equal(inputs(node), wanted);
  }
  /// Whether all nodes are the same as the other program's: ops, dtypes, shapes, inputs and attributes.
  bool same(const Program& other) const;
  /// How many nodes, from the first on, are the same as those of the previous recording.
  NodeId repeated() const { return repeated_; }
  /// Whether all nodes are the same to rules too, which see locations and what is internal; up to `known` they are.
  bool repeats_to_rules(NodeId known) const;
  NodeId size() const { return size_; }
  /// The inputs of all nodes together.
  std::size_t input_count() const { return inputs_.size(); }
  /// Begins another recording; this one is then the previous. Keeps nothing of a large one.
  void rewind();

 private:
  [[noreturn]] static void throw_too_large(const Op& op, const Shape& shape);
  /// Of a few elements, for which a call of memcmp costs more.
  template <class T>
  static bool equal(std::span<const T> a, std::span<const T> b) {
    if (a.size() != b.size()) return false;
    for (std::size_t i = 0; i < a.size(); ++i)
      if (a[i] != b[i]) return false;
    return true;
  }
  NodeId take_next();
  void forget_rest();

  LargeVector<Node> nodes_;  ///< of this recording, then of the previous one as long as they are the same
  LargeVector<NodeId> inputs_;
  LargeVector<std::int64_t> attributes_;
  NodeId size_ = 0, repeated_ = 0;
  std::size_t known_ = 0;             ///< how many nodes there are
  NodeId first_relocated_ = kNoNode;  ///< the first node that is the same but for its location
};

inline NodeId Program::take_next() {
  Node& node = nodes_[size_];
  node.holds = Holds::nothing;
  node.keep = false;
  node.was_internal = std::exchange(node.internal, false);
  repeated_ = size_ + 1;
  return size_++;
}

inline void Program::append_expected(NodeId end) {
  while (size_ < end) {
    const NodeId id = take_next();
    nodes_[id].internal = nodes_[id].was_internal;
  }
}

inline NodeId Program::append(const Op& op, DType dtype, const Shape& shape, std::span<const NodeId> wanted,
                              std::span<const std::int64_t> attributes, Location location) {
  if (const Node* next = expected()) {
    if (is_of(*next, op, dtype, wanted) && next->shape == shape && equal(this->attributes(*next), attributes)) {
      if (next->location != location) first_relocated_ = std::min(first_relocated_, size_);
      nodes_[size_].location = location;
      return take_next();
    }
    forget_rest();
  }
  if (!shape.addressable()) throw_too_large(op, shape);
  nodes_.push_back({.op = &op,
                    .first_input = static_cast<std::uint32_t>(inputs_.size()),
                    .input_count = static_cast<std::uint32_t>(wanted.size()),
                    .first_attribute = static_cast<std::uint32_t>(attributes_.size()),
                    .attribute_count = static_cast<std::uint16_t>(attributes.size()),
                    .dtype = dtype,
                    .shape = shape,
                    .location = location});
  known_ = nodes_.size();
  for (const NodeId input : wanted) inputs_.push_back(input);
  attributes_.insert(attributes_.end(), attributes.begin(), attributes.end());
  return size_++;
}

}  // namespace xtape::detail
