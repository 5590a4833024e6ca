#include "plan/buffers.hpp"

#include <algorithm>
#include <cstring>

#include "plan/buckets.hpp"
#include "plan/faults.hpp"

namespace xtape::detail {

std::vector<std::uint32_t> last_readers(const Program& program, const LargeVector<Access>& accesses,
                                        const Fusion& fusion) {
  const auto steps = static_cast<std::uint32_t>(fusion.groups.size());
  std::vector<std::uint32_t> last(program.size(), steps);
  for (std::uint32_t step = 0; step < steps; ++step) {
    for (NodeId id : fusion.groups[step].nodes) {
      if (last[id] == steps) last[id] = step;
      for (NodeId input : program.inputs(program[id])) last[accesses[input].base] = step;
    }
  }
  return last;
}

namespace {

/// A loop by rows walks values of rows at another pace than the rest.
bool written_per_row(const Loop& loop, NodeId value) {
  return std::ranges::any_of(loop.streams, [=](const Loop::Stream& stream) {
    return stream.value == value && stream.written && stream.per_row;
  });
}

}  // namespace

bool can_overwrite(const Loop& loop, NodeId old, NodeId value) {
  const auto reads_old = [&](const auto& item) { return item.value == old; };
  const auto by_places = [](const RowsRead& matrix) {
    return matrix.places != kNoNode && planner_faults().ignore_places;
  };
  const auto loads_old = [&](const Loop::Load& load) {
    return (load.access.base == old || load.matrix.reads(old)) && !by_places(load.matrix);
  };
  const auto sums_old = [&](const Loop::Sink& sink) { return sink.matrix.reads(old) && !by_places(sink.matrix); };
  const auto multiplies_old = [&](const Loop::Product& product) {
    return product.matrix.reads(old) || product.factor.base == old;
  };
  if (std::ranges::any_of(loop.products, multiplies_old) || std::ranges::any_of(loop.product_sums, multiplies_old))
    return false;
  if (std::ranges::any_of(loop.scalars, reads_old) || std::ranges::any_of(loop.loads, loads_old) ||
      std::ranges::any_of(loop.sinks, sums_old))
    return false;
  std::uint32_t slot = loop.slots;
  for (const Loop::Stream& stream : loop.streams) {
    if (stream.value != old) continue;
    if (stream.written || stream.offset != 0 || stream.per_row != written_per_row(loop, value)) return false;
    slot = stream.slot;
  }
  if (slot == loop.slots) return false;
  std::size_t write = loop.computes.size();
  for (std::size_t i = 0; i < loop.computes.size(); ++i) {
    const Loop::Compute& compute = loop.computes[i];
    const bool reads =
        std::find(compute.inputs, compute.inputs + compute.input_count, slot) != compute.inputs + compute.input_count;
    if (reads && i > write) return false;
    if (compute.value == value) write = i;
  }
  const auto reads_later = [&](const auto& reader) { return reader.slot == slot && reader.before > write; };
  const auto reduced_later = [&](const Loop::RowStep& step) {
    return step.from == slot && step.before > write && !planner_faults().ignore_row_readers;
  };
  return write < loop.computes.size() && std::ranges::none_of(loop.sinks, reads_later) &&
         std::ranges::none_of(loop.product_sums, reads_later) && std::ranges::none_of(loop.row_steps, reduced_later);
}

namespace {

constexpr std::size_t kAlignment = 64;
/// Buffers tried for each value that could be computed in place: each costs a look at the whole loop.
constexpr int kMostTried = 16;

std::size_t padded(std::size_t bytes) { return (bytes + kAlignment - 1) / kAlignment * kAlignment; }

/// The workspace: holes by offset, first fit.
class Arena {
 public:
  std::size_t take(std::size_t bytes) {
    const auto hole = std::ranges::find_if(holes_, [&](const Hole& candidate) { return candidate.bytes >= bytes; });
    if (hole == holes_.end()) return extend(bytes);
    const std::size_t offset = hole->offset;
    hole->offset += bytes;
    hole->bytes -= bytes;
    if (hole->bytes == 0) holes_.erase(hole);
    return offset;
  }

  void give_back(std::size_t offset, std::size_t bytes) {
    if (bytes == 0) return;
    auto next = std::ranges::lower_bound(holes_, offset, {}, &Hole::offset);
    next = holes_.insert(next, {offset, bytes});
    if (std::next(next) != holes_.end() && offset + bytes == std::next(next)->offset) {
      next->bytes += std::next(next)->bytes;
      holes_.erase(std::next(next));
    }
    if (next != holes_.begin() && std::prev(next)->offset + std::prev(next)->bytes == offset) {
      std::prev(next)->bytes += next->bytes;
      holes_.erase(next);
    }
  }

  std::size_t size() const { return size_; }

 private:
  struct Hole {
    std::size_t offset, bytes;
  };

  /// Grows the workspace, from the hole at its end if there is one.
  std::size_t extend(std::size_t bytes) {
    std::size_t offset = size_;
    if (!holes_.empty() && holes_.back().offset + holes_.back().bytes == size_) {
      offset = holes_.back().offset;
      holes_.pop_back();
    }
    size_ = offset + bytes;
    return offset;
  }

  std::vector<Hole> holes_;
  std::size_t size_ = 0;
};

class BufferPass {
 public:
  BufferPass(Plan& plan, const Fusion& fusion, const std::vector<bool>& materialized, const Options& options)
      : plan_(plan),
        fusion_(fusion),
        materialized_(materialized),
        options_(options),
        last_(last_readers(plan.program, plan.accesses, fusion)) {}

  std::vector<std::uint32_t> run() {
    plan_.placements.assign(plan_.program.size(), {});
    for (std::size_t i = 0; i < plan_.leaves.size(); ++i) plan_.placements[plan_.leaves[i]] = {Place::leaf, i};
    place_constants();
    for (NodeId output : plan_.outputs) place_output(plan_.accesses[output].base);
    const std::size_t steps = fusion_.groups.size();
    Buckets dying(steps, plan_.program.size(),
                  [&](NodeId id) { return is_temporary(id) && last_[id] < steps ? dies_at(id) : steps; });
    for (std::uint32_t step = 0; step < steps; ++step) place_step(step, dying[step]);
    plan_.arena_bytes = arena_.size();
    return std::move(last_);
  }

 private:
  void place_constants() {
    for (NodeId id = 0; id < plan_.program.size(); ++id) {
      const Node& node = plan_.program[id];
      if (node.op->kind != OpKind::constant || is_leaf(node)) continue;
      plan_.placements[id] = {Place::constant, plan_.constants.size()};
      double value;
      std::memcpy(&value, plan_.program.attributes(node).data(), sizeof value);
      append_copies(value, node.dtype);
    }
  }

  void append_copies(double value, DType dtype) {
    const auto fill = [&]<class T>(T element) {
      for (std::size_t i = 0; i < kAlignment / sizeof(T); ++i) {
        const auto* bytes = reinterpret_cast<const std::byte*>(&element);
        plan_.constants.insert(plan_.constants.end(), bytes, bytes + sizeof(T));
      }
    };
    switch (dtype) {
      case DType::float32:
        return fill(static_cast<float>(value));
      case DType::float64:
        return fill(value);
      case DType::int64:
        return fill(static_cast<std::int64_t>(value));
      case DType::boolean:
        return fill(static_cast<std::uint8_t>(value != 0));
    }
  }

  void place_output(NodeId base) {
    if (plan_.placements[base].place != Place::nowhere) return;
    plan_.placements[base] = {Place::output, plan_.output_buffers.size()};
    plan_.output_buffers.push_back(base);
  }

  bool is_temporary(NodeId id) const { return materialized_[id] && plan_.placements[id].place == Place::nowhere; }

  std::uint32_t dies_at(NodeId id) const {
    return planner_faults().ignore_aliases && last_[id] > fusion_.group_of[id] ? last_[id] - 1 : last_[id];
  }

  std::size_t bytes_of(NodeId id) const {
    const Node& node = plan_.program[id];
    return padded(static_cast<std::size_t>(node.shape.size()) * size_of(node.dtype));
  }

  /// `dying` are the temporaries whose buffers are free after the step.
  void place_step(std::uint32_t step, std::span<NodeId> dying) {
    for (NodeId id : fusion_.groups[step].nodes) {
      if (!is_temporary(id)) continue;
      plan_.bytes_before_reuse += bytes_of(id);
      if (!place_over_dying(id, step, dying)) plan_.placements[id] = {Place::arena, arena_.take(bytes_of(id))};
    }
    if (!options_.planned) return;
    for (NodeId id : dying)
      if (id != kNoNode) arena_.give_back(plan_.placements[id].at, bytes_of(id));
  }

  /// In place: takes the buffer of an operand that this loop is the last to read, which then is kNoNode in `dying`.
  bool place_over_dying(NodeId id, std::uint32_t step, std::span<NodeId> dying) {
    if (!options_.planned || plan_.steps[step].kind != Step::Kind::loop ||
        plan_.program[id].op->kind != OpKind::elementwise)
      return false;
    const Loop& loop = plan_.loops[plan_.steps[step].index];
    int tried = 0;
    for (NodeId& old : dying) {
      if (old == kNoNode) continue;
      const bool fits = plan_.placements[old].place == Place::arena && fusion_.group_of[old] != step &&
                        plan_.program[old].shape.size() == plan_.program[id].shape.size() &&
                        size_of(plan_.program[old].dtype) == size_of(plan_.program[id].dtype);
      if (fits && ++tried > kMostTried) return false;
      if (!fits || !(planner_faults().ignore_readers || can_overwrite(loop, old, id))) continue;
      plan_.placements[id] = plan_.placements[old];
      old = kNoNode;
      return true;
    }
    return false;
  }

  Plan& plan_;
  const Fusion& fusion_;
  const std::vector<bool>& materialized_;
  const Options& options_;
  std::vector<std::uint32_t> last_;
  Arena arena_;
};

}  // namespace

std::vector<std::uint32_t> place_buffers(Plan& plan, const Fusion& fusion, const std::vector<bool>& materialized,
                                         const Options& options) {
  return BufferPass(plan, fusion, materialized, options).run();
}

}  // namespace xtape::detail
