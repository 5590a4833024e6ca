#include "plan/fuse.hpp"

#include <algorithm>
#include <map>
#include <set>

#include "plan/block_products.hpp"
#include "plan/faults.hpp"
#include "plan/row_loops.hpp"
#include "plan/row_products.hpp"
#include "plan/taken_rows.hpp"

namespace xtape::detail {

namespace {

/// Most nodes are none, and each is asked many times.
bool is_product(const Layout& layout, NodeId id) { return layout.program[id].op->kind == OpKind::matmul; }

}  // namespace

Shape squeezed(const Shape& shape) {
  Shape result;
  for (std::int64_t extent : shape)
    if (extent != 1) result.push_back(extent);
  return result;
}

std::optional<Shape> loop_space(const Layout& layout, NodeId id) {
  const Program& program = layout.program;
  const Node& node = program[id];
  if (node.op->kind == OpKind::elementwise) return squeezed(node.shape);
  if (node.op->kind == OpKind::reduction) return squeezed(program[program.inputs(node)[0]].shape);
  if (!is_product(layout, id)) return std::nullopt;
  if (const std::optional<RowProduct> product = as_row_product(layout, id)) return Shape{product->rows};
  if (const std::optional<BlockProduct> product = as_block_product(layout, id))
    return Shape{product->rows, product->columns};
  return std::nullopt;
}

ReductionShape reduction_shape(const Program& program, const Node& node) {
  const Shape& shape = program[program.inputs(node)[0]].shape;
  const auto attributes = program.attributes(node);
  const std::size_t inner_axes = static_cast<std::size_t>(attributes[0]);
  const std::size_t reduced_axes = static_cast<std::size_t>(attributes[1]);
  ReductionShape result;
  for (std::size_t axis = 0; axis < shape.rank(); ++axis) {
    const std::size_t from_end = shape.rank() - 1 - axis;
    std::int64_t& part = from_end < inner_axes                  ? result.inner
                         : from_end < inner_axes + reduced_axes ? result.reduced
                                                                : result.outer;
    part *= shape[axis];
  }
  return result;
}

namespace {

bool is_row_product(const Layout& layout, NodeId id, RowProduct::Form form) {
  const std::optional<RowProduct> product = as_row_product(layout, id);
  return product && product->form == form;
}

/// Whether the node computes one element at each place of its loop.
bool computed_in_place(const Layout& layout, NodeId id) {
  const Node& node = layout.program[id];
  if (is_leaf(node)) return false;
  if (node.op->kind == OpKind::elementwise) return true;
  if (!is_product(layout, id)) return false;
  if (is_row_product(layout, id, RowProduct::Form::dots)) return true;
  const std::optional<BlockProduct> product = as_block_product(layout, id);
  return product && product->form == BlockProduct::Form::dots;
}

/// Whether the node reads this operand elsewhere than at its own place: each dot product the whole vector, products
/// with several columns their matrix from memory, and taken elements those that they are told.
bool reads_elsewhere(const Layout& layout, NodeId id, NodeId operand) {
  if (!is_product(layout, id)) return layout.program[id].op == &taken_elements_op;
  if (is_row_product(layout, id, RowProduct::Form::dots)) return true;
  const std::optional<BlockProduct> product = as_block_product(layout, id);
  return product && (product->form == BlockProduct::Form::dots || operand == product->matrix);
}

/// The shape of the reduction or sum of rows that ends a loop in this node, if it is one.
std::optional<ReductionShape> sink_shape(const Layout& layout, NodeId id) {
  const Node& node = layout.program[id];
  if (node.op->kind == OpKind::reduction) return reduction_shape(layout.program, node);
  if (!is_product(layout, id)) return std::nullopt;
  const std::optional<RowProduct> product = as_row_product(layout, id);
  if (product && product->form == RowProduct::Form::sums) return ReductionShape{1, product->rows, product->columns};
  const std::optional<BlockProduct> block = as_block_product(layout, id);
  if (block && block->form == BlockProduct::Form::sums) return ReductionShape{1, block->rows, block->columns};
  return std::nullopt;
}

}  // namespace

bool readable_in_loop(const Layout& layout, NodeId reader, NodeId operand, const Shape& space) {
  if (space.rank() > 1 && reads_per_row(layout, reader, operand, space)) return true;
  const Access& access = layout.accesses[operand];
  return access.view.offset == 0 && squeezes_to(layout.program[access.base].shape, space) &&
         computed_in_place(layout, access.base) &&
         (access.base == operand || is_contiguous(access.view, layout.program[operand].shape)) &&
         !reads_elsewhere(layout, reader, operand);
}

namespace {

/// Steps stand in a sequence of positions: number 2 i + 1 is the i-th loop, product or call, number 2 i are groups of
/// scalars and small products and calls before it. So small work never cuts a large loop in two.
using Position = std::uint32_t;

/// A loop keeps every live value of a block in cache, so it must not grow without bound.
constexpr std::size_t kMostNodesInLoop = 2048;
/// Work that shares no operand joins a loop only while that reads few values: each is a stream from memory of its own.
constexpr std::size_t kMostReadBeside = 12;
constexpr std::size_t kLoopsTried = 8;
/// Elements of a call or product that runs as soon as it can; the results of larger ones would take memory for longer.
constexpr std::int64_t kSmallResult = 4096;
/// So many elements of results wait together for the loops that read them, in half of a common L2 cache.
constexpr std::int64_t kMostWaiting = 65536;

class FusionPass {
 public:
  FusionPass(const Layout& layout, const Options& options)
      : layout_(layout),
        program_(layout.program),
        options_(options),
        position_(program_.size(), 0),
        last_reader_(program_.size(), kNone) {}

  Fusion run() {
    find_joined_products();
    for (NodeId id = 0; id < program_.size(); ++id) {
      const Node& node = program_[id];
      const OpKind kind = node.op->kind;
      if (is_leaf(node) || kind == OpKind::constant || kind == OpKind::view) continue;
      const std::optional<Shape> space = loop_space(layout_, id);
      if (space && !better_alone(id)) place_in_loop(id, node, *space);
      else place_alone(id, {kind == OpKind::matmul ? Step::Kind::matmul : Step::Kind::opaque, {}, {}});
    }
    return in_order();
  }

 private:
  struct MainGroup {
    Group group;
    std::optional<ReductionShape> sink = {};  ///< of the last reduction, see `joins`
    std::size_t reads = 0;                    ///< values from outside
  };

  /// What runs at a position between two loops.
  struct SmallGroups {
    LargeVector<Group> groups;
    std::int64_t waiting = 0;  ///< elements of results of calls and products
  };

  /// Products with several columns that go into a loop: where their matrix's rows are summed, too, or where work on
  /// them reads them block by block.
  void find_joined_products() {
    if (!options_.planned) return;
    std::set<NodeId> summed, large;
    std::vector<NodeId> dots;
    for (NodeId id = 0; id < program_.size(); ++id) {
      if (!is_product(layout_, id)) continue;
      const std::optional<BlockProduct> product = as_block_product(layout_, id);
      if (!product) continue;
      if (product->form == BlockProduct::Form::sums) summed.insert(layout_.accesses[product->matrix].base);
      else dots.push_back(id);
      if (joins_readers(*product, program_[id].dtype)) large.insert(id);
    }
    for (NodeId id : dots)
      if (summed.contains(layout_.accesses[program_.inputs(program_[id])[0]].base)) joined_.insert(id);
    if (large.empty()) return;
    for (NodeId id = *large.begin(); id < program_.size(); ++id) note_read_of(large, id);
  }

  void note_read_of(const std::set<NodeId>& large, NodeId reader) {
    const OpKind kind = program_[reader].op->kind;
    if (kind != OpKind::elementwise && kind != OpKind::reduction) return;
    for (NodeId input : program_.inputs(program_[reader])) {
      const NodeId base = layout_.accesses[input].base;
      if (large.contains(base) && readable_in_loop(layout_, reader, input, *loop_space(layout_, reader)))
        joined_.insert(base);
    }
  }

  bool better_alone(NodeId id) const {
    if (!is_product(layout_, id)) return false;
    const std::optional<BlockProduct> product = as_block_product(layout_, id);
    return product && product->form == BlockProduct::Form::dots && !joined_.contains(id);
  }

  void place_alone(NodeId id, Group group) {
    const std::int64_t size = program_[id].shape.size();
    if (!options_.planned || size > kSmallResult) return join(id, append(std::move(group)));
    const Position position = position_with_room(earliest_position(id, {}, true), size);
    small_[position].waiting += size;
    small_[position].groups.push_back(std::move(group));
    join(id, position);
  }

  /// The earliest position, that which the last results without room there went to, or else the end.
  Position position_with_room(Position earliest, std::int64_t size) {
    if (small_[earliest].waiting + size <= kMostWaiting) return earliest;
    const Position later = std::max(earliest, overflow_);
    if (small_[later].waiting + size <= kMostWaiting) return later;
    return overflow_ = static_cast<Position>(2 * main_.size());
  }

  void place_in_loop(NodeId id, const Node& node, const Shape& space) {
    const bool scalar = options_.planned && node.op->kind == OpKind::elementwise && space.rank() == 0;
    const Position earliest = earliest_position(id, space, scalar);
    if (scalar) return join_scalars(id, earliest);
    Position found = options_.planned ? find_rows(id, space) : kNone;
    if (options_.planned && found == kNone) found = find_loop(id, space, earliest);
    join(id, found != kNone ? found : append({Step::Kind::loop, space, {}}));
    Group& group = main_[position_[id] / 2].group;
    group.by_rows = group.by_rows || needs_rows(id, position_[id]);
    if (const std::optional<ReductionShape> sink = sink_shape(layout_, id)) main_[position_[id] / 2].sink = sink;
    for (NodeId input : program_.inputs(node)) note_reader(layout_.accesses[input].base, position_[id]);
  }

  /// The first position at which all operands are there: within the position of one that can be read from its loop's
  /// registers, after that of any other.
  Position earliest_position(NodeId id, const Shape& space, bool small) const {
    Position earliest = small ? 0 : 1;
    for (NodeId input : program_.inputs(program_[id])) {
      const NodeId base = layout_.accesses[input].base;
      if (!is_computed(base)) continue;
      const bool shared = readable_in_loop(layout_, id, input, space) || planner_faults().ignore_loop_dependencies;
      earliest = std::max(earliest, position_after(position_[base], small, shared));
    }
    const NodeId waits_for = layout_.after.empty() ? kNoNode : layout_.after[id];
    return waits_for == kNoNode ? earliest : std::max(earliest, position_after(position_[waits_for], small, true));
  }

  /// The first position for what may stand in a loop with what is at `at`, if `shared`, or must come after it.
  static Position position_after(Position at, bool small, bool shared) {
    if (at % 2 == 0) return small ? at : at + 1;
    return small ? at + 1 : shared ? at : at + 2;
  }

  /// The loop over rows of which the node computes one element for each, if that is where it finds what it reads.
  Position find_rows(NodeId id, const Shape& space) const {
    Position best = kNone;
    for (NodeId input : program_.inputs(program_[id])) {
      const NodeId base = layout_.accesses[input].base;
      const Position position = is_computed(base) ? position_[base] : 0;
      if (position % 2 == 0 || position >= best) continue;
      const MainGroup& main = main_[position / 2];
      if (main.group.kind != Step::Kind::loop || main.group.space.rank() != space.rank() + 1) continue;
      if (!reads_per_row(layout_, id, input, main.group.space)) continue;
      if (rows_of(main.group.space) == space && takes_rows(main) && main.group.nodes.size() < kMostNodesInLoop &&
          position >= earliest_position(id, main.group.space, false))
        best = position;
    }
    return best;
  }

  /// Whether the node needs a loop by rows: it computes or reads values of rows in the loop at this position, or is a
  /// product with blocks of rows.
  bool needs_rows(NodeId id, Position position) const {
    if (is_product(layout_, id) && as_block_product(layout_, id)) return true;
    const Shape& space = main_[position / 2].group.space;
    if (!has_rows(space)) return false;
    return std::ranges::any_of(program_.inputs(program_[id]), [&](NodeId input) {
      return position_[layout_.accesses[input].base] == position && reads_per_row(layout_, id, input, space);
    });
  }

  /// Stripes cut rows.
  static bool takes_rows(const MainGroup& main) { return !main.sink || !main.sink->striped(); }

  /// A loop over the space that computes or reads one of the operands, not before `earliest`.
  Position find_loop(NodeId id, const Shape& space, Position earliest) const {
    Position best = kNone, last_tried = kNone;  // operands often stand in the same loop
    const auto consider = [&](Position position) {
      if (position == last_tried || position < earliest || position % 2 == 0 || position >= best) return;
      last_tried = position;
      if (joins(position, id, space)) best = position;
    };
    for (NodeId input : program_.inputs(program_[id])) {
      const NodeId base = layout_.accesses[input].base;
      if (is_computed(base)) consider(position_[base]);
      if (last_reader_[base] != kNone) consider(last_reader_[base]);
    }
    return best != kNone ? best : find_beside(id, space, earliest);
  }

  /// The last loop over the space, though it has nothing to do with the node: what comes of both often meets later, and
  /// then neither needs memory.
  Position find_beside(NodeId id, const Shape& space, Position earliest) const {
    const std::size_t first = std::max<std::size_t>(earliest / 2, main_.size() - std::min(main_.size(), kLoopsTried));
    for (std::size_t i = main_.size(); i-- > first;)
      if (const auto position = static_cast<Position>(2 * i + 1); joins(position, id, space))
        return main_[i].reads < kMostReadBeside ? position : kNone;
    return kNone;
  }

  /// A loop runs either in chunks of consecutive elements or in stripes: columns of a reduction whose inner part
  /// exceeds a chunk. The choice decides the order of summation, so it must follow from the reduction alone.
  bool joins(Position position, NodeId id, const Shape& space) const {
    const MainGroup& main = main_[position / 2];
    if (main.group.kind != Step::Kind::loop || main.group.space != space || main.group.nodes.size() >= kMostNodesInLoop)
      return false;
    if (needs_rows(id, position) && !takes_rows(main)) return false;
    const std::optional<ReductionShape> shape = sink_shape(layout_, id);
    if (shape && shape->striped() && main.group.by_rows) return false;
    if (!shape || !main.sink) return true;
    return shape->striped() == main.sink->striped() && (!shape->striped() || shape == main.sink);
  }

  void note_reader(NodeId base, Position position) {
    const bool new_here = position_[base] != position && last_reader_[base] != position;
    if (new_here && program_[base].shape.size() > 1) ++main_[position / 2].reads;
    last_reader_[base] = position;
  }

  bool is_computed(NodeId id) const { return !is_leaf(program_[id]) && program_[id].op->kind != OpKind::constant; }

  Position append(Group group) {
    main_.push_back({std::move(group)});
    return static_cast<Position>(2 * main_.size() - 1);
  }
  void join_scalars(NodeId id, Position position) {
    LargeVector<Group>& groups = small_[position].groups;
    if (groups.empty() || groups.back().kind != Step::Kind::loop) groups.push_back({Step::Kind::loop, {}, {}});
    join(id, position);
  }
  void join(NodeId id, Position position) {
    (position % 2 == 0 ? small_.at(position).groups.back() : main_[position / 2].group).nodes.push_back(id);
    position_[id] = position;
  }

  Fusion in_order() {
    Fusion fusion;
    fusion.group_of.assign(program_.size(), Fusion::kNoGroup);
    std::size_t groups = main_.size();
    for (const auto& [position, between] : small_) groups += between.groups.size();
    fusion.groups.reserve(groups);
    const auto add = [&](Group& group) {
      for (NodeId id : group.nodes) fusion.group_of[id] = static_cast<std::uint32_t>(fusion.groups.size());
      fusion.groups.push_back(std::move(group));
    };
    auto small = small_.begin();
    for (std::size_t i = 0; i <= main_.size(); ++i) {
      if (small != small_.end() && small->first == 2 * i) std::ranges::for_each((small++)->second.groups, add);
      if (i < main_.size()) add(main_[i].group);
    }
    return fusion;
  }

  static constexpr Position kNone = ~Position{0};
  const Layout& layout_;
  const Program& program_;
  const Options& options_;
  std::vector<Position> position_;
  std::vector<MainGroup> main_;
  std::map<Position, SmallGroups> small_;
  Position overflow_ = 0;              ///< where small results went last that had no room at their earliest position
  std::vector<Position> last_reader_;  ///< for each node
  std::set<NodeId> joined_;            ///< products with several columns that go into a loop
};

}  // namespace

Fusion fuse(const Layout& layout, const Options& options) { return FusionPass(layout, options).run(); }

}  // namespace xtape::detail
