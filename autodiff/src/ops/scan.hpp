// The linear recurrence that the derivatives of scans are made of.
#pragma once

#include <xtape/tape.hpp>

namespace xtape::detail {

/// Which way a recurrence runs.
enum class Direction : std::uint8_t { forward, backward };
/// Which coefficient takes an element to the next one: that of the next, or its own.
enum class Coefficient : std::uint8_t { of_next, of_previous };
/// Whether products are IEEE's, or strong: exact zeros stay zeros.
enum class Product : std::uint8_t { plain, strong };

/// y[k] = a[k] y[k - 1] + b[k] along an axis, with y[-1] = 0; a and b are of one shape. Backward, k + 1 stands for
/// k - 1; of_previous, a[k - 1] for a[k]. Its derivatives are such recurrences again.
Var recurrence(const Var& a, const Var& b, std::size_t axis, Direction direction, Coefficient coefficient,
               Product product);

/// The element before each, seen in this direction, and 0 for the first.
Var shifted(const Var& x, std::size_t axis, Direction direction);

/// The axis that stands so many from the end.
inline std::size_t axis_of(const Var& x, std::int64_t from_end) {
  return x.rank() - 1 - static_cast<std::size_t>(from_end);
}

}  // namespace xtape::detail
