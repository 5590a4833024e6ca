#include "debug/trace.hpp"

#include <algorithm>
#include <vector>

#include "debug/sources.hpp"
#include "ops/op.hpp"
#include "tape/storage.hpp"

namespace xtape::detail {

namespace {

/// The first of these elements that is bad in this way.
std::optional<BadElement> first_bad(const ReplayedValues& values, const Elements& elements, Badness badness) {
  if (!values.is_known(elements.node) || values.badness(elements.node) == Badness::none) return std::nullopt;
  const Array value = values.value(elements.node);
  for (std::int64_t i = 0; i < elements.count; ++i) {
    const std::int64_t index = elements.begin + i * elements.step;
    if (badness_of(ArrayAccess::element(value, static_cast<std::size_t>(index))) == badness)
      return BadElement{elements.node, index, badness};
  }
  return std::nullopt;
}

/// What the op of an element read that is bad in this way, one for each operand.
std::vector<BadElement> sources_of(const ReplayedValues& values, const BadElement& element, Badness badness) {
  std::vector<BadElement> sources;
  for (const Elements& read : elements_read(values, element.node, element.index))
    if (const auto found = first_bad(values, read, badness)) sources.push_back(*found);
  return sources;
}

/// Back as far as elements are bad in the same way.
BadElement followed(const ReplayedValues& values, BadElement element) {
  while (true) {
    const std::vector<BadElement> sources = sources_of(values, element, element.badness);
    if (sources.empty()) return element;
    element = sources[0];
  }
}

}  // namespace

bool is_meant(const TapeState& state, const BadElement& element) {
  const Node& node = state.program[element.node];
  return element.badness == Badness::infinite && (node.holds == Holds::number || node.op->kind == OpKind::constant);
}

Trace trace_back(const ReplayedValues& values, const BadElement& element) {
  const BadElement first = followed(values, element);
  if (first.badness != Badness::nan) return {first, {}};
  std::vector<BadElement> infinities = sources_of(values, first, Badness::infinite);
  if (infinities.empty()) return {first, {}};
  for (BadElement& infinity : infinities) infinity = followed(values, infinity);
  const auto meant = [&](const BadElement& infinity) { return is_meant(values.state(), infinity); };
  const auto chosen = std::ranges::find_if_not(infinities, meant);
  return {chosen == infinities.end() ? infinities[0] : *chosen, first};
}

}  // namespace xtape::detail
