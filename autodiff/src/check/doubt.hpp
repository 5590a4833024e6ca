// Second thoughts: what could make a right derivative look wrong.
#pragma once

#include "check/judge.hpp"

namespace xtape::detail {

/// A derivative that looks wrong along a line. Each question that finds it right, at a kink or uncertain after all puts
/// that into the judgement and returns true.
class Doubt {
 public:
  Doubt(Judge& judge, const Line& line, const Direction& direction, double noise, Judgement& judgement)
      : judge_(judge),
        line_(line),
        direction_(direction),
        judgement_(judgement),
        noise_(noise),
        own_noise_(noise),
        calm_(judgement.slope) {}

  /// All questions, in the order of their cost.
  bool justified();
  /// Whether the slope is as steep as the gradient says on steps so short that the function can't vary more: as log at
  /// 1e-300 beside larger elements, or near a pole. Only asked where the numeric slope is next to nothing.
  bool steep();

 private:
  bool noisy_along();
  bool otherwise_elsewhere();
  bool rounded();
  bool noisy_gradient();
  bool between(const Slope& slope);
  bool accepts(const Slope& slope, double tolerance);
  double tolerance_of(const Slope& slope) const;

  Judge& judge_;
  const Line& line_;
  const Direction& direction_;
  Judgement& judgement_;
  const double noise_;
  double own_noise_;  ///< along this very line
  Slope calm_;        ///< measured with it
};

}  // namespace xtape::detail
