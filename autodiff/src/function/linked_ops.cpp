// A linker takes from a static library only the files that something mentions.
#include "function/linked_ops.hpp"

#include <xtape/control.hpp>
#include <xtape/ops.hpp>

#include "transform/direction.hpp"

namespace xtape::detail {

namespace {

/// Never called. It mentions an op of each file that has any.
[[gnu::used]] void mention(const Operand& x) {
  const Var elementwise = equal(x, erf(exp(lgamma(tanh(sinh(log2(sqrt(floor(where(x, sin(x), x))))))))));
  const Var arranged = take(concatenate({argsort(x)}), cumsum(logcumsumexp(x)), 0);
  const Var matrices = matmul(cholesky(det(eigvalsh(lstsq(x, inv(qr(svdvals(x)).r))))), x);
  const Var reduced = logsumexp(norm(var(sum(x))));
  length_of(std::span(&reduced, 1), {});
  straight_through(reduced, reduced);
  max_pool2d(uniform_like(elementwise + arranged, matrices + reduced), 1, 1);
}

}  // namespace

std::span<const Op* const> linked_ops() { return all_ops(); }

}  // namespace xtape::detail
