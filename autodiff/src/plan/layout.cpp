#include "plan/layout.hpp"

#include <unordered_map>

#include "plan/copy.hpp"

namespace xtape::detail {

View contiguous_view(const Shape& shape) {
  View view;
  std::int64_t stride = 1;
  for (std::size_t axis = shape.rank(); axis-- > 0;) {
    view.strides[axis] = stride;
    stride *= shape[axis];
  }
  return view;
}

bool is_contiguous(const View& view, const Shape& shape) {
  std::int64_t stride = 1;
  for (std::size_t axis = shape.rank(); axis-- > 0;) {
    if (shape[axis] == 0) return true;
    if (shape[axis] != 1 && view.strides[axis] != stride) return false;
    stride *= shape[axis];
  }
  return true;
}

bool blas_operand(const View& view, const Shape& shape, bool& transposed, std::int64_t& leading) {
  const std::size_t rank = shape.rank();
  const std::int64_t rows = shape[rank - 2], columns = shape[rank - 1];
  const std::int64_t row = view.strides[rank - 2], column = view.strides[rank - 1];
  if ((column == 1 || columns == 1) && (rows == 1 || row >= std::max<std::int64_t>(1, columns))) {
    transposed = false;
    leading = rows == 1 ? std::max<std::int64_t>(1, columns) : row;
    return true;
  }
  if ((row == 1 || rows == 1) && (columns == 1 || column >= std::max<std::int64_t>(1, rows))) {
    transposed = true;
    leading = columns == 1 ? std::max<std::int64_t>(1, rows) : column;
    return true;
  }
  return false;
}

namespace {

class LayoutPass {
 public:
  LayoutPass(const Lowered& lowered, const Options& options) : source_(lowered), options_(options) {}

  Layout run() {
    renamed_.resize(source_.program.size());
    for (NodeId id = 0; id < source_.program.size(); ++id) {
      origin_ = source_.origins[id];
      renamed_[id] = place(source_.program[id]);
    }
    for (NodeId leaf : source_.leaves) result_.leaves.push_back(renamed_[leaf]);
    for (NodeId output : source_.outputs) result_.outputs.push_back(as_output(renamed_[output]));
    return std::move(result_);
  }

 private:
  NodeId place(const Node& node) {
    if (is_leaf(node)) return append(node, {});
    std::vector<NodeId>& inputs = inputs_;
    inputs.clear();
    for (NodeId input : source_.program.inputs(node)) inputs.push_back(renamed_[input]);
    switch (node.op->kind) {
      case OpKind::view:
        return place_view(node, inputs[0]);
      case OpKind::matmul:
        for (NodeId& input : inputs) input = for_blas(input);
        break;
      case OpKind::opaque:
        for (NodeId& input : inputs) input = contiguous(input);
        break;
      default:
        break;
    }
    return append(node, inputs);
  }

  NodeId append(const Node& node, std::span<const NodeId> inputs) {
    const NodeId id = result_.program.append(*node.op, node.dtype, node.shape, inputs, source_.program.attributes(node),
                                             node.location);
    result_.program[id].holds = node.holds;
    result_.accesses.push_back({id, contiguous_view(node.shape)});
    result_.origins.push_back(origin_);
    return id;
  }

  NodeId place_view(const Node& node, NodeId input) {
    View view;
    const auto address = [&] {
      return node.op->view(result_.accesses[input].view, result_.program[input].shape, source_.program.attributes(node),
                           node.shape, view);
    };
    if (!address()) {
      input = copy(input);
      address();
    }
    const NodeId id = append(node, std::span<const NodeId>(&input, 1));
    result_.accesses[id] = {result_.accesses[input].base, view};
    return options_.planned ? id : copy(id);
  }

  /// The elements of a value in a buffer of their own; the same one if asked again.
  NodeId copy(NodeId source) {
    const auto [entry, inserted] = copies_.try_emplace(source, kNoNode);
    if (!inserted) return entry->second;
    const Node node = result_.program[source];
    const NodeId id =
        result_.program.append(copy_op, node.dtype, node.shape, std::span<const NodeId>(&source, 1), {}, node.location);
    result_.accesses.push_back({id, contiguous_view(node.shape)});
    result_.origins.push_back(origin_);
    return entry->second = id;
  }

  NodeId contiguous(NodeId value) {
    return is_contiguous(result_.accesses[value].view, result_.program[value].shape) ? value : copy(value);
  }

  NodeId for_blas(NodeId value) {
    if (!options_.rounding_passes) return contiguous(value);
    bool transposed = false;
    std::int64_t leading = 0;
    return blas_operand(result_.accesses[value].view, result_.program[value].shape, transposed, leading) ? value
                                                                                                         : copy(value);
  }

  /// Outputs are handed out as Arrays, so they need a computed buffer that they fill exactly.
  NodeId as_output(NodeId value) {
    const Access& access = result_.accesses[value];
    const Node& base = result_.program[access.base];
    const bool computed = !is_leaf(base) && base.op->kind != OpKind::constant;
    const bool fills = access.view.offset == 0 && base.shape.size() == result_.program[value].shape.size() &&
                       is_contiguous(access.view, result_.program[value].shape);
    return computed && fills ? value : copy(value);
  }

  const Lowered& source_;
  const Options& options_;
  Layout result_;
  std::vector<NodeId> renamed_;
  std::unordered_map<NodeId, NodeId> copies_;
  std::vector<NodeId> inputs_;  ///< of the present node
  std::uint32_t origin_ = 0;
};

}  // namespace

Layout lay_out(const Lowered& lowered, const Options& options) { return LayoutPass(lowered, options).run(); }

}  // namespace xtape::detail
