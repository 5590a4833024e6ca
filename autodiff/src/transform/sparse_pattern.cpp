#include "transform/sparse_pattern.hpp"

#include <algorithm>
#include <iterator>
#include <numeric>

#include "ops/leaf.hpp"
#include "ops/op.hpp"
#include "ops/ruled.hpp"
#include "tape/reachable.hpp"
#include "transform/sparse_sets.hpp"

namespace xtape::detail {

namespace {

/// For each element the set of elements of x that it depends on; none at all if it is empty.
using Dependence = std::vector<SetId>;

std::size_t size_of(const Shape& shape) { return static_cast<std::size_t>(shape.size()); }

View contiguous(const Shape& shape) {
  View view;
  std::int64_t stride = 1;
  for (std::size_t axis = shape.rank(); axis-- > 0; stride *= shape[axis]) view.strides[axis] = stride;
  return view;
}

/// Calls visit(place) for all elements that a view of this shape addresses, in row-major order.
template <class Visit>
void for_each_place(const View& view, const Shape& shape, Visit visit) {
  std::int64_t position[Shape::kMaxRank] = {}, place = view.offset;
  for (std::int64_t rest = shape.size(); rest > 0; --rest) {
    visit(static_cast<std::size_t>(place));
    for (std::size_t axis = shape.rank(); axis-- > 0;) {
      place += view.strides[axis];
      if (++position[axis] < shape[axis]) break;
      place -= view.strides[axis] * shape[axis];
      position[axis] = 0;
    }
  }
}

/// From the nodes of a program to what they depend on, each after its inputs.
class Walk {
 public:
  Walk(TapeState& state, NodeId x) : state_(state), x_(x), known_(state.program.size()) {
    for (std::size_t i = 0; i < size_of(shape(x)); ++i)
      known_[x].push_back(sets_.single(static_cast<std::uint32_t>(i)));
  }

  void visit(NodeId id) {
    if (known_.size() <= id) known_.resize(id + 1);
    if (id != x_ && is_followed(id)) known_[id] = dependence_of(id);
  }
  const Dependence& operator[](NodeId id) const { return known_[id]; }
  std::span<const std::uint32_t> set(SetId id) const { return sets_[id]; }

 private:
  const Shape& shape(NodeId id) const { return state_.program[id].shape; }
  std::span<const NodeId> inputs(NodeId id) const { return state_.program.inputs(state_.program[id]); }
  std::span<const std::int64_t> attributes(NodeId id) const { return state_.program.attributes(state_.program[id]); }

  /// Whether a gradient flows from the node to x.
  bool is_followed(NodeId id) const {
    const Node& node = state_.program[id];
    return node.op->vjp != nullptr && is_floating(node.dtype) &&
           std::ranges::any_of(inputs(id), [&](NodeId input) { return !known_[input].empty(); });
  }

  Dependence dependence_of(NodeId id) {
    const Op& op = *state_.program[id].op;
    switch (op.kind) {
      case OpKind::elementwise:
        return of_elementwise(id);
      case OpKind::view:
        return of_view(id);
      case OpKind::reduction:
        return of_reduction(id);
      case OpKind::matmul:
        return of_matmul(id);
      case OpKind::composite:
        return op.lower == lower_to_value ? of_everything(id) : of_composite(id);
      default:
        return op.copies != nullptr && has_fixed_indices(id) ? of_movement(id) : of_everything(id);
    }
  }

  /// Scalars beside tensors stand for all elements.
  Dependence of_elementwise(NodeId id) {
    Dependence result(size_of(shape(id)), kEmptySet);
    for (NodeId input : inputs(id)) {
      const Dependence& own = known_[input];
      for (std::size_t i = 0; i < result.size() && !own.empty(); ++i)
        result[i] = sets_.united(result[i], own[own.size() == 1 ? 0 : i]);
    }
    return result;
  }

  Dependence of_view(NodeId id) {
    const NodeId input = inputs(id)[0];
    View view;
    if (!state_.program[id].op->view(contiguous(shape(input)), shape(input), attributes(id), shape(id), view))
      return of_everything(id);
    Dependence result;
    for_each_place(view, shape(id), [&](std::size_t place) { result.push_back(known_[input][place]); });
    return result;
  }

  /// The union of `count` sets from `first` on, `step` apart.
  SetId united_line(const Dependence& sets, std::size_t first, std::size_t step, std::size_t count) {
    line_.clear();
    for (std::size_t i = 0; i < count && !sets.empty(); ++i) line_.push_back(sets[first + i * step]);
    return sets_.united(line_);
  }

  Dependence of_reduction(NodeId id) {
    const NodeId input = inputs(id)[0];
    const Shape& from = shape(input);
    const std::size_t end = from.rank() - static_cast<std::size_t>(attributes(id)[0]);
    const std::size_t begin = end - static_cast<std::size_t>(attributes(id)[1]);
    std::size_t extent = 1, inner = 1;
    for (std::size_t axis = begin; axis < from.rank(); ++axis)
      (axis < end ? extent : inner) *= static_cast<std::size_t>(from[axis]);
    Dependence result;
    for (std::size_t i = 0; i < size_of(shape(id)); ++i)
      result.push_back(united_line(known_[input], i / inner * extent * inner + i % inner, inner, extent));
    return result;
  }

  Dependence of_matmul(NodeId id) {
    const NodeId a = inputs(id)[0], b = inputs(id)[1];
    const auto m = static_cast<std::size_t>(shape(id).back(1)), p = static_cast<std::size_t>(shape(id).back());
    const auto k = static_cast<std::size_t>(shape(a).back());
    Dependence result(size_of(shape(id)), kEmptySet);
    for (std::size_t first = 0, matrix = 0; first < result.size(); first += m * p, ++matrix) {
      std::vector<SetId> rows, columns;
      for (std::size_t i = 0; i < m; ++i) rows.push_back(united_line(known_[a], (matrix * m + i) * k, 1, k));
      for (std::size_t j = 0; j < p; ++j) columns.push_back(united_line(known_[b], matrix * k * p + j, p, k));
      for (std::size_t i = 0; i < m * p; ++i) result[first + i] = sets_.united(rows[i / p], columns[i % p]);
    }
    return result;
  }

  Dependence of_everything(NodeId id) {
    std::vector<SetId> all;
    for (NodeId input : inputs(id)) all.insert(all.end(), known_[input].begin(), known_[input].end());
    return Dependence(size_of(shape(id)), sets_.united(all));
  }

  Dependence of_composite(NodeId id) {
    const NodeId begin = state_.program.size();
    std::vector<Var> vars;
    for (NodeId input : inputs(id)) vars.push_back(VarAccess::make(state_, input));
    const std::vector<std::int64_t> own(attributes(id).begin(), attributes(id).end());
    const RuleScope scope(state_, state_.program[id].location);
    const NodeId value = VarAccess::node(state_.program[id].op->lower(vars, own));
    for (NodeId lowered = begin; lowered <= value; ++lowered) visit(lowered);
    return known_[value];
  }

  /// Whether the indices of a movement are the same at any x, and known now.
  bool has_fixed_indices(NodeId id) {
    std::vector<NodeId> roots, nodes;
    for (NodeId input : inputs(id))
      if (!is_floating(state_.program[input].dtype)) roots.push_back(input);
    if (roots.empty()) return true;
    reachable(state_, roots, false, nodes);
    return std::ranges::none_of(nodes, [&](NodeId node) {
      const Op* op = state_.program[node].op;
      return node == x_ || op == &placeholder_op || op == &parameter_op;
    });
  }

  /// Runs the op that copies with numbers from 1 on in place of elements, floating inputs having these shapes. Gives
  /// for each element of a result of shape `to` the number of the element that it is a copy of, or 0.
  std::vector<double> copied_numbers(NodeId id, const std::vector<Shape>& from, const Shape& to) {
    std::vector<std::vector<double>> numbers;
    std::vector<Array> indices;
    std::vector<Buffer> buffers;
    double next = 1;
    for (std::size_t i = 0; i < from.size(); ++i) {
      const NodeId input = inputs(id)[i];
      if (is_floating(state_.program[input].dtype)) {
        std::vector<double>& own = numbers.emplace_back(size_of(from[i]));
        std::iota(own.begin(), own.end(), next);
        next += static_cast<double>(own.size());
        buffers.push_back({reinterpret_cast<std::byte*>(own.data()), DType::float64, from[i]});
      } else {
        indices.push_back(VarAccess::make(state_, input).value());
        auto* bytes = const_cast<void*>(static_cast<const void*>(indices.back().bytes()));
        buffers.push_back({static_cast<std::byte*>(bytes), indices.back().dtype(), from[i]});
      }
    }
    std::vector<double> result(size_of(to));
    const std::vector<std::int64_t> own(attributes(id).begin(), attributes(id).end());
    const Op& op = *state_.program[id].op->copies;
    op.execute({buffers, {reinterpret_cast<std::byte*>(result.data()), DType::float64, to}, own});
    for (double& number : result) number = number >= 1 && number < next ? number : 0;  // what fills is no number
    return result;
  }

  Dependence of_movement(NodeId id) {
    std::vector<Shape> from;
    for (NodeId input : inputs(id)) from.push_back(shape(input));
    const bool adds = state_.program[id].op->copies != state_.program[id].op;
    const Shape to = adds ? from[0] : shape(id);
    if (adds) from[0] = shape(id);
    const std::vector<double> numbers = copied_numbers(id, from, to);
    return adds ? sums(known_[inputs(id)[0]], numbers, size_of(shape(id))) : copies(id, numbers);
  }

  Dependence copies(NodeId id, const std::vector<double>& numbers) {
    Dependence sources{kEmptySet}, result;
    for (NodeId input : inputs(id)) {
      if (!is_floating(state_.program[input].dtype)) continue;
      if (known_[input].empty()) sources.resize(sources.size() + size_of(shape(input)), kEmptySet);
      else sources.insert(sources.end(), known_[input].begin(), known_[input].end());
    }
    for (double number : numbers) result.push_back(sources[static_cast<std::size_t>(number)]);
    return result;
  }

  /// Element i of the input is added to the element of the result that numbers[i] names.
  Dependence sums(const Dependence& input, const std::vector<double>& numbers, std::size_t size) {
    std::vector<std::vector<SetId>> parts(size + 1);
    for (std::size_t i = 0; i < numbers.size(); ++i) parts[static_cast<std::size_t>(numbers[i])].push_back(input[i]);
    Dependence result;
    for (std::size_t i = 0; i < size; ++i) result.push_back(sets_.united(parts[i + 1]));
    return result;
  }

  TapeState& state_;
  const NodeId x_;
  IndexSets sets_;
  std::vector<Dependence> known_;
  std::vector<SetId> line_;
};

}  // namespace

Pattern jacobian_pattern(TapeState& state, NodeId y, NodeId x) {
  std::vector<NodeId> nodes;
  reachable(state, std::span(&y, 1), false, nodes);
  Walk walk(state, x);
  for (NodeId node : nodes) walk.visit(node);
  Pattern pattern{state.program[x].shape.size(), {}};
  pattern.rows.resize(size_of(state.program[y].shape));
  for (std::size_t i = 0; i < walk[y].size(); ++i) {
    const auto set = walk.set(walk[y][i]);
    pattern.rows[i].assign(set.begin(), set.end());
  }
  return pattern;
}

Pattern transposed(const Pattern& pattern) {
  Pattern result{static_cast<std::int64_t>(pattern.rows.size()), {}};
  result.rows.resize(static_cast<std::size_t>(pattern.columns));
  for (std::size_t i = 0; i < pattern.rows.size(); ++i)
    for (std::uint32_t j : pattern.rows[i]) result.rows[j].push_back(static_cast<std::uint32_t>(i));
  return result;
}

Pattern symmetric(const Pattern& pattern) {
  const Pattern other = transposed(pattern);
  Pattern result{pattern.columns, {}};
  for (std::size_t i = 0; i < pattern.rows.size(); ++i)
    std::ranges::set_union(pattern.rows[i], other.rows[i], std::back_inserter(result.rows.emplace_back()));
  return result;
}

}  // namespace xtape::detail
