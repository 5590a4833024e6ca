#include "kernels/dispatch.hpp"

#include <atomic>
#include <cstdlib>
#include <optional>
#include <string_view>

#include <xtape/engine.hpp>

#include "kernels/isa/sets.hpp"
#include "ops/errors.hpp"
#include "ops/op.hpp"

XTAPE_DECLARE_KERNELS(ReductionKernels, sum_reduction)
XTAPE_DECLARE_KERNELS(ReductionKernels, max_reduction)
XTAPE_DECLARE_KERNELS(ReductionKernels, min_reduction)
XTAPE_DECLARE_KERNELS(ReductionKernels, all_reduction)
XTAPE_DECLARE_KERNELS(SmallMatmulKernels, small_matmul)
XTAPE_DECLARE_KERNELS(GemmKernels, gemm_kernels)
XTAPE_DECLARE_KERNELS(RowKernels, row_kernels)
XTAPE_DECLARE_KERNELS(StreamKernels, stream_kernels)
XTAPE_DECLARE_KERNELS(SpreadKernels, spread_kernels)

namespace xtape::detail {
namespace {

constexpr std::string_view kNames[kInstructionSets] = {"baseline", "avx2", "avx512"};
constinit const ByInstructionSet<SmallMatmulKernels> small_matmuls = XTAPE_ALL_SETS(small_matmul);
constinit const ByInstructionSet<GemmKernels> gemms = XTAPE_ALL_SETS(gemm_kernels);
constinit const ByInstructionSet<RowKernels> rows = XTAPE_ALL_SETS(row_kernels);
constinit const ByInstructionSet<StreamKernels> streams = XTAPE_ALL_SETS(stream_kernels);
constinit const ByInstructionSet<SpreadKernels> spreads = XTAPE_ALL_SETS(spread_kernels);

std::string_view name(InstructionSet set) { return kNames[static_cast<std::size_t>(set)]; }

std::optional<InstructionSet> set_called(std::string_view text) {
  for (std::size_t i = 0; i < kInstructionSets; ++i)
    if (kNames[i] == text) return static_cast<InstructionSet>(i);
  return std::nullopt;
}

InstructionSet best() {
  if (available(InstructionSet::avx512)) return InstructionSet::avx512;
  return available(InstructionSet::avx2) ? InstructionSet::avx2 : InstructionSet::baseline;
}

InstructionSet chosen() {
  const char* wish = std::getenv("XTAPE_ISA");
  if (wish == nullptr || *wish == '\0') return best();
  const std::optional<InstructionSet> set = set_called(wish);
  if (!set) fail<ValueError>("XTAPE_ISA", "unknown instruction set ", wish, ", wanted baseline, avx2 or avx512");
  if (!available(*set)) fail<ValueError>("XTAPE_ISA", "this machine has no ", wish, ", its best is ", name(best()));
  return *set;
}

std::atomic<InstructionSet>& present() {
  static std::atomic<InstructionSet> set{chosen()};
  return set;
}

template <class Table>
const auto& entry(const Table& table, DType dtype) {
  switch (dtype) {
    case DType::float32:
      return table.float32;
    case DType::float64:
      return table.float64;
    case DType::int64:
      return table.int64;
    case DType::boolean:
      break;
  }
  return table.boolean;
}

}  // namespace

bool available(InstructionSet set) {
#if defined(__x86_64__)
  const bool avx2 = __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma");
  if (set == InstructionSet::avx2) return avx2;
  if (set == InstructionSet::avx512)
    return avx2 && __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512dq") &&
           __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512vl");
#endif
  return set == InstructionSet::baseline;
}

InstructionSet instruction_set() { return present().load(std::memory_order_relaxed); }

void set_instruction_set(InstructionSet set) {
  if (!available(set)) fail<ValueError>("set_instruction_set", "this machine has no ", name(set));
  present().store(set, std::memory_order_relaxed);
}

ElementwiseKernel kernel_for(const Op& op, DType input, DType output, InstructionSet set) {
  const ByInstructionSet<ElementwiseKernels>* sets =
      op.elementwise_by_output != nullptr ? op.elementwise_by_output[static_cast<std::size_t>(output)] : op.elementwise;
  if (sets == nullptr) return nullptr;
  return entry((*sets)[set], op.boolean_first ? output : input);
}

const ReductionKernel& reduction_for(const Op& op, DType dtype, InstructionSet set) {
  return entry((*op.reduction)[set], dtype);
}

const ReductionKernel& sum_kernel(DType dtype, InstructionSet set) { return entry(sum_reductions[set], dtype); }

bool supports(const Op& op, DType dtype) {
  if (op.reduction != nullptr) return reduction_for(op, dtype, InstructionSet::baseline).feed != nullptr;
  return kernel_for(op, dtype, dtype, InstructionSet::baseline) != nullptr;
}

const SmallMatmulKernels& small_matmul(InstructionSet set) { return small_matmuls[set]; }

const GemmKernels& gemm_kernels(InstructionSet set) { return gemms[set]; }

const RowKernel& row_kernel(DType dtype, InstructionSet set) {
  return dtype == DType::float32 ? rows[set].float32 : rows[set].float64;
}

const StreamKernels& stream_kernels(InstructionSet set) { return streams[set]; }

const SpreadKernels& spread_kernels(InstructionSet set) { return spreads[set]; }

constinit const ByInstructionSet<ReductionKernels> sum_reductions = XTAPE_ALL_SETS(sum_reduction);
constinit const ByInstructionSet<ReductionKernels> max_reductions = XTAPE_ALL_SETS(max_reduction);
constinit const ByInstructionSet<ReductionKernels> min_reductions = XTAPE_ALL_SETS(min_reduction);
constinit const ByInstructionSet<ReductionKernels> all_reductions = XTAPE_ALL_SETS(all_reduction);

}  // namespace xtape::detail

namespace xtape {

std::string_view instruction_set() { return detail::name(detail::instruction_set()); }

}  // namespace xtape
