// The parameters' values with the lowest validation loss so far.
#pragma once

#include <limits>
#include <vector>

#include <xtape/optim/minimize.hpp>

namespace xtape::optim::detail {

/// Watches the validation loss, if there is one to watch.
class Watch {
 public:
  /// Measures the parameters as they are.
  Watch(const Parameters& parameters, const std::optional<EarlyStopping>& settings);

  /// Measures after as many iterations (or epochs), where it is time to, and notes the loss in the step. Returns
  /// whether patience is at its end.
  bool sees_the_end(std::int64_t iteration, Step& step);
  /// Gives the parameters the values that had the lowest loss, and the result that loss.
  void restore(Result& result) const;

  explicit operator bool() const { return settings_.has_value(); }

 private:
  bool is_new_lowest(double loss);

  const Parameters& parameters_;
  const std::optional<EarlyStopping>& settings_;
  std::vector<Array> best_;
  double lowest_ = std::numeric_limits<double>::infinity();
  std::int64_t disappointments_ = 0;
};

}  // namespace xtape::optim::detail
