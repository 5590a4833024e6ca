// The interpreter's evaluators of draws.
#pragma once

#include "support/interpreter.hpp"

namespace xtape::test {

void random_uniform(Application& application);
void random_normal(Application& application);

}  // namespace xtape::test
