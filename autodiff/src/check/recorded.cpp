#include "check/recorded.hpp"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <exception>
#include <limits>
#include <utility>

#include <xtape/error.hpp>
#include <xtape/ops.hpp>

#include "check/random.hpp"
#include "check/replayed.hpp"

namespace xtape::detail {

namespace {

std::vector<double> elements_of(const Array& array) {
  if (array.dtype() == DType::float64) {
    const auto values = array.values<double>();
    return {values.begin(), values.end()};
  }
  const auto values = array.values<float>();
  return {values.begin(), values.end()};
}

std::vector<double> joined(std::span<const Array> parts) {
  std::vector<double> flat;
  for (const Array& part : parts)
    for (double element : elements_of(part)) flat.push_back(element);
  return flat;
}

Array array_of(std::span<const double> elements, DType dtype, const Shape& shape) {
  if (dtype == DType::float64) return Array::copy(elements.data(), shape);
  std::vector<float> rounded(elements.size());
  std::ranges::transform(elements, rounded.begin(), [](double element) { return static_cast<float>(element); });
  return Array::copy(rounded.data(), shape);
}

Array widened(const Array& array) {
  return array.dtype() == DType::float32 ? array_of(elements_of(array), DType::float64, array.shape()) : array;
}

}  // namespace

bool same_bytes(const Array& a, const Array& b) {
  const auto bytes = static_cast<std::size_t>(a.size()) * size_of(a.dtype());
  return bytes == 0 || std::memcmp(a.bytes(), b.bytes(), bytes) == 0;
}

Array copied(const Array& array) {
  switch (array.dtype()) {
    case DType::float32:
      return Array::copy(array.data<float>(), array.shape());
    case DType::float64:
      return Array::copy(array.data<double>(), array.shape());
    case DType::int64:
      return Array::copy(array.data<std::int64_t>(), array.shape());
    default:
      return Array::copy(array.data<bool>(), array.shape());
  }
}

Array random_weights(const Shape& shape, DType dtype, std::uint64_t seed, std::uint64_t stream) {
  CheckRandom random(seed, stream);
  std::vector<double> weights(static_cast<std::size_t>(shape.size()));
  for (double& weight : weights)
    weight = shape.rank() == 0 ? 1 : static_cast<double>(static_cast<float>(random.weight()));
  return array_of(weights, dtype, shape);
}

double dot(const Array& a, const Array& b) {
  const std::vector<double> left = elements_of(a), right = elements_of(b);
  long double sum = 0;
  for (std::size_t i = 0; i < left.size(); ++i) sum += static_cast<long double>(left[i]) * right[i];
  return static_cast<double>(sum);
}

RecordedFunction::RecordedFunction(Recorder recorder, std::span<const Array> point, bool wide, std::uint64_t seed)
    : recorder_(std::move(recorder)), widened_(wide), seed_(seed) {
  std::size_t offset = 0;
  for (const Array& input : point) {
    inputs_.push_back(copied(wide ? widened(input) : input));
    if (!is_floating(input.dtype())) continue;
    parts_.push_back({inputs_.size() - 1, offset, input.shape()});
    offset += static_cast<std::size_t>(input.size());
  }
}

bool RecordedFunction::has_single() const {
  return std::ranges::any_of(inputs_, [](const Array& input) { return input.dtype() == DType::float32; });
}

std::vector<double> RecordedFunction::point() const {
  std::vector<Array> floating;
  for (const Part& part : parts_) floating.push_back(inputs_[part.input]);
  return joined(floating);
}

std::vector<Array> RecordedFunction::inputs_at(std::span<const double> x) const {
  std::vector<Array> inputs;
  for (const Array& input : inputs_) inputs.push_back(is_floating(input.dtype()) ? Array() : copied(input));
  for (const Part& part : parts_) {
    const auto elements = x.subspan(part.offset, static_cast<std::size_t>(part.shape.size()));
    inputs[part.input] = array_of(elements, inputs_[part.input].dtype(), part.shape);
  }
  return inputs;
}

void RecordedFunction::check_output(const Var& y) const {
  bool owned = false;
  try {
    owned = tape_.owns(y);
  } catch (const StaleVarError&) {
    owned = false;  // empty, or of a tape that is gone
  }
  if (!owned) throw ValueError("check_gradient: the function gave no Var of the tape that its inputs are on");
  if (!is_floating(y.dtype()))
    throw DTypeError("check_gradient: the result is " + std::string(name(y.dtype())) +
                     ", only float32 and float64 have gradients");
}

RecordedFunction::Recording RecordedFunction::record(std::span<const double> x) {
  tape_.reset();
  leaves_ = inputs_at(x);
  Recording recording;
  for (const Array& leaf : leaves_) recording.leaves.push_back(tape_.variable(leaf));
  recording.targets = floating_targets(recording.leaves);
  recording.y = recorder_(tape_, recording.leaves);
  check_output(recording.y);
  output_ = recording.y.shape();
  return recording;
}

void RecordedFunction::check_unchanged(std::span<const double> x) const {
  const std::vector<Array> pristine = inputs_at(x);
  for (std::size_t i = 0; i < pristine.size(); ++i)
    if (!same_bytes(leaves_[i], pristine[i]))
      throw Refusal{CheckStatus::mutated_input, "input " + std::to_string(i) + " was written to"};
}

template <class Compute>
auto RecordedFunction::watched(std::span<const double> x, const Compute& compute) const {
  try {
    auto result = compute();
    check_unchanged(x);
    return result;
  } catch (const Error&) {
    check_unchanged(x);
    throw;
  }
}

/// The product with the random cotangent.
double RecordedFunction::weighted(const Array& y) const {
  return dot(y, random_weights(y.shape(), y.dtype(), seed_, kCotangent));
}

double RecordedFunction::value(std::span<const double> x) {
  const Var y = record(x).y;
  return weighted(watched(x, [&] { return y.value(); }));
}

/// The gradients for the random cotangent, each of its input's shape and dtype.
std::vector<Var> RecordedFunction::differentiated(const Recording& recording) {
  const Array cotangent = random_weights(recording.y.shape(), recording.y.dtype(), seed_, kCotangent);
  std::vector<Var> gradients;
  try {
    gradients = tape_.vjp(recording.y, tape_.variable(cotangent), std::span<const Target>(recording.targets));
  } catch (const ShapeError& error) {
    throw Refusal{CheckStatus::wrong_shape, error.what()};
  } catch (const DTypeError& error) {
    if (widened_) throw;  // a rule that does not take float64
    throw Refusal{CheckStatus::wrong_shape, error.what()};
  }
  for (std::size_t i = 0; i < gradients.size(); ++i) {
    const Array& leaf = leaves_[parts_[i].input];
    if (gradients[i].shape() == leaf.shape() && gradients[i].dtype() == leaf.dtype()) continue;
    throw Refusal{CheckStatus::wrong_shape, "the gradient of input " + std::to_string(parts_[i].input) + " is " +
                                                std::string(name(gradients[i].dtype())) + " " +
                                                to_string(gradients[i].shape()) + ", the input is " +
                                                std::string(name(leaf.dtype())) + " " + to_string(leaf.shape())};
  }
  return gradients;
}

std::vector<double> RecordedFunction::gradient(std::span<const double> x) {
  const std::vector<Var> gradients = differentiated(record(x));
  return joined(watched(x, [&] { return tape_.evaluate(gradients); }));
}

Rounding RecordedFunction::rounding(std::span<const double> x, double epsilon) {
  constexpr int kRuns = 8;
  const auto apart = [](double moved, double exact) {
    return std::isfinite(moved) ? moved - exact : std::numeric_limits<double>::infinity();
  };
  const Recording recording = record(x);
  std::vector<Var> outputs = differentiated(recording);
  outputs.push_back(recording.y);
  const auto evaluated = [&](std::span<const Var> vars) {
    std::vector<Array> arrays = tape_.evaluate(vars);
    const double value = weighted(arrays.back());
    arrays.pop_back();
    return std::pair(value, joined(arrays));
  };
  const auto [value, gradient] = evaluated(outputs);
  CheckRandom random(seed_, 4);
  Rounding result;
  for (int run = 0; run < kRuns; ++run) {
    try {
      auto [moved, differences] = evaluated(shaken(outputs, epsilon, random));
      for (std::size_t i = 0; i < differences.size(); ++i) differences[i] = apart(differences[i], gradient[i]);
      result.values.push_back(apart(moved, value));
      result.gradients.push_back(std::move(differences));
    } catch (const std::exception&) {  // not defined so close to the point: nothing is learnt
    }
  }
  return result;
}

std::vector<Target> floating_targets(std::span<const Var> leaves) {
  std::vector<Target> targets;
  for (const Var& leaf : leaves)
    if (is_floating(leaf.dtype())) targets.emplace_back(leaf);
  return targets;
}

Var directional(Tape& tape, std::span<const Var> gradients, std::uint64_t seed, std::uint64_t stream) {
  Var total;
  for (std::size_t i = 0; i < gradients.size(); ++i) {
    const Var& gradient = gradients[i];
    const Array tangent = random_weights(gradient.shape(), gradient.dtype(), seed, stream + i);
    const Var product = cast(sum(gradient * tape.variable(tangent)), DType::float64);
    total = i == 0 ? product : total + product;
  }
  return total;
}

Recorder derivative_of(Recorder recorder, std::uint64_t seed, int order) {
  return [recorder = std::move(recorder), seed, order](Tape& tape, std::span<const Var> leaves) {
    const Var y = recorder(tape, leaves);
    const Var cotangent = tape.variable(random_weights(y.shape(), y.dtype(), seed, kCotangent));
    const std::vector<Var> gradients = tape.vjp(y, cotangent, std::span<const Target>(floating_targets(leaves)));
    return directional(tape, gradients, seed, kTangent + 1000 * static_cast<std::uint64_t>(order));
  };
}

}  // namespace xtape::detail
