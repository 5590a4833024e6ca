// The ops without inputs: what a tape holds from the start, and literals.
#pragma once

#include "ops/op.hpp"

namespace xtape::detail {

extern constinit const Op input_op;        ///< an Array
extern constinit const Op number_op;       ///< a C++ number beside a Var
extern constinit const Op parameter_op;    ///< a read of a Parameter
extern constinit const Op placeholder_op;  ///< an input of a function that is being recorded: it has no value
extern constinit const Op constant_op;     ///< a literal; the attribute is the bits of a double

}  // namespace xtape::detail
