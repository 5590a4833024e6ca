// From the partial derivatives of an elementwise op to its rule.
#pragma once

#include <cstddef>
#include <utility>

#include "ops/op.hpp"
#include "ops/strong.hpp"

namespace xtape::detail {

/// A rule that is not made of partials: a function of a Rule&.
template <class Body>
struct WholeRule {
  Body body;
};
template <class Body>
WholeRule(Body) -> WholeRule<Body>;

template <class Partial, std::size_t... Inputs>
Operand partial_of(Rule& rule, std::index_sequence<Inputs...>) {
  return Operand(Partial{}(rule.x(Inputs)..., rule.y()));
}

/// Each input gets cotangent times partial, zero being strong (docs/numerics.md).
template <class... Partials>
void vjp_from_partials(Rule& rule) {
  std::size_t input = 0;
  ((rule.wants(input)
        ? rule.give(input, strong_multiply(rule.cotangent,
                                           partial_of<Partials>(rule, std::make_index_sequence<sizeof...(Partials)>{})))
        : void(),
    ++input),
   ...);
}

using Vjp = void (*)(Rule&);

consteval Vjp vjp_of() { return nullptr; }

template <class... Partials>
consteval Vjp vjp_of(Partials...) {
  return &vjp_from_partials<Partials...>;
}

template <class Body>
consteval Vjp vjp_of(WholeRule<Body>) {
  return [](Rule& rule) { Body{}(rule); };
}

}  // namespace xtape::detail
