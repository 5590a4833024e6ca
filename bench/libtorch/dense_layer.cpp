#include "bench/libtorch/problems.hpp"
#include "bench/libtorch/tensors.hpp"

namespace bench::with_libtorch {
namespace {

template <class T>
struct Dense {
  static constexpr std::int64_t kInputs = DenseInputs<T>::kInputs, kOutputs = DenseInputs<T>::kOutputs;
  explicit Dense(std::int64_t rows)
      : inputs(shared_inputs<DenseInputs<T>>(rows)),
        x(view(inputs->x.data(), {rows, kInputs})),
        targets(view(inputs->targets.data(), {rows, kOutputs})),
        w(leaf<T>(view(inputs->w.data(), {kInputs, kOutputs}))),
        b(leaf<T>(view(inputs->b[0].data(), {kOutputs}))) {}
  std::shared_ptr<const DenseInputs<T>> inputs;
  Tensor x, targets, w, b;
  std::int64_t iteration = 0;
  std::vector<double> answer;
};

template <class T>
void dense_forward(Dense<T>& s) {
  torch::NoGradGuard no_grad;
  const Tensor bias = view(s.inputs->b[s.iteration++ & 1].data(), {Dense<T>::kOutputs});
  const Tensor y = torch::addmm(bias, s.x, s.w).relu_();
  s.answer = some_of(y.template data_ptr<T>(), y.numel());
}

template <class T>
void dense_step(Dense<T>& s) {
  Tensor loss = torch::mse_loss(torch::relu(torch::addmm(s.b, s.x, s.w)), s.targets);
  loss.backward();
  descend(s.w, s.inputs->rate);
  descend(s.b, s.inputs->rate);
  s.answer = some_of(s.w.template data_ptr<T>(), s.w.numel());
  s.answer.insert(s.answer.end(),
                  {static_cast<double>(loss.item<T>()), static_cast<double>(s.b.template data_ptr<T>()[0])});
}

template <class T>
std::vector<Case> dense_cases() {
  std::vector<Case> all;
  for (auto [forward, step, rows] : kDenseSizes)
    for (int threads : {1, 2}) {
      const auto add = [&, n = rows](const char* size, void (*function)(Dense<T>&)) {
        all.push_back(make_case("dense_layer", size, dtype_name<T>, threads,
                                [=] { return runner(std::make_shared<Dense<T>>(n), threads, function); }));
      };
      add(forward, dense_forward<T>);
      add(step, dense_step<T>);
    }
  return all;
}

}  // namespace

std::vector<Case> dense_layer() { return join(dense_cases<double>(), dense_cases<float>()); }

}  // namespace bench::with_libtorch
