// The derivative of one op along tangents of its inputs, as a program recorded once and instantiated often.
#pragma once

#include <cstdint>
#include <span>
#include <unordered_map>
#include <utility>
#include <vector>

#include "tape/state.hpp"

namespace xtape::detail {

/// For y = op(x...): the sum of one term for each input that varies, linear in that input's tangent. Recorded on
/// placeholders for those inputs, for their tangents, and for y, which may occur in the terms.
struct Tangent {
  struct Term {
    std::size_t input;          ///< position among the op's inputs
    NodeId x, tangent;          ///< placeholders
    NodeId result;              ///< kNoNode if it is zero whatever the values
    std::vector<NodeId> nodes;  ///< that the result depends on, from `begin` on, in ascending order
    std::vector<NodeId> needs;  ///< the placeholders among them other than the tangent: of inputs, and y
  };
  NodeId begin = 0, y = 0;
  std::vector<Term> terms;
};

/// The tangent of a node whose inputs vary where `varies` says so. Throws what its rule throws, and ValueError if
/// that is not linear in its cotangent.
Tangent tangent_of(TapeState& state, NodeId node, const std::vector<bool>& varies);

/// For an elementwise node: its partial derivatives for each of its inputs that vary, as terms without tangents. Inputs
/// that are the same node have one term.
Tangent partials_of(TapeState& state, NodeId node, const std::vector<bool>& varies);

/// Records programs again on other inputs, each op only once for the same ones.
class TermRecorder {
 public:
  explicit TermRecorder(TapeState& state) : state_(state) {}
  /// The node takes part in what is found.
  void know(NodeId node);
  /// The result of a term with other nodes for its placeholders. What it depends on is added to `recorded`, if given,
  /// in ascending order of dependence.
  NodeId instantiate(const Tangent& tangent, const Tangent::Term& term,
                     std::span<const std::pair<NodeId, NodeId>> replacements, std::vector<NodeId>* recorded = nullptr);

 private:
  NodeId record(NodeId node, std::span<const NodeId> inputs);

  TapeState& state_;
  std::unordered_multimap<std::uint64_t, NodeId> known_;
};

}  // namespace xtape::detail
