#include "check/identities.hpp"

#include <algorithm>
#include <cmath>
#include <functional>
#include <utility>

#include <xtape/ops.hpp>

#include "check/random.hpp"

namespace xtape::detail {

namespace {

constexpr double kRoundings = 16384;  ///< over epsilon times the size of the terms

/// A sum of products, and the sum of their sizes.
struct Product {
  double sum = 0, size = 0;
};

Product product(const Array& a, const Array& b) {
  const auto element = [](const Array& array, std::size_t i) {
    return array.dtype() == DType::float64 ? array.values<double>()[i] : static_cast<double>(array.values<float>()[i]);
  };
  Product result;
  for (std::size_t i = 0; i < static_cast<std::size_t>(a.size()); ++i) {
    const double term = element(a, i) * element(b, i);
    result.sum += term;
    result.size += std::abs(term);
  }
  return result;
}

Product product(std::span<const Array> gradients, std::uint64_t seed, std::uint64_t stream) {
  Product total;
  for (std::size_t i = 0; i < gradients.size(); ++i) {
    const Product part =
        product(gradients[i], random_weights(gradients[i].shape(), gradients[i].dtype(), seed, stream + i));
    total.sum += part.sum;
    total.size += part.size;
  }
  return total;
}

/// Two numbers that should be the same, computed at a point.
using Sides = std::function<std::pair<Product, Product>(std::span<const double> x)>;

/// Near the point, what differs from place to place in the difference of the sides is rounding; what stays is an error.
double rounding_near(RecordedFunction& function, const Sides& sides, double at_point) {
  constexpr int kPlaces = 8;
  constexpr double kDistance = 0x1p-16;
  CheckRandom random(function.seed(), 3);
  double spread = 0;
  for (int i = 0; i < kPlaces; ++i) {
    std::vector<double> x = function.point();
    for (double& element : x) element *= 1 + kDistance * random.weight();
    const auto [a, b] = sides(x);
    if (std::isfinite(a.sum - b.sum)) spread = std::max(spread, std::abs(a.sum - b.sum - at_point));
  }
  return spread;
}

/// Throws Refusal if the sides differ at the point.
void require_equal(RecordedFunction& function, const Sides& sides, double epsilon, const std::string& what) {
  constexpr double kSafety = 4;
  const auto [a, b] = sides(function.point());
  const double difference = a.sum - b.sum;
  if (std::abs(difference) <= kRoundings * epsilon * (a.size + b.size)) return;
  if (std::abs(difference) <= kSafety * rounding_near(function, sides, difference)) return;
  throw Refusal{CheckStatus::fail, what + ": " + number_text(a.sum) + " and " + number_text(b.sum)};
}

/// The derivative of y along the tangents, by a reverse pass with a dummy cotangent.
Array jvp(RecordedFunction& function, std::span<const double> x, std::uint64_t dummy_stream) {
  Tape& tape = function.tape();
  const RecordedFunction::Recording recording = function.record(x);
  const Var& y = recording.y;
  Array weights = random_weights(y.shape(), y.dtype(), function.seed() + dummy_stream, dummy_stream);
  if (y.rank() == 0) weights = Array::full(Shape{}, dummy_stream == kDummy ? 0.75 : -1.5, y.dtype());
  const Var dummy = tape.variable(weights);
  const std::vector<Var> gradients = tape.vjp(y, dummy, std::span<const Target>(recording.targets));
  return tape.gradient(directional(tape, gradients, function.seed(), kTangent), dummy).value();
}

/// The same products, <w, jvp(v)>, by way of two dummies.
std::pair<Product, Product> by_two_dummies(RecordedFunction& function, std::span<const double> x) {
  const Array forward = jvp(function, x, kDummy), again = jvp(function, x, kDummy + 1);
  const Array weights = random_weights(forward.shape(), forward.dtype(), function.seed(), kCotangent);
  return {product(forward, weights), product(again, weights)};
}

/// <w, jvp(v)> and <v, vjp(w)>.
std::pair<Product, Product> by_both_modes(RecordedFunction& function, std::span<const double> x) {
  const Array forward = jvp(function, x, kDummy);
  const Array weights = random_weights(forward.shape(), forward.dtype(), function.seed(), kCotangent);
  Tape& tape = function.tape();
  const RecordedFunction::Recording recording = function.record(x);
  const std::vector<Var> gradients =
      tape.vjp(recording.y, tape.variable(weights), std::span<const Target>(recording.targets));
  return {product(forward, weights), product(tape.evaluate(gradients), function.seed(), kTangent)};
}

/// u' H v and v' H u.
std::pair<Product, Product> both_ways_through_hessian(RecordedFunction& function, std::span<const double> x) {
  Tape& tape = function.tape();
  const std::uint64_t seed = function.seed();
  const RecordedFunction::Recording recording = function.record(x);
  const std::span<const Target> targets(recording.targets);
  const Var cotangent = tape.variable(random_weights(recording.y.shape(), recording.y.dtype(), seed, kCotangent));
  const std::vector<Var> gradients = tape.vjp(recording.y, cotangent, targets);
  const std::vector<Var> along_v = tape.gradient(directional(tape, gradients, seed, kTangent), targets);
  const std::vector<Var> along_u = tape.gradient(directional(tape, gradients, seed, kSecondTangent), targets);
  const std::vector<Array> hv = tape.evaluate(along_v), hu = tape.evaluate(along_u);
  return {product(hv, seed, kSecondTangent), product(hu, seed, kTangent)};
}

}  // namespace

void check_forward_mode(RecordedFunction& function, double epsilon) {
  const auto at = [&function](auto sides) {
    return [&function, sides](std::span<const double> x) { return sides(function, x); };
  };
  require_equal(function, at(by_two_dummies), epsilon, "a rule is not linear in its cotangent: two jvps are");
  require_equal(function, at(by_both_modes), epsilon,
                "forward and reverse mode disagree: <w, jvp(v)> and <v, vjp(w)> are");
}

void check_symmetry(RecordedFunction& function, double epsilon) {
  const auto sides = [&function](std::span<const double> x) { return both_ways_through_hessian(function, x); };
  require_equal(function, sides, epsilon, "the Hessian is not symmetric: u' H v and v' H u are");
}

}  // namespace xtape::detail
