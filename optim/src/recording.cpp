#include "recording.hpp"

#include <cmath>

#include <xtape/ops.hpp>
#include <xtape/optim/fail.hpp>
#include <xtape/warning.hpp>

namespace xtape::optim::detail {

namespace {

/// In float64, so that squares of float32 gradients do not overflow as a sum.
Var squared_norm(const Var& gradient) { return sum(square(as_float64(gradient))); }

Var all_finite(const Var& x) { return all(isfinite(x)); }

}  // namespace

Var as_float64(const Var& x) { return x.dtype() == DType::float64 ? x : cast(x, DType::float64); }

void require_finite_proposals(Recording& recording) {
  std::vector<Var> zeros;
  for (const Proposal& proposal : recording.proposals) {
    Var zero = literal(0.0) * proposal.value;
    bool joins = !zeros.empty() && zeros.back().shape() == zero.shape() && zeros.back().dtype() == zero.dtype();
    if (joins) zeros.back() = zeros.back() + zero;
    else zeros.push_back(zero);
  }
  for (const Var& zero : zeros) recording.finite = logical_and(recording.finite, isfinite(sum(zero)));
}

bool are_large(const Parameters& parameters) {
  constexpr std::int64_t kLargeBytes = std::int64_t{1} << 18;
  std::int64_t bytes = 0;
  for (const Parameter& parameter : parameters)
    bytes += parameter.shape().size() * (parameter.dtype() == DType::float32 ? 4 : 8);
  return bytes >= kLargeBytes;
}

void check_parameters(const Parameters& parameters) {
  if (parameters.empty()) fail<ValueError>("Optimizer: there are no parameters");
  for (std::size_t i = 0; i < parameters.size(); ++i) {
    const Parameter& parameter = parameters[i];
    if (!is_floating(parameter.dtype())) {
      fail<DTypeError>("Optimizer: parameter '", parameter.name(), "' must be float32 or float64, is ",
                       name(parameter.dtype()));
    }
    for (std::size_t j = 0; j < i; ++j) {
      if (&parameters[j].get() == &parameter) {
        fail<ValueError>("Optimizer: parameter '", parameter.name(), "' is given twice, at places ", j, " and ", i);
      }
    }
  }
}

void check_dependence(const Tape& tape, const Var& loss, const Parameters& parameters) {
  std::vector<std::string> texts;
  for (const Parameter& parameter : parameters) {
    if (tape.depends_on(loss, parameter)) continue;
    texts.push_back(
        join("Optimizer: the loss does not depend on parameter '", parameter.name(), "': its gradient is zero"));
  }
  if (texts.size() == parameters.size()) {
    fail<ValueError>(
        "Optimizer: the loss depends on none of the parameters; read them through the tape that it is "
        "recorded on");
  }
  for (const std::string& text : texts) warn(text);
}

Var record_loss(Tape& tape, const LossFunction& loss) {
  if (!loss) fail<ValueError>("Optimizer: there is no loss function");
  Var recorded = loss(tape);
  if (!tape.owns(recorded)) {
    fail<ValueError>("Optimizer: the loss is a Var of another tape; record it on the tape that the function is given");
  }
  if (recorded.rank() != 0) {
    fail<ShapeError>("Optimizer: the loss must be a scalar, is ", to_string(recorded.shape()),
                     "; reduce it, for instance with mean");
  }
  if (!is_floating(recorded.dtype())) {
    fail<DTypeError>("Optimizer: the loss must be float32 or float64, is ", name(recorded.dtype()));
  }
  return recorded;
}

void record_gradients(Tape& tape, const Parameters& parameters, Recording& recording) {
  std::vector<Target> targets;
  for (Parameter& parameter : parameters) targets.emplace_back(parameter);
  recording.gradients = tape.gradient(recording.loss, targets);
  record_norm(recording);
}

void record_norm(Recording& recording) {
  Var total = squared_norm(recording.gradients[0]);
  for (std::size_t i = 1; i < recording.gradients.size(); ++i) total = total + squared_norm(recording.gradients[i]);
  recording.norm = sqrt(total);
  recording.finite = logical_and(isfinite(recording.loss), isfinite(recording.norm));
}

std::string find_problem(const Recording& recording, const Parameters& parameters, std::int64_t iteration) {
  std::string where = join(" at iteration ", iteration);
  double loss = recording.loss.item<double>();
  if (!std::isfinite(loss)) return join("the loss is ", loss, where);
  for (std::size_t i = 0; i < parameters.size(); ++i) {
    const std::string& name = parameters[i].get().name();
    if (!all_finite(recording.gradients[i])) return join("the gradient of '", name, "' is not finite", where);
  }
  if (!isfinite(recording.norm)) return "the gradient is too large: its norm overflows" + where;
  for (const Proposal& proposal : recording.proposals)
    if (!all_finite(proposal.value)) {
      const char* what = proposal.is_slot ? "the rule's slot '" : "the new value of '";
      return join(what, proposal.target->name(), "' is not finite", where);
    }
  return "a value is not finite" + where;
}

}  // namespace xtape::optim::detail
