// One run at a time of a recorded program, with buffers that stay in place from call to call.
#pragma once

#include <memory>
#include <optional>
#include <span>
#include <vector>

#include <xtape/function.hpp>

#include "execute/steady_run.hpp"
#include "function/recorded.hpp"

namespace xtape::detail {

/// The engine's way into an input of a call.
struct CallInputAccess {
  static const Array* array(const CallInput& input) { return input.array_; }
  static const Var* var(const CallInput& input) { return input.var_; }
  static const Parameter* parameter(const CallInput& input) { return input.parameter_; }
  static const void* bytes(const CallInput& input) { return input.bytes_; }
  static const Shape& shape(const CallInput& input) { return *input.shape_; }
  static std::uint64_t bits(const CallInput& input) { return input.bits_; }
  static DType dtype(const CallInput& input) { return input.dtype_; }
};

using CallInputs = std::span<const CallInput>;

/// Whether the inputs, none of them a Var, are of these types.
inline bool matches(std::span<const InputType> types, CallInputs inputs) {
  if (types.size() != inputs.size()) return false;
  for (std::size_t i = 0; i < types.size(); ++i)
    if (types[i].dtype != CallInputAccess::dtype(inputs[i]) || types[i].shape != CallInputAccess::shape(inputs[i]))
      return false;
  return true;
}

/// The Array of an input that is no Var; a number becomes a 0-d one.
Array value_of(const CallInput& input);

/// The buffers of one run. Used by one thread at a time; a Function keeps some, so that a call finds what stays the
/// same already in its place.
class Run {
 public:
  explicit Run(std::shared_ptr<const Recorded> recorded);

  const std::shared_ptr<const Recorded>& recorded() const { return recorded_; }
  /// Writes the results, one for each of the recording's, on inputs that match.
  void operator()(CallInputs inputs, std::span<Array> results);

 private:
  void set_inputs(CallInputs inputs);
  void set_outputs(std::span<Array> results);
  void run_steps(StepTimes* times);
  Array leaf_value(const ResultSource& result, CallInputs inputs) const;

  struct Placed {
    NodeId node;
    std::uint32_t at;
  };
  std::shared_ptr<const Recorded> recorded_;
  std::optional<SteadyRun> steady_;  ///< if there is a plan
  std::vector<Placed> inputs_, parameters_;
  std::vector<const Array*> borrowed_;
  bool only_outputs_ = true;  ///< no result is a leaf
};

}  // namespace xtape::detail
