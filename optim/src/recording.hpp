// A loss on a tape, with its gradients and whether all of it is finite: what Optimizer and Newton's method share.
#pragma once

#include <string>
#include <vector>

#include <xtape/optim/optimizer.hpp>

namespace xtape::optim::detail {

/// What the rule would assign.
struct Proposal {
  const Parameter* target;  ///< a Parameter of the Optimizer, or a slot of its rule's
  bool is_slot;
  Var value;
};

struct Recording {
  std::vector<Var> points;     ///< the Parameters' present values
  Var loss;                    ///< a scalar
  std::vector<Var> gradients;  ///< one for each Parameter
  Var norm;                    ///< of all gradients together, float64
  Var finite;                  ///< whether loss and norm are, and proposals once these are required to be; bool
  std::vector<Proposal> proposals;
};

/// Throws ValueError if there are none or one stands twice, DTypeError if one is not floating.
void check_parameters(const Parameters& parameters);

/// Throws ValueError if the loss depends on none of the parameters; warns of each that it does not depend on.
void check_dependence(const Tape& tape, const Var& loss, const Parameters& parameters);

/// Records the loss. Throws ValueError without a loss function, ShapeError or DTypeError if it is no floating scalar.
Var record_loss(Tape& tape, const LossFunction& loss);
/// Records the norm of recording.gradients, and whether it and the loss are finite. Elements beyond 1e154 overflow it.
void record_norm(Recording& recording);
/// Records the gradients of recording.loss and their norm.
void record_gradients(Tape& tape, const Parameters& parameters, Recording& recording);

/// Which value is not finite, in words.
std::string find_problem(const Recording& recording, const Parameters& parameters, std::int64_t iteration);

/// x itself, or x as float64.
Var as_float64(const Var& x);
/// Whether the parameters are so large that the update is worth an evaluation of its own: one that cannot be refused,
/// because all that it depends on is known, writes over the old values instead of beside them.
bool are_large(const Parameters& parameters);
/// Makes `finite` ask for all proposals too. Zero times a value is zero unless it is not finite: a sum of such products
/// costs a third of asking each element.
void require_finite_proposals(Recording& recording);

}  // namespace xtape::optim::detail
