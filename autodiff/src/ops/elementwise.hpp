// The block of an elementwise op: its value on one SIMD batch, and its partial derivatives in ordinary ops.
//
//     UNARY(tanh,
//           [](auto x) { return xs::tanh(x); },
//           [](auto x, auto y) { return 1 - square(y); })
//
// A partial takes the inputs and the result. There is one for each input, or none for an op through which no gradient
// flows; RULE(...) stands in for the partials where the cotangents are not products. An op of this kind must be
// declared in <xtape/ops.hpp>, and has a row in tests/ops.
//
// Files of such blocks are compiled once for each instruction set, and XTAPE_ISA names the namespace of the build.
// Every build emits the kernels. The baseline build emits the description and the public function as well, and only
// there are the partials instantiated; the other builds include nothing of the tape.
#pragma once

#include "kernels/lanes.hpp"

#define XTAPE_KERNELS(NAME, ...)                                   \
  namespace xtape::detail::XTAPE_ISA {                             \
  extern constinit const ElementwiseKernels NAME##_kernels;        \
  constinit const ElementwiseKernels NAME##_kernels = __VA_ARGS__; \
  }

#ifdef XTAPE_ISA_BASELINE

#include <xtape/ops.hpp>

#include "ops/elementwise_rule.hpp"
#include "ops/op.hpp"
#include "ops/record.hpp"

#define RULE(...) \
  ::xtape::detail::WholeRule { __VA_ARGS__ }

#define XTAPE_DESCRIBE(NAME, ...)                                                                           \
  XTAPE_DECLARE_KERNELS(ElementwiseKernels, NAME##_kernels)                                                 \
  namespace xtape::detail {                                                                                 \
  static constinit const ByInstructionSet<ElementwiseKernels> NAME##_sets = XTAPE_ALL_SETS(NAME##_kernels); \
  extern constinit const Op NAME##_op;                                                                      \
  constinit const Op NAME##_op{                                                                             \
      .name = #NAME, .kind = OpKind::elementwise, .vjp = vjp_of(__VA_ARGS__), .elementwise = &NAME##_sets}; \
  XTAPE_LIST_OP(NAME##_op);                                                                                 \
  }

#define XTAPE_DESCRIBE_FUSED(NAME)                                                                              \
  XTAPE_DECLARE_KERNELS(ElementwiseKernels, NAME##_kernels)                                                     \
  namespace xtape::detail {                                                                                     \
  static constinit const ByInstructionSet<ElementwiseKernels> NAME##_sets = XTAPE_ALL_SETS(NAME##_kernels);     \
  static constinit const Op NAME##_op{.name = #NAME, .kind = OpKind::elementwise, .elementwise = &NAME##_sets}; \
  }

#define XTAPE_UNARY_FUNCTION(NAME)                                                           \
  namespace xtape {                                                                          \
  Var NAME(const Operand& x) { return detail::record_elementwise(detail::NAME##_op, {&x}); } \
  }
#define XTAPE_BINARY_FUNCTION(NAME)                                                                                \
  namespace xtape {                                                                                                \
  Var NAME(const Operand& a, const Operand& b) { return detail::record_elementwise(detail::NAME##_op, {&a, &b}); } \
  }
#define XTAPE_COMPARISON_FUNCTION(NAME)                                             \
  namespace xtape {                                                                 \
  Var NAME(const Operand& a, const Operand& b) {                                    \
    return detail::record_elementwise(detail::NAME##_op, {&a, &b}, DType::boolean); \
  }                                                                                 \
  }

#else

#define XTAPE_DESCRIBE(NAME, ...)
#define XTAPE_DESCRIBE_FUSED(NAME)
#define XTAPE_UNARY_FUNCTION(NAME)
#define XTAPE_BINARY_FUNCTION(NAME)
#define XTAPE_COMPARISON_FUNCTION(NAME)

#endif

/// An op that only the planner makes: name, number of inputs, lane on batches.
#define FUSED(NAME, INPUTS, ...)                             \
  XTAPE_KERNELS(NAME, floating_kernels<INPUTS>(__VA_ARGS__)) \
  XTAPE_DESCRIBE_FUSED(NAME)

/// Floating, one input: name, lane on a batch, partial.
#define UNARY(NAME, LANE, ...)                   \
  XTAPE_KERNELS(NAME, floating_kernels<1>(LANE)) \
  XTAPE_DESCRIBE(NAME, __VA_ARGS__)              \
  XTAPE_UNARY_FUNCTION(NAME)

/// Floating, two inputs.
#define BINARY(NAME, LANE, ...)                  \
  XTAPE_KERNELS(NAME, floating_kernels<2>(LANE)) \
  XTAPE_DESCRIBE(NAME, __VA_ARGS__)              \
  XTAPE_BINARY_FUNCTION(NAME)

/// Floating and int64: the second lane is for one int64.
#define UNARY_NUMERIC(NAME, LANE, INTEGER_LANE, ...)          \
  XTAPE_KERNELS(NAME, numeric_kernels<1>(LANE, INTEGER_LANE)) \
  XTAPE_DESCRIBE(NAME, __VA_ARGS__)                           \
  XTAPE_UNARY_FUNCTION(NAME)

#define BINARY_NUMERIC(NAME, LANE, INTEGER_LANE, ...)         \
  XTAPE_KERNELS(NAME, numeric_kernels<2>(LANE, INTEGER_LANE)) \
  XTAPE_DESCRIBE(NAME, __VA_ARGS__)                           \
  XTAPE_BINARY_FUNCTION(NAME)

/// Two elements of any one dtype to a bool; the lane is for two elements.
#define COMPARISON(NAME, LANE)                  \
  XTAPE_KERNELS(NAME, comparison_kernels(LANE)) \
  XTAPE_DESCRIBE(NAME)                          \
  XTAPE_COMPARISON_FUNCTION(NAME)

/// Two bools to a bool.
#define LOGICAL(NAME, LANE)                     \
  XTAPE_KERNELS(NAME, logical_kernels<2>(LANE)) \
  XTAPE_DESCRIBE(NAME)                          \
  XTAPE_COMPARISON_FUNCTION(NAME)
