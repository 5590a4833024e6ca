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
