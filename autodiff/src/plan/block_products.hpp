// Products of a tall matrix that run inside of a loop by rows (plan/row_loops.hpp), beside the elementwise work before,
// between and after them: so that a dense layer's bias and activation find its product in the cache, and X is read once
// where a gradient wants both X W and the transpose of X times what follows, as that of softmax regression does.
#pragma once

#include <optional>

#include "plan/layout.hpp"

namespace xtape::detail {

struct BlockProduct {
  enum class Form : std::uint8_t {
    dots,  ///< (rows, depth) times (depth, columns): row i of the result is computed at row i of the loop
    sums,  ///< the transpose of (rows, depth) times (rows, columns): it ends the loop, as a reduction does
  } form;
  NodeId matrix, factor;  ///< the nodes read, views included
  std::int64_t rows, depth, columns, leading;
};

/// How a node runs by blocks of rows, if it could. Follows from shape, layout and instruction set alone. A product of
/// the form `sums` always runs so, because the order of summation does; one of the form `dots` has the same bits as a
/// step of its own.
std::optional<BlockProduct> as_block_product(const Layout& layout, NodeId id);

/// Whether a product of the form `dots` is better part of a loop that does no more than read it: it would not be in a
/// near cache any more when a loop of its own reads it.
bool joins_readers(const BlockProduct& product, DType dtype);
/// How large it is then; tests want small ones, too.
std::size_t& least_bytes_of_joining_product();

}  // namespace xtape::detail
