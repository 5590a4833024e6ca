// The interface between the executor and the kernels that are compiled once for each instruction set.
// Included by all builds of the kernel files, so it holds declarations and plain data only.
#pragma once

#include <cstddef>
#include <cstdint>

namespace xtape::detail {

/// Where an operand of an elementwise kernel is. A block of elements, or (step 0) one 64-byte vector of copies of a
/// scalar that stays where it is. Memory is readable and writable up to the next multiple of kPadding elements.
struct Slot {
  std::byte* data;
  std::ptrdiff_t step;  ///< 1, or 0 for a scalar
};

/// Kernels work on whole vectors: n elements are rounded up to at most this multiple (one AVX-512 vector of float32).
inline constexpr std::size_t kPadding = 16;

struct Instruction;
using ElementwiseKernel = void (*)(const Instruction& instruction, const Slot* slots, std::size_t n);

/// Of an elementwise op.
inline constexpr std::size_t kMostInputs = 4;

/// One elementwise op over a block. `output` and `inputs` index the slots.
struct Instruction {
  ElementwiseKernel kernel;
  std::uint32_t output;
  std::uint32_t inputs[kMostInputs];
};

/// An op's kernels by the dtype of its inputs (in `where`, of those after the condition); null where the op does not
/// take it.
struct ElementwiseKernels {
  ElementwiseKernel float32 = nullptr, float64 = nullptr, int64 = nullptr, boolean = nullptr;
};

/// A running reduction of one segment after another: rows of `length` elements that arrive in pieces of any size.
/// The rounding depends on `length` only, never on how the pieces fall.
struct SegmentState {
  std::int64_t length;                         ///< elements in a segment
  std::int64_t position;                       ///< elements of the present segment seen so far
  std::byte* output;                           ///< where the next finished segment's result goes
  alignas(64) std::byte accumulators[4 * 64];  ///< four vectors over the present leaf
  alignas(64) std::byte total[64];             ///< one vector over the finished leaves
  alignas(64) std::byte compensation[64];      ///< what rounding has taken from `total`, in floating sums
  alignas(64) std::byte carry[4 * 64];         ///< elements that do not fill four vectors yet
};

/// The kernels of one reduction in one dtype.
struct ReductionKernel {
  /// Starts segments of `state.length` elements; the results go to `state.output`, one after the other.
  void (*begin)(SegmentState& state) = nullptr;
  /// Takes the next n elements; writes a result each time a segment is complete.
  void (*feed)(SegmentState& state, const void* x, std::size_t n) = nullptr;
  /// accumulator[i] = op(accumulator[i], x[row * n + i]), row after row
  void (*combine)(void* accumulator, const void* x, std::size_t n, std::size_t rows) = nullptr;
  /// x[i] = identity
  void (*clear)(void* x, std::size_t n) = nullptr;
};

struct ReductionKernels {
  ReductionKernel float32 = {}, float64 = {}, int64 = {}, boolean = {};
};

/// c (m, n) = a (m, k) b (k, n) for small sizes; element (i, j) of a is at a[i * a_row + j * a_column], c is row-major.
struct SmallMatmulKernels {
  void (*float32)(const float* a, std::int64_t a_row, std::int64_t a_column, const float* b, std::int64_t b_row,
                  std::int64_t b_column, float* c, std::int64_t m, std::int64_t n, std::int64_t k);
  void (*float64)(const double* a, std::int64_t a_row, std::int64_t a_column, const double* b, std::int64_t b_row,
                  std::int64_t b_column, double* c, std::int64_t m, std::int64_t n, std::int64_t k);
};

/// Copies to memory past the caches: the destination's lines are neither read first nor kept. What other threads are to
/// see must be followed by `finish`.
struct StreamKernels {
  void (*copy)(std::byte* to, const std::byte* from, std::size_t bytes);
  void (*finish)();
};

/// The instruction sets that kernel files are compiled for, best last.
enum class InstructionSet : std::uint8_t { baseline, avx2, avx512 };
inline constexpr std::size_t kInstructionSets = 3;

/// One op's or reduction's kernels in every instruction set.
template <class Table>
struct ByInstructionSet {
  const Table* tables[kInstructionSets];
  const Table& operator[](InstructionSet set) const { return *tables[static_cast<std::size_t>(set)]; }
};

}  // namespace xtape::detail
