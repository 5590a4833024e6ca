// where, cast and stop_gradient: elements as they are, chosen or converted.
#include <type_traits>

#include "ops/elementwise.hpp"

namespace xtape::detail::XTAPE_ISA {

/// The integer of T's size.
template <class T>
using Integer =
    std::conditional_t<sizeof(T) == 1, Bool, std::conditional_t<sizeof(T) == 4, std::int32_t, std::int64_t>>;

template <class T>
struct Where {
  template <std::size_t Width>
  [[gnu::always_inline]] static auto of(const auto& condition, const auto& a, const auto& b) {
    return widened<Vector<Integer<T>, Width>, Width>(condition) != 0 ? a : b;
  }
};

template <class T>
consteval ElementwiseKernel where_kernel() {
  return &VectorKernel<Where<T>, T, Bool, T, T>::kernel;
}

template <class Out>
struct Convert {
  template <std::size_t Width>
  [[gnu::always_inline]] static auto of(const auto& x) {
    return __builtin_convertvector(x, Vector<Out, Width>);
  }
};

template <class Out>
struct FromBool {
  template <std::size_t Width>
  [[gnu::always_inline]] static auto of(const auto& x) {
    const Vector<Out, Width> zero = {};
    return widened<Vector<Integer<Out>, Width>, Width>(x) != 0 ? zero + Out{1} : zero;
  }
};

struct NonZero {
  template <std::size_t Width>
  [[gnu::always_inline]] static auto of(const auto& x) {
    return to_bool<Width>(x != 0);
  }
};

template <class Lane, class BoolLane, class Out>
consteval ElementwiseKernels conversions() {
  return {.float32 = &VectorKernel<Lane, Out, float>::kernel,
          .float64 = &VectorKernel<Lane, Out, double>::kernel,
          .int64 = &VectorKernel<Lane, Out, std::int64_t>::kernel,
          .boolean = &VectorKernel<BoolLane, Out, Bool>::kernel};
}

template <class Out>
consteval ElementwiseKernels conversions_to() {
  return conversions<Convert<Out>, FromBool<Out>, Out>();
}

}  // namespace xtape::detail::XTAPE_ISA

XTAPE_KERNELS(where, {.float32 = where_kernel<float>(),
                      .float64 = where_kernel<double>(),
                      .int64 = where_kernel<std::int64_t>(),
                      .boolean = where_kernel<Bool>()})
XTAPE_KERNELS(cast_to_float32, conversions_to<float>())
XTAPE_KERNELS(cast_to_float64, conversions_to<double>())
XTAPE_KERNELS(cast_to_int64, conversions_to<std::int64_t>())
XTAPE_KERNELS(cast_to_boolean, conversions<NonZero, NonZero, Bool>())

XTAPE_KERNELS(stop_gradient, identity_kernels([](auto x) { return x; }))
XTAPE_DESCRIBE(stop_gradient)
XTAPE_UNARY_FUNCTION(stop_gradient)

#ifdef XTAPE_ISA_BASELINE

XTAPE_DECLARE_KERNELS(ElementwiseKernels, where_kernels)
XTAPE_DECLARE_KERNELS(ElementwiseKernels, cast_to_float32_kernels)
XTAPE_DECLARE_KERNELS(ElementwiseKernels, cast_to_float64_kernels)
XTAPE_DECLARE_KERNELS(ElementwiseKernels, cast_to_int64_kernels)
XTAPE_DECLARE_KERNELS(ElementwiseKernels, cast_to_boolean_kernels)

namespace xtape::detail {
namespace {

/// The branch that was not selected gets 0, whatever the cotangent is.
void where_vjp(Rule& rule) {
  if (rule.wants(1)) rule.give(1, where(rule.x(0), rule.cotangent, 0));
  if (rule.wants(2)) rule.give(2, where(rule.x(0), 0, rule.cotangent));
}

void cast_vjp(Rule& rule) {
  const DType dtype = rule.x().dtype();
  if (is_floating(dtype)) rule.give(0, cast(rule.cotangent, dtype));
}

constinit const ByInstructionSet<ElementwiseKernels> where_sets = XTAPE_ALL_SETS(where_kernels);
constinit const ByInstructionSet<ElementwiseKernels> to_float32 = XTAPE_ALL_SETS(cast_to_float32_kernels);
constinit const ByInstructionSet<ElementwiseKernels> to_float64 = XTAPE_ALL_SETS(cast_to_float64_kernels);
constinit const ByInstructionSet<ElementwiseKernels> to_int64 = XTAPE_ALL_SETS(cast_to_int64_kernels);
constinit const ByInstructionSet<ElementwiseKernels> to_boolean = XTAPE_ALL_SETS(cast_to_boolean_kernels);
constinit const ByInstructionSet<ElementwiseKernels>* const cast_sets[] = {&to_float32, &to_float64, &to_int64,
                                                                           &to_boolean};

}  // namespace

extern constinit const Op where_op, cast_op;
constinit const Op where_op{.name = "where",
                            .kind = OpKind::elementwise,
                            .vjp = &where_vjp,
                            .elementwise = &where_sets,
                            .boolean_first = true};
constinit const Op cast_op{
    .name = "cast", .kind = OpKind::elementwise, .vjp = &cast_vjp, .elementwise_by_output = cast_sets};
XTAPE_LIST_OP(where_op);
XTAPE_LIST_OP(cast_op);

}  // namespace xtape::detail

namespace xtape {

Var where(const Operand& condition, const Operand& a, const Operand& b) {
  return detail::record_elementwise(detail::where_op, {&condition, &a, &b});
}

Var cast(const Operand& x, DType dtype) {
  if (x.kind == Operand::Kind::var && detail::VarAccess::state(x.var).rule_depth > 0 && x.var.dtype() == dtype)
    return x.var;
  return detail::record_elementwise(detail::cast_op, {&x}, dtype);
}

}  // namespace xtape
#endif
