// Why `minimize` stopped, as a reason and in words.
#pragma once

#include <string>

#include <xtape/optim/minimize.hpp>

namespace xtape::optim::detail {

/// The limit of iterations where no other is given.
inline constexpr std::int64_t kIterations = 1000;

StopReason reason_of(Outcome outcome);

/// The loss that the next one must not exceed for `loss_decrease` and `relative_decrease` to let it go on.
double highest_next(double loss, const Stopping& stopping);

/// The result's reason with its numbers; `step` is the last one.
std::string describe(const Result& result, const Step& step, const Stopping& stopping);

}  // namespace xtape::optim::detail
