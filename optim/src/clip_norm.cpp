#include <xtape/ops.hpp>
#include <xtape/optim/clip_norm.hpp>

#include "settings.hpp"

namespace xtape::optim {

Var ClipNorm::look_ahead(const Var& x, State& state) const { return rule.look_ahead(x, state); }

Var ClipNorm::update(const Var& x, const Var& gradient, State& state) const {
  // In this form a norm of 0 divides nothing, and a gradient within the limit is multiplied by 1 exactly.
  Var factor = max_norm / maximum(state.gradient_norm(), max_norm);
  return rule(x, cast(factor, gradient.dtype()) * gradient, state);
}

bool ClipNorm::keeps_finite(double largest, std::int64_t step) const { return rule.keeps_finite(largest, step); }

void ClipNorm::check() const { detail::check_positive("ClipNorm", "max_norm", max_norm); }

}  // namespace xtape::optim
