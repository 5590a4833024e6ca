// Steps of L-BFGS.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include <xtape/optim/lbfgs.hpp>
#include <xtape/optim/optimizer.hpp>

#include "curvature_history.hpp"
#include "recording.hpp"
#include "wolfe.hpp"

namespace xtape::optim::detail {

/// Loss and gradient come from one plan, whose leaves are the values to try; the parameters change only when a step has
/// been found. They belong to the parameters' values until somebody else changes these.
class LBFGSMethod {
 public:
  /// Throws as Optimizer and LBFGS::check do.
  LBFGSMethod(const LBFGS& settings, const Parameters& parameters);

  /// One update, unless a limit is reached, the gradient is zero, something is not finite, or no lower loss is found.
  Step step_unless(const LossFunction& loss, const Limits& limits);
  /// What step_unless would find, without an update.
  Step measure(const LossFunction& loss, const Limits& limits);

 private:
  bool knows_the_values() const;
  void remember_values();
  void start(const LossFunction& loss);
  void round(Trial& trial) const;
  void evaluate(const LossFunction& loss, Trial& trial);
  void move(const LossFunction& loss, Step& step);
  LineSearch search(const LossFunction& loss);
  void accept(Trial point);

  LBFGS settings_;
  Parameters parameters_;
  Tape tape_;
  Recording recording_;
  Trial here_;                // at the parameters' values
  std::string problem_;       // what is not finite here
  double loss_epsilon_ = 0;   // of the loss's dtype
  std::vector<Array> known_;  // the parameters' own Arrays then; a version may come again where a Parameter is replaced
  CurvatureHistory history_;
  std::int64_t iterations_ = 0;
  bool dependence_checked_ = false;
};

}  // namespace xtape::optim::detail
