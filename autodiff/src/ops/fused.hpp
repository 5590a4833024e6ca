// Peephole rewrites: which applications of ops one fused op computes in one go. They are data, written as the
// expressions that `dump` shows, and plan/peephole.cpp applies them without knowing any op. Fused ops are made by the
// planner only: they have no rule, no public function, and are not among `all_ops()`.
#pragma once

#include <span>
#include <string_view>

#include "ops/op.hpp"

namespace xtape::detail {

/// "add(multiply(a, b), c)" becomes "multiply_add(a, b, c)": a letter stands for any value, and the same value each
/// time, a number for that literal. `put` is one op on letters of `find`.
struct Rewrite {
  std::string_view find, put;
};

/// All rewrites; of those that fit, the first counts.
std::span<const Rewrite> rewrites();

/// The ops that only rewrites make.
std::span<const Op* const> fused_ops();

/// An op in two steps, op(inputs...) = rest(inputs..., first(inputs[0])) bit for bit, the first of which others share:
/// bce_with_logits and the sigmoid in its gradient. Two short kernels also keep a processor busier than a long one.
struct Expansion {
  const Op *op, *first, *rest;
  bool always;  ///< else only where the first step stands in the program already
};

std::span<const Expansion> expansions();

/// Whether f(a, b) is f(b, a), so that a rewrite fits either way.
bool is_commutative(std::string_view op);

/// Whether the op costs nothing inside a fused one, so that it is taken in even if others read its result too.
bool is_free_when_fused(std::string_view op);

}  // namespace xtape::detail
