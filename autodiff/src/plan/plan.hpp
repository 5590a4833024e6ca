// `Plan`: what runs. A list of steps over numbered buffers, immutable once built, shared by all runs of programs with
// the same structure. It holds no pointers to data and nothing of the tape that it was built from.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include <xtape/array.hpp>

#include "kernels/gemm_kernel.hpp"
#include "kernels/kernel.hpp"
#include "kernels/row_kernel.hpp"
#include "kernels/spread_kernel.hpp"
#include "ops/op.hpp"
#include "plan/chunks.hpp"
#include "tape/program.hpp"

namespace xtape::detail {

/// Where a value lives while the plan runs.
enum class Place : std::uint8_t {
  nowhere,   ///< only in registers of its loop, or it is a view
  leaf,      ///< an input; `at` is its position among the leaves
  output,    ///< an Array of its own, handed out at the end; `at` is its position among the output buffers
  arena,     ///< the run's workspace; `at` is the offset in bytes
  constant,  ///< a literal of the plan; `at` is the offset in bytes
};

struct Placement {
  Place place = Place::nowhere;
  std::uint64_t at = 0;
};

/// A value read through strides: element x of the reader's space is at base + offset + sum of x * strides, in elements.
struct Access {
  NodeId base = kNoNode;
  View view;
};

/// A matrix of which a loop reads row i at its place i, or the row that it is told; a product of BLAS's kind, by rows.
struct RowsRead {
  NodeId value = kNoNode;    ///< whose buffer it is; kNoNode for no matrix
  std::int64_t offset = 0;   ///< elements into that buffer
  std::int64_t leading = 0;  ///< elements from one row to the next
  std::int64_t columns = 0;
  NodeId places = kNoNode;  ///< whose buffer has a row's number for each place; kNoNode for rows in order

  bool reads(NodeId id) const { return value == id || places == id; }
};

/// Rows in a block of a loop with products of several columns.
inline constexpr std::int64_t kProductRows = 64;

/// One fused loop over a space: streams in, elementwise instructions, streams out, reductions that end it.
struct Loop {
  /// A slot that follows the loop through memory: space-contiguous values that are read or written.
  struct Stream {
    std::uint32_t slot;
    NodeId value;         ///< whose buffer it walks
    std::int64_t offset;  ///< elements into that buffer
    std::size_t bytes;    ///< of an element
    bool written;
    bool past_caches = false;  ///< written, and too large to be still in a cache when it is read
    bool per_row = false;      ///< one element for each row of the space, see `columns`
  };
  /// A slot that holds one element for the whole loop.
  struct Scalar {
    std::uint32_t slot;
    NodeId value;
    std::int64_t offset;
    std::size_t bytes;  ///< of an element
  };
  /// Between instructions: fills a slot from a strided access, with the rows of a matrix of one column, or with the dot
  /// products of a matrix's rows and a vector.
  struct Load {
    std::uint32_t before;  ///< index of the instruction that it precedes
    std::uint32_t slot;
    NodeId value;   ///< what the slot then holds elements of
    Access access;  ///< strides for the axes of `space`; with a matrix, the whole vector
    DType dtype;
    RowsRead matrix = {};
    const RowKernel* rows = nullptr;  ///< for dot products
    bool per_row = false;             ///< strides for the axes of the rows alone
  };
  /// Between instructions, in a loop by rows: reduces each row to one element, or copies an element to each place of
  /// its row.
  struct RowStep {
    std::uint32_t before;
    std::uint32_t from, to;  ///< slots
    NodeId value;            ///< what `to` then holds elements of
    DType dtype;
    bool reduces;
    const ReductionKernel* kernel = nullptr;  ///< if it reduces
    const SpreadKernels* spread = nullptr;    ///< if it does not
  };
  /// Between instructions, in a loop by rows: a product with the block's rows of a matrix.
  struct Product {
    std::uint32_t before;
    std::uint32_t slot;  ///< of the block's rows of the result; of a sum's, of what the matrix's transpose multiplies
    NodeId value;
    DType dtype;
    RowsRead matrix;
    Access factor = {};  ///< the other matrix, which all rows multiply; not for sums
    const GemmKernels* gemm = nullptr;
    const ReductionKernel* kernel = nullptr;  ///< adds up sums
  };
  /// Between instructions: feeds a slot to a reduction, or to the sum of a matrix's rows times the slot's elements.
  struct Sink {
    std::uint32_t before;
    std::uint32_t slot;
    NodeId value;  ///< the result
    ReductionShape shape;
    const ReductionKernel* kernel;
    DType dtype;
    RowsRead matrix = {};
    const RowKernel* rows = nullptr;  ///< with a matrix
  };
  /// An elementwise instruction before the instruction set is chosen.
  struct Compute {
    NodeId value;
    std::uint32_t output;
    std::uint32_t inputs[kMostInputs];
    std::uint32_t input_count;
    bool per_row = false;  ///< over one element for each row
  };

  Shape space;  ///< without axes of extent 1
  Chunking chunking;
  std::vector<NodeId> nodes;
  std::vector<Compute> computes;
  std::vector<Instruction> code;  ///< computes with their kernels
  std::vector<Stream> streams;
  std::vector<Scalar> scalars;
  std::vector<Load> loads;
  std::vector<Product> products;   ///< after the loads at their position
  std::vector<RowStep> row_steps;  ///< after the loads at their position, before the sinks
  std::vector<Sink> sinks;
  std::vector<Product> product_sums;  ///< of transposed matrices, at the end of the loop as sinks are
  std::uint32_t registers = 0;        ///< slots 0 .. registers - 1 are scratch blocks
  std::uint32_t slots = 0;
  std::uint32_t block = 0;                     ///< elements of a block
  std::int64_t columns = 0;                    ///< of a loop by rows: blocks are whole rows of the last axis; else 0
  const StreamKernels* past_caches = nullptr;  ///< if there are such streams
};

/// A batch of matrix products: (batch, m, k) by (batch, k, n).
struct MatmulStep {
  struct Operand {
    Access access;
    bool transposed;
    std::int64_t leading;  ///< the leading dimension for BLAS
  };
  NodeId value;
  Operand a, b;
  Shape batch;
  std::int64_t m, n, k;
};

/// A call of an opaque op on contiguous buffers.
struct OpaqueStep {
  NodeId value;
  std::vector<Access> inputs;
};

struct Step {
  enum class Kind : std::uint8_t { loop, matmul, opaque } kind;
  std::uint32_t index;  ///< into the plan's vector of that kind
};

/// An output that may be written over a leaf, if the leaf's owner agrees: this step, a loop, reads each element of the
/// leaf for the last time before it writes the output's there, and only loops come after it.
struct Donation {
  NodeId output, leaf;
  std::uint32_t step;
};

struct Plan {
  Program program;                     ///< lowered, without common subexpressions
  LargeVector<std::uint32_t> origins;  ///< for each node: the position among those asked for that it was made from
  LargeVector<Access> accesses;        ///< for each node: itself, or what its view reads
  LargeVector<Placement> placements;   ///< for each node
  std::vector<Loop> loops;
  LargeVector<MatmulStep> matmuls;
  std::vector<OpaqueStep> opaques;
  std::vector<Step> steps;  ///< in order
  std::vector<NodeId> leaves;
  std::vector<NodeId> outputs;              ///< in the order asked for
  std::vector<NodeId> output_buffers;       ///< the values that get Arrays
  std::vector<std::uint32_t> output_steps;  ///< when each of them is computed
  std::vector<Donation> donations;          ///< by step; leaves and outputs may stand in several
  std::size_t donated_bytes = 0;            ///< of the largest of them
  std::vector<std::byte> constants;         ///< 64 bytes each, filled with copies
  std::size_t arena_bytes = 0;
  std::size_t bytes_before_reuse = 0;
  InstructionSet instruction_set = InstructionSet::baseline;

  std::size_t instructions() const {
    std::size_t count = 0;
    for (const Loop& loop : loops)
      count += loop.code.size() + loop.sinks.size() + loop.loads.size() + loop.row_steps.size() + loop.products.size() +
               loop.product_sums.size();
    return count;
  }
};

}  // namespace xtape::detail
