#include "debug/replayed_values.hpp"

#include <algorithm>
#include <cmath>
#include <utility>

#include <xtape/error.hpp>

#include "plan/rerun.hpp"
#include "tape/evaluate.hpp"
#include "tape/reachable.hpp"

namespace xtape::detail {

namespace {

template <class T>
Badness worst(std::span<const T> elements) {
  Badness badness = Badness::none;
  for (T element : elements) {
    if (std::isnan(element)) return Badness::nan;
    if (std::isinf(element)) badness = Badness::infinite;
  }
  return badness;
}

}  // namespace

Badness badness_of(double element) { return worst(std::span<const double>(&element, 1)); }

Badness badness_of(const Array& value) {
  if (value.dtype() == DType::float32) return worst(value.values<float>());
  return value.dtype() == DType::float64 ? worst(value.values<double>()) : Badness::none;
}

ReplayedValues::ReplayedValues(TapeState& state, std::span<const NodeId> roots)
    : state_(state),
      options_(state.options),
      reruns_(std::exchange(state.reruns, nullptr)),
      arrays_(state.arrays.size()),
      computed_(state.program.size()),
      known_(state.program.size()),
      wanted_(state.program.size()),
      badness_(state.program.size(), Badness::none) {
  state.options.planned = false;
  std::vector<std::uint32_t> readers(state.program.size());
  try {
    reachable(state, roots, false, nodes_);
    for (NodeId root : roots) ++readers[root];
    for (NodeId id : nodes_)
      for (NodeId input : state.program.inputs(state.program[id])) ++readers[input];
    for (NodeId id : nodes_) {
      compute(id);
      forget_finite_inputs(id, readers);
    }
  } catch (...) {
    restore();
    throw;
  }
}

ReplayedValues::~ReplayedValues() { restore(); }

Array ReplayedValues::value(NodeId id) const { return value_of(state_, id); }

void ReplayedValues::compute(NodeId id) {
  try {
    computed_[id] = state_.program[id].holds == Holds::nothing;
    if (computed_[id]) evaluate(state_, std::span(&id, 1));
    badness_[id] = badness_of(value(id));
    known_[id] = true;
  } catch (const StaleVarError&) {
    // It was not computed for the nodes asked for either: what depends on it held a value before the Parameter changed.
  }
}

/// A bad value's inputs stay, since the message may show them.
void ReplayedValues::forget_finite_inputs(NodeId id, std::vector<std::uint32_t>& readers) {
  for (NodeId input : state_.program.inputs(state_.program[id])) {
    if (badness_[id] != Badness::none) wanted_[input] = true;
    const bool last = --readers[input] == 0;
    const bool finite = known_[input] && badness_[input] == Badness::none;
    if (!last || wanted_[input] || !computed_[input] || !finite) continue;
    state_.arrays[state_.program[input].value] = Array();
    state_.program[input].holds = Holds::nothing;
    known_[input] = false;
  }
}

void ReplayedValues::restore() {
  for (NodeId id : nodes_)
    if (computed_[id]) state_.program[id].holds = Holds::nothing;
  state_.arrays.shrink(arrays_);
  state_.options = options_;
  delete std::exchange(state_.reruns, reruns_);
}

}  // namespace xtape::detail
