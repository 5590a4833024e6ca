// Where a rule that divides by a root puts the epsilon that keeps it from dividing by zero.
#pragma once

#include <cstdint>

#include <xtape/tape.hpp>

namespace xtape::optim {

/// `outside_root` is sqrt(x) + epsilon, as in Adam's paper and in PyTorch; `inside_root` is sqrt(x + epsilon), as many
/// textbooks have it. An epsilon inside stands for the square of one outside.
enum class Epsilon : std::uint8_t { outside_root, inside_root };

/// sqrt(x) + epsilon or sqrt(x + epsilon).
Var root_with_epsilon(const Var& x, double epsilon, Epsilon place);

}  // namespace xtape::optim
