#include "bench/libtorch/problems.hpp"
#include "bench/libtorch/tensors.hpp"

namespace bench::with_libtorch {
namespace {

template <class T>
struct Softmax {
  static constexpr std::int64_t kClasses = SoftmaxInputs<T>::kClasses;
  Softmax(std::int64_t rows, std::int64_t columns)
      : inputs(shared_inputs<SoftmaxInputs<T>>(rows, columns)),
        x(view(inputs->x.data(), {rows, columns})),
        labels(torch::from_blob(const_cast<std::int64_t*>(inputs->labels.data()), {rows}, torch::kInt64)),
        w(leaf<T>(torch::zeros({columns, kClasses}, options<T>()))),
        b(leaf<T>(torch::zeros({kClasses}, options<T>()))) {}
  std::shared_ptr<const SoftmaxInputs<T>> inputs;
  Tensor x, labels, w, b;
  double total = 0;
  std::vector<double> answer;
};

template <class T>
void softmax(Softmax<T>& s) {
  Tensor loss = torch::nn::functional::cross_entropy(torch::addmm(s.b, s.x, s.w), s.labels);
  loss.backward();
  descend(s.w, s.inputs->rate);
  descend(s.b, s.inputs->rate);
  const double value = static_cast<double>(loss.item<T>());
  s.total += value;
  s.answer = some_of(s.w.template data_ptr<T>(), s.w.numel());
  s.answer.insert(s.answer.end(), {s.total, value, static_cast<double>(s.b.template data_ptr<T>()[0])});
}

template <class T>
std::vector<Case> softmax_cases() {
  std::vector<Case> all;
  for (auto [size, rows, columns] : kSoftmaxSizes)
    for (int threads : {1, 2})
      all.push_back(make_case("softmax_step", size, dtype_name<T>, threads, [rows = rows, columns = columns, threads] {
        return runner(std::make_shared<Softmax<T>>(rows, columns), threads, softmax<T>);
      }));
  return all;
}

}  // namespace

std::vector<Case> softmax_step() { return join(softmax_cases<double>(), softmax_cases<float>()); }

}  // namespace bench::with_libtorch
