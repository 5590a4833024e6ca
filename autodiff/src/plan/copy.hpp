// The planner's own op: the elements of a view in a buffer of their own.
#pragma once

#include "ops/op.hpp"

namespace xtape::detail {

extern const Op copy_op;

}  // namespace xtape::detail
