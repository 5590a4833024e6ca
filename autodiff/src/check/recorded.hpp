// A function of Vars as a function of one long vector, recorded anew for every evaluation.
#pragma once

#include <functional>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include <xtape/gradient_check.hpp>
#include <xtape/tape.hpp>

#include "check/flat.hpp"

namespace xtape::detail {

/// Records a function of leaves of the tape.
using Recorder = std::function<Var(Tape&, std::span<const Var>)>;

/// The function had side effects, or its rules gave something else than a gradient: what the report says of it.
struct Refusal {
  CheckStatus status;
  std::string reason;
};

/// Random weights that a tensor's elements are summed with; 1 for a scalar. Exact in float32.
Array random_weights(const Shape& shape, DType dtype, std::uint64_t seed, std::uint64_t stream);
/// A copy that shares nothing, so that nobody else's writing reaches it.
Array copied(const Array& array);
/// Whether two Arrays of one dtype and shape have the same bits.
bool same_bytes(const Array& a, const Array& b);
/// The sum of products of floating Arrays of one shape, in long double.
double dot(const Array& a, const Array& b);

/// The streams of random numbers; each order of derivatives has its own.
enum Stream : std::uint64_t { kCotangent = 16, kTangent = 32, kSecondTangent = 48, kDummy = 64 };

/// Value and gradient at a point.
struct Derivative {
  double value = 0;
  std::vector<double> gradient;
};

class RecordedFunction {
 public:
  /// With `widened`, float32 inputs become float64.
  RecordedFunction(Recorder recorder, std::span<const Array> point, bool widened, std::uint64_t seed);

  /// The value at the inputs that the vector stands for, times the random cotangent. Throws what the function throws,
  /// and Refusal if its inputs have changed.
  double value(std::span<const double> x);
  /// The gradient of that. Throws Refusal, too, if it has a wrong shape or dtype.
  std::vector<double> gradient(std::span<const double> x);
  /// How far value and gradient move when each op is off by up to epsilon. Infinity where they cease to be finite.
  Rounding rounding(std::span<const double> x, double epsilon);
  /// The elements of all floating inputs.
  std::vector<double> point() const;

  /// Records the function at the point. The Vars live until the next call of anything.
  struct Recording {
    std::vector<Var> leaves;
    std::vector<Target> targets;  ///< the floating leaves
    Var y;
  };
  Recording record(std::span<const double> x);
  Tape& tape() { return tape_; }
  /// The shape of its value when it was last recorded.
  const Shape& output() const { return output_; }
  std::uint64_t seed() const { return seed_; }

  const std::vector<Part>& parts() const { return parts_; }
  bool has_single() const;

 private:
  std::vector<Array> inputs_at(std::span<const double> x) const;
  void check_output(const Var& y) const;
  void check_unchanged(std::span<const double> x) const;
  /// Runs `compute` on what was recorded at x, and checks the inputs even if it throws.
  template <class Compute>
  auto watched(std::span<const double> x, const Compute& compute) const;
  std::vector<Var> differentiated(const Recording& recording);
  double weighted(const Array& y) const;

  Recorder recorder_;
  std::vector<Array> inputs_;  ///< at the point, in the dtypes that are used
  std::vector<Part> parts_;
  bool widened_;
  std::uint64_t seed_;
  Tape tape_;
  std::vector<Array> leaves_;  ///< of the recording
  Shape output_;
};

/// The floating leaves as targets.
std::vector<Target> floating_targets(std::span<const Var> leaves);
/// The sum of all products of gradients and random tangents like them, a float64 scalar.
Var directional(Tape& tape, std::span<const Var> gradients, std::uint64_t seed, std::uint64_t stream);
/// The derivative of a recorded function along random tangents, as a function to record. Its gradient is checked for
/// the next order.
Recorder derivative_of(Recorder recorder, std::uint64_t seed, int order);

}  // namespace xtape::detail
