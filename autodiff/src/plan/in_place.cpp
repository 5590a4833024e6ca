#include "plan/in_place.hpp"

#include <algorithm>
#include <utility>

#include "plan/faults.hpp"
#include "tape/storage.hpp"

namespace xtape::detail {

namespace {

std::size_t bytes_of(const Node& node) { return static_cast<std::size_t>(node.shape.size()) * size_of(node.dtype); }

/// Nobody but this Array refers to the memory, and it is not the application's.
bool is_sole_owner(const Array& array) {
  const Storage& storage = *ArrayAccess::storage(array);
  return !storage.borrowed && storage.references.load(std::memory_order_acquire) == 1;
}

/// Values of the plan with the Parameters that get them, sorted.
using Assigned = std::vector<std::pair<NodeId, const ParameterState*>>;

Assigned assigned_values(const Prepared& prepared, const Update& update) {
  std::vector<std::pair<NodeId, NodeId>> outputs;  // as the tape and as the plan calls them
  for (std::size_t i = 0; i < prepared.request.outputs.size(); ++i)
    outputs.push_back({prepared.request.outputs[i], prepared.plan->accesses[prepared.plan->outputs[i]].base});
  std::ranges::sort(outputs);
  Assigned result;
  for (const Assignment& assignment : update.assignments) {
    const NodeId node = VarAccess::node(assignment.value);
    const auto found = std::ranges::lower_bound(outputs, node, {}, [](const auto& output) { return output.first; });
    if (found != outputs.end() && found->first == node)
      result.push_back({found->second, ParameterAccess::state(assignment.parameter).get()});
  }
  std::ranges::sort(result);
  return result;
}

/// A number becomes an Array when it is assigned, for which there may be no memory.
bool assigns_numbers(const TapeState& state, const Update& update) {
  return std::ranges::any_of(update.assignments, [&](const Assignment& assignment) {
    return state.program[VarAccess::node(assignment.value)].holds == Holds::number;
  });
}

}  // namespace

InPlace::InPlace(const TapeState& state, const Prepared& prepared, const Update& update)
    : plan_(*prepared.plan), first_step_(plan_.steps.size()) {
  const bool worth_it = !update.assignments.empty() && plan_.donated_bytes >= least_bytes_in_place();
  if (!worth_it || assigns_numbers(state, update) || !find_guard(state, prepared, update.guard)) return;
  const Assigned assigned = assigned_values(prepared, update);
  taken_.resize(plan_.program.size());
  for (const Donation& donation : plan_.donations) {
    if (taken_[donation.output] || taken_[donation.leaf]) continue;
    const Node& leaf = state.program[prepared.leaves[plan_.placements[donation.leaf].at]];
    if (donation.step < after_guard_ || leaf.holds != Holds::parameter || bytes_of(leaf) < least_bytes_in_place())
      continue;
    const ParameterRead& read = state.reads[leaf.value];
    const ParameterState* parameter = read.parameter.get();
    if (!std::ranges::binary_search(assigned, std::pair(donation.output, parameter))) continue;
    candidates_.push_back({&donation, parameter, read.version});
    taken_[donation.output] = taken_[donation.leaf] = 1;
  }
  if (!candidates_.empty()) first_step_ = candidates_[0].donation->step;
}

/// False if the guard cannot be known before anything is written.
bool InPlace::find_guard(const TapeState& state, const Prepared& prepared, NodeId guard) {
  if (guard == kNoNode) return true;
  const auto found = std::ranges::find(prepared.request.outputs, guard);
  if (found == prepared.request.outputs.end())
    return state.program[guard].holds == Holds::array && array_of(state, guard).item<bool>();
  const auto position = static_cast<std::size_t>(found - prepared.request.outputs.begin());
  const NodeId base = plan_.accesses[plan_.outputs[position]].base;
  guard_ = plan_.placements[base].at;
  after_guard_ = plan_.output_steps[*guard_] + std::size_t{1};
  return true;
}

bool InPlace::may_write(const Candidate& candidate, const std::byte* leaf) const {
  const ParameterState& parameter = *candidate.parameter;
  return parameter.version == candidate.version && parameter.value.bytes() == leaf &&
         (is_sole_owner(parameter.value) || planner_faults().donate_shared);
}

void InPlace::decide(std::span<Array> results, std::vector<std::byte*>& bases) const {
  const bool allowed = !guard_ || results[*guard_].item<bool>() || planner_faults().ignore_guard;
  for (const Candidate& candidate : candidates_) {
    const NodeId output = candidate.donation->output;
    const Node& node = plan_.program[output];
    Array& result = results[plan_.placements[output].at];
    const bool in_place = allowed && may_write(candidate, bases[candidate.donation->leaf]);
    result = in_place ? candidate.parameter->value : ArrayAccess::allocate(node.dtype, node.shape);
    bases[output] = ArrayAccess::mutable_bytes(result);
  }
}

}  // namespace xtape::detail
