// Evaluators of the ops behind convolution and pooling.
#pragma once

#include "support/interpreter.hpp"

namespace xtape::test {

void windows(Application& application);
void windows_transpose(Application& application);

}  // namespace xtape::test
