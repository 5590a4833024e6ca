// The Euclidean norm, for other ops.
#pragma once

#include "ops/reduction.hpp"

namespace xtape::detail {

extern constinit const Op norm2_op;  ///< a reduction

}  // namespace xtape::detail
