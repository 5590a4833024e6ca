#include <xtape/models/standardizer.hpp>

#include <xtape/ops.hpp>
#include <xtape/tape.hpp>

#include "check.hpp"

namespace xtape::models {

namespace {

Var checked_input(const Standardizer& standardizer, const char* caller, Tape& tape, const Array& x) {
  check_fitted(caller, x, standardizer.mean.has_value() ? standardizer.mean.size() : 0, standardizer.mean.dtype());
  return tape.variable(x);
}

}  // namespace

Standardizer& Standardizer::fit(const Array& x) {
  check_features("Standardizer.fit", x);
  Tape tape;
  Var v = tape.variable(x);
  Var center = xtape::mean(v, 0);
  // Rounding in the mean gives a constant column a tiny deviation, so constancy is tested by the elements.
  Var constant = max(v, 0) == min(v, 0);
  // The largest deviation first, so that squares neither overflow nor vanish.
  Var largest = where(constant, 1.0, max(xtape::abs(v - center), 0));
  Var deviation = largest * sqrt(xtape::mean(square((v - center) / largest), 0));
  Var divisor = where(constant, 1.0, deviation);
  std::vector<Array> results = tape.evaluate({center, divisor, largest});
  check_overflow("Standardizer.fit", "the mean of x", results[0]);
  check_overflow("Standardizer.fit", "x less its mean", results[2]);
  mean = results[0];
  scale = results[1];
  return *this;
}

Array Standardizer::transform(const Array& x) const {
  Tape tape;
  return ((checked_input(*this, "Standardizer.transform", tape, x) - mean) / scale).value();
}

Array Standardizer::inverse_transform(const Array& x) const {
  Tape tape;
  return (checked_input(*this, "Standardizer.inverse_transform", tape, x) * scale + mean).value();
}

}  // namespace xtape::models
