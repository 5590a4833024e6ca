// Which instruction set runs, and the kernels of an op in it.
#pragma once

#include <xtape/array.hpp>

#include "kernels/gemm_kernel.hpp"
#include "kernels/kernel.hpp"
#include "kernels/row_kernel.hpp"
#include "kernels/spread_kernel.hpp"

namespace xtape::detail {

struct Op;

/// The best that the machine has, lowered by the environment variable XTAPE_ISA. Throws ValueError if that names
/// a set which is unknown or which the machine lacks.
InstructionSet instruction_set();
/// For tests: from now on this one, also where it is not the best. Throws ValueError if the machine lacks it.
void set_instruction_set(InstructionSet set);
/// Whether the machine has it.
bool available(InstructionSet set);

/// The kernel of an elementwise op by the dtypes of its (first not boolean, in `where`) input and its output; null if
/// the op does not take them.
ElementwiseKernel kernel_for(const Op& op, DType input, DType output, InstructionSet set);
/// The kernel of a reduction; its functions are null if the op does not take the dtype.
const ReductionKernel& reduction_for(const Op& op, DType dtype, InstructionSet set);
/// The kernel of sums.
const ReductionKernel& sum_kernel(DType dtype, InstructionSet set);
/// Whether there is a kernel for this dtype: that of the input or, in `where`, of the inputs after the condition.
bool supports(const Op& op, DType dtype);

const SmallMatmulKernels& small_matmul(InstructionSet set);
/// Null where the machine's BLAS is as good.
const GemmKernels& gemm_kernels(InstructionSet set);
const StreamKernels& stream_kernels(InstructionSet set);
const SpreadKernels& spread_kernels(InstructionSet set);
/// For float32 and float64.
const RowKernel& row_kernel(DType dtype, InstructionSet set);

extern const ByInstructionSet<ReductionKernels> sum_reductions;
extern const ByInstructionSet<ReductionKernels> max_reductions;
extern const ByInstructionSet<ReductionKernels> min_reductions;
extern const ByInstructionSet<ReductionKernels> all_reductions;

}  // namespace xtape::detail
