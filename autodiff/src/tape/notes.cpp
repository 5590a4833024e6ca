#include "tape/notes.hpp"

#include <algorithm>

#include "ops/op.hpp"
#include "tape/state.hpp"

namespace xtape::detail {

void Notes::enter(NodeId next, std::string scope) {
  path = std::move(scope);
  if (!marks.empty() && marks.back().begin == next) marks.back().path = path;
  else marks.push_back({next, path});
}

void Notes::restart() {
  names.clear();
  marks.clear();
  if (!path.empty()) marks.push_back({0, path});
}

Notes& notes_of(TapeState& state) {
  if (state.notes == nullptr) state.notes = std::make_shared<Notes>();
  return *state.notes;
}

namespace {

/// Of entries that each begin at a node, the last that begins no later than `id`; null before all of them.
template <class Entry>
const Entry* entry_at(const std::vector<Entry>& entries, NodeId id) {
  const auto after = std::ranges::upper_bound(entries, id, {}, &Entry::begin);
  return after == entries.begin() ? nullptr : &*std::prev(after);
}

/// The innermost gradient that recorded the node, which is the one that was finished first; null if none did.
const RecordedGradient* gradient_around(const TapeState& state, NodeId id) {
  const auto contains = [&](const RecordedGradient& gradient) { return gradient.begin <= id && id < gradient.end; };
  const auto found = std::ranges::find_if(state.gradients, contains);
  return found == state.gradients.end() ? nullptr : &*found;
}

}  // namespace

Origin origin_of(const TapeState& state, NodeId id) {
  Origin origin;
  while (const RecordedGradient* gradient = gradient_around(state, id)) {
    origin.of_gradient = true;
    const RuleRun* run = entry_at(gradient->runs, id);
    if (run == nullptr) break;
    origin.differentiated.push_back(id = run->node);
  }
  if (state.notes == nullptr) return origin;
  if (const Notes::Mark* mark = entry_at(state.notes->marks, id)) origin.scope = mark->path;
  return origin;
}

ScopeOf::ScopeOf(TapeState& state, NodeId id) : state_(state) {
  if (state.notes == nullptr) return;
  outer_ = state.notes->path;
  const std::string scope = origin_of(state, id).scope;
  open_ = scope != outer_;
  if (open_) state.notes->enter(state.program.size(), scope);
}

ScopeOf::~ScopeOf() {
  if (open_) state_.notes->enter(state_.program.size(), std::move(outer_));
}

std::string_view name_of(const TapeState& state, NodeId id) {
  if (state.notes == nullptr) return {};
  const auto found = state.notes->names.find(id);
  return found == state.notes->names.end() ? std::string_view{} : std::string_view(found->second);
}

std::string gradient_text(const TapeState& state, const Origin& origin) {
  if (!origin.of_gradient) return {};
  if (origin.differentiated.empty()) return "a gradient";
  std::string text;
  for (NodeId id : origin.differentiated)
    text += (text.empty() ? "the gradient of " : ", in the gradient of ") + std::string(state.program[id].op->name);
  return text;
}

std::string note_text(const TapeState& state, NodeId id) {
  if (state.notes == nullptr || (state.notes->names.empty() && state.notes->marks.empty())) return {};
  const Origin origin = origin_of(state, id);
  std::string text;
  if (const std::string_view name = name_of(state, id); !name.empty()) text = "\"" + std::string(name) + "\"";
  if (!origin.scope.empty()) text += (text.empty() ? "in " : " in ") + origin.scope;
  if (origin.of_gradient) text += (text.empty() ? "" : ", ") + gradient_text(state, origin);
  return text;
}

std::string place_text(const TapeState& state, NodeId id) {
  const Location location = state.program[id].location;
  const std::string note = note_text(state, id);
  return std::string(location.file) + ":" + std::to_string(location.line) + (note.empty() ? "" : ", ") + note;
}

}  // namespace xtape::detail
