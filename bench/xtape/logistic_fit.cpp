#include <memory>

#include <xtape/models/logistic_regression.hpp>
#include <xtape/optim/optim.hpp>
#include <xtape/xtape.hpp>

#include "bench/inputs.hpp"
#include "bench/xtape/cases.hpp"

namespace bench::with_xtape {
namespace {

struct State {
  State(std::int64_t rows, std::int64_t columns)
      : inputs(shared_inputs<LogisticInputs<double>>(rows, columns)),
        l2(logistic_fit_l2(rows)),
        x(xtape::Array::borrow(inputs->x.data(), {rows, columns})),
        y(xtape::Array::borrow(inputs->y.data(), {rows})),
        w("weights", xtape::Array::zeros({columns})) {
    find_iterations();
  }

  xtape::Var loss(xtape::Tape& tape) const {
    xtape::Var weights = tape.read(w);
    xtape::Var cross_entropy = binary_cross_entropy_with_logits(matmul(x, weights) + tape.read(b), y);
    return cross_entropy + l2 / 2 * sum(square(weights));
  }
  xtape::optim::Result minimize(const xtape::optim::Stopping& stopping,
                                const xtape::optim::Progress& progress = nullptr) {
    w.assign(xtape::Array::zeros(w.shape()));
    b.assign(xtape::Array(0.0));
    return xtape::optim::minimize(
        {w, b}, [&](xtape::Tape& tape) { return loss(tape); }, xtape::optim::LBFGS{}, stopping, progress);
  }
  void find_iterations() {
    std::vector<double> objectives;
    minimize({.gradient_norm = kLogisticFitGradient},
             [&](const xtape::optim::Step& step) { objectives.push_back(step.loss); });
    iterations = iterations_to_objective(objectives);
  }

  std::shared_ptr<const LogisticInputs<double>> inputs;
  double l2;
  xtape::Array x, y;
  xtape::Parameter w, b{"bias", xtape::Array(0.0)};
  std::int64_t iterations = 0;  ///< that reach the relative objective
  double objective = 0;
};

void fit(State& s) { s.objective = s.minimize({.iterations = s.iterations}).loss; }

void fit_model(State& s) {
  xtape::models::LogisticRegression model{.l2 = s.l2};
  s.objective =
      model.fit(s.x, s.y, {.optimizer = xtape::optim::LBFGS{}, .stopping = {.iterations = s.iterations}}).loss;
}

std::vector<double> answer(const State& s) { return {s.objective * static_cast<double>(s.inputs->rows)}; }

}  // namespace

std::vector<Case> logistic_fit() {
  std::vector<Case> all;
  for (auto [size, rows, columns] : kLogisticFitSizes)
    for (int threads : {1, 2}) {
      auto with = [&, n = rows, d = columns, name = size](const char* implementation, void (*step)(State&)) {
        auto make = [=] { return runner(std::make_shared<State>(n, d), threads, step, answer); };
        all.push_back({"logistic_fit", name, "float64", threads, implementation, make, 1, 1, n > 100000});
      };
      with("xtape", fit);
      with("xtape_model", fit_model);
    }
  return all;
}

}  // namespace bench::with_xtape
