#include "bench/libtorch/problems.hpp"
#include "bench/libtorch/tensors.hpp"

namespace bench::with_libtorch {
namespace {

template <class T>
struct Logistic {
  Logistic(std::int64_t rows, std::int64_t columns)
      : inputs(shared_inputs<LogisticInputs<T>>(rows, columns)),
        x(view(inputs->x.data(), {rows, columns})),
        y(view(inputs->y.data(), {rows})),
        w(leaf<T>(torch::zeros({columns}, options<T>()))),
        b(leaf<T>(torch::zeros({}, options<T>()))) {}
  std::shared_ptr<const LogisticInputs<T>> inputs;
  Tensor x, y, w, b;
  double total = 0;
  std::vector<double> answer;
};

template <class T>
void logistic(Logistic<T>& s) {
  Tensor loss = torch::binary_cross_entropy_with_logits(torch::matmul(s.x, s.w) + s.b, s.y);
  loss.backward();
  descend(s.w, s.inputs->rate);
  descend(s.b, s.inputs->rate);
  double value = static_cast<double>(loss.item<T>());
  s.total += value;
  const T* w = s.w.template data_ptr<T>();
  s.answer = {s.total, value, static_cast<double>(s.b.template item<T>()), static_cast<double>(w[0]),
              static_cast<double>(w[s.w.numel() - 1])};
}

template <class T>
std::vector<Case> logistic_cases() {
  std::vector<Case> all;
  for (auto [size, rows, columns] : kLogisticSizes)
    for (int threads : {1, 2}) {
      all.push_back(make_case("logistic_step", size, dtype_name<T>, threads, [rows = rows, columns = columns, threads] {
        return runner(std::make_shared<Logistic<T>>(rows, columns), threads, logistic<T>);
      }));
      all.back().large = rows > 100000;
    }
  return all;
}

}  // namespace

std::vector<Case> logistic_step() { return join(logistic_cases<double>(), logistic_cases<float>()); }

}  // namespace bench::with_libtorch
