#include "bench/table/figures.hpp"

namespace bench {
namespace {

const char* const kDtypes[] = {"float32", "float64"};

std::vector<Figures> small_problems() {
  std::vector<Figures> all = {
      {"recording", "", "float64", 0, {{50e-9, ""}}},
      {"plan_building", "", "float64", 0, {{300e-9, ""}}},
      {"quadratic_step", "", "float64", 20e-9, {{0.4e-6, ""}, {0.2e-6, ""}}},
      {"scalar_gradient", "", "float64", 4.7e-9, {{0.3e-6, ""}, {0.15e-6, ""}}},
      {"rosenbrock", "gradient", "float64", 0.14e-6, {{2e-6, ""}, {1e-6, ""}}},
      {"rosenbrock", "product", "float64", 0, {{2.5, "gradient"}, {2, "gradient"}}},
      {"rosenbrock", "hessian", "float64", 0.9e-6, {{0.3e-3, ""}, {0.1e-3, ""}}},
      {"minibatch_sgd", "32", "float64", 1.1e-6, {{2.5, "hand"}, {1.5, "hand"}}},
      {"minibatch_sgd", "256", "float64", 3.7e-6, {{1.5, "hand"}, {1.2, "hand"}}},
      {"minibatch_sgd", "32", "float32", 0, {{2.5, "hand"}, {1.5, "hand"}}},
      {"minibatch_sgd", "256", "float32", 0, {{1.5, "hand"}, {1.2, "hand"}}},
  };
  for (const char* dtype : kDtypes) {
    all.push_back({"op_chain", "tanh", dtype, 28e-9, {{60e-9, ""}, {30e-9, ""}}});
    all.push_back({"op_chain", "", dtype, 10e-9, {{60e-9, ""}, {30e-9, ""}}});
  }
  return all;
}

std::vector<Figures> large_problems() {
  std::vector<Figures> all = {
      {"logistic_step", "569x30", "float64", 6.6e-6, {{1.4, "hand"}, {1.15, "hand"}}},
      {"logistic_step", "1e5x100", "float64", 4.8e-3, {{1.4, "hand"}, {1.1, "hand"}}},
      {"logistic_step", "1e6x50", "float64", 26e-3, {{1.4, "hand"}, {1.1, "hand"}}},
      {"logistic_step", "", "float32", 0, {{1.4, "hand"}, {1.1, "hand"}}},
      {"logistic_fit", "", "float64", 0, {{1.0 / 3, "sklearn"}, {0.25, "sklearn"}}},
      {"mlp_step", "", "float32", 1.5e-3, {{1.12, "hand"}, {1.05, "hand"}}},
      {"mlp_step", "", "float64", 3.2e-3, {{1.12, "hand"}, {1.05, "hand"}}},
      {"adam_update", "", "float32", 9.4e-3, {{1.1, "hand"}, {1.0, "hand"}}},
      {"adam_update", "", "float64", 14.7e-3, {{1.1, "hand"}, {1.0, "hand"}}},
      {"deep_chain", "", "float32", 0, {{1.5, ""}}, 3830},
      {"hello_world", "compile", "float64", 0, {{1.5, ""}, {0.8, ""}}},
      {"hello_world", "run", "float64", 0, {{10e-3, ""}}, 16},
      {"hello_world", "library", "float64", 0, {}, 10},
  };
  double elements = 1e4;
  for (const char* size : {"1e4", "1e5", "1e6", "1e7"}) {
    all.push_back({"elementwise", size, "float64", 4.0e-9 * elements, {{1.2, "hand"}, {1.05, "hand"}}});
    all.push_back({"elementwise", size, "float32", 1.4e-9 * elements, {{1.35, "hand"}, {1.05, "hand"}}});
    elements *= 10;
  }
  return all;
}

}  // namespace

const Figures* figures_of(const Row& row) {
  static const std::vector<Figures> all = join(small_problems(), large_problems());
  for (const Figures& figures : all)
    if (figures.problem == row.problem && row.size.starts_with(figures.size) && figures.dtype == row.dtype)
      return &figures;
  return nullptr;
}

}  // namespace bench
