// Elements to rows: whole vectors of copies, of which what goes beyond a row is written over with the next.
#include "kernels/spread_kernel.hpp"

#include "kernels/lanes.hpp"

namespace xtape::detail::XTAPE_ISA {

static_assert(kVectorBytes <= kSpreadBeyond);

template <class T>
void spread(const void* from, void* to, std::size_t columns, std::size_t rows) {
  constexpr std::size_t kWidth = kVectorBytes / sizeof(T);
  using V = Vector<T, kWidth>;
  const T* x = static_cast<const T*>(from);
  T* row = static_cast<T*>(to);
  for (std::size_t i = 0; i < rows; ++i, row += columns) {
    const V copies = V{} + x[i];
    for (std::size_t j = 0; j < columns; j += kWidth) __builtin_memcpy(row + j, &copies, sizeof(V));
  }
}

extern constinit const SpreadKernels spread_kernels;
constinit const SpreadKernels spread_kernels = {&spread<std::uint64_t>, &spread<std::uint32_t>, &spread<Bool>};

}  // namespace xtape::detail::XTAPE_ISA
