#include <xtape/debug.hpp>

#include "ops/errors.hpp"
#include "tape/notes.hpp"
#include "tape/state.hpp"

namespace xtape {

using detail::fail;
using detail::TapeState;
using detail::VarAccess;

Var name(const Var& x, std::string_view name) {
  TapeState& state = VarAccess::state(x);
  if (name.empty()) fail<ValueError>("name", "the name is empty");
  detail::notes_of(state).names.insert_or_assign(VarAccess::node(x), std::string(name));
  return x;
}

std::string name_of(const Var& x) { return std::string(detail::name_of(VarAccess::state(x), VarAccess::node(x))); }

Scope::Scope(Tape& tape, std::string_view name) : Scope(VarAccess::state(tape), name) {}

Scope::Scope(const Var& beside, std::string_view name) : Scope(VarAccess::state(beside), name) {}

Scope::Scope(TapeState& state, std::string_view name) : state_(state) {
  if (name.empty()) fail<ValueError>("Scope", "the name is empty");
  detail::notes_of(state);
  notes_ = state.notes;
  outer_ = notes_->path;
  notes_->enter(state.program.size(), (outer_.empty() ? "" : outer_ + "/") + std::string(name));
}

Scope::~Scope() {
  if (notes_->alive) notes_->enter(state_.program.size(), std::move(outer_));
}

void detect_anomalies(Tape& tape, bool on) {
  TapeState& state = VarAccess::state(tape);
  state.options.detect_anomalies = on;
  if (on) detail::notes_of(state);
}

std::string scope_of(const Var& x) { return detail::origin_of(VarAccess::state(x), VarAccess::node(x)).scope; }

}  // namespace xtape
