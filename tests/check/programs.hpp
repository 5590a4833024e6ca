// The fuzzer's random programs as functions of their leaves, which the checker can evaluate anywhere.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include <xtape/xtape.hpp>

#include "tape/program.hpp"

namespace xtape::test {

/// The first floating output of the program of this seed. Called with float64 leaves where the program has float32, it
/// is the same program in float64. What passes a stop_gradient is a constant: the value at the point.
class RandomProgram {
 public:
  explicit RandomProgram(std::uint64_t seed);

  bool differentiable() const { return !point_.empty(); }
  std::span<const Array> point() const { return point_; }
  Var operator()(std::span<const Var> leaves) const;

 private:
  detail::NodeId copy(detail::TapeState& target, const detail::Node& node, detail::NodeId id, bool widen,
                      const std::vector<detail::NodeId>& mapped) const;

  std::shared_ptr<Tape> tape_ = std::make_shared<Tape>();
  Var anchor_;
  Var y_;
  std::vector<detail::NodeId> nodes_;
  std::vector<detail::NodeId> leaves_;
  std::vector<Array> point_;
};

}  // namespace xtape::test
