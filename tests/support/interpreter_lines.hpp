// Evaluators of the ops that work along an axis: scans and searches for order.
#pragma once

#include "support/interpreter.hpp"

namespace xtape::test {

void cumsum(Application& application);
void recurrence(Application& application);
void cummax(Application& application);
void logcumsumexp(Application& application);
void argsort(Application& application);
void argmax(Application& application);
void argmin(Application& application);

}  // namespace xtape::test
