// Looking into programs: names and scopes, which dumps and errors then show; where a value that is not finite comes
// from; the program as a picture.
//
//     Scope scope(tape, "encoder");
//     Var logits = name(matmul(x, w) + b, "logits");
#pragma once

#include <initializer_list>
#include <memory>
#include <span>
#include <string>
#include <string_view>

#include <xtape/tape.hpp>

namespace xtape {

namespace detail {
struct Notes;
}

/// Names the node of a Var, until its tape is reset, and gives the Var back; a later name replaces an earlier one.
/// Throws ValueError for an empty name, StaleVarError for a Var whose tape is gone.
Var name(const Var& x, std::string_view name);
/// The name given to the node of a Var, or "".
std::string name_of(const Var& x);

/// While it is alive, what its tape records belongs to a scope, inside the one that is open already: "encoder/layer1".
/// So do the nodes that a gradient records for a node in it, at any later time. Scopes end in the reverse order of
/// their beginnings; a reset of the tape leaves them open.
class Scope {
 public:
  /// Throws ValueError for an empty name or a tape that was moved from.
  Scope(Tape& tape, std::string_view name);
  /// In the tape of a Var, where the tape itself is not at hand.
  Scope(const Var& beside, std::string_view name);
  ~Scope();
  Scope(const Scope&) = delete;
  Scope& operator=(const Scope&) = delete;

 private:
  Scope(detail::TapeState& state, std::string_view name);
  detail::TapeState& state_;
  std::shared_ptr<detail::Notes> notes_;
  std::string outer_;
};

/// The scope that the node of a Var belongs to, "encoder/layer1", or "".
std::string scope_of(const Var& x);

}  // namespace xtape
