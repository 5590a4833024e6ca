#include "fuzz/program.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

#include "fuzz/recorder.hpp"
#include "support/interpreter.hpp"
#include "tape/state.hpp"

namespace xtape::test {

namespace {

constexpr int kDisturbed = 10;  ///< interpretations with noise: a comparison at a tie falls either way in one of them
constexpr Real kNoise = 2;      ///< in units of epsilon, at each op
constexpr Real kSafety = 64;    ///< bounds over the largest difference that noise made

/// Beyond these a dtype overflows, or rounds to multiples of its smallest number, where a long double does not.
bool in_range(Real value, DType dtype) {
  const Real magnitude = std::abs(value);
  return magnitude < (dtype == DType::float32 ? 1e35L : 1e300L);
}

Tensor bounds_of(const Tensor& exact, const std::vector<std::vector<Tensor>>& disturbed, std::size_t which) {
  const bool single = exact.dtype == DType::float32;
  Tensor bounds = exact;
  for (std::size_t i = 0; i < exact.elements.size(); ++i) {
    Real spread = 0;
    for (const std::vector<Tensor>& values : disturbed) {
      const Real difference = std::abs(values[which].elements[i] - exact.elements[i]);
      spread = std::isfinite(difference) ? std::max(spread, difference) : std::numeric_limits<Real>::infinity();
    }
    const Real own = 8 * (single ? 0x1p-23L : 0x1p-52L) * std::abs(exact.elements[i]) + (single ? 1e-37L : 1e-300L);
    bounds.elements[i] =
        in_range(exact.elements[i], exact.dtype) ? kSafety * spread + own : std::numeric_limits<Real>::infinity();
  }
  return bounds;
}

}  // namespace

Outcome run_program(std::uint64_t seed, const Options& options, bool large, bool dump) {
  Tape tape(options);
  return run_program(tape, seed, dump, large);
}

Outcome run_program(Tape& tape, std::uint64_t seed, bool dump, bool large) {
  Recorder recorder(tape, seed, large);
  recorder.record([](const Var& x) { x.value(); });
  const std::vector<Var> outputs = recorder.outputs();
  const std::vector<Assignment> assignments = recorder.assignments();
  Outcome outcome;
  if (dump) outcome.dump = tape.dump() + "\n" + tape.dump_plan(outputs);
  tape.evaluate(std::span<const Var>(outputs), std::span<const Assignment>(assignments));
  for (const Var& output : outputs) outcome.outputs.push_back(output.value());
  for (const Parameter& parameter : recorder.parameters()) outcome.outputs.push_back(parameter.value());
  return outcome;
}

Expectation interpret_program(std::uint64_t seed, bool contraction) {
  Tape tape;
  Recorder recorder(tape, seed);
  recorder.record([](const Var&) {});
  std::vector<Var> wanted = recorder.outputs();
  for (const Assignment& assignment : recorder.assignments()) wanted.push_back(assignment.value);
  Expectation expectation{interpret(wanted), {}};
  std::vector<std::vector<Tensor>> disturbed;
  for (std::uint64_t i = 0; i < kDisturbed; ++i) {
    Interpretation noisy;
    noisy.noise = kNoise;
    noisy.seed = seed * kDisturbed + i + 1;
    noisy.contraction = contraction;
    disturbed.push_back(interpret(wanted, noisy));
  }
  for (std::size_t which = 0; which < wanted.size(); ++which)
    expectation.bounds.push_back(bounds_of(expectation.values[which], disturbed, which));
  return expectation;
}

std::string first_difference(std::uint64_t seed, const Options& options, bool large) {
  const auto record = [&](Tape& tape) {
    Recorder recorder(tape, seed, large);
    recorder.record([](const Var&) {});
    recorder.outputs();
    return recorder;
  };
  Tape whole;
  record(whole);
  for (detail::NodeId id = 0; id < whole.size(); ++id) {
    Tape one(options), other({false, false});
    const Recorder first = record(one), second = record(other);
    const auto value = [&](Tape& tape) {
      return detail::VarAccess::make(detail::VarAccess::state(tape.variable(0.0)), id).value();
    };
    if (!same_bits(value(one), value(other))) return "first difference: %" + std::to_string(id) + "\n";
  }
  return "";
}

testing::AssertionResult agrees(const Outcome& outcome, const Expectation& expectation) {
  for (std::size_t which = 0; which < outcome.outputs.size(); ++which) {
    const Tensor actual = tensor_of(outcome.outputs[which]);
    const Tensor& expected = expectation.values.at(which);
    if (actual.dtype != expected.dtype || actual.shape != expected.shape)
      return testing::AssertionFailure() << "value " << which << " has another dtype or shape";
    for (std::size_t i = 0; i < expected.elements.size(); ++i) {
      const Real bound = expectation.bounds[which].elements[i];
      if (std::isinf(bound) || std::abs(actual.elements[i] - expected.elements[i]) <= bound) continue;
      return testing::AssertionFailure() << "value " << which << ", element " << i << " is " << actual.elements[i]
                                         << ", expected " << expected.elements[i] << " within " << bound;
    }
  }
  return testing::AssertionSuccess();
}

}  // namespace xtape::test
