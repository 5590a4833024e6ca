// The problems as a user of xtape writes them.
#pragma once

#include <functional>
#include <memory>

#include <xtape/engine.hpp>

#include "bench/grid.hpp"

namespace bench::with_xtape {

std::vector<Case> quadratic_step();
std::vector<Case> scalar_gradient();
std::vector<Case> op_chain();
std::vector<Case> elementwise();
std::vector<Case> logistic_step();
/// By `optim::minimize`, and as `xtape_model` by models::LogisticRegression, which checks its data first.
std::vector<Case> logistic_fit();
/// With targets of 0 and 1 for each class, and as `xtape_classes` with the numbers of the classes.
std::vector<Case> softmax_step();
std::vector<Case> dense_layer();
std::vector<Case> minibatch_sgd();
std::vector<Case> adam_update();
std::vector<Case> mlp_step();
std::vector<Case> rosenbrock();
std::vector<Case> deep_chain();
/// Recording alone: the chain of op_chain without a value asked for, each op.
std::vector<Case> recording();
/// A first evaluation up to its first step, of a chain and of a wide program with their gradients, each recorded op.
std::vector<Case> plan_building();

/// Calls `step` on a shared state, with the engine on so many threads.
template <class State>
Runner runner(std::shared_ptr<State> state, int threads, void (*step)(State&),
              std::vector<double> (*answer)(const State&)) {
  return {[state, threads, step](std::int64_t iterations) {
            xtape::set_num_threads(threads);
            for (std::int64_t i = 0; i < iterations; ++i) step(*state);
          },
          [state, answer] { return answer(*state); }};
}

}  // namespace bench::with_xtape
