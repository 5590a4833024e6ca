// Products of a matrix and a vector that run inside of a loop over the matrix's rows, beside the elementwise work
// before and after them: so that X is read once where a gradient wants both X w and the transpose of X times what
// follows.
#pragma once

#include <optional>

#include "plan/layout.hpp"

namespace xtape::detail {

struct RowProduct {
  enum class Form : std::uint8_t {
    dots,  ///< element i of the result is the dot product of row i with the vector: computed at place i of the loop
    sums,  ///< the result is the sum of the rows times the vector's elements: it ends the loop, as a reduction does
  } form;
  NodeId matrix, vector;  ///< the nodes read, views included
  std::int64_t rows, columns, leading;
  NodeId places = kNoNode;  ///< the numbers of the rows, if these are not all of the matrix's in order
};

/// How a node runs by rows, if it does. Follows from the product's shape and layout alone, because the order of
/// summation does.
std::optional<RowProduct> as_row_product(const Layout& layout, NodeId id);

}  // namespace xtape::detail
