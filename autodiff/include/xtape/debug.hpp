// Looking into programs: names and scopes, which dumps and errors then show; where a value that is not finite comes
// from; the program as a picture.
//
//     Scope scope(tape, "encoder");
//     Var logits = name(matmul(x, w) + b, "logits");
//     detect_anomalies(tape);
//     logits.value();  // throws NumericalError, which names the op that made the first NaN
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

/// Options::detect_anomalies for values asked for from now on. While it is on, a value asked for that is not finite
/// throws NumericalError, in place of being given: the program is then computed again one op at a time, and the text
/// tells the op whose value is the first that is not finite although what it was computed from is, its element, the
/// values that went in, the line, name and scope, and the op whose gradient it belongs to; or the leaf that holds such
/// a value. NaN and infinities on the way to finite values (the branch that `where` did not select, a mask of -inf
/// below a softmax) are no anomalies, and neither is an infinity that goes back to an infinite number in the program.
/// Gradients recorded before it is on for the first time cannot tell the op. Costs a look at what is asked for, while
/// all is well.
void detect_anomalies(Tape& tape, bool on = true);

/// What the outputs were computed from, in the language of Graphviz (`dot -Tsvg`). Boxes are inputs, cylinders
/// Parameters, plain text numbers, ellipses ops, dashed if a gradient recorded them; outputs have a double line, scopes
/// are frames. Nodes have the colour and the number of the fused loop, product or call of the plan that asking for the
/// outputs would run; views, which cost nothing, and what holds a value already have none. Throws ValueError for Vars
/// of another tape.
std::string dump_graphviz(const Tape& tape, std::span<const Var> outputs);
inline std::string dump_graphviz(const Tape& tape, std::initializer_list<Var> outputs) {
  return dump_graphviz(tape, std::span<const Var>(outputs.begin(), outputs.size()));
}

}  // namespace xtape
