// What is minimized, and over what.
#pragma once

#include <functional>
#include <vector>

#include <xtape/parameter.hpp>
#include <xtape/tape.hpp>

namespace xtape::optim {

using Parameters = std::vector<std::reference_wrapper<Parameter>>;

/// Records the loss, a floating scalar, on the given tape, reading the Parameters through it.
using LossFunction = std::function<Var(Tape&)>;

/// Records the mean loss of some rows of the data: their numbers, int64 (b), are a leaf of the tape.
///
///     [&](Tape&, const Var& rows) { return model.loss(take(x, rows, 0), take(y, rows, 0)); }
using BatchLoss = std::function<Var(Tape&, const Var& rows)>;

}  // namespace xtape::optim
