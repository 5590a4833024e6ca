#include "plan/verify.hpp"

#include <algorithm>
#include <map>
#include <set>
#include <stdexcept>
#include <string>

#include "plan/faults.hpp"

namespace xtape::detail {

namespace {

/// Plays the plan through with the names of values in place of the values. It shares no bookkeeping with the passes:
/// what stands in a buffer or a register is what was written there last.
class Simulation {
 public:
  explicit Simulation(const Plan& plan) : plan_(plan) {}

  void run() {
    for (step_ = 0; step_ < plan_.steps.size(); ++step_) {
      const Step& step = plan_.steps[step_];
      if (!donated_.empty() && step.kind != Step::Kind::loop)
        fail(*donated_.begin(), "may be overwritten before a step that may throw");
      switch (step.kind) {
        case Step::Kind::loop:
          run_loop(plan_.loops[step.index]);
          break;
        case Step::Kind::matmul:
          run_matmul(plan_.matmuls[step.index]);
          break;
        case Step::Kind::opaque:
          run_opaque(plan_.opaques[step.index]);
          break;
      }
    }
    for (NodeId output : plan_.outputs) check_present(plan_.accesses[output].base, "an output");
  }

 private:
  [[noreturn]] void fail(NodeId value, const std::string& what) const {
    throw std::logic_error("plan: step " + std::to_string(step_) + ": value %" + std::to_string(value) + " " + what);
  }

  std::size_t bytes_of(NodeId id) const {
    return static_cast<std::size_t>(plan_.program[id].shape.size()) * size_of(plan_.program[id].dtype);
  }

  /// The whole buffer of the value must hold it.
  void check_present(NodeId base, const char* reader) const {
    const Placement& placement = plan_.placements[base];
    if (donated_.contains(base)) fail(base, std::string("may be overwritten when read by ") + reader);
    if (placement.place == Place::leaf || placement.place == Place::constant || bytes_of(base) == 0) return;
    if (placement.place == Place::nowhere) fail(base, std::string("has no buffer but is read by ") + reader);
    if (placement.place == Place::output) {
      if (!written_outputs_.contains(base)) fail(base, std::string("is read before it is computed, by ") + reader);
      return;
    }
    const auto found = arena_.find(placement.at);
    if (found == arena_.end() || found->second.value != base)
      fail(base, std::string("is no longer or not yet in its buffer when read by ") + reader);
  }

  /// What stood anywhere in the value's range is gone.
  void write(NodeId id) {
    const Placement& placement = plan_.placements[id];
    if (placement.place == Place::output) written_outputs_[id] = true;
    for (const Donation& donation : plan_.donations)
      if (donation.output == id) donated_.insert(donation.leaf);
    if (placement.place == Place::nowhere || placement.place == Place::leaf) fail(id, "is computed into no buffer");
    if (placement.place != Place::arena || bytes_of(id) == 0) return;
    const std::size_t end = placement.at + bytes_of(id);
    if (end > plan_.arena_bytes) fail(id, "lies outside the workspace");
    std::erase_if(arena_, [&](const auto& entry) {
      return entry.first < end && entry.first + entry.second.bytes > placement.at;
    });
    arena_[placement.at] = {id, bytes_of(id)};
  }

  void run_matmul(const MatmulStep& step) {
    check_present(step.a.access.base, "a product");
    check_present(step.b.access.base, "a product");
    write_checked(step.value, {step.a.access.base, step.b.access.base});
  }

  void run_opaque(const OpaqueStep& step) {
    std::vector<NodeId> read;
    for (const Access& input : step.inputs) {
      check_present(input.base, "a call");
      read.push_back(input.base);
    }
    write_checked(step.value, read);
  }

  /// A product or call must not write over what it reads.
  void write_checked(NodeId id, const std::vector<NodeId>& read) {
    write(id);
    for (NodeId base : read) check_present(base, "the step that writes over it");
  }

  void run_loop(const Loop& loop) {
    holds_.assign(loop.slots, kNoNode);
    per_row_.assign(loop.slots, false);
    // Elements go through the loop one block after the other: what is read before a block is run must survive all
    // writes of the loop; what is streamed must survive those before its last reader only.
    for (const Loop::Scalar& scalar : loop.scalars) enter(scalar.slot, scalar.value, "a loop");
    check_read_anywhere(loop, "a loop");
    for (const Loop::Stream& stream : loop.streams) {
      per_row_[stream.slot] = stream.per_row;
      if (!stream.written) enter(stream.slot, stream.value, "a loop");
    }
    check_rows(loop);
    play_block(loop);
    check_stripes(loop);
    for (const Loop::Sink& sink : loop.sinks) write(sink.value);
    for (const Loop::Product& sum : loop.product_sums) write(sum.value);
    for (const Loop::Scalar& scalar : loop.scalars) check_present(scalar.value, "the loop that writes over it");
    check_read_anywhere(loop, "the loop that writes over it");
  }

  /// What a loop reads at other places than its own, or beside them.
  void check_read_anywhere(const Loop& loop, const char* reader) const {
    for (const Loop::Load& load : loop.loads) {
      check_present(load.access.base, reader);
      check_read_anywhere(load.matrix, reader);
    }
    for (const Loop::Sink& sink : loop.sinks) check_read_anywhere(sink.matrix, reader);
    for (const Loop::Product& product : loop.products) {
      check_read_anywhere(product.matrix, reader);
      check_present(product.factor.base, reader);
    }
    for (const Loop::Product& sum : loop.product_sums) check_read_anywhere(sum.matrix, reader);
  }

  void check_read_anywhere(const RowsRead& matrix, const char* reader) const {
    for (NodeId read : {matrix.value, matrix.places})
      if (read != kNoNode) check_present(read, reader);
  }

  /// A loop runs in stripes or in chunks for all that it sums.
  void check_stripes(const Loop& loop) const {
    for (const Loop::Sink& sink : loop.sinks) {
      const ReductionShape& first = loop.sinks[0].shape;
      if ((sink.shape.striped() || first.striped()) && !(sink.shape == first && sink.matrix.value == kNoNode))
        fail(sink.value, "is summed in a loop whose order is another's");
    }
  }

  /// Blocks, chunks and stripes of a loop by rows are whole rows.
  void check_rows(const Loop& loop) const {
    if (!loop.product_sums.empty() && loop.block != loop.columns * kProductRows)
      fail(loop.nodes[0], "is in a loop whose blocks are not those of its sums of products");
    if (!loop.products.empty() && loop.columns == 0) fail(loop.nodes[0], "multiplies rows in a loop that knows none");
    if (loop.columns == 0) return;
    const bool whole = loop.columns == loop.space.back() && loop.block % (loop.columns * std::int64_t{kPadding}) == 0 &&
                       loop.chunking[0].end % loop.columns == 0;
    if (!whole) fail(loop.nodes[0], "is in a loop that cuts rows");
    for (const Loop::Sink& sink : loop.sinks)
      if (sink.shape.striped()) fail(sink.value, "is summed in stripes, which cut rows");
  }

  void enter(std::uint32_t slot, NodeId value, const char* reader) {
    check_present(value, reader);
    holds_[slot] = value;
  }

  void play_block(const Loop& loop) {
    std::size_t load = 0, product = 0, row_step = 0, sink = 0, sum = 0;
    for (std::uint32_t i = 0; i <= loop.computes.size(); ++i) {
      for (; load < loop.loads.size() && loop.loads[load].before == i; ++load)
        fill(loop, loop.loads[load].slot, loop.loads[load].value, loop.loads[load].per_row);
      for (; product < loop.products.size() && loop.products[product].before == i; ++product)
        fill(loop, loop.products[product].slot, loop.products[product].value, false);
      for (; row_step < loop.row_steps.size() && loop.row_steps[row_step].before == i; ++row_step)
        play(loop, loop.row_steps[row_step]);
      for (; sink < loop.sinks.size() && loop.sinks[sink].before == i; ++sink) expect_block(loop, loop.sinks[sink]);
      for (; sum < loop.product_sums.size() && loop.product_sums[sum].before == i; ++sum)
        expect(loop, loop.product_sums[sum].value, 1, loop.product_sums[sum].slot, false);
      if (i == loop.computes.size()) break;
      const Loop::Compute& compute = loop.computes[i];
      for (std::uint32_t k = 0; k < compute.input_count; ++k) {
        expect(loop, compute.value, k, compute.inputs[k], compute.per_row);
        if (compute.inputs[k] == compute.output) check_same_width(compute.value, k);
      }
      fill(loop, compute.output, compute.value, compute.per_row);
    }
    if (load != loop.loads.size() || product != loop.products.size() || row_step != loop.row_steps.size() ||
        sink != loop.sinks.size() || sum != loop.product_sums.size())
      fail(loop.nodes[0], "is in a loop out of order");
  }

  void play(const Loop& loop, const Loop::RowStep& step) {
    if (step.reduces) expect(loop, step.value, 0, step.from, false);
    else if (holds_[step.from] != step.value || !per_row_[step.from])
      fail(step.value, "is not in the register from which it is copied to rows");
    fill(loop, step.to, step.value, step.reduces);
  }

  void fill(const Loop& loop, std::uint32_t slot, NodeId value, bool per_row) {
    holds_[slot] = value;
    for (const Loop::Stream& stream : loop.streams) {
      if (stream.slot != slot) continue;
      if (stream.per_row != per_row) fail(value, "is written at another pace than it is computed");
      write_stream(loop, stream.value, per_row);
    }
    per_row_[slot] = per_row;
  }

  /// A reduction reads a block of elements, never the copies of a scalar.
  void expect_block(const Loop& loop, const Loop::Sink& sink) const {
    const bool matrix_first =
        plan_.accesses[plan_.program.inputs(plan_.program[sink.value])[0]].base == sink.matrix.value;
    expect(loop, sink.value, matrix_first ? 1 : 0, sink.slot, false);
    if (sink.slot >= loop.registers + loop.streams.size()) fail(sink.value, "reduces a scalar as if it were a block");
  }

  /// A register written over must have elements as wide as those it held.
  void check_same_width(NodeId value, std::uint32_t input) const {
    const Node& node = plan_.program[value];
    if (size_of(plan_.program[plan_.program.inputs(node)[input]].dtype) != size_of(node.dtype))
      fail(value, "overwrites narrower elements of which it still has to read");
  }

  /// A stream written over another that the loop reads: from here on that other one is gone.
  void write_stream(const Loop& loop, NodeId value, bool per_row) {
    write(value);
    for (const Loop::Stream& stream : loop.streams) {
      if (stream.written || holds_[stream.slot] == kNoNode || is_present(stream.value)) continue;
      if (stream.offset != 0 || stream.per_row != per_row)
        fail(stream.value, "is read ahead of where the loop writes over it");
      holds_[stream.slot] = kNoNode;
    }
  }

  bool is_present(NodeId base) const {
    const Placement& placement = plan_.placements[base];
    if (donated_.contains(base)) return false;
    if (placement.place != Place::arena || bytes_of(base) == 0) return true;
    const auto found = arena_.find(placement.at);
    return found != arena_.end() && found->second.value == base;
  }

  void expect(const Loop& loop, NodeId reader, std::uint32_t input, std::uint32_t slot, bool per_row) const {
    const NodeId wanted = plan_.accesses[plan_.program.inputs(plan_.program[reader])[input]].base;
    if (slot >= loop.slots || holds_[slot] != wanted) fail(wanted, "is not in the register that is read for it");
    const bool scalar = slot >= loop.registers + loop.streams.size();
    if (!scalar && per_row_[slot] != per_row) fail(wanted, "is read at another pace than it is held");
  }

  struct Occupant {
    NodeId value;
    std::size_t bytes;
  };
  const Plan& plan_;
  std::size_t step_ = 0;
  std::map<std::size_t, Occupant> arena_;  ///< by offset
  std::map<NodeId, bool> written_outputs_;
  std::set<NodeId> donated_;   ///< leaves, as if every output that may be written over one were
  std::vector<NodeId> holds_;  ///< of the present loop, by slot
  std::vector<bool> per_row_;  ///< whether the slot has an element for each row only
};

}  // namespace

void verify(const Plan& plan) { Simulation(plan).run(); }

void verify_if_enabled([[maybe_unused]] const Plan& plan) {
#ifndef NDEBUG
  if (!planner_faults().skip_verifier) verify(plan);
#endif
}

}  // namespace xtape::detail
