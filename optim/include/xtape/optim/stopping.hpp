// When to stop.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include <xtape/optim/loss.hpp>

namespace xtape::optim {

/// Stops when the loss on data that the parameters are not fitted to no longer falls, and gives the parameters back the
/// values that had the lowest. Prechelt, Early Stopping - But When?, 1998.
struct EarlyStopping {
  LossFunction validation_loss = nullptr;
  std::int64_t patience = 10;  ///< checks in a row that bring no new lowest loss
  double min_delta = 0;        ///< a new lowest loss is lower by more than this
  std::int64_t every = 1;      ///< iterations between checks, or epochs of mini-batches

  /// Throws ValueError if there is no loss function, or a setting is out of range.
  void check() const;
};

/// Stops at whichever comes first. A loss or gradient that is not finite always stops.
struct Stopping {
  std::optional<std::int64_t> iterations = {};  ///< as many updates; 1000 if neither this nor epochs is given
  std::optional<std::int64_t> epochs = {};      ///< as many passes over the rows; mini-batches only
  std::optional<double> gradient_norm = {};     ///< the gradient's Euclidean norm is below this; not for mini-batches
  /// The last update lowered the loss by less than this; with mini-batches, the last epoch its batches' mean loss.
  std::optional<double> loss_decrease = {};
  /// The same for a fraction of the loss's absolute value before.
  std::optional<double> relative_decrease = {};
  std::optional<EarlyStopping> early_stopping = {};

  /// Throws ValueError if a setting is negative or NaN.
  void check() const;
};

/// Which of them it was; `loss_decrease` is the relative one, too. `line_search` is Newton's method or L-BFGS finding
/// no lower loss, `unbounded` L-BFGS finding that the loss falls without bound.
enum class StopReason : std::uint8_t {
  iterations,
  epochs,
  gradient_norm,
  loss_decrease,
  validation_loss,
  line_search,
  unbounded,
  non_finite
};

/// "iterations", "epochs", "gradient norm", "loss decrease", "validation loss", "line search", "unbounded"
/// or "non-finite".
std::string_view name(StopReason reason);

}  // namespace xtape::optim
