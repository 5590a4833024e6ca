// What a tape remembers for people rather than for plans: names, scopes, and whose gradient recorded what. Only tapes
// that were asked to hold any; the nodes themselves hold none of it.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "tape/program.hpp"

namespace xtape::detail {

struct TapeState;

struct Notes {
  /// The nodes from `begin` on, up to the next mark, were recorded in the scope `path`.
  struct Mark {
    NodeId begin;
    std::string path;
  };

  std::map<NodeId, std::string> names;
  std::vector<Mark> marks;
  std::string path;   ///< of the scope that is open now: "encoder/layer1"
  bool alive = true;  ///< false once the tape is gone, which a scope may outlive

  /// What is recorded from node `next` on belongs to the scope.
  void enter(NodeId next, std::string scope);
  /// For a new recording: what is open stays open.
  void restart();
};

/// The notes of a tape, which has them from now on.
Notes& notes_of(TapeState& state);

/// Where a node comes from.
struct Origin {
  bool of_gradient = false;              ///< some gradient recorded it
  std::vector<NodeId> differentiated{};  ///< by the rule of which node, by the rule of which that one was, and so on
  std::string scope;                     ///< in which the last of them was recorded
};
Origin origin_of(const TapeState& state, NodeId id);

/// The name given to a node, or "".
std::string_view name_of(const TapeState& state, NodeId id);

/// While it is alive, what its tape records belongs to the scope of a node.
class ScopeOf {
 public:
  ScopeOf(TapeState& state, NodeId id);
  ~ScopeOf();
  ScopeOf(const ScopeOf&) = delete;
  ScopeOf& operator=(const ScopeOf&) = delete;

 private:
  TapeState& state_;
  std::string outer_;
  bool open_ = false;  ///< false where it is the scope that is open already
};

/// "the gradient of divide, in the gradient of sqrt", or "a gradient" where only that is known; "" for other nodes.
std::string gradient_text(const TapeState& state, const Origin& origin);

/// Name, scope and gradient as dumps show them behind a node: "logits" in encoder/layer1, gradient of tanh. Empty if
/// there is nothing to say, or nobody named anything.
std::string note_text(const TapeState& state, NodeId id);

/// "model.cpp:12", and what is known of the node beside.
std::string place_text(const TapeState& state, NodeId id);

}  // namespace xtape::detail
