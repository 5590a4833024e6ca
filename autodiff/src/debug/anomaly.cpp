#include "debug/anomaly.hpp"

#include <algorithm>
#include <optional>
#include <vector>

#include <xtape/error.hpp>

#include "debug/anomaly_text.hpp"
#include "debug/replayed_values.hpp"
#include "debug/trace.hpp"
#include "tape/evaluate.hpp"
#include "tape/storage.hpp"

namespace xtape::detail {

namespace {

/// What is wrong about one bad element; nothing if it is an infinity that the user means.
std::optional<Anomaly> judged(const TapeState& state, NodeId asked, const Trace& trace) {
  if (!is_meant(state, trace.origin)) return Anomaly{asked, trace.origin, trace.first_nan, {}};
  if (!trace.first_nan) return std::nullopt;
  return Anomaly{asked, *trace.first_nan, {}, trace.origin};
}

/// Of an asked value. NaN first; of the infinities, some may be meant and others not.
std::optional<Anomaly> find_anomaly(const ReplayedValues& values, NodeId asked) {
  constexpr std::int64_t kMostTraced = 10000;  // a mask may hold millions
  std::int64_t traced = 0;
  const Array value = values.value(asked);
  for (std::int64_t i = 0; i < value.size() && traced < kMostTraced; ++i) {
    const Badness badness = badness_of(ArrayAccess::element(value, static_cast<std::size_t>(i)));
    if (badness == Badness::none || badness != values.badness(asked)) continue;
    ++traced;
    if (const auto anomaly = judged(values.state(), asked, trace_back(values, {asked, i, badness}))) return anomaly;
  }
  return std::nullopt;
}

}  // namespace

void require_finite(TapeState& state, std::span<const NodeId> nodes) {
  std::vector<NodeId> bad;
  for (NodeId id : nodes)
    if (badness_of(value_of(state, id)) != Badness::none) bad.push_back(id);
  if (bad.empty()) return;
  const ReplayedValues values(state, bad);
  std::optional<Anomaly> first;
  for (NodeId id : bad)
    if (const auto anomaly = find_anomaly(values, id); anomaly && (!first || anomaly->place.node < first->place.node))
      first = anomaly;
  if (first) throw NumericalError(anomaly_text(values, *first));
}

}  // namespace xtape::detail
