// The ops that a program file may name: all that there are, and not only those that the application mentions.
#pragma once

#include <span>

#include "ops/op.hpp"

namespace xtape::detail {

/// all_ops(), after making sure that they are linked in.
std::span<const Op* const> linked_ops();

}  // namespace xtape::detail
