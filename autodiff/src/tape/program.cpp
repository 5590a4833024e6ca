#include "tape/program.hpp"

namespace xtape::detail {

namespace {

constexpr std::size_t kLargeNodes = std::size_t{1} << 17;  // 16 MiB of nodes

}  // namespace

NodeId Program::append(const Op& op, DType dtype, const Shape& shape, std::span<const NodeId> inputs,
                       std::span<const std::int64_t> attributes, Location location) {
  nodes_.push_back({.op = &op,
                    .shape = shape,
                    .location = location,
                    .first_input = static_cast<std::uint32_t>(inputs_.size()),
                    .input_count = static_cast<std::uint32_t>(inputs.size()),
                    .first_attribute = static_cast<std::uint32_t>(attributes_.size()),
                    .attribute_count = static_cast<std::uint16_t>(attributes.size()),
                    .dtype = dtype});
  inputs_.insert(inputs_.end(), inputs.begin(), inputs.end());
  if (!attributes.empty()) attributes_.insert(attributes_.end(), attributes.begin(), attributes.end());
  return size() - 1;
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
