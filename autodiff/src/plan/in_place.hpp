// Assignments in place: a new value is written over the one that it replaces if nobody else holds that, which only the
// run can tell. So the last loops of a plan update large Parameters without a second buffer.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "plan/rerun.hpp"
#include "tape/evaluate.hpp"

namespace xtape::detail {

/// The donations of a plan that fit the assignments of one run.
class InPlace {
 public:
  InPlace(const TapeState& state, const Prepared& prepared, const Update& update);

  /// The first step that would write over a leaf; the number of steps if none would.
  std::size_t first_step() const { return first_step_; }
  bool any() const { return !candidates_.empty(); }
  /// Whether the output buffer gets its memory in `decide`, if there are any.
  bool decides_on(NodeId output) const { return taken_[output] != 0; }
  /// To be called before that step, when the guard is there: what may be written in place shares the Parameter's
  /// Array, and what may not gets one of its own. `results` has an Array for each output buffer, `bases` one for each
  /// value of the plan.
  void decide(std::span<Array> results, std::vector<std::byte*>& bases) const;

 private:
  struct Candidate {
    const Donation* donation;
    const ParameterState* parameter;
    std::uint64_t version;
  };
  bool find_guard(const TapeState& state, const Prepared& prepared, NodeId guard);
  bool may_write(const Candidate& candidate, const std::byte* leaf) const;

  const Plan& plan_;
  std::vector<Candidate> candidates_;   ///< by step
  std::vector<std::uint8_t> taken_;     ///< for each value of the plan, whether a candidate has it; empty without any
  std::optional<std::uint64_t> guard_;  ///< which output buffer it is, if this run computes it
  std::size_t after_guard_ = 0;         ///< the first step at which it is known
  std::size_t first_step_;
};

}  // namespace xtape::detail
