// Derivatives of functions: transforms that take a function of Vars and give its derivative.
//
//     auto f = [](Var x, Var y) { return sin(x) * y; };
//     auto [dx, dy] = xtape::gradient(f)(0.5, 2.0);                                              // Arrays
//     auto second = xtape::gradient([&](Var x) { return xtape::gradient<0>(f)(x, 2.0); })(0.5);  // -sin(0.5) 2
//
// Called with Arrays, C++ numbers, Parameters or xtensor expressions they give Arrays; called with at least one Var
// they record on that Var's tape and give Vars, so that they nest to any depth. A derivative is taken for the arguments
// and nothing else: what f has captured is constant, even if it is the Var that it is called with. All of them throw
// ValueError if f gives a Var of another tape or a direction has another shape than its argument, DTypeError if f or an
// argument that is differentiated for is not floating, and what f throws. docs/derivatives.md teaches them.
#pragma once

#include <array>
#include <cstddef>
#include <span>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include <xtape/detail/calling.hpp>

namespace xtape {

/// A value with a derivative: auto [value, derivative] = value_and_gradient(f)(x).
template <class Value, class Derivative>
struct WithValue {
  Value value;
  Derivative derivative;
};

namespace detail {

using Positions = std::span<const std::size_t>;
using Vars = std::span<const Var>;

/// These record the value, where their name has it, and then the derivatives, in the order of the arguments.
std::vector<Var> record_value_and_gradient(const VarFunction& f, Vars x, Positions wrt);
std::vector<Var> record_value_and_vjp(const VarFunction& f, Vars x, const Var& cotangent);
std::vector<Var> record_value_and_jvp(const VarFunction& f, Vars x, Vars tangents);
std::vector<Var> record_directional_derivative(const VarFunction& f, Vars x, Vars direction);
std::vector<Var> record_jacobian(const VarFunction& f, Vars x, Positions wrt);
std::vector<Var> record_hessian(const VarFunction& f, Vars x, Positions wrt);
std::vector<Var> record_hessian_vector_product(const VarFunction& f, Vars x, Vars v);
std::vector<Var> record_laplacian(const VarFunction& f, Vars x);
std::vector<Var> record_divergence(const VarFunction& f, Vars x);
std::vector<Var> record_taylor(const VarFunction& f, Vars x, Vars direction, int order);
Var record_polynomial(const Var& coefficients, const Operand& t);

/// The positions chosen, or all of them.
template <std::size_t Arguments, std::size_t... Wrt>
constexpr auto chosen_positions() {
  if constexpr (sizeof...(Wrt) > 0) {
    static_assert(((Wrt < Arguments) && ...), "a position is beyond the arguments");
    return std::array<std::size_t, sizeof...(Wrt)>{Wrt...};
  } else {
    std::array<std::size_t, Arguments> all{};
    for (std::size_t i = 0; i < Arguments; ++i) all[i] = i;
    return all;
  }
}

/// A transform of f with respect to chosen arguments: `record(f, x, wrt)` gives a list, of which `rebuild` makes what
/// the caller gets.
template <std::size_t... Wrt, class F, class Record, class Rebuild>
auto transformed(F f, Record record, Rebuild rebuild) {
  return [ f = std::move(f), record, rebuild ]<class... X>(const X&... x) requires(kTakesVars<F, sizeof...(X)>) {
    static constexpr auto wrt = chosen_positions<sizeof...(X), Wrt...>();
    const auto at = [&](const VarFunction& g, Vars vars) { return record(g, vars, wrt); };
    return rebuild.template operator()<wrt.size()>(call_transform_of(f, at, x...));
  };
}

template <std::size_t N, class Value>
auto with_value(std::vector<Value> values) {
  Value value = values[0];
  auto derivative = one_or_array<N>(std::move(values), 1);
  return WithValue<Value, decltype(derivative)>{std::move(value), std::move(derivative)};
}

/// What value_and_gradient gives, inside another transform.
template <class Derivative>
struct ResultList<WithValue<Var, Derivative>> {
  static std::vector<Var> list(const WithValue<Var, Derivative>& result) {
    std::vector<Var> vars = ResultList<Derivative>::list(result.derivative);
    vars.insert(vars.begin(), result.value);
    return vars;
  }
  template <class Value>
  static auto rebuild(std::vector<Value> values) {
    if constexpr (is_var<Derivative>) return with_value<1>(std::move(values));
    else return with_value<std::tuple_size_v<Derivative>>(std::move(values));
  }
};

/// N rows of N values.
template <std::size_t N, class Value>
auto one_or_square(const std::vector<Value>& values) {
  if constexpr (N == 1) {
    return values[0];
  } else {
    std::array<std::array<Value, N>, N> rows;
    for (std::size_t i = 0; i < N * N; ++i) rows[i / N][i % N] = values[i];
    return rows;
  }
}

}  // namespace detail

/// The gradient of a scalar function: gradient(f)(x) has x's shape. Of several arguments it is an array, one for each,
/// or one for each that is chosen: gradient<0>(f)(weights, x, labels). Costs 1 to 4 times the function. Throws
/// ShapeError if f gives no scalar.
template <std::size_t... Wrt, class F>
auto gradient(F f) {
  const auto record = [](const detail::VarFunction& g, detail::Vars x, detail::Positions wrt) {
    std::vector<Var> all = detail::record_value_and_gradient(g, x, wrt);
    all.erase(all.begin());
    return all;
  };
  return detail::transformed<Wrt...>(
      std::move(f), record, []<std::size_t N>(auto values) { return detail::one_or_array<N>(std::move(values)); });
}

/// The same together with the value, at the cost of the gradient alone.
template <std::size_t... Wrt, class F>
auto value_and_gradient(F f) {
  return detail::transformed<Wrt...>(std::move(f), detail::record_value_and_gradient, []<std::size_t N>(auto values) {
    return detail::with_value<N>(std::move(values));
  });
}

/// The value y of f at x and the product of a cotangent, of y's shape and dtype, with the Jacobian: for each argument,
/// of its shape. vjp(f, x, u), or vjp(f, {x, w}, u). Costs 1 to 4 times the function, whatever the shapes.
template <class F, class X, std::size_t N, class U>
auto vjp(const F& f, const X (&x)[N], const U& cotangent) {
  const auto record = [](const detail::VarFunction& g, detail::Vars vars, detail::Vars rest) {
    return detail::record_value_and_vjp(g, vars, rest[0]);
  };
  return detail::with_value<N>(
      detail::call_transform<N, detail::ValueOf<X, U>>(f, detail::joined<X, U>(x, std::span(&cotangent, 1)), record));
}
template <class F, class X, class U>
auto vjp(const F& f, const X& x, const U& cotangent) {
  return vjp<F, X, 1, U>(f, {x}, cotangent);
}

/// The value y of f at x and its derivative along a tangent of x's shape and dtype, the product of the Jacobian with
/// it, of y's shape. jvp(f, x, v), or jvp(f, {x, w}, {dx, dw}). Costs 1 to 3 times the function, whatever the shapes.
/// It comes from the rules of reverse mode: the reverse pass is differentiated for its cotangent.
template <class F, class X, class V, std::size_t N>
auto jvp(const F& f, const X (&x)[N], const V (&tangents)[N]) {
  return detail::with_value<1>(detail::call_transform<N, detail::ValueOf<X, V>>(f, detail::joined<X, V>(x, tangents),
                                                                                detail::record_value_and_jvp));
}
template <class F, class X, class V>
auto jvp(const F& f, const X& x, const V& tangent) {
  return jvp<F, X, V, 1>(f, {x}, {tangent});
}

/// The slope of a scalar function at x in the direction of d, of x's shape and dtype: the gradient's projection on d /
/// |d|. -d gives the negative. Of several arguments, {x, w} and {dx, dw}, |d| is the norm of all of them together.
/// Costs what `jvp` does. Throws ShapeError if f gives no scalar, and when the value is computed ValueError for a
/// direction of length 0 or one that is not finite.
template <class F, class X, class D, std::size_t N>
auto directional_derivative(const F& f, const X (&x)[N], const D (&direction)[N]) {
  return detail::call_transform<N, detail::ValueOf<X, D>>(f, detail::joined<X, D>(x, direction),
                                                          detail::record_directional_derivative)[0];
}
template <class F, class X, class D>
auto directional_derivative(const F& f, const X& x, const D& direction) {
  return directional_derivative<F, X, D, 1>(f, {x}, {direction});
}

/// The matrix of the partial derivatives of a tensor function: jacobian(f)(x) has the shape of f(x) followed by that of
/// x, and the dtype of f(x). Of several arguments it is an array, as for `gradient`. One product with a whole basis,
/// vectorized: of tangents where x has fewer elements than f(x), of cotangents otherwise; costs their number times 1 to
/// 4 functions at most.
template <std::size_t... Wrt, class F>
auto jacobian(F f) {
  return detail::transformed<Wrt...>(std::move(f), detail::record_jacobian, []<std::size_t N>(auto values) {
    return detail::one_or_array<N>(std::move(values));
  });
}

/// The matrix of the second derivatives of a scalar function: hessian(f)(x) has x's shape twice. Of several arguments
/// it is an array of arrays, [i][j] having the shape of argument i followed by that of j. One vectorized product for
/// each element of x: costs their number times 2.5 gradients at most. Throws ShapeError if f gives no scalar.
template <std::size_t... Wrt, class F>
auto hessian(F f) {
  return detail::transformed<Wrt...>(std::move(f), detail::record_hessian,
                                     []<std::size_t N>(auto values) { return detail::one_or_square<N>(values); });
}

/// The product of the Hessian with v, of x's shape and dtype, without the Hessian: hessian_vector_product(f, x, v), or
/// (f, {x, w}, {v, u}), which gives an array. Costs 2.5 gradients at most. Throws ShapeError if f gives no scalar.
template <class F, class X, class V, std::size_t N>
auto hessian_vector_product(const F& f, const X (&x)[N], const V (&v)[N]) {
  return detail::one_or_array<N>(detail::call_transform<N, detail::ValueOf<X, V>>(
      f, detail::joined<X, V>(x, v), detail::record_hessian_vector_product));
}
template <class F, class X, class V>
auto hessian_vector_product(const F& f, const X& x, const V& v) {
  return hessian_vector_product<F, X, V, 1>(f, {x}, {v});
}

/// The sum of the second derivatives of a scalar function for each element of its arguments, the trace of the Hessian:
/// laplacian(f)(x), of f's dtype. Costs the Hessian's products, and memory for one number of each. Throws ShapeError if
/// f gives no scalar.
template <class F>
auto laplacian(F f) {
  return [f = std::move(f)]<class... X>(const X&... x) requires(detail::kTakesVars<F, sizeof...(X)>) {
    return detail::call_transform_of(f, detail::record_laplacian, x...)[0];
  };
}

/// The trace of the Jacobian of a function that gives a tensor of its argument's shape: divergence(f)(x). Costs one
/// product for each element of x. Throws ShapeError if the shapes differ.
template <class F>
auto divergence(F f) {
  return
      [f = std::move(f)]<class X>(const X& x) { return detail::call_transform_of(f, detail::record_divergence, x)[0]; };
}

/// The Taylor coefficients of t -> f(x + t d) at 0: the k-th is the k-th derivative over k!, k = 0 ... order, along a
/// new first axis. d has x's shape and dtype and is not normalized. taylor(f, x, d, order), or (f, {x, w}, {dx, dw},
/// order). They obey recurrences that come from the rules of reverse mode: y' = p(x, y) x' gives coefficient k of y
/// from those before it (Griewank and Walther 2008, chapter 13), so that the cost grows with the order squared for most
/// functions, and not exponentially as nested derivatives do. Throws ValueError for an order below 0.
template <class F, class X, class D, std::size_t N>
auto taylor(const F& f, const X (&x)[N], const D (&direction)[N], int order) {
  const auto record = [order](const detail::VarFunction& g, detail::Vars vars, detail::Vars d) {
    return detail::record_taylor(g, vars, d, order);
  };
  return detail::call_transform<N, detail::ValueOf<X, D>>(f, detail::joined<X, D>(x, direction), record)[0];
}
template <class F, class X, class D>
auto taylor(const F& f, const X& x, const D& direction, int order) {
  return taylor<F, X, D, 1>(f, {x}, {direction}, order);
}

/// The polynomial with these coefficients, which stand along the first axis, at t: a scalar, or a tensor that
/// broadcasts against one coefficient. Horner's rule. A C++ number takes the coefficients' dtype. Throws ShapeError if
/// the coefficients are a scalar or none, and unless a tensor t broadcasts.
template <class Coefficients, class T>
auto taylor_polynomial(const Coefficients& coefficients, const T& t) {
  const auto call = [](const detail::VarFunction& g, detail::Vars x) { return g(x); };
  if constexpr (std::is_arithmetic_v<T>) {
    const auto horner = [t](const Var& c) { return detail::record_polynomial(c, t); };
    return detail::call_transform_of(horner, call, coefficients)[0];
  } else {
    const auto horner = [](const Var& c, const Var& at) { return detail::record_polynomial(c, at); };
    return detail::call_transform_of(horner, call, coefficients, t)[0];
  }
}

}  // namespace xtape
