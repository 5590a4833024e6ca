// How transforms of functions are called: with Arrays, numbers, Parameters or xtensor expressions they give Arrays,
// with at least one Var they record on its tape and give Vars.
#pragma once

#include <array>
#include <cstddef>
#include <functional>
#include <span>
#include <type_traits>
#include <utility>
#include <vector>

#include <xtape/operand.hpp>
#include <xtape/tape.hpp>

namespace xtape::detail {

/// A function of Vars of one tape, by position, to Vars of the same tape.
using VarFunction = std::function<std::vector<Var>(std::span<const Var>)>;

template <class T>
inline constexpr bool is_var = std::is_same_v<std::remove_cvref_t<T>, Var>;

/// Var if one of the arguments is a Var, else Array.
template <class... Arguments>
using ValueOf = std::conditional_t<(is_var<Arguments> || ...), Var, Array>;

template <class F, std::size_t... I>
constexpr bool takes_vars(std::index_sequence<I...>) {
  return std::is_invocable_v<const F&, decltype(static_cast<void>(I), std::declval<const Var&>())...>;
}
/// Whether F can be called with N Vars.
template <class F, std::size_t N>
inline constexpr bool kTakesVars = takes_vars<F>(std::make_index_sequence<N>());

/// What a function gives, as a list; `rebuild` makes of a list of other values what corresponds to it.
template <class Result>
struct ResultList;

template <>
struct ResultList<Var> {
  static std::vector<Var> list(const Var& result) { return {result}; }
  template <class Value>
  static Value rebuild(std::vector<Value> values) {
    return std::move(values[0]);
  }
};

template <>
struct ResultList<std::vector<Var>> {
  static std::vector<Var> list(std::vector<Var> results) { return results; }
  template <class Value>
  static std::vector<Value> rebuild(std::vector<Value> values) {
    return values;
  }
};

template <std::size_t N>
struct ResultList<std::array<Var, N>> {
  static std::vector<Var> list(const std::array<Var, N>& results) { return {results.begin(), results.end()}; }
  template <class Value>
  static std::array<Value, N> rebuild(std::vector<Value> values) {
    std::array<Value, N> result;
    for (std::size_t i = 0; i < N; ++i) result[i] = std::move(values[i]);
    return result;
  }
};

template <>
struct ResultList<std::pair<Var, Var>> {
  static std::vector<Var> list(const std::pair<Var, Var>& results) { return {results.first, results.second}; }
  template <class Value>
  static std::pair<Value, Value> rebuild(std::vector<Value> values) {
    return {std::move(values[0]), std::move(values[1])};
  }
};

template <class F, std::size_t... I>
auto call_by_position(F& f, std::span<const Var> x, std::index_sequence<I...>) {
  return f(x[I]...);
}

/// What f gives for N Vars.
template <class F, std::size_t N>
using ResultOf = std::remove_cvref_t<decltype(call_by_position(std::declval<F&>(), std::declval<std::span<const Var>>(),
                                                               std::make_index_sequence<N>()))>;

/// f as a function of a list of N Vars; it refers to f.
template <std::size_t N, class F>
VarFunction by_position(F& f) {
  return [&f](std::span<const Var> x) {
    return ResultList<ResultOf<F, N>>::list(call_by_position(f, x, std::make_index_sequence<N>()));
  };
}

/// Calls `record` with the arguments as Vars: on the tape of the Vars among them, or on a tape of its own, whose values
/// it gives. Throws ValueError if two arguments are Vars of different tapes.
template <class Value>
std::vector<Value> call_recorded(const VarFunction& record, std::span<const Operand> arguments);
template <>
std::vector<Var> call_recorded<Var>(const VarFunction& record, std::span<const Operand> arguments);
template <>
std::vector<Array> call_recorded<Array>(const VarFunction& record, std::span<const Operand> arguments);

/// Calls `record` with f as a function of a list, the first N arguments, and those behind them.
template <std::size_t N, class Value, class F, class Record>
std::vector<Value> call_transform(F& f, std::span<const Operand> arguments, const Record& record) {
  const VarFunction listed = by_position<N>(f);
  return call_recorded<Value>(
      [&](std::span<const Var> vars) -> std::vector<Var> { return record(listed, vars.first(N), vars.subspan(N)); },
      arguments);
}

/// The same for arguments of any types, all of them arguments of f.
template <class F, class Record, class... X>
std::vector<ValueOf<X...>> call_transform_of(F& f, const Record& record, const X&... x) {
  const std::array<Operand, sizeof...(X)> operands{Operand(x)...};
  return call_transform<sizeof...(X), ValueOf<X...>>(
      f, operands,
      [&](const VarFunction& g, std::span<const Var> vars, std::span<const Var>) { return record(g, vars); });
}

/// One value by itself, several as an array.
template <std::size_t N, class Value>
auto one_or_array(std::vector<Value> values, std::size_t first = 0) {
  if constexpr (N == 1) {
    return std::move(values[first]);
  } else {
    std::array<Value, N> result;
    for (std::size_t i = 0; i < N; ++i) result[i] = std::move(values[first + i]);
    return result;
  }
}

/// Arguments, and behind them what else a transform takes, as one list.
template <class X, class V>
std::vector<Operand> joined(std::span<const X> x, std::span<const V> v) {
  std::vector<Operand> operands;
  for (const X& each : x) operands.emplace_back(each);
  for (const V& each : v) operands.emplace_back(each);
  return operands;
}

}  // namespace xtape::detail
