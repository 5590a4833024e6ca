#include "transform/taylor.hpp"

#include <algorithm>
#include <unordered_map>

#include <xtape/functional.hpp>
#include <xtape/ops.hpp>

#include "ops/errors.hpp"
#include "ops/op.hpp"
#include "ops/record.hpp"
#include "ops/strong.hpp"
#include "tape/reachable.hpp"
#include "transform/apply.hpp"
#include "transform/tangent.hpp"

namespace xtape::detail {

namespace {

/// The coefficients of all nodes that vary. Write y' for the derivative of y = op(a, b, ...) by t; a tangent of the op
/// says y' = p(a, b, y) a' + q(a, b, y) b'. Where p is constant, coefficient k of y gets p a_k. Where p depends on b
/// and q on a, and on nothing else, y is bilinear and the coefficients convolve. Where y is elementwise, p and q
/// are series by themselves, and coefficient k of y is the sum of m / k p_{k-m} a_m. Otherwise y' itself is a program,
/// with a' and b' as inputs, whose coefficient k - 1 is k times coefficient k of y: it needs those of a and b up to k
/// and those of y up to k - 1. Its own ops have tangents in turn, each needed to an order less.
class Series {
  enum class Kind : std::uint8_t { unknown, multilinear, elementwise, nonlinear };
  struct Entry {
    std::vector<NodeId> coefficients;
    std::vector<bool> varies;         ///< which inputs; empty for arguments and slopes
    NodeId antiderivative = kNoNode;  ///< the node whose derivative by t this is
    Kind kind = Kind::unknown;
    Tangent tangent;
    NodeId slope = kNoNode;           ///< of a nonlinear node: its derivative by t
    std::vector<NodeId> slope_nodes;  ///< that the slope depends on
  };

 public:
  explicit Series(TapeState& state) : state_(state), recorder_(state) {}

  void add_argument(NodeId x, NodeId direction) { entries_[x].coefficients = {x, direction}; }

  /// A node whose inputs have been added, if they vary.
  void add(NodeId id) {
    if (entries_.contains(id)) return;
    recorder_.know(id);
    const Node& node = state_.program[id];
    if (node.op->vjp == nullptr || !is_floating(node.dtype)) return;
    std::vector<bool> varies;
    for (NodeId input : state_.program.inputs(node)) varies.push_back(entries_.contains(input));
    if (std::ranges::find(varies, true) == varies.end()) return;
    entries_[id].coefficients = {id};
    entries_[id].varies = std::move(varies);
  }

  /// Coefficient k, or kNoNode for zero. Computes it if it is not known.
  NodeId coefficient(NodeId id, std::size_t k) {
    const auto found = entries_.find(id);
    if (found == entries_.end()) return k == 0 ? id : kNoNode;
    Entry& entry = found->second;
    while (entry.coefficients.size() <= k) extend(id, entry, entry.coefficients.size());
    return entry.coefficients[k];
  }

 private:
  void extend(NodeId id, Entry& entry, std::size_t k) {
    if (entry.antiderivative != kNoNode) entry.coefficients.push_back(slope_coefficient(entry.antiderivative, k));
    else if (entry.varies.empty()) entry.coefficients.push_back(kNoNode);  // an argument
    else entry.coefficients.push_back(next(id, entry, k));
  }

  Var var(NodeId id) const { return VarAccess::make(state_, id); }

  /// Coefficient k of x' from those of x.
  NodeId slope_coefficient(NodeId x, std::size_t k) {
    const NodeId source = coefficient(x, k + 1);
    return source == kNoNode ? kNoNode : VarAccess::node(var(source) * static_cast<double>(k + 1));
  }

  NodeId next(NodeId id, Entry& entry, std::size_t k) {
    if (entry.kind == Kind::unknown) {
      entry.tangent = tangent_of(state_, id, entry.varies);
      const bool elementwise = state_.program[id].op->kind == OpKind::elementwise;
      entry.kind = is_multilinear(entry.tangent) ? Kind::multilinear
                   : elementwise                 ? Kind::elementwise
                                                 : Kind::nonlinear;
    }
    if (entry.kind == Kind::multilinear) return convolved(id, entry.tangent, k);
    return entry.kind == Kind::elementwise ? from_partials(id, entry, k) : from_slope(id, entry, k);
  }

  static bool is_multilinear(const Tangent& tangent) {
    for (const Tangent::Term& term : tangent.terms) {
      if (term.needs.size() > 1) return false;
      if (term.needs.empty()) continue;
      const Tangent::Term* other = term_of(tangent, term.needs[0]);
      if (other == nullptr || other == &term || other->needs.size() != 1 || other->needs[0] != term.x) return false;
    }
    return true;
  }

  /// The term of the input with this placeholder; null for y's.
  static const Tangent::Term* term_of(const Tangent& tangent, NodeId placeholder) {
    const auto found = std::ranges::find(tangent.terms, placeholder, &Tangent::Term::x);
    return found == tangent.terms.end() ? nullptr : &*found;
  }

  NodeId input_of(NodeId id, const Tangent::Term& term) const {
    return state_.program.inputs(state_.program[id])[term.input];
  }

  /// What the placeholders of a tangent stand for, but for tangents.
  std::vector<std::pair<NodeId, NodeId>> originals(NodeId id, const Tangent& tangent) const {
    std::vector<std::pair<NodeId, NodeId>> pairs{{tangent.y, id}};
    for (const Tangent::Term& term : tangent.terms) pairs.emplace_back(term.x, input_of(id, term));
    return pairs;
  }

  NodeId convolved(NodeId id, const Tangent& tangent, std::size_t k) {
    NodeId sum = kNoNode;
    for (const Tangent::Term& term : tangent.terms) {
      if (term.result == kNoNode) continue;
      const Tangent::Term* other = term.needs.empty() ? nullptr : term_of(tangent, term.needs[0]);
      if (other == nullptr) {
        add_term(sum, tangent, term, coefficient(input_of(id, term), k), kNoNode, kNoNode);
        continue;
      }
      // The first of a pair has the terms from its coefficient 1 on, the second the one with coefficient 0 of the
      // first.
      for (std::size_t m = term.input < other->input ? 1 : k; m <= k; ++m)
        add_term(sum, tangent, term, coefficient(input_of(id, term), m), other->x,
                 coefficient(input_of(id, *other), k - m));
    }
    return sum;
  }

  /// Adds the term with its tangent and one other placeholder replaced, unless one of them is zero.
  void add_term(NodeId& sum, const Tangent& tangent, const Tangent::Term& term, NodeId along, NodeId placeholder,
                NodeId other) {
    if (along == kNoNode || (placeholder != kNoNode && other == kNoNode)) return;
    std::vector<std::pair<NodeId, NodeId>> replacements{{term.tangent, along}};
    if (placeholder != kNoNode) replacements.emplace_back(placeholder, other);
    const NodeId product = recorder_.instantiate(tangent, term, replacements);
    sum = sum == kNoNode ? product : VarAccess::node(var(sum) + var(product));
  }

  NodeId from_partials(NodeId id, Entry& entry, std::size_t k) {
    if (k == 1) record_partials(id, entry);
    for (NodeId node : entry.slope_nodes) coefficient(node, k - 1);
    NodeId sum = kNoNode;
    for (const Tangent::Term& term : entry.tangent.terms) {
      const NodeId x = input_of(id, term);
      for (std::size_t m = 1; m <= k; ++m) {
        const NodeId along = coefficient(x, m);
        const NodeId partial = term.result == kNoNode ? kNoNode : coefficient(term.result, k - m);
        if (along == kNoNode || partial == kNoNode) continue;
        const double share = static_cast<double>(m) / static_cast<double>(k);
        const Var product = strong_multiply(var(along), var(partial));
        const Var part = m == k ? product : product * share;
        sum = VarAccess::node(sum == kNoNode ? part : var(sum) + part);
      }
    }
    return sum;
  }

  void record_partials(NodeId id, Entry& entry) {
    entry.tangent = partials_of(state_, id, entry.varies);
    const std::vector<std::pair<NodeId, NodeId>> replacements = originals(id, entry.tangent);
    for (Tangent::Term& term : entry.tangent.terms) {
      if (term.result == kNoNode) continue;
      std::vector<NodeId> recorded;
      term.result = recorder_.instantiate(entry.tangent, term, replacements, &recorded);
      for (NodeId node : recorded) add(node);
      entry.slope_nodes.insert(entry.slope_nodes.end(), recorded.begin(), recorded.end());
    }
  }

  NodeId from_slope(NodeId id, Entry& entry, std::size_t k) {
    if (k == 1) record_slope(id, entry);
    if (entry.slope == kNoNode) return kNoNode;
    for (NodeId node : entry.slope_nodes) coefficient(node, k - 1);
    const NodeId slope = coefficient(entry.slope, k - 1);
    return slope == kNoNode || k == 1 ? slope : VarAccess::node(var(slope) / static_cast<double>(k));
  }

  void record_slope(NodeId id, Entry& entry) {
    for (const Tangent::Term& term : entry.tangent.terms) {
      const NodeId x = input_of(id, term);
      if (term.result == kNoNode || coefficient(x, 1) == kNoNode) continue;
      const NodeId along = derivative(x);
      entry.slope_nodes.push_back(along);
      std::vector<std::pair<NodeId, NodeId>> replacements = originals(id, entry.tangent);
      replacements.emplace_back(term.tangent, along);
      std::vector<NodeId> recorded;
      NodeId part = recorder_.instantiate(entry.tangent, term, replacements, &recorded);
      if (entry.slope != kNoNode) {
        part = VarAccess::node(var(entry.slope) + var(part));
        recorded.push_back(part);
      }
      entry.slope = part;
      for (NodeId node : recorded) add(node);
      entry.slope_nodes.insert(entry.slope_nodes.end(), recorded.begin(), recorded.end());
    }
  }

  /// A node for x', whose coefficients come from those of x.
  NodeId derivative(NodeId x) {
    const auto [found, added] = derivatives_.try_emplace(x, kNoNode);
    if (!added) return found->second;
    found->second = append_alias(state_, coefficient(x, 1));
    Entry& entry = entries_[found->second];
    entry.coefficients = {found->second};
    entry.antiderivative = x;
    return found->second;
  }

  TapeState& state_;
  TermRecorder recorder_;
  std::unordered_map<NodeId, Entry> entries_;
  std::unordered_map<NodeId, NodeId> derivatives_;
};

}  // namespace

std::vector<NodeId> taylor_coefficients(TapeState& state, NodeId y, std::span<const NodeId> x,
                                        std::span<const NodeId> direction, int order) {
  const RuleScope scope(state, state.program[y].location);
  std::vector<NodeId> nodes;
  reachable(state, std::span(&y, 1), false, nodes);
  Series series(state);
  for (std::size_t i = 0; i < x.size(); ++i) series.add_argument(x[i], direction[i]);
  for (NodeId id : nodes) series.add(id);
  std::vector<NodeId> result{y};
  for (std::size_t k = 1; k <= static_cast<std::size_t>(order); ++k) {
    for (NodeId id : nodes) series.coefficient(id, k);
    result.push_back(series.coefficient(y, k));
  }
  return result;
}

std::vector<Var> record_taylor(const VarFunction& f, Vars x, Vars direction, int order) {
  if (order < 0) fail<ValueError>("taylor", "the order is ", order, ", it must not be negative");
  check_tangents("taylor", x, direction);
  const Applied applied = apply(f, x, "taylor");
  std::vector<NodeId> arguments, directions;
  for (const Var& each : applied.x) arguments.push_back(VarAccess::node(each));
  for (const Var& each : direction) directions.push_back(VarAccess::node(each));
  std::vector<Var> coefficients;
  const NodeId y = VarAccess::node(applied.y);
  for (NodeId id : taylor_coefficients(applied.state, y, arguments, directions, order)) {
    if (id == kNoNode) id = append_full(applied.state, 0, applied.y.dtype(), applied.y.shape());
    coefficients.push_back(VarAccess::make(applied.state, id));
  }
  return {stack(coefficients)};
}

}  // namespace xtape::detail
