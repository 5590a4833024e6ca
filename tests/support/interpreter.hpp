// A naive interpreter of the tape in long double: the oracle of the tests. It reads the recorded program and evaluates
// every op by its name with plain loops, and shares no kernel, view or shape function with the library.
#pragma once

#include <map>
#include <span>
#include <string_view>
#include <vector>

#include <xtape/tape.hpp>

#include "support/tensor.hpp"
#include "tape/program.hpp"

namespace xtape::test {

/// What an interpretation may change.
struct Interpretation {
  std::map<detail::NodeId, Tensor> leaves;  ///< values that stand in for those of leaves
  /// Above 0, every result of an op that rounds is disturbed at random by up to so many units of its dtype's epsilon.
  Real noise = 0;
  std::uint64_t seed = 0;
  /// Whether sums and differences may read a product that another reader has rounded: what an fma does.
  bool contraction = false;
  /// If given, the results of stop_gradient come from here, so that differences do not see through it.
  const std::map<detail::NodeId, Tensor>* stopped = nullptr;
};

/// The values of all nodes that the outputs depend on.
std::map<detail::NodeId, Tensor> interpret_all(std::span<const Var> outputs, const Interpretation& how = {});
/// The values of the outputs.
std::vector<Tensor> interpret(std::span<const Var> outputs, const Interpretation& how = {});
Tensor interpret(const Var& output, const Interpretation& how = {});

/// The nodes that the roots depend on, in ascending order, roots included.
std::vector<detail::NodeId> ancestors(std::span<const Var> roots);
/// The names of the ops among them.
std::vector<std::string_view> op_names(std::span<const Var> roots);
detail::NodeId node_of(const Var& var);

/// The application of an op as its evaluator sees it.
struct Application {
  std::vector<const Tensor*> inputs;
  std::span<const std::int64_t> attributes;
  Tensor output;                   ///< dtype and shape are set, elements are zeros
  std::vector<Real> magnitudes{};  ///< what rounding errors are relative to, where that is not the result itself

  const Tensor& x(std::size_t input = 0) const { return *inputs[input]; }
};

/// How an op is evaluated, and whether its result is exact in any floating dtype.
struct Evaluator {
  void (*evaluate)(Application& application);
  bool exact;
};

/// Elementwise functions by name: of the elements of the inputs.
struct Pointwise {
  Real (*function)(const Real* x);
  bool exact;
};
const std::map<std::string_view, Pointwise>& pointwise_ops();
const std::map<std::string_view, Evaluator>& structural_ops();

}  // namespace xtape::test
