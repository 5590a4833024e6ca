#include "plan/copy.hpp"

#include <cstring>

namespace xtape::detail {

namespace {

template <class T>
void copy_block(const Instruction& instruction, const Slot* slots, std::size_t n) {
  const Slot& from = slots[instruction.inputs[0]];
  T* to = reinterpret_cast<T*>(slots[instruction.output].data);
  const std::size_t padded = (n + kPadding - 1) / kPadding * kPadding;
  if (from.step != 0) {
    std::memcpy(to, from.data, padded * sizeof(T));
  } else {
    T element;
    std::memcpy(&element, from.data, sizeof(T));
    for (std::size_t i = 0; i < padded; ++i) to[i] = element;
  }
}

constexpr ElementwiseKernels kCopyKernels{.float32 = copy_block<std::uint32_t>,
                                          .float64 = copy_block<std::uint64_t>,
                                          .int64 = copy_block<std::uint64_t>,
                                          .boolean = copy_block<std::uint8_t>};
constexpr ByInstructionSet<ElementwiseKernels> kCopySets{{&kCopyKernels, &kCopyKernels, &kCopyKernels}};

}  // namespace

constinit const Op copy_op{.name = "copy", .kind = OpKind::elementwise, .elementwise = &kCopySets};

}  // namespace xtape::detail
