// `Program`: nodes in single-assignment form, the one representation that tapes record and plans are made from.
// Structure of arrays: a node's inputs and attributes stand in two flat vectors, so that recording an op allocates
// nothing of its own.
#pragma once

#include <cstdint>
#include <span>
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
  bool keep = false;      ///< keep the value once some plan computes it: the root of a gradient
  bool internal = false;  ///< recorded by a rule or a composite, and no Var of it was handed out
};

class Program {
 public:
  /// The shape may be that of a node of this program. Throws ShapeError for more elements than can be addressed.
  NodeId append(const Op& op, DType dtype, const Shape& shape, std::span<const NodeId> inputs,
                std::span<const std::int64_t> attributes, Location location);

  const Node& operator[](NodeId id) const { return nodes_[id]; }
  Node& operator[](NodeId id) { return nodes_[id]; }
  std::span<const NodeId> inputs(const Node& node) const {
    return {inputs_.data() + node.first_input, node.input_count};
  }
  std::span<const std::int64_t> attributes(const Node& node) const {
    return {attributes_.data() + node.first_attribute, node.attribute_count};
  }
  /// Whether nodes `begin` to `end` are the same as in the other program: ops, dtypes, shapes, inputs and attributes.
  /// All nodes before them must be.
  bool same(const Program& other, NodeId begin, NodeId end) const;
  /// The same, and also what else a rule can see: locations, and what is internal.
  bool same_to_rules(const Program& other, NodeId begin, NodeId end) const;
  /// Appends the other program's nodes up to `end`, without values. All nodes of this one must be the same as there.
  void append_from(const Program& other, NodeId end);
  NodeId size() const { return static_cast<NodeId>(nodes_.size()); }
  /// Forgets the nodes; keeps the memory unless it is large.
  void clear();

 private:
  [[noreturn]] static void throw_too_large(const Op& op, const Shape& shape);

  std::vector<Node> nodes_;
  std::vector<NodeId> inputs_;
  std::vector<std::int64_t> attributes_;
};

inline NodeId Program::append(const Op& op, DType dtype, const Shape& shape, std::span<const NodeId> inputs,
                              std::span<const std::int64_t> attributes, Location location) {
  if (!shape.addressable()) throw_too_large(op, shape);
  nodes_.push_back({.op = &op,
                    .shape = shape,
                    .location = location,
                    .first_input = static_cast<std::uint32_t>(inputs_.size()),
                    .input_count = static_cast<std::uint32_t>(inputs.size()),
                    .first_attribute = static_cast<std::uint32_t>(attributes_.size()),
                    .attribute_count = static_cast<std::uint16_t>(attributes.size()),
                    .dtype = dtype});
  for (NodeId input : inputs) inputs_.push_back(input);
  for (std::int64_t attribute : attributes) attributes_.push_back(attribute);
  return size() - 1;
}

}  // namespace xtape::detail
