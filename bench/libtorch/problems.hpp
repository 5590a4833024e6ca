// The problems as a user of libtorch writes them.
#pragma once

#include "bench/grid.hpp"

namespace bench::with_libtorch {

std::vector<Case> quadratic_step();
std::vector<Case> scalar_gradient();
std::vector<Case> op_chain();
std::vector<Case> elementwise();
std::vector<Case> logistic_step();
std::vector<Case> softmax_step();
std::vector<Case> dense_layer();
std::vector<Case> minibatch_sgd();
std::vector<Case> adam_update();
std::vector<Case> mlp_step();
std::vector<Case> rosenbrock();
std::vector<Case> deep_chain();

}  // namespace bench::with_libtorch
