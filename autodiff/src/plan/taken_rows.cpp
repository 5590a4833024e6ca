#include "plan/taken_rows.hpp"

#include <algorithm>
#include <array>

#include "ops/gather.hpp"
#include "plan/row_products.hpp"

namespace xtape::detail {

constinit const Op taken_row_dots_op{.name = "taken_row_dots", .kind = OpKind::matmul};
constinit const Op taken_row_sums_op{.name = "taken_row_sums", .kind = OpKind::matmul};
constinit const Op taken_elements_op{.name = "taken_elements", .kind = OpKind::elementwise};

namespace {

class TakenRowsPass {
 public:
  explicit TakenRowsPass(const Layout& source)
      : source_(source), program_(source.program), taken_(program_.size()), renamed_(program_.size(), kNoNode) {
    for (NodeId id = 0; id < program_.size(); ++id) taken_[id] = may_be_read_in_place(id);
    for (NodeId id = 0; id < program_.size(); ++id)
      for (NodeId input : program_.inputs(program_[id])) check_reader(id, source.accesses[input].base);
    for (NodeId output : source.outputs) taken_[source.accesses[output].base] = false;
    for (NodeId id = 0; id < program_.size(); ++id)
      if (taken_[id] && find_places(id) == nullptr) places_.push_back(key(id));
  }

  bool finds_any() const { return !places_.empty(); }

  Layout run() {
    for (NodeId id = 0; id < program_.size(); ++id)
      if (!taken_[source_.accesses[id].base]) renamed_[id] = place(id);
      else if (taken_[id]) places_of(*find_places(id), id);
    for (NodeId leaf : source_.leaves) result_.leaves.push_back(renamed_[leaf]);
    for (NodeId output : source_.outputs) result_.outputs.push_back(renamed_[output]);
    return std::move(result_);
  }

 private:
  /// Indices of an axis, checked once for all that is taken by them.
  struct Places {
    NodeId indices;
    std::array<std::int64_t, 2> attributes;
    NodeId node = kNoNode;
  };

  NodeId x_of(NodeId take) const { return program_.inputs(program_[take])[0]; }
  NodeId indices_of(NodeId take) const { return program_.inputs(program_[take])[1]; }

  bool is_take(NodeId id) const {
    const Node& node = program_[id];
    return !is_leaf(node) && node.op->kind == OpKind::opaque && node.shape.size() > 1 &&
           attributes_of_places(program_, node).has_value();
  }
  bool may_be_read_in_place(NodeId id) const { return is_take(id) && program_[x_of(id)].shape.rank() > 1; }

  Places key(NodeId take) const { return {indices_of(take), *attributes_of_places(program_, program_[take])}; }
  Places* find_places(NodeId take) {
    const Places wanted = key(take);
    const auto found = std::ranges::find_if(places_, [&](const Places& places) {
      return places.indices == wanted.indices && places.attributes == wanted.attributes;
    });
    return found == places_.end() ? nullptr : &*found;
  }

  void check_reader(NodeId reader, NodeId base) {
    if (taken_[base] && program_[reader].op->kind != OpKind::view && !multiplies_rows(reader, base))
      taken_[base] = false;
  }

  /// Whether the reader is a product of all that was taken, row by row, with a vector that has nothing to do with it.
  bool multiplies_rows(NodeId reader, NodeId take) const {
    const std::optional<RowProduct> product = as_row_product(source_, reader);
    if (!product || source_.accesses[product->vector].base == take) return false;
    const std::int64_t rows = program_[indices_of(take)].shape.size(), columns = program_[take].shape.size() / rows;
    return product->rows == rows && product->columns == columns && product->leading == columns &&
           source_.accesses[product->matrix].view.offset == 0;
  }

  NodeId place(NodeId id) {
    const Node& node = program_[id];
    Places* places = is_take(id) && program_[x_of(id)].shape.rank() == 1 ? find_places(id) : nullptr;
    if (places != nullptr) {
      const NodeId checked = places_of(*places, id);
      return append(id, taken_elements_op, {renamed_[x_of(id)], checked});
    }
    if (node.op->kind == OpKind::matmul)
      if (const std::optional<RowProduct> product = as_row_product(source_, id)) return place(id, *product);
    return copy(id);
  }

  NodeId place(NodeId id, const RowProduct& product) {
    const NodeId take = source_.accesses[product.matrix].base;
    if (!taken_[take]) return copy(id);
    const Op& op = product.form == RowProduct::Form::dots ? taken_row_dots_op : taken_row_sums_op;
    return append(id, op, {renamed_[x_of(take)], renamed_[product.vector], find_places(take)->node});
  }

  /// The checked indices, which stand where they are needed first.
  NodeId places_of(Places& places, NodeId take) {
    if (places.node == kNoNode) {
      const NodeId indices = renamed_[places.indices];
      const Node& node = program_[take];
      places.node = result_.program.append(places_op, DType::int64, program_[places.indices].shape, {&indices, 1},
                                           places.attributes, node.location);
      keep_access(places.node, take);
    }
    return places.node;
  }

  NodeId append(NodeId id, const Op& op, std::initializer_list<NodeId> inputs) {
    const Node& node = program_[id];
    const NodeId copy =
        result_.program.append(op, node.dtype, node.shape, {inputs.begin(), inputs.size()}, {}, node.location);
    keep_access(copy, id);
    return copy;
  }

  void keep_access(NodeId id, NodeId origin) {
    result_.accesses.push_back({id, contiguous_view(result_.program[id].shape)});
    result_.origins.push_back(source_.origins[origin]);
  }

  NodeId copy(NodeId id) {
    std::vector<NodeId> inputs;
    for (NodeId input : program_.inputs(program_[id])) inputs.push_back(renamed_[input]);
    const NodeId copy = append_copy(result_.program, program_[id], inputs, program_.attributes(program_[id]));
    const Access& access = source_.accesses[id];
    result_.accesses.push_back({access.base == id ? copy : renamed_[access.base], access.view});
    result_.origins.push_back(source_.origins[id]);
    return copy;
  }

  const Layout& source_;
  const Program& program_;
  Layout result_;
  std::vector<std::uint8_t> taken_;  ///< for each node, whether it is taken rows that need not be copied
  std::vector<Places> places_;
  std::vector<NodeId> renamed_;  ///< by node of the source
};

bool has_opaque(const Program& program) {
  for (NodeId id = 0; id < program.size(); ++id)
    if (program[id].op->kind == OpKind::opaque) return true;
  return false;
}

}  // namespace

Layout with_rows_where_they_stand(Layout layout) {
  if (!has_opaque(layout.program)) return layout;
  TakenRowsPass pass(layout);
  return pass.finds_any() ? pass.run() : std::move(layout);
}

}  // namespace xtape::detail
