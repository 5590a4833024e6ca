#include "plan/loops.hpp"

#include <algorithm>
#include <unordered_map>
#include <utility>

#include "kernels/dispatch.hpp"
#include "plan/block_products.hpp"
#include "plan/buckets.hpp"
#include "plan/row_loops.hpp"
#include "plan/row_products.hpp"
#include "plan/taken_rows.hpp"

namespace xtape::detail {

namespace {

/// Whether the node computes dot products in the loop of its group.
bool is_dots(const Layout& layout, NodeId id, const Group& group) {
  const std::optional<RowProduct> product = as_row_product(layout, id);
  const std::optional<BlockProduct> block = as_block_product(layout, id);
  return (product && product->form == RowProduct::Form::dots) ||
         (block && block->form == BlockProduct::Form::dots && group.kind == Step::Kind::loop);
}

}  // namespace

std::vector<bool> materialized_nodes(const Layout& layout, const Fusion& fusion) {
  const Program& program = layout.program;
  std::vector<bool> result(program.size());
  for (const Group& group : fusion.groups) {
    for (NodeId id : group.nodes) {
      const Node& node = program[id];
      const bool per_row = group.by_rows && computed_per_row(layout, id, group.space);
      if (node.op->kind != OpKind::elementwise && !is_dots(layout, id, group) && !per_row) result[id] = true;
      for (NodeId input : program.inputs(node)) {
        const NodeId base = layout.accesses[input].base;
        const bool same_loop = fusion.group_of[base] == fusion.group_of[id];
        if (!same_loop || !readable_in_loop(layout, id, input, group.space)) result[base] = true;
      }
    }
  }
  for (NodeId output : layout.outputs) result[layout.accesses[output].base] = true;
  return result;
}

namespace {

/// The strides of a view for the axes of the squeezed shape.
View squeezed_view(const View& view, const Shape& shape) {
  View result;
  result.offset = view.offset;
  std::size_t kept = 0;
  for (std::size_t axis = 0; axis < shape.rank(); ++axis)
    if (shape[axis] != 1) result.strides[kept++] = view.strides[axis];
  return result;
}

/// A block of a loop is as long as half of the L1 cache allows for everything that is live in it, and as its space.
std::uint32_t block_elements(std::size_t slots, std::size_t element_size, std::size_t space) {
  constexpr std::size_t kHalfOfL1 = 16384;
  const std::size_t fitting = kHalfOfL1 / (std::max<std::size_t>(slots, 1) * element_size);
  const std::size_t block = std::clamp<std::size_t>(fitting / 64 * 64, 128, 1024);
  return static_cast<std::uint32_t>(std::min(block, (space + kPadding - 1) / kPadding * kPadding));
}

/// From so many bytes on, a value is written past the caches: memory need not be read before it is written over.
constexpr std::size_t kPastCaches = std::size_t{16} << 20;
/// A loop that writes past the caches reads and writes memory by turns, and longer turns keep the reads of the next
/// block waiting: Adam on 1e7 float64, 56 bytes a place, takes 14.7 ms, and with blocks twice as long 15.4 ms.
std::uint32_t burst_elements(const std::vector<Loop::Stream>& streams) {
  constexpr std::size_t kBurst = 5376;
  std::size_t bytes = 0;
  for (const Loop::Stream& stream : streams) bytes += stream.bytes;
  return static_cast<std::uint32_t>(std::max<std::size_t>(64, kBurst / bytes / kPadding * kPadding));
}

/// Elements of a block of whole rows: a multiple of kPadding of them, so that values of rows fill whole vectors, too.
/// Beside sums of products their number is fixed, because these are rounded block by block; products by themselves want
/// blocks of some rows, whose results stay in the L2 cache.
std::uint32_t block_of_rows(const Loop& loop) {
  constexpr auto kLeast = static_cast<std::int64_t>(kPadding);
  constexpr std::int64_t kMostRows = 256, kElements = 1024, kProductElements = 8192;
  if (!loop.product_sums.empty()) return static_cast<std::uint32_t>(kProductRows * loop.columns);
  const std::int64_t elements = loop.products.empty() ? kElements : kProductElements;
  const std::int64_t most = loop.products.empty() ? kMostRows : kProductRows;
  return static_cast<std::uint32_t>(std::clamp(elements / loop.columns / kLeast * kLeast, kLeast, most) * loop.columns);
}

/// The rows of a block stay in a quarter of the L2 cache between the products that read them.
std::uint32_t rows_in_block(std::size_t row_bytes) {
  constexpr std::size_t kQuarterOfL2 = 262144;
  return static_cast<std::uint32_t>(std::clamp<std::size_t>(kQuarterOfL2 / row_bytes / kPadding * kPadding, 16, 256));
}

constexpr std::uint32_t kNone = LoopSources::kNoOperand;

class LoopBuilder {
 public:
  LoopBuilder(LoopSources& sources, std::uint32_t group)
      : sources_(sources),
        layout_(sources.layout),
        program_(layout_.program),
        group_(sources.fusion.groups[group]),
        group_index_(group),
        operands_(sources.operands),
        reads_(sources.reads) {
    loop_.space = group_.space;
    if (group_.by_rows) loop_.columns = group_.space.back();
    row_space_ = group_.by_rows ? rows_of(group_.space) : Shape{};
    loop_.chunking = Chunking(group_.space);
    loop_.nodes = group_.nodes;
    loop_.computes.reserve(group_.nodes.size());
    loop_.streams.swap(sources.streams);  // which has room
  }
  ~LoopBuilder() {
    for (const Read& read : reads_) sources_.last_read[read.base] = kNone;
    reads_.clear();
    operands_.clear();
  }
  LoopBuilder(const LoopBuilder&) = delete;
  LoopBuilder& operator=(const LoopBuilder&) = delete;

  Loop build(InstructionSet set) {
    for (NodeId id : group_.nodes) add(id, program_[id]);
    allocate_registers();
    number_slots();
    choose_kernels(set);
    loop_.block = block_elements(loop_.registers + loop_.streams.size(), widest_element(),
                                 static_cast<std::size_t>(loop_.space.size()));
    if (loop_.past_caches != nullptr) loop_.block = std::min(loop_.block, burst_elements(loop_.streams));
    if (loop_.columns > 0) loop_.block = block_of_rows(loop_);
    if (row_bytes_ > 0) loop_.block = std::min(loop_.block, rows_in_block(row_bytes_));
    return take_loop();
  }

 private:
  using Operand = LoopSources::Operand;
  using Read = LoopSources::Read;

  /// With as much memory as it needs; what there is of it besides serves the next loop.
  Loop take_loop() {
    std::vector<Loop::Stream> streams(loop_.streams);
    loop_.streams.swap(streams);
    streams.clear();
    sources_.streams = std::move(streams);
    return std::move(loop_);
  }

  void add(NodeId id, const Node& node) {
    const auto position = static_cast<std::uint32_t>(loop_.computes.size());
    const bool per_row = loop_.columns > 0 && computed_per_row(layout_, id, loop_.space);
    if (node.op->kind == OpKind::reduction) {
      if (per_row) return add_row_reduction(id, node, position);
      const std::uint32_t slot = read(id, program_.inputs(node)[0], position, Form::block);
      loop_.sinks.push_back({position, slot, id, reduction_shape(program_, node), nullptr, node.dtype});
      return;
    }
    if (node.op->kind == OpKind::matmul) return add_product(id, node, position);
    if (node.op == &taken_elements_op) return add_taken(id, node, position);
    Loop::Compute compute{id, 0, {}, 0, per_row};
    for (NodeId input : program_.inputs(node))
      compute.inputs[compute.input_count++] = read(id, input, position, Form::scalar_or_block, per_row);
    compute.output = write(id, per_row);
    loop_.computes.push_back(compute);
  }

  void add_row_reduction(NodeId id, const Node& node, std::uint32_t position) {
    const std::uint32_t from = read(id, program_.inputs(node)[0], position, Form::block);
    loop_.row_steps.push_back({position, from, write(id, true), id, node.dtype, true});
  }

  void add_product(NodeId id, const Node& node, std::uint32_t position) {
    if (const std::optional<RowProduct> product = as_row_product(layout_, id)) return add(id, node, *product, position);
    add(id, node, *as_block_product(layout_, id), position);
  }

  void add(NodeId id, const Node& node, const RowProduct& product, std::uint32_t position) {
    const Access& matrix = layout_.accesses[product.matrix];
    const RowsRead rows{matrix.base, matrix.view.offset, product.leading, product.columns, product.places};
    row_bytes_ += static_cast<std::size_t>(product.columns) * size_of(node.dtype);
    if (product.form == RowProduct::Form::dots) {
      const Access vector{layout_.accesses[product.vector].base, {layout_.accesses[product.vector].view.offset, {}}};
      loop_.loads.push_back({position, write(id), id, vector, node.dtype, rows});
    } else {
      const std::uint32_t slot = read(id, product.vector, position, Form::block);
      const ReductionShape shape{1, product.rows, product.columns};
      loop_.sinks.push_back({position, slot, id, shape, nullptr, node.dtype, rows});
    }
  }

  void add_taken(NodeId id, const Node& node, std::uint32_t position) {
    const auto inputs = program_.inputs(node);
    const Access& from = layout_.accesses[inputs[0]];
    const RowsRead rows{from.base, from.view.offset, 1, 1, inputs[1]};
    loop_.loads.push_back({position, write(id), id, {from.base, {}}, node.dtype, rows});
  }

  void add(NodeId id, const Node& node, const BlockProduct& product, std::uint32_t position) {
    const Access& matrix = layout_.accesses[product.matrix];
    const RowsRead rows{matrix.base, matrix.view.offset, product.leading, product.depth};
    if (product.form == BlockProduct::Form::dots) {
      loop_.products.push_back({position, write(id), id, node.dtype, rows, layout_.accesses[product.factor]});
    } else {
      const std::uint32_t slot = read(id, product.factor, position, Form::block);
      loop_.product_sums.push_back({position, slot, id, node.dtype, rows});
    }
  }

  /// Kernels read a scalar from one vector of copies; sinks want a block of elements in any case.
  enum class Form { scalar_or_block, block };

  /// The operand through which the value is read at `position`; loads it there if it needs a register.
  std::uint32_t read(NodeId reader, NodeId value, std::uint32_t position, Form form, bool per_row = false) {
    const Access& access = layout_.accesses[value];
    const bool here = sources_.fusion.group_of[access.base] == group_index_;
    const std::uint32_t operand = here && readable_in_loop(layout_, reader, value, loop_.space)
                                      ? computed(access.base, position, per_row)
                                      : outside(value, position, form, per_row);
    operands_[operand].last_use = std::max(operands_[operand].last_use, position);
    return operand;
  }

  /// The operand of a value of this loop; a value of rows, for who does not want it as such, at each place of its row.
  std::uint32_t computed(NodeId base, std::uint32_t position, bool per_row) {
    const std::uint32_t operand = sources_.computed[base];
    if (per_row || loop_.columns == 0 || !computed_per_row(layout_, base, loop_.space)) return operand;
    const auto [known, is_new] = spread_.try_emplace(base, 0);
    if (is_new) {
      const DType dtype = program_[base].dtype;
      known->second = new_operand(true, dtype);
      operands_[operand].last_use = std::max(operands_[operand].last_use, position);
      loop_.row_steps.push_back({position, operand, known->second, base, dtype, false});
    }
    return known->second;
  }

  std::uint32_t outside(NodeId value, std::uint32_t position, Form form, bool per_row) {
    const Access& access = layout_.accesses[value];
    const Shape& shape = program_[value].shape;
    const Shape& space = per_row ? row_space_ : loop_.space;
    const View view = squeezed_view(access.view, shape);
    const bool single = program_[access.base].shape.size() == 1 ||
                        std::all_of(view.strides, view.strides + space.rank(), [](auto s) { return s == 0; });
    const bool scalar = single && form == Form::scalar_or_block;
    const std::uint32_t known = find_outside(access.base, view, scalar, per_row);
    if (known != kNone) return known;
    const DType dtype = program_[value].dtype;
    const std::uint32_t operand = new_operand(false, dtype);
    reads_.push_back({access.base, std::exchange(sources_.last_read[access.base], count_of(reads_)), view, operand,
                      scalar, per_row});
    if (scalar) {
      loop_.scalars.push_back({operand, access.base, view.offset, size_of(dtype)});
    } else if (is_contiguous(view, space)) {
      loop_.streams.push_back({operand, access.base, view.offset, size_of(dtype), false, false, per_row});
    } else {
      operands_[operand].in_register = true;
      loop_.loads.push_back({position, operand, access.base, {access.base, view}, dtype, {}, nullptr, per_row});
    }
    return operand;
  }

  std::uint32_t find_outside(NodeId base, const View& view, bool scalar, bool per_row) const {
    for (std::uint32_t i = sources_.last_read[base]; i != kNone; i = reads_[i].before) {
      const Read& known = reads_[i];
      if (known.scalar == scalar && (scalar || known.per_row == per_row) && known.view.offset == view.offset &&
          std::equal(view.strides, view.strides + loop_.space.rank(), known.view.strides))
        return known.operand;
    }
    return kNone;
  }

  std::uint32_t write(NodeId id, bool per_row = false) {
    const bool in_memory = sources_.materialized[id];
    const std::uint32_t operand = new_operand(!in_memory, program_[id].dtype);
    if (in_memory) {
      const std::size_t bytes = size_of(program_[id].dtype);
      const bool past_caches = !per_row && static_cast<std::size_t>(loop_.space.size()) * bytes >= kPastCaches;
      loop_.streams.push_back({operand, id, 0, bytes, true, past_caches, per_row});
    }
    operands_[operand].last_use = static_cast<std::uint32_t>(loop_.computes.size());
    sources_.computed[id] = operand;
    return operand;
  }

  std::uint32_t new_operand(bool in_register, DType dtype) {
    operands_.push_back({in_register, size_of(dtype)});
    return count_of(operands_) - 1;
  }

  static std::uint32_t count_of(const auto& list) { return static_cast<std::uint32_t>(list.size()); }

  /// Linear scan: a register is free again after the last instruction that reads it, or for the output of that
  /// instruction: kernels read an element before they write it, but wider elements would run ahead of narrower ones.
  /// Sinks read before the instruction at their position, so a value that a sink reads is still there.
  void allocate_registers() {
    const auto last_use = [&](std::uint32_t i) {
      return operands_[i].in_register ? operands_[i].last_use : loop_.computes.size();
    };
    Buckets dying(loop_.computes.size(), count_of(operands_), last_use);
    std::vector<std::uint32_t> free;
    const auto take = [&](std::uint32_t operand) {
      if (!operands_[operand].in_register) return;
      if (free.empty()) free.push_back(loop_.registers++);
      operands_[operand].slot = free.back();
      free.pop_back();
    };
    std::size_t load = 0, product = 0, row_step = 0;
    for (std::uint32_t i = 0; i <= loop_.computes.size(); ++i) {
      for (; load < loop_.loads.size() && loop_.loads[load].before == i; ++load) take(loop_.loads[load].slot);
      for (; product < loop_.products.size() && loop_.products[product].before == i; ++product)
        take(loop_.products[product].slot);
      for (; row_step < loop_.row_steps.size() && loop_.row_steps[row_step].before == i; ++row_step)
        take(loop_.row_steps[row_step].to);
      if (i == loop_.computes.size()) break;
      const std::uint32_t output = loop_.computes[i].output;
      const auto free_dying = [&](bool of_output_width) {
        for (std::uint32_t operand : dying[i])
          if (operand != output && (operands_[operand].bytes == operands_[output].bytes) == of_output_width)
            free.push_back(operands_[operand].slot);
      };
      free_dying(true);
      take(output);
      free_dying(false);
      if (operands_[output].in_register && operands_[output].last_use == i) free.push_back(operands_[output].slot);
    }
  }

  /// Registers first, then streams, then scalars.
  void number_slots() {
    std::uint32_t next = loop_.registers;
    for (Loop::Stream& stream : loop_.streams) operands_[stream.slot].slot = next++;
    for (Loop::Scalar& scalar : loop_.scalars) operands_[scalar.slot].slot = next++;
    loop_.slots = next;
    const auto rename = [&](std::uint32_t& operand) { operand = operands_[operand].slot; };
    for (Loop::Stream& stream : loop_.streams) rename(stream.slot);
    for (Loop::Scalar& scalar : loop_.scalars) rename(scalar.slot);
    for (Loop::Load& load : loop_.loads) rename(load.slot);
    for (Loop::Product& product : loop_.products) rename(product.slot);
    for (Loop::Product& product : loop_.product_sums) rename(product.slot);
    for (Loop::RowStep& step : loop_.row_steps) {
      rename(step.from);
      rename(step.to);
    }
    for (Loop::Sink& sink : loop_.sinks) rename(sink.slot);
    for (Loop::Compute& compute : loop_.computes) {
      rename(compute.output);
      for (std::uint32_t i = 0; i < compute.input_count; ++i) rename(compute.inputs[i]);
    }
  }

  void choose_kernels(InstructionSet set) {
    if (std::ranges::any_of(loop_.streams, &Loop::Stream::past_caches)) loop_.past_caches = &stream_kernels(set);
    for (Loop::Load& load : loop_.loads)
      if (load.matrix.columns > 1) load.rows = &row_kernel(load.dtype, set);
    for (auto* products : {&loop_.products, &loop_.product_sums})
      for (Loop::Product& product : *products) {
        product.gemm = &gemm_kernels(set);
        product.kernel = &sum_kernel(product.dtype, set);
      }
    for (Loop::RowStep& step : loop_.row_steps)
      if (step.reduces) step.kernel = &reduction_for(*program_[step.value].op, step.dtype, set);
      else step.spread = &spread_kernels(set);
    for (Loop::Sink& sink : loop_.sinks) {
      const bool sums_rows = sink.matrix.value != kNoNode;
      if (sums_rows) sink.rows = &row_kernel(sink.dtype, set);
      sink.kernel =
          sums_rows ? &sum_kernel(sink.dtype, set) : &reduction_for(*program_[sink.value].op, sink.dtype, set);
    }
    loop_.code.reserve(loop_.computes.size());
    for (const Loop::Compute& compute : loop_.computes) {
      const Node& node = program_[compute.value];
      const DType input = program_[program_.inputs(node).back()].dtype;
      Instruction instruction{kernel_for(*node.op, input, node.dtype, set), compute.output, {}};
      std::ranges::copy(compute.inputs, instruction.inputs);
      loop_.code.push_back(instruction);
    }
  }

  std::size_t widest_element() const {
    std::size_t widest = 1;
    for (NodeId id : group_.nodes) {
      widest = std::max(widest, size_of(program_[id].dtype));
      for (NodeId input : program_.inputs(program_[id])) widest = std::max(widest, size_of(program_[input].dtype));
    }
    return widest;
  }

  LoopSources& sources_;
  const Layout& layout_;
  const Program& program_;
  const Group& group_;
  std::uint32_t group_index_;
  Loop loop_;
  Shape row_space_;            ///< of the values of rows
  std::size_t row_bytes_ = 0;  ///< of all rows that a place of the loop reads
  std::vector<Operand>& operands_;
  std::unordered_map<NodeId, std::uint32_t> spread_;  ///< values of rows at each place of their row
  std::vector<Read>& reads_;
};

}  // namespace

LoopSources::LoopSources(const Layout& from_layout, const Fusion& from_fusion, const std::vector<bool>& in_memory)
    : layout(from_layout),
      fusion(from_fusion),
      materialized(in_memory),
      computed(layout.program.size()),
      last_read(layout.program.size(), kNoOperand) {}

Loop build_loop(LoopSources& sources, std::uint32_t group, InstructionSet set) {
  return LoopBuilder(sources, group).build(set);
}

}  // namespace xtape::detail
