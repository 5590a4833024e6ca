// `vectorize`: a function written for one example, for a batch of them.
//
//     auto distance = [](Var a, Var b) { return norm(a - b); };                  // of two vectors
//     xtape::vectorize(distance)(points, others);                                // [n, 2], [n, 2] to [n]
//     xtape::vectorize(distance, {0, xtape::kWhole})(points, center);            // [n, 2], [2] to [n]
//     auto loss = [](Var w, Var x, Var label) { return square(matmul(x, w) - label); };
//     xtape::vectorize(xtape::gradient<0>(loss), {xtape::kWhole, 0, 0})(w, x, labels);  // a gradient for each example
#pragma once

#include <optional>
#include <utility>
#include <vector>

#include <xtape/detail/calling.hpp>

namespace xtape {

/// For each argument the axis that its examples stand along, negative from the end, or kWhole for one that all share.
using ExampleAxes = std::vector<std::optional<int>>;
inline constexpr std::nullopt_t kWhole = std::nullopt;

namespace detail {

/// Records f for one example of the arguments, and then over all of them. Without axes all go over axis 0.
std::vector<Var> record_vectorized(const VarFunction& f, std::span<const Var> x, const ExampleAxes* axes);

template <class F, class... X>
auto call_vectorized(const F& f, const ExampleAxes* axes, const X&... x) {
  const auto record = [&](const VarFunction& g, std::span<const Var> vars) { return record_vectorized(g, vars, axes); };
  return ResultList<ResultOf<const F, sizeof...(X)>>::rebuild(call_transform_of(f, record, x...));
}

}  // namespace detail

/// f, which takes one or several Vars and gives one or several (a vector, an array, a pair or what value_and_gradient
/// gives), over the leading axis of all its arguments, or over the given axes of some. Each result has a leading axis
/// for the examples; one that depends on no example is repeated. f is recorded once, for one example, and its program
/// runs over all of them, with products of matrices that are shared made as one: costs what f written for the batch
/// would, and no loop over f. What f captures, Vars of the tape and Parameters, is shared. Vectorized functions nest,
/// inside gradients and around them. A random draw in f has the same numbers in all examples if its key is shared, and
/// its own where the keys are an argument that is gone over, int64 [n, 2]. Throws ShapeError if the arguments differ in
/// the number of examples or have no such axis, or a tensor would have more than eight axes; ValueError if no argument
/// is gone over, the number of axes is not that of arguments, f gives a Var of another tape, or asks for a value that
/// depends on an example (use `where`).
template <class F>
auto vectorize(F f) {
  return [f = std::move(f)]<class... X>(const X&... x) requires(detail::kTakesVars<F, sizeof...(X)>) {
    return detail::call_vectorized(f, nullptr, x...);
  };
}
template <class F>
auto vectorize(F f, ExampleAxes axes) {
  return [ f = std::move(f),
           axes = std::move(axes) ]<class... X>(const X&... x) requires(detail::kTakesVars<F, sizeof...(X)>) {
    return detail::call_vectorized(f, &axes, x...);
  };
}

}  // namespace xtape
