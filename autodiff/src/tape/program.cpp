#include "tape/program.hpp"

#include "ops/errors.hpp"
#include "ops/op.hpp"

namespace xtape::detail {

namespace {

constexpr std::size_t kLargeNodes = std::size_t{1} << 17;  // 16 MiB of nodes

}  // namespace

void Program::throw_too_large(const Op& op, const Shape& shape) {
  fail<ShapeError>(op.name, "the result would have shape ", shape, ", which has too many elements");
}

NodeId Program::append_like(const Node& other, const Op& op, std::span<const NodeId> inputs,
                            std::span<const std::int64_t> attributes) {
  if (expected() != nullptr) forget_rest();
  nodes_.push_back(other);
  Node& node = nodes_.back();
  node.op = &op;
  node.first_input = static_cast<std::uint32_t>(inputs_.size());
  node.input_count = static_cast<std::uint32_t>(inputs.size());
  node.first_attribute = static_cast<std::uint32_t>(attributes_.size());
  node.attribute_count = static_cast<std::uint16_t>(attributes.size());
  node.value = 0;
  node.keep = node.internal = node.was_internal = false;
  known_ = nodes_.size();
  for (const NodeId input : inputs) inputs_.push_back(input);
  for (const std::int64_t attribute : attributes) attributes_.push_back(attribute);
  return size_++;
}

void Program::reserve(std::size_t nodes, std::size_t inputs) {
  nodes_.reserve(nodes);
  inputs_.reserve(inputs);
}

bool Program::same(const Program& other) const {
  if (size() != other.size()) return false;
  for (NodeId id = 0; id < size(); ++id) {
    const Node& a = nodes_[id];
    const Node& b = other.nodes_[id];
    if (!is_of(a, *b.op, b.dtype, other.inputs(b)) || a.shape != b.shape || !equal(attributes(a), other.attributes(b)))
      return false;
  }
  return true;
}

bool Program::repeats_to_rules(NodeId known) const {
  if (repeated_ != size_ || first_relocated_ < size_) return false;
  for (NodeId id = known; id < size_; ++id)
    if (nodes_[id].internal != nodes_[id].was_internal) return false;
  return true;
}

void Program::forget_rest() {
  const Node& next = nodes_[size_];
  inputs_.resize(next.first_input);
  attributes_.resize(next.first_attribute);
  nodes_.erase(nodes_.begin() + size_, nodes_.end());
  known_ = size_;
}

void Program::rewind() {
  if (expected() != nullptr) forget_rest();
  if (size_ > kLargeNodes) *this = Program();
  size_ = repeated_ = 0;
  first_relocated_ = kNoNode;
}

}  // namespace xtape::detail
