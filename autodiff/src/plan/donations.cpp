#include "plan/donations.hpp"

#include <algorithm>

#include "plan/buffers.hpp"
#include "plan/faults.hpp"

namespace xtape::detail {

namespace {

/// Leaves that are kept in mind for each output.
constexpr std::size_t kMostLeaves = 64;

std::size_t bytes_of(const Plan& plan, NodeId id) {
  return static_cast<std::size_t>(plan.program[id].shape.size()) * size_of(plan.program[id].dtype);
}

/// From here on there are only loops, which cannot fail once they have begun.
std::uint32_t first_of_last_loops(const Plan& plan) {
  auto step = static_cast<std::uint32_t>(plan.steps.size());
  while (step > 0 && plan.steps[step - 1].kind == Step::Kind::loop) --step;
  return step;
}

/// The donations of one loop. Reads and writes are numbered by instructions; a reduction reads before the instruction
/// at its position.
class LoopDonations {
 public:
  LoopDonations(Plan& plan, std::uint32_t step, const std::vector<std::uint32_t>& last_steps)
      : plan_(plan), step_(step), loop_(plan.loops[plan.steps[step].index]), last_reads_(loop_.slots) {
    find_dying(last_steps);
    if (dying_.empty()) return;
    for (const Loop::Sink& sink : loop_.sinks) last_reads_[sink.slot] = std::max(last_reads_[sink.slot], sink.before);
    for (const Loop::Product& sum : loop_.product_sums)
      last_reads_[sum.slot] = std::max(last_reads_[sum.slot], sum.before);
    for (const Loop::RowStep& row : loop_.row_steps)
      last_reads_[row.from] = std::max(last_reads_[row.from], row.before);
    for (std::uint32_t i = 0; i < loop_.computes.size(); ++i) {
      const Loop::Compute& compute = loop_.computes[i];
      for (std::uint32_t k = 0; k < compute.input_count; ++k)
        last_reads_[compute.inputs[k]] = std::max(last_reads_[compute.inputs[k]], i);
    }
    for (std::uint32_t i = 0; i < loop_.computes.size(); ++i)
      if (plan.placements[loop_.computes[i].value].place == Place::output) add(loop_.computes[i].value, i);
  }

 private:
  /// Leaves that the loop reads only at its own place, and that nobody reads later.
  void find_dying(const std::vector<std::uint32_t>& last_steps) {
    std::vector<NodeId> elsewhere;
    for (const Loop::Scalar& scalar : loop_.scalars) elsewhere.push_back(scalar.value);
    for (const Loop::Load& load : loop_.loads)
      if (load.matrix.places == kNoNode || !planner_faults().ignore_places)
        elsewhere.insert(elsewhere.end(), {load.access.base, load.matrix.value});
    for (const Loop::Sink& sink : loop_.sinks)
      if (sink.matrix.places == kNoNode || !planner_faults().ignore_places) elsewhere.push_back(sink.matrix.value);
    for (const auto* products : {&loop_.products, &loop_.product_sums})
      for (const Loop::Product& product : *products)
        elsewhere.insert(elsewhere.end(), {product.matrix.value, product.factor.base});
    for (const Loop::Stream& stream : loop_.streams)
      if (stream.offset != 0 || walks_slower(stream)) elsewhere.push_back(stream.value);
    std::ranges::sort(elsewhere);
    for (const Loop::Stream& stream : loop_.streams) {
      const bool dies = last_steps[stream.value] == step_ || planner_faults().donate_early;
      if (!stream.written && dies && plan_.placements[stream.value].place == Place::leaf &&
          !std::ranges::binary_search(elsewhere, stream.value))
        dying_.push_back(&stream);
    }
  }

  /// Values of rows in the buffer of a value that has an element at each place.
  bool walks_slower(const Loop::Stream& stream) const {
    return stream.per_row && plan_.program[stream.value].shape.size() == loop_.space.size();
  }

  void add(NodeId output, std::uint32_t write) {
    std::size_t found = 0;
    for (const Loop::Stream* leaf : dying_) {
      const bool fits = plan_.program[leaf->value].dtype == plan_.program[output].dtype &&
                        bytes_of(plan_, leaf->value) == bytes_of(plan_, output);
      if (!fits || (last_reads_[leaf->slot] > write && !planner_faults().donate_early)) continue;
      plan_.donations.push_back({output, leaf->value, step_});
      plan_.donated_bytes = std::max(plan_.donated_bytes, bytes_of(plan_, output));
      if (++found == kMostLeaves) return;
    }
  }

  Plan& plan_;
  std::uint32_t step_;
  const Loop& loop_;
  std::vector<std::uint32_t> last_reads_;  ///< by slot
  std::vector<const Loop::Stream*> dying_;
};

}  // namespace

void find_donations(Plan& plan, const Fusion& fusion, const std::vector<std::uint32_t>& last_readers,
                    const Options& options) {
  for (NodeId output : plan.output_buffers) plan.output_steps.push_back(fusion.group_of[output]);
  if (!options.planned) return;
  for (std::uint32_t step = first_of_last_loops(plan); step < plan.steps.size(); ++step)
    LoopDonations(plan, step, last_readers);
}

}  // namespace xtape::detail
