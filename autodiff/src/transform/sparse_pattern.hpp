// Which elements of a result can depend on which elements of an input, found from the program and not from values.
#pragma once

#include <cstdint>
#include <vector>

#include "tape/state.hpp"

namespace xtape::detail {

/// The places of a matrix that may be other than zero: for each row its columns, in ascending order.
struct Pattern {
  std::int64_t columns = 0;
  std::vector<std::vector<std::uint32_t>> rows;
};

/// Of the Jacobian of y for x, elements in row-major order. It holds whatever the values are: elementwise ops, views,
/// reductions, products and movements of elements are followed element by element, of any other op every element of
/// the result depends on all of its inputs. Composites are lowered on the tape.
Pattern jacobian_pattern(TapeState& state, NodeId y, NodeId x);

/// The columns as rows.
Pattern transposed(const Pattern& pattern);

/// The pattern and its transpose together, of a square one.
Pattern symmetric(const Pattern& pattern);

}  // namespace xtape::detail
