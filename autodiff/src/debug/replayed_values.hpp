// The values of everything that some nodes depend on, computed one op at a time in recorded order.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "tape/state.hpp"

namespace xtape::detail {

/// What is worst among the elements of a value.
enum class Badness : std::uint8_t { none, infinite, nan };

Badness badness_of(double element);
/// Of integers and bools: none.
Badness badness_of(const Array& value);

/// While it is alive, the tape's nodes hold these values, except for finite ones that only finite ones were computed
/// from; afterwards they hold what they held before.
class ReplayedValues {
 public:
  ReplayedValues(TapeState& state, std::span<const NodeId> roots);
  ~ReplayedValues();
  ReplayedValues(const ReplayedValues&) = delete;
  ReplayedValues& operator=(const ReplayedValues&) = delete;

  const TapeState& state() const { return state_; }
  Badness badness(NodeId id) const { return badness_[id]; }
  /// Values of Parameters that have been assigned since, and what was computed from them, are not known.
  bool is_known(NodeId id) const { return known_[id]; }
  Array value(NodeId id) const;

 private:
  void compute(NodeId id);
  void restore();
  void forget_finite_inputs(NodeId id, std::vector<std::uint32_t>& readers);

  TapeState& state_;
  const Options options_;
  Reruns* const reruns_;
  const std::size_t arrays_;
  std::vector<NodeId> nodes_;
  std::vector<bool> computed_, known_, wanted_;
  std::vector<Badness> badness_;
};

}  // namespace xtape::detail
