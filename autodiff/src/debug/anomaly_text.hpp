// The text of an anomaly.
#pragma once

#include <optional>
#include <string>

#include "debug/trace.hpp"

namespace xtape::detail {

struct Anomaly {
  NodeId asked;                         ///< whose value was asked for
  BadElement place;                     ///< to be named: of a leaf, or of an op
  std::optional<BadElement> first_nan;  ///< what an infinity at `place` becomes
  std::optional<BadElement> infinity;   ///< what a NaN at `place` was made from
};

std::string anomaly_text(const ReplayedValues& values, const Anomaly& anomaly);

}  // namespace xtape::detail
