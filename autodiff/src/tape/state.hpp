// What stands behind a Tape and its Vars. States are recycled and never freed, so that a Var can always compare its
// generation with its state's and tell that it is stale.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <xtape/parameter.hpp>
#include <xtape/tape.hpp>

#include "tape/call_log.hpp"
#include "tape/held_arrays.hpp"
#include "tape/program.hpp"

namespace xtape::detail {

struct ParameterState {
  std::string name;
  Array value;
  std::uint64_t version = 0;

  void replace(const Array& by) {
    ++version;
    ArrayAccess::refer(value, by);
  }
};

/// A tape's memory of having read a Parameter.
struct ParameterRead {
  std::shared_ptr<ParameterState> parameter;
  std::uint64_t version;
  NodeId node;
  bool may_stay;  ///< beyond a reset
};

/// Reads of the Parameter give `node` in place of the present value.
struct Substitution {
  std::shared_ptr<ParameterState> parameter;
  NodeId node;
  NodeId since;  ///< the first node that was recorded afterwards
};

/// The nodes from `begin` on, up to the next run, were recorded by the rule of `node`.
struct RuleRun {
  NodeId begin, node;
};

/// A gradient that a recording asked for: its nodes are `begin` to `end`.
struct RecordedGradient {
  NodeId begin, end;
  NodeId y, cotangent;
  std::vector<NodeId> targets, results;
  bool repeatable = true;     ///< whether rules would record the same again
  bool noted = false;         ///< whether `runs` was written, which only tapes with notes ask for
  std::vector<RuleRun> runs;  ///< by ascending `begin`
};

/// A rule that an application gives to a part of a program: cotangents of the inputs x, empty ones for none.
struct UserRule {
  std::string name;
  std::function<std::vector<Var>(std::span<const Var> x, const Var& y, const Var& cotangent)> vjp;
};

/// Names and scopes, see tape/notes.hpp.
struct Notes;

/// What the planner remembers of this tape's evaluations, see plan/rerun.hpp.
struct Reruns;

struct TapeState {
  Program program;
  CallLog calls;
  HeldArrays arrays;                          ///< for Holds::array
  std::vector<std::uint64_t> numbers;         ///< for Holds::number: the bits of an element of the node's dtype
  std::vector<ParameterRead> reads;           ///< for Holds::parameter
  std::vector<ParameterRead> previous_reads;  ///< before the reset, of small Parameters; others are empty
  std::vector<Substitution> substitutions;
  std::vector<NodeId> kept;  ///< the nodes with `keep`
  std::vector<RecordedGradient> gradients, previous_gradients;
  NodeId gradients_compared = 0;  ///< nodes that rules know to be the same as before
  bool gradients_differ = false;  ///< this recording has had a gradient that the previous one had not
  std::uint64_t user_rules = 0;   ///< how many rules of custom ops have run
  std::vector<std::shared_ptr<const UserRule>> rules;  ///< of nodes that record_ruled made, by their attribute
  Reruns* reruns = nullptr;                            ///< never freed, as the state itself
  std::shared_ptr<Notes> notes;                        ///< null unless somebody named something or looks for anomalies
  Options options;
  std::atomic<std::uint32_t> generation{1};
  /// Above 0 while a rule or a lowering records: numbers are then literals, and nodes get `rule_location`.
  int rule_depth = 0;
  Location rule_location;
  std::vector<std::uint32_t> marks;          ///< scratch of `reachable` and `gradient`, all zero between uses
  std::vector<NodeId> cotangents;            ///< scratch of `gradient`, all kNoNode between uses
  std::vector<NodeId> inner, walked, asked;  ///< scratch of `reachable`, of `gradient`, and of Tape

  void clear();
  /// Makes all Vars stale.
  void invalidate() { generation.store(generation.load(std::memory_order_relaxed) + 1, std::memory_order_relaxed); }
};

/// Throws DTypeError or ShapeError, in the name of `op`, unless the Parameter can get such a value.
void check_assignable(const Parameter& parameter, DType dtype, const Shape& shape, std::string_view op);

/// The node that stands for the Parameter on this tape: its latest substitution, or else its present value, read now if
/// it has not been.
NodeId read_parameter(TapeState& state, const Parameter& parameter, Location location);
NodeId read_parameter(TapeState& state, const std::shared_ptr<ParameterState>& source, Location location);
/// Gives the node a value.
template <class AnyArray>
void hold_array(TapeState& state, NodeId id, AnyArray&& array) {
  state.arrays.push_back(std::forward<AnyArray>(array));
  Node& node = state.program[id];
  node.holds = Holds::array;
  node.value = static_cast<std::uint32_t>(state.arrays.size() - 1);
}
/// A leaf for such an Array. Throws ValueError for one without a value.
NodeId append_array(TapeState& state, const Array& array, Location location);
/// A leaf that holds an Array. Throws ValueError for one without a value.
template <class AnyArray>
NodeId record_array(TapeState& state, AnyArray&& array, Location location) {
  const NodeId id = append_array(state, array, location);
  hold_array(state, id, std::forward<AnyArray>(array));
  return id;
}
/// A leaf without a value, for the input of a function whose program is wanted. What depends on it cannot be computed.
NodeId record_placeholder(TapeState& state, DType dtype, const Shape& shape, Location location);

/// The program as text; literals stand in the lines that use them.
std::string dump(const TapeState& state);

/// Takes a cleared state, new or recycled.
TapeState* acquire_tape_state(const Options& options);
/// Makes all Vars of the state stale and gives it back for recycling.
void recycle_tape_state(TapeState* state);

struct VarAccess {
  static Var make(TapeState& state, NodeId node) {
    return Var(&state, state.generation.load(std::memory_order_relaxed), node);
  }
  /// The state of a live Var; throws StaleVarError otherwise.
  static TapeState& state(const Var& var) {
    if (var.state_ == nullptr || var.generation_ != var.state_->generation.load(std::memory_order_relaxed))
      throw_stale(var);
    return *var.state_;
  }
  static NodeId node(const Var& var) { return var.node_; }
  /// The state of a Var that may be stale or empty.
  static TapeState* any_state(const Var& var) { return var.state_; }
  /// Whether the Var is live and of this state.
  static bool is_of(const Var& var, const TapeState& state) {
    return var.state_ == &state && var.generation_ == state.generation.load(std::memory_order_relaxed);
  }
  /// Whether the Var is a default-constructed one.
  static bool empty(const Var& var) { return var.state_ == nullptr; }
  /// The state of a Tape. Throws ValueError for one that was moved from.
  static TapeState& state(const Tape& tape) {
    if (tape.state_ == nullptr) throw_moved_from();
    return *tape.state_;
  }

 private:
  [[noreturn]] static void throw_moved_from();
  [[noreturn]] static void throw_stale(const Var& var);
};

/// While alive, recording on the state is the library's: numbers are literals, and nodes carry the given location.
class RuleScope {
 public:
  RuleScope(TapeState& state, Location location) : state_(state), outer_(state.rule_location) {
    ++state_.rule_depth;
    state_.rule_location = location;
  }
  ~RuleScope() {
    --state_.rule_depth;
    state_.rule_location = outer_;
  }
  RuleScope(const RuleScope&) = delete;
  RuleScope& operator=(const RuleScope&) = delete;

 private:
  TapeState& state_;
  Location outer_;
};

}  // namespace xtape::detail

namespace xtape {
struct ParameterAccess {
  static const std::shared_ptr<detail::ParameterState>& state(const Parameter& parameter) { return parameter.state_; }
  /// Another handle to the same name, value and version.
  static Parameter share(std::shared_ptr<detail::ParameterState> state) {
    Parameter parameter(state->name, state->value);
    parameter.state_ = std::move(state);
    return parameter;
  }
};
}  // namespace xtape
