// Fused ops and the rewrites that lead to them; ops/fused.hpp says what for. Products and sums round once where the
// machine can, and strong zeros stay strong: beside inf and NaN, a factor of exactly 0 adds nothing.
#include "ops/elementwise.hpp"

#include "kernels/isa/exp_log.hpp"

#ifdef XTAPE_ISA_BASELINE
#include <algorithm>

#include "ops/fused.hpp"
#endif

namespace xtape::detail::XTAPE_ISA {

template <class V>
inline V opposite(const V& x) {
  return V(-static_cast<typename V::register_type>(x));
}

/// Z(a, b) plus or minus something: `otherwise` where a or b is 0, else `sum`.
template <class V>
inline V unless_zero(const V& a, const V& b, const V& otherwise, const V& sum) {
  return xs::select((a == V(0)) | (b == V(0)), otherwise, sum);
}

template <class V>
inline V strong_product(const V& a, const V& b) {
  return unless_zero(a, b, V(0), a * b);
}

template <class V>
inline V sign_of(const V& x) {
  return xs::select(x > V(0), V(1), xs::select(x < V(0), V(-1), x));
}

}  // namespace xtape::detail::XTAPE_ISA

FUSED(multiply_add, 3, [](auto a, auto b, auto c) { return fused(a, b, c); })
FUSED(multiply_subtract, 3, [](auto a, auto b, auto c) { return fused(a, b, opposite(c)); })
FUSED(subtract_multiply, 3, [](auto a, auto b, auto c) { return fused(opposite(a), b, c); })
FUSED(subtract_divide, 3, [](auto a, auto b, auto c) { return c - a / b; })
FUSED(add_scaled_square, 3, [](auto a, auto b, auto c) { return fused(a, b * b, c); })
FUSED(add_root_of_product, 3, [](auto a, auto b, auto c) { return xs::sqrt(a * b) + c; })
FUSED(add_products, 4, [](auto a, auto b, auto c, auto d) { return fused(a, b, c * d); })
FUSED(add_scaled_square_and_product, 4, [](auto a, auto b, auto c, auto d) { return fused(a, b * b, c * d); })
FUSED(subtract_product_over, 4, [](auto a, auto b, auto c, auto d) { return d - (a * b) / c; })
FUSED(two_zeros, 2, []<class V>(V a, V b) { return fused(V(0), a, V(0) * b); })
FUSED(three_zeros, 3, []<class V>(V a, V b, V c) { return fused(V(0), c, fused(V(0), a, V(0) * b)); })
FUSED(negative_square, 1, [](auto a) { return opposite(a * a); })
FUSED(add_twice, 2, []<class V>(V a, V b) { return fused(V(2), a, b); })
FUSED(add_root_of_quotient, 3, [](auto a, auto b, auto c) { return xs::sqrt(a / b) + c; })

FUSED(strong_multiply_add, 3, [](auto a, auto b, auto c) { return unless_zero(a, b, c, fused(a, b, c)); })
FUSED(add_strong_products, 4, [](auto a, auto b, auto c, auto d) {
  const auto product = strong_product(c, d);
  return unless_zero(a, b, product, fused(a, b, product));
})
FUSED(strong_multiply_subtract, 3,
      [](auto a, auto b, auto c) { return unless_zero(a, b, opposite(c), fused(a, b, opposite(c))); })
FUSED(subtract_strong_multiply, 3,
      [](auto a, auto b, auto c) { return unless_zero(a, b, c, fused(opposite(a), b, c)); })
FUSED(add_twice_strong_multiply, 3, []<class V>(V a, V b, V c) { return unless_zero(a, b, c, fused(V(2), a * b, c)); })
FUSED(subtract_twice_strong_multiply, 3,
      []<class V>(V a, V b, V c) { return unless_zero(a, b, c, fused(V(-2), a * b, c)); })
FUSED(twice_subtract_strong_multiply, 3,
      []<class V>(V a, V b, V c) { return V(2) * unless_zero(a, b, c, fused(opposite(a), b, c)); })

// A cotangent times the partials of log and log1p, from their inputs, and of sqrt, tanh, sigmoid and relu, from their
// outputs.
FUSED(strong_log_slope, 2, []<class V>(V a, V b) { return strong_product(a, V(1) / b); })
FUSED(strong_log1p_slope, 2, []<class V>(V a, V b) { return strong_product(a, V(1) / (V(1) + b)); })
FUSED(strong_sqrt_slope, 2, []<class V>(V a, V b) { return strong_product(a, V(typename V::value_type(0.5)) / b); })
FUSED(strong_tanh_slope, 2, []<class V>(V a, V b) { return strong_product(a, fused(opposite(b), b, V(1))); })
FUSED(strong_sigmoid_slope, 2, []<class V>(V a, V b) { return strong_product(a, b * (V(1) - b)); })
FUSED(strong_sign, 2, [](auto a, auto b) { return strong_product(a, sign_of(b)); })

#ifdef XTAPE_ISA_BASELINE
namespace xtape::detail {

namespace {

/// Larger ones before those that they contain. Operands were rewritten before: what a rewrite makes of them is what
/// the later ones find.
constexpr Rewrite kRewrites[] = {
    {"add(where(c, a, 0), where(c, 0, b))", "where(c, a, b)"},
    {"strong_multiply(a, subtract_multiply(b, b, 1))", "strong_tanh_slope(a, b)"},
    {"strong_multiply(a, multiply(b, subtract(1, b)))", "strong_sigmoid_slope(a, b)"},
    {"strong_multiply(a, sign(b))", "strong_sign(a, b)"},
    {"strong_multiply(a, divide(1, add(1, b)))", "strong_log1p_slope(a, b)"},
    {"strong_multiply(a, divide(1, b))", "strong_log_slope(a, b)"},
    {"strong_multiply(a, divide(0.5, b))", "strong_sqrt_slope(a, b)"},
    {"add(sqrt(divide(a, b)), c)", "add_root_of_quotient(a, b, c)"},
    {"add(sqrt(multiply(a, b)), c)", "add_root_of_product(a, b, c)"},

    {"subtract_twice_strong_multiply(a, b, add(c, c))", "twice_subtract_strong_multiply(a, b, c)"},
    {"add(subtract_strong_multiply(a, b, c), strong_multiply(a, negate(b)))",
     "subtract_twice_strong_multiply(a, b, c)"},
    {"subtract(subtract_strong_multiply(a, b, c), strong_multiply(a, b))", "subtract_twice_strong_multiply(a, b, c)"},
    {"add(strong_multiply_add(a, b, c), strong_multiply(a, b))", "add_twice_strong_multiply(a, b, c)"},
    {"add_twice(strong_multiply(a, b), c)", "add_twice_strong_multiply(a, b, c)"},
    {"add(add(a, b), b)", "add_twice(b, a)"},

    {"add(strong_multiply(a, negate(b)), c)", "subtract_strong_multiply(a, b, c)"},
    {"add(multiply(a, negate(b)), c)", "subtract_multiply(a, b, c)"},
    {"add(a, negate(b))", "subtract(a, b)"},
    {"subtract(a, negate(b))", "add(a, b)"},

    {"add(multiply(0, a), multiply(0, b))", "two_zeros(a, b)"},
    {"add(two_zeros(a, b), multiply(0, c))", "three_zeros(a, b, c)"},
    {"add(strong_multiply(a, b), strong_multiply(c, d))", "add_strong_products(a, b, c, d)"},
    {"add(multiply(a, square(b)), multiply(c, d))", "add_scaled_square_and_product(a, b, c, d)"},
    {"add(multiply(a, b), multiply(c, d))", "add_products(a, b, c, d)"},
    {"subtract(d, divide(multiply(a, b), c))", "subtract_product_over(a, b, c, d)"},

    {"add(strong_multiply(a, b), c)", "strong_multiply_add(a, b, c)"},
    {"subtract(strong_multiply(a, b), c)", "strong_multiply_subtract(a, b, c)"},
    {"subtract(c, strong_multiply(a, b))", "subtract_strong_multiply(a, b, c)"},
    {"add(multiply(a, square(b)), c)", "add_scaled_square(a, b, c)"},
    {"add(multiply(a, b), c)", "multiply_add(a, b, c)"},
    {"subtract(multiply(a, b), c)", "multiply_subtract(a, b, c)"},
    {"subtract(c, multiply(a, b))", "subtract_multiply(a, b, c)"},
    {"subtract(c, divide(a, b))", "subtract_divide(a, b, c)"},
    {"add(square(a), b)", "multiply_add(a, a, b)"},
    {"subtract(b, square(a))", "subtract_multiply(a, a, b)"},
    {"subtract(square(a), b)", "multiply_subtract(a, a, b)"},

    {"multiply(a, a)", "square(a)"},
    {"multiply(negate(a), a)", "negative_square(a)"},
    {"negate(square(a))", "negative_square(a)"},
};

constexpr const Op* kFusedOps[] = {&multiply_add_op,
                                   &multiply_subtract_op,
                                   &subtract_multiply_op,
                                   &subtract_divide_op,
                                   &add_scaled_square_op,
                                   &add_products_op,
                                   &add_scaled_square_and_product_op,
                                   &subtract_product_over_op,
                                   &two_zeros_op,
                                   &three_zeros_op,
                                   &add_strong_products_op,
                                   &negative_square_op,
                                   &add_twice_op,
                                   &add_root_of_quotient_op,
                                   &add_root_of_product_op,
                                   &strong_multiply_add_op,
                                   &strong_multiply_subtract_op,
                                   &subtract_strong_multiply_op,
                                   &add_twice_strong_multiply_op,
                                   &subtract_twice_strong_multiply_op,
                                   &twice_subtract_strong_multiply_op,
                                   &strong_log_slope_op,
                                   &strong_log1p_slope_op,
                                   &strong_sqrt_slope_op,
                                   &strong_tanh_slope_op,
                                   &strong_sigmoid_slope_op,
                                   &strong_sign_op};

constexpr std::string_view kCommutative[] = {"add", "multiply", "strong_multiply"};

}  // namespace

std::span<const Rewrite> rewrites() { return kRewrites; }

std::span<const Op* const> fused_ops() { return kFusedOps; }

bool is_commutative(std::string_view op) { return std::ranges::find(kCommutative, op) != std::end(kCommutative); }

bool is_free_when_fused(std::string_view op) { return op == "negate"; }

}  // namespace xtape::detail
#endif
