// The elementwise ops that recording knows by name, to simplify them.
#pragma once

#include "ops/op.hpp"

namespace xtape::detail {

extern constinit const Op add_op;
extern constinit const Op subtract_op;
extern constinit const Op multiply_op;
extern constinit const Op divide_op;
extern constinit const Op negate_op;
extern constinit const Op strong_multiply_op;
extern constinit const Op strong_divide_op;

}  // namespace xtape::detail
