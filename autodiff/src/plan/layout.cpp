#include "plan/layout.hpp"

#include <algorithm>
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
  LayoutPass(Lowered lowered, const Options& options) : source_(std::move(lowered)), options_(options) {
    result_.accesses.reserve(source_.program.size());
  }

  Layout run() {
    const NodeId size = source_.program.size();
    NodeId id = 0;
    while (id < size && stays(id)) ++id;
    if (id == size) keep_all();
    else keep_before(id);
    for (; id < size; ++id) {
      origin_ = source_.origins[id];
      renamed_[id] = place(source_.program[id]);
    }
    for (NodeId leaf : source_.leaves) result_.leaves.push_back(renamed(leaf));
    for (NodeId output : source_.outputs) result_.outputs.push_back(as_output(renamed(output)));
    return std::move(result_);
  }

 private:
  /// Addresses a node as it stands; false if it has to read a copy of an operand, or to be copied.
  bool stays(NodeId id) {
    const Program& program = source_.program;
    const Node& node = program[id];
    if (is_leaf(node) || node.op->kind != OpKind::view) {
      const auto can_read = [&](NodeId input) {
        return reads(node, result_.accesses[input].view, program[input].shape);
      };
      if (!is_leaf(node) && !std::ranges::all_of(program.inputs(node), can_read)) return false;
      result_.accesses.push_back({id, contiguous_view(node.shape)});
      return true;
    }
    const NodeId input = program.inputs(node)[0];
    Access access{result_.accesses[input].base, {}};
    const bool addressed = options_.planned && node.op->view(result_.accesses[input].view, program[input].shape,
                                                             program.attributes(node), node.shape, access.view);
    if (addressed) result_.accesses.push_back(access);
    return addressed;
  }

  /// Most programs need no copies, and then the program need not be copied either.
  void keep_all() {
    if (!source_.origins.empty()) origin_ = source_.origins.back();
    result_.program = std::move(source_.program);
    result_.origins = std::move(source_.origins);
  }

  void keep_before(NodeId end) {
    const Program& program = source_.program;
    result_.program.reserve(program.size(), program.input_count());
    result_.origins.assign(source_.origins.begin(), source_.origins.begin() + end);
    renamed_.resize(program.size());
    for (NodeId id = 0; id < end; ++id)
      renamed_[id] =
          append_copy(result_.program, program[id], program.inputs(program[id]), program.attributes(program[id]));
  }

  NodeId renamed(NodeId id) const { return renamed_.empty() ? id : renamed_[id]; }

  /// Whether the node can read an operand there.
  bool reads(const Node& node, const View& view, const Shape& shape) const {
    const OpKind kind = node.op->kind;
    if (kind != OpKind::matmul && kind != OpKind::opaque) return true;
    if (kind == OpKind::opaque || !options_.rounding_passes) return is_contiguous(view, shape);
    bool transposed = false;
    std::int64_t leading = 0;
    return blas_operand(view, shape, transposed, leading);
  }

  NodeId place(const Node& node) {
    if (is_leaf(node)) return append(node, {});
    std::vector<NodeId>& inputs = inputs_;
    inputs.clear();
    for (NodeId input : source_.program.inputs(node)) inputs.push_back(renamed_[input]);
    if (node.op->kind == OpKind::view) return place_view(node, inputs[0]);
    for (NodeId& input : inputs)
      if (!reads(node, result_.accesses[input].view, result_.program[input].shape)) input = copy(input);
    return append(node, inputs);
  }

  NodeId append(const Node& node, std::span<const NodeId> inputs) {
    const NodeId id = append_copy(result_.program, node, inputs, source_.program.attributes(node));
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

  /// Outputs are handed out as Arrays, so they need a computed buffer that they fill exactly.
  NodeId as_output(NodeId value) {
    const Access& access = result_.accesses[value];
    const Node& base = result_.program[access.base];
    const bool computed = !is_leaf(base) && base.op->kind != OpKind::constant;
    const bool fills = access.view.offset == 0 && base.shape.size() == result_.program[value].shape.size() &&
                       is_contiguous(access.view, result_.program[value].shape);
    return computed && fills ? value : copy(value);
  }

  Lowered source_;
  const Options& options_;
  Layout result_;
  std::vector<NodeId> renamed_;
  std::unordered_map<NodeId, NodeId> copies_;
  std::vector<NodeId> inputs_;  ///< of the present node
  std::uint32_t origin_ = 0;
};

}  // namespace

Layout lay_out(Lowered lowered, const Options& options) { return LayoutPass(std::move(lowered), options).run(); }

}  // namespace xtape::detail
