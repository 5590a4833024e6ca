// Rows of the ops that only transforms of functions record.
#include <xtape/control.hpp>
#include <xtape/functional.hpp>

#include "ops/row.hpp"

namespace xtape::test {

namespace {

using Vars = std::span<const Var>;

Var checkpointed(Vars x) {
  return checkpoint([](const Var& a, const Var& b) { return sin(a * b) + 0.5 * a; })(x[0], x[1]);
}

Var slope(Vars x) {
  return directional_derivative([](const Var& a) { return sum(sin(a) * a); }, x[0], x[1]);
}

}  // namespace

std::vector<Row> transform_rows() {
  return {
      {"checkpoint", sample({real({3}), real({3})}, checkpointed), sample({real({2, 2}), real({2, 2})}, checkpointed)},
      {"directional_derivative", sample({real({3}), real({3}, 0.5, 2)}, slope),
       sample({real({}), real({}, 1, 2)}, slope)},
  };
}

}  // namespace xtape::test
