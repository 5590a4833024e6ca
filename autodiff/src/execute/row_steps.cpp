#include "execute/row_steps.hpp"

namespace xtape::detail {

void run_row_step(const Loop::RowStep& step, const Slot* slots, std::int64_t columns, std::size_t n) {
  const std::byte* from = slots[step.from].data;
  std::byte* to = slots[step.to].data;
  if (step.reduces) {
    SegmentState segment;
    segment.length = columns;
    segment.output = to;
    step.kernel->begin(segment);
    return step.kernel->feed(segment, from, n);
  }
  const std::size_t bytes = size_of(step.dtype), width = static_cast<std::size_t>(columns);
  const SpreadKernels& kernels = *step.spread;
  (bytes == 8 ? kernels.bytes8 : bytes == 4 ? kernels.bytes4 : kernels.bytes1)(from, to, width, n / width);
}

}  // namespace xtape::detail
