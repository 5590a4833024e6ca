#include "bench/table/figures.hpp"

namespace bench {
namespace {

std::vector<Figures> all_figures() {
  const Target small_op{60e-9, ""};
  std::vector<Figures> all = {
      {"recording", "", "float64", 0, {{50e-9, ""}}},
      {"quadratic_step", "", "float64", 20e-9, {{0.8e-6, ""}, {0.4e-6, ""}}},
      {"scalar_gradient", "", "float64", 4.7e-9, {{0.3e-6, ""}}},
      {"logistic_step", "569x30", "float64", 6.6e-6, {{1.4, "hand"}}},
      {"logistic_step", "1e5x100", "float64", 4.8e-3, {{1.1, "hand_two_gemv"}, {1.4, "hand"}}},
      {"logistic_step", "1e6x50", "float64", 26e-3, {{1.4, "hand"}}},
      {"logistic_step", "", "float32", 0, {{1.4, "hand"}}},
      {"hello_world", "compile", "float64", 0, {{3, ""}, {1.5, ""}}},
      {"hello_world", "run", "float64", 0, {{10e-3, ""}}},
  };
  for (const char* dtype : {"float32", "float64"}) {
    all.push_back({"op_chain", "tanh", dtype, 28e-9, {small_op}});
    all.push_back({"op_chain", "", dtype, 10e-9, {small_op}});
  }
  double elements = 1e4;
  for (const char* size : {"1e4", "1e5", "1e6", "1e7"}) {
    all.push_back({"elementwise", size, "float64", 4.0e-9 * elements, {{1.6, "hand"}, {1.2, "hand"}}});
    all.push_back({"elementwise", size, "float32", 1.4e-9 * elements, {{1.35, "hand"}}});
    elements *= 10;
  }
  return all;
}

}  // namespace

const Figures* figures_of(const Row& row) {
  static const std::vector<Figures> all = all_figures();
  for (const Figures& figures : all)
    if (figures.problem == row.problem && row.size.starts_with(figures.size) && figures.dtype == row.dtype)
      return &figures;
  return nullptr;
}

}  // namespace bench
