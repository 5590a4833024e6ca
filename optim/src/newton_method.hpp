// Steps of Newton's method.
#pragma once

#include <vector>

#include <xtape/optim/minimize.hpp>

namespace xtape::optim::detail {

class NewtonMethod {
 public:
  /// Throws as Optimizer and Newton::check do, and ValueError for more scalars than a dense Hessian is good for.
  NewtonMethod(const Newton& settings, const Parameters& parameters);

  /// One update, unless a limit is reached, something is not finite, or no lower loss is found. The damped form does
  /// not take a saddle or a maximum for a point that reaches Limits::gradient_norm.
  Step step_unless(const LossFunction& loss, const Limits& limits);
  /// What step_unless would find, without an update.
  Step measure(const LossFunction& loss, const Limits& limits);

 private:
  struct Point;
  Point evaluate(const LossFunction& loss, const Limits& limits);
  bool prepare(const LossFunction& loss, Point& point);
  Array hessian(const LossFunction& loss);
  double visible_change() const;
  void move(const LossFunction& loss, Point& point);
  bool try_step(const LossFunction& loss, const Point& point, double t, double bound, double flat);
  std::vector<Assignment> place_trial(const std::vector<double>& step, double t);

  Newton settings_;
  Parameters parameters_;
  std::vector<Target> targets_;
  Tape tape_;
  std::int64_t size_ = 0;  // scalars in all parameters
  std::int64_t iterations_ = 0;
  bool dependence_checked_ = false;
  bool escaping_ = false;  // the last step left negative curvature, and may have lowered the loss by little
};

}  // namespace xtape::optim::detail
