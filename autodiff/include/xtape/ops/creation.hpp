// Arrays made from numbers. They need no tape: as operands they mix with Vars, and Tape::variable makes Vars of them.
#pragma once

#include <optional>
#include <type_traits>

#include <xtape/array.hpp>

namespace xtape {

namespace detail {
Array arange_of_integers(std::int64_t start, std::int64_t stop, std::int64_t step, DType dtype);
Array arange_of_reals(double start, double stop, double step, DType dtype);
}  // namespace detail

/// start, start + step, ... before stop. Of integers int64 by default, else float64. Throws ValueError for a step of 0
/// or numbers that are not finite, DTypeError for bool, and for int64 of numbers that are not integers.
template <class Start, class Stop, class Step = int>
requires std::is_arithmetic_v<Start> && std::is_arithmetic_v<Stop> && std::is_arithmetic_v<Step> Array
arange(Start start, Stop stop, Step step = 1, std::optional<DType> dtype = std::nullopt) {
  if constexpr (std::is_integral_v<Start> && std::is_integral_v<Stop> && std::is_integral_v<Step>)
    return detail::arange_of_integers(detail::to_int64(start), detail::to_int64(stop), detail::to_int64(step),
                                      dtype.value_or(DType::int64));
  else
    return detail::arange_of_reals(static_cast<double>(start), static_cast<double>(stop), static_cast<double>(step),
                                   dtype.value_or(DType::float64));
}
/// 0, 1, 2, ... before stop.
template <class Stop>
requires std::is_arithmetic_v<Stop> Array arange(Stop stop) { return arange(Stop{0}, stop); }

/// `count` numbers at equal distances from start to stop, with stop itself if `endpoint`. Throws ValueError for a
/// negative count, DTypeError for int64 and bool.
Array linspace(double start, double stop, std::int64_t count = 50, bool endpoint = true, DType dtype = DType::float64);

/// A matrix (rows, columns), square by default, of zeros with ones on the k-th diagonal, which lies above the main one
/// for k > 0.
Array eye(std::int64_t rows, std::optional<std::int64_t> columns = std::nullopt, std::int64_t k = 0,
          DType dtype = DType::float64);

}  // namespace xtape
