#include "tape/program.hpp"

namespace xtape::detail {

namespace {

constexpr std::size_t kLargeNodes = std::size_t{1} << 17;  // 16 MiB of nodes

}  // namespace

NodeId Program::append(const Op& op, DType dtype, const Shape& shape, std::span<const NodeId> inputs,
                       std::span<const std::int64_t> attributes, Location location) {
  const NodeId id = size();
  Node& node = nodes_.emplace_back();
  node.op = &op;
  node.shape = shape;
  node.location = location;
  node.first_input = static_cast<std::uint32_t>(inputs_.size());
  node.input_count = static_cast<std::uint32_t>(inputs.size());
  node.first_attribute = static_cast<std::uint32_t>(attributes_.size());
  node.attribute_count = static_cast<std::uint16_t>(attributes.size());
  node.dtype = dtype;
  for (NodeId input : inputs) inputs_.push_back(input);
  for (std::int64_t attribute : attributes) attributes_.push_back(attribute);
  return id;
}

void Program::clear() {
  const bool large = nodes_.capacity() > kLargeNodes;
  nodes_.clear();
  inputs_.clear();
  attributes_.clear();
  if (!large) return;
  nodes_.shrink_to_fit();
  inputs_.shrink_to_fit();
  attributes_.shrink_to_fit();
}

}  // namespace xtape::detail
