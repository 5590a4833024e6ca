// From lanes to kernels: a lane is a stateless lambda on one vector, a kernel runs it over a block.
// Every kernel file is compiled once for each instruction set. All that it emits lies in a namespace named XTAPE_ISA,
// and -Dxsimd=xsimd_<set> renames xsimd's, so that no weak symbol of one build can stand in for another's.
//
// Floating lanes work on xsimd batches. Lanes that touch other dtypes work on the compilers' own vectors, on which
// operators act element by element, a comparison gives 0 and -1, and ?: selects.
#pragma once

#include <cstddef>
#include <cstdint>
#include <utility>

#include <xsimd/xsimd.hpp>

#include "kernels/isa/bool_vectors.hpp"
#include "kernels/isa/sets.hpp"

namespace xtape::detail::XTAPE_ISA {

namespace xs = xsimd;

#if defined(__AVX512F__)
inline constexpr std::size_t kVectorBytes = 64;
#elif defined(__AVX2__)
inline constexpr std::size_t kVectorBytes = 32;
#else
inline constexpr std::size_t kVectorBytes = 16;
#endif

/// Where an operand's next vector is, and how many elements on the one after it.
template <class T>
struct Stream {
  explicit Stream(const Slot& slot, std::size_t width)
      : next(reinterpret_cast<T*>(slot.data)), advance(slot.step * static_cast<std::ptrdiff_t>(width)) {}
  T* next;
  std::ptrdiff_t advance;
};

/// A lane on batches of T, with all that it calls in the loop: a call would send the vectors through memory.
template <class T, class Lane, std::size_t... Input>
[[gnu::flatten]] void batch_kernel(const Instruction& instruction, const Slot* slots, std::size_t n) {
  using Batch = xs::batch<T>;
  T* y = reinterpret_cast<T*>(slots[instruction.output].data);
  Stream<const T> x[] = {Stream<const T>(slots[instruction.inputs[Input]], Batch::size)...};
  for (std::size_t i = 0; i < n; i += Batch::size) {
    Lane{}(Batch::load_unaligned(x[Input].next)...).store_unaligned(y + i);
    ((x[Input].next += x[Input].advance), ...);
  }
}

/// A vector of `Width` elements of T, as the compiler knows it. Booleans are bytes.
template <class T, std::size_t Width>
struct VectorOf {
  typedef T Type [[gnu::vector_size(Width * sizeof(T))]];
};
template <class T, std::size_t Width>
using Vector = typename VectorOf<T, Width>::Type;

using Bool = signed char;

template <class V, class T>
[[gnu::always_inline]] inline V load(const T* elements) {
  V vector;
  __builtin_memcpy(&vector, elements, sizeof(V));
  return vector;
}

/// A comparison's 0 and -1 as bytes 0 and 1.
template <std::size_t Width, class Mask>
[[gnu::always_inline]] inline Vector<Bool, Width> to_bool(const Mask& mask) {
  return narrowed<Vector<Bool, Width>, Width>(mask) & Bool{1};
}

template <class T, std::size_t Width, int From, std::size_t... I>
[[gnu::always_inline]] inline Vector<T, Width / 2> half_from(const Vector<T, Width>& vector,
                                                             std::index_sequence<I...>) {
  return __builtin_shufflevector(vector, vector, From + static_cast<int>(I)...);
}

/// All elements of a vector combined, upper half with lower half.
template <class Op, class T, std::size_t Width>
[[gnu::always_inline]] inline T across(const Vector<T, Width>& vector) {
  if constexpr (Width == 2) {
    return Op::of(vector[0], vector[1]);
  } else {
    constexpr auto kHalf = std::make_index_sequence<Width / 2>{};
    const auto lower = half_from<T, Width, 0>(vector, kHalf);
    const auto upper = half_from<T, Width, static_cast<int>(Width / 2)>(vector, kHalf);
    return across<Op, T, Width / 2>(Op::of(lower, upper));
  }
}

struct Sum {
  template <class T>
  static constexpr T identity = 0;
  [[gnu::always_inline]] static auto of(const auto& a, const auto& b) { return a + b; }
};

/// How many elements a lane takes at once if the widest of its types is T.
template <class... T>
constexpr std::size_t width_of() {
  std::size_t widest = 1;
  ((widest = sizeof(T) > widest ? sizeof(T) : widest), ...);
  return kVectorBytes / widest < kPadding ? kVectorBytes / widest : kPadding;
}

/// A lane from vectors of In to one of Out.
template <class Lane, class Out, class... In>
struct VectorKernel {
  template <std::size_t... Input>
  static void run(const Instruction& instruction, const Slot* slots, std::size_t n, std::index_sequence<Input...>) {
    constexpr std::size_t kWidth = width_of<Out, In...>();
    Out* y = reinterpret_cast<Out*>(slots[instruction.output].data);
    const std::byte* next[] = {slots[instruction.inputs[Input]].data...};
    const std::ptrdiff_t advance[] = {slots[instruction.inputs[Input]].step *
                                      static_cast<std::ptrdiff_t>(kWidth * sizeof(In))...};
    for (std::size_t i = 0; i < n; i += kWidth) {
      const Vector<Out, kWidth> result = Lane::template of<kWidth>(load<Vector<In, kWidth>>(next[Input])...);
      __builtin_memcpy(y + i, &result, sizeof(result));
      ((next[Input] += advance[Input]), ...);
    }
  }
  static void kernel(const Instruction& instruction, const Slot* slots, std::size_t n) {
    run(instruction, slots, n, std::index_sequence_for<In...>{});
  }
};

/// The lane's result as it is.
template <class Lane>
struct Plain {
  template <std::size_t Width>
  [[gnu::always_inline]] static auto of(const auto&... x) {
    return Lane{}(x...);
  }
};

/// The lane's result is a mask.
template <class Lane>
struct Mask {
  template <std::size_t Width>
  [[gnu::always_inline]] static auto of(const auto&... x) {
    return to_bool<Width>(Lane{}(x...));
  }
};

template <class T, class Lane, std::size_t Arity>
consteval ElementwiseKernel batch_kernel_of() {
  if constexpr (Arity == 1) return &batch_kernel<T, Lane, 0>;
  else if constexpr (Arity == 2) return &batch_kernel<T, Lane, 0, 1>;
  else if constexpr (Arity == 3) return &batch_kernel<T, Lane, 0, 1, 2>;
  else return &batch_kernel<T, Lane, 0, 1, 2, 3>;
}

template <class T, class Lane, std::size_t Arity>
consteval ElementwiseKernel vector_kernel_of() {
  if constexpr (Arity == 1) return &VectorKernel<Plain<Lane>, T, T>::kernel;
  else return &VectorKernel<Plain<Lane>, T, T, T>::kernel;
}

template <std::size_t Arity, class Lane>
consteval ElementwiseKernels floating_kernels(Lane) {
  return {.float32 = batch_kernel_of<float, Lane, Arity>(), .float64 = batch_kernel_of<double, Lane, Arity>()};
}

/// The integer lane works on vectors of std::uint64_t or, where signs matter, casts them itself.
template <std::size_t Arity, class Lane, class IntegerLane>
consteval ElementwiseKernels numeric_kernels(Lane, IntegerLane) {
  return {.float32 = batch_kernel_of<float, Lane, Arity>(),
          .float64 = batch_kernel_of<double, Lane, Arity>(),
          .int64 = vector_kernel_of<std::int64_t, IntegerLane, Arity>()};
}

template <class Lane>
consteval ElementwiseKernels comparison_kernels(Lane) {
  return {.float32 = &VectorKernel<Mask<Lane>, Bool, float, float>::kernel,
          .float64 = &VectorKernel<Mask<Lane>, Bool, double, double>::kernel,
          .int64 = &VectorKernel<Mask<Lane>, Bool, std::int64_t, std::int64_t>::kernel,
          .boolean = &VectorKernel<Mask<Lane>, Bool, Bool, Bool>::kernel};
}

/// One floating element to a bool.
template <class Lane>
consteval ElementwiseKernels predicate_kernels(Lane) {
  return {.float32 = &VectorKernel<Mask<Lane>, Bool, float>::kernel,
          .float64 = &VectorKernel<Mask<Lane>, Bool, double>::kernel};
}

/// Bools to a bool; the lane works on bytes 0 and 1.
template <std::size_t Arity, class Lane>
consteval ElementwiseKernels logical_kernels(Lane) {
  return {.boolean = vector_kernel_of<Bool, Lane, Arity>()};
}

/// One element of any dtype to one of the same.
template <class Lane>
consteval ElementwiseKernels identity_kernels(Lane) {
  return {.float32 = vector_kernel_of<float, Lane, 1>(),
          .float64 = vector_kernel_of<double, Lane, 1>(),
          .int64 = vector_kernel_of<std::int64_t, Lane, 1>(),
          .boolean = vector_kernel_of<Bool, Lane, 1>()};
}

}  // namespace xtape::detail::XTAPE_ISA
