// Steps over so little that finding out what to do costs more than doing it. What does not depend on where buffers are
// is found out once, for a SteadyRun. They compute what run_loop and run_matmul do, with the same kernels.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "execute/run.hpp"
#include "ops/op.hpp"

namespace xtape::detail {

/// A loop over one block of few elements, whose reductions are of one row each or sums of a matrix's rows.
class SmallLoop {
 public:
  static bool fits(const Loop& loop);
  /// What the loop needs for its blocks while it runs.
  static std::size_t stage_bytes(const Loop& loop);
  /// Of a loop that fits and outlives this, as does the stage, which begins as zeros.
  SmallLoop(const Loop& loop, std::byte* stage);
  void run(Bases bases);

 private:
  /// An instruction, a load or a part of a reduction, in the order in which the loop has them.
  struct Action {
    enum class Kind : std::uint8_t { instruction, load, sink } kind;
    std::uint32_t index;
  };
  /// A stream and its place in memory that may be read and written in whole vectors.
  struct Copy {
    NodeId value;
    std::size_t offset, bytes;
    std::byte* stage;
  };
  /// A stream that is read or written where it is.
  struct Direct {
    NodeId value;
    std::size_t offset;
    std::uint32_t slot;
  };
  /// A scalar and its copies.
  struct Splat {
    NodeId value;
    std::size_t offset, bytes;
    std::byte* copies;
  };

  void place_slots();
  void place_stream(const Loop::Stream& stream);
  void find_gathers();
  void order_actions();
  std::byte* take(std::size_t bytes);
  void run(Action action, Bases bases);
  void run_sink(std::uint32_t index, Bases bases);
  void sum_rows(const Loop::Sink& sink, const std::byte* s, Bases bases) const;

  SegmentState segment_;  ///< of one reduction after the other
  const Loop* loop_;
  std::size_t elements_;
  std::byte* rest_;  ///< of the stage; when all slots have their places, where rows are added up
  std::vector<Slot> slots_;
  std::vector<Copy> reads_, writes_;
  std::vector<Direct> direct_;
  std::vector<Splat> scalars_;
  std::vector<std::int64_t> gathers_;  ///< for each load, where its elements are
  std::vector<Action> actions_;
};

/// One product that is too small for BLAS.
class SmallProduct {
 public:
  static bool fits(const MatmulStep& step);
  SmallProduct(const MatmulStep& step, InstructionSet set, DType dtype);
  void run(Bases bases) const;

 private:
  const MatmulStep* step_;
  const SmallMatmulKernels* kernels_;
  DType dtype_;
};

/// A call of an opaque op.
class OpaqueCall {
 public:
  OpaqueCall(const Plan& plan, const OpaqueStep& step);
  void run(Bases bases);

 private:
  const OpaqueStep* step_;
  const Op* op_;
  std::span<const std::int64_t> attributes_;
  std::vector<std::size_t> offsets_;  ///< of the inputs in their buffers, in bytes
  std::vector<Buffer> inputs_;
  Buffer output_;
};

}  // namespace xtape::detail
