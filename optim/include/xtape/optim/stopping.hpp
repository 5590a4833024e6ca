// When to stop.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace xtape::optim {

/// Stops at whichever comes first. A loss or gradient that is not finite always stops.
struct Stopping {
  std::int64_t iterations = 1000;            ///< as many updates
  std::optional<double> gradient_norm = {};  ///< the gradient's Euclidean norm is below this
  std::optional<double> loss_decrease = {};  ///< the last update lowered the loss by less than this

  /// Throws ValueError if a setting is negative or NaN.
  void check() const;
};

/// Which of them it was.
enum class StopReason : std::uint8_t { iterations, gradient_norm, loss_decrease, non_finite };

/// "iterations", "gradient norm", "loss decrease" or "non-finite".
std::string_view name(StopReason reason);

}  // namespace xtape::optim
