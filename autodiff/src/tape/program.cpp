#include "tape/program.hpp"

#include <cstring>

#include "ops/errors.hpp"
#include "ops/op.hpp"

namespace xtape::detail {

namespace {

constexpr std::size_t kLargeNodes = std::size_t{1} << 17;  // 16 MiB of nodes

}  // namespace

void Program::throw_too_large(const Op& op, const Shape& shape) {
  fail<ShapeError>(op.name, "the result would have shape ", shape, ", which has too many elements");
}

bool Program::same(const Program& other, NodeId begin, NodeId end) const {
  if (begin >= end) return true;
  if (end > size() || end > other.size()) return false;
  for (NodeId id = begin; id < end; ++id) {
    const Node& a = nodes_[id];
    const Node& b = other.nodes_[id];
    if (a.op != b.op || a.dtype != b.dtype || a.input_count != b.input_count ||
        a.attribute_count != b.attribute_count || a.shape != b.shape)
      return false;
  }
  const auto range = [&](const auto& own, const auto& others, std::size_t first, std::size_t last) {
    return first == last || std::memcmp(own.data() + first, others.data() + first, (last - first) * sizeof own[0]) == 0;
  };
  const Node& first = nodes_[begin];
  const Node& last = nodes_[end - 1];
  return range(inputs_, other.inputs_, first.first_input, last.first_input + last.input_count) &&
         range(attributes_, other.attributes_, first.first_attribute, last.first_attribute + last.attribute_count);
}

bool Program::same_to_rules(const Program& other, NodeId begin, NodeId end) const {
  if (!same(other, begin, end)) return false;
  for (NodeId id = begin; id < end; ++id) {
    const Node& a = nodes_[id];
    const Node& b = other.nodes_[id];
    if (a.internal != b.internal || a.location.file != b.location.file || a.location.line != b.location.line)
      return false;
  }
  return true;
}

void Program::append_from(const Program& other, NodeId end) {
  const auto append = [](auto& own, const auto& others, std::size_t last) {
    own.insert(own.end(), others.begin() + static_cast<std::ptrdiff_t>(own.size()),
               others.begin() + static_cast<std::ptrdiff_t>(last));
  };
  if (end <= size()) return;
  const Node& last = other.nodes_[end - 1];
  append(inputs_, other.inputs_, last.first_input + last.input_count);
  append(attributes_, other.attributes_, last.first_attribute + last.attribute_count);
  const NodeId begin = size();
  append(nodes_, other.nodes_, end);
  for (NodeId id = begin; id < end; ++id) {
    nodes_[id].holds = Holds::nothing;
    nodes_[id].keep = false;
  }
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
