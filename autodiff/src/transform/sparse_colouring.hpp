// Colourings of a matrix: columns of one colour are found together, by one product with their sum.
#pragma once

#include <cstdint>
#include <vector>

#include "transform/sparse_pattern.hpp"

namespace xtape::detail {

struct Colouring {
  std::vector<std::uint32_t> of;  ///< the colour of each column
  std::uint32_t count = 0;        ///< of columns that have elements
};

/// Greedy, in the order of the columns: no two columns of one colour have an element in the same row (Curtis, Powell
/// and Reid 1974).
Colouring column_colouring(const Pattern& pattern);

/// Greedy star colouring of a symmetric pattern, in the order of decreasing degrees: of the elements (i, j) and (j, i)
/// at least one stands alone in its row among the columns of its colour (Coleman and More 1984; the algorithm is that
/// of Gebremedhin, Manne and Pothen 2005). Falls back on `column_colouring` where it would be too much work.
Colouring star_colouring(const Pattern& pattern);

}  // namespace xtape::detail
