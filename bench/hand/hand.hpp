// The limit: hand-written C++ with SIMD, preallocated buffers and derivatives worked out on paper. These files alone
// are compiled for the machine that they run on.
#pragma once

#include "bench/grid.hpp"

namespace bench::hand {

std::vector<Case> quadratic_step();
std::vector<Case> scalar_gradient();
std::vector<Case> op_chain();
std::vector<Case> elementwise();
/// `hand` reads X once, block of rows by block of rows; `hand_two_gemv` calls OpenBLAS twice, on one thread.
std::vector<Case> logistic_step();
std::vector<Case> logistic_fit();
/// Reads X once, as logistic_step does.
std::vector<Case> softmax_step();
/// Block of rows by block of rows, each read once.
std::vector<Case> dense_layer();
std::vector<Case> minibatch_sgd();
std::vector<Case> adam_update();
/// The matrix products alone.
std::vector<Case> mlp_step();
std::vector<Case> rosenbrock();
std::vector<Case> deep_chain();

/// Adds to each case of `hand` on one thread a probe of the machine, which is timed beside it: `probe_exp`, seconds for
/// the exp of a float64 in cache, `probe_read`, for a byte from DRAM, or `probe_gemm`, for a floating-point operation
/// of a float64 matrix product. Figures of other machines are scaled by them.
std::vector<Case> with_probe(std::vector<Case> cases, const char* probe);

/// The instruction set that these files were compiled for.
const char* instruction_set();

}  // namespace bench::hand
