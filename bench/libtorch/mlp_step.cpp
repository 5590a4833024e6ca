#include "bench/libtorch/problems.hpp"
#include "bench/libtorch/tensors.hpp"

namespace bench::with_libtorch {
namespace {

template <class T>
struct Perceptron {
  std::shared_ptr<const MlpInputs<T>> inputs = shared_inputs<MlpInputs<T>>(kMlpBatch);
  Tensor w1 = weights(0), w2 = weights(1), w3 = weights(2), b1 = bias(0), b2 = bias(1), b3 = bias(2);
  Tensor x[2] = {view(inputs->x[0].data(), {kMlpBatch, kMlpWidths[0]}),
                 view(inputs->x[1].data(), {kMlpBatch, kMlpWidths[0]})};
  Tensor labels = torch::from_blob(const_cast<std::int64_t*>(inputs->labels.data()), {kMlpBatch}, torch::kInt64);
  torch::optim::Adam optimizer{{w1, b1, w2, b2, w3, b3}, torch::optim::AdamOptions(inputs->rate)};
  double total = 0;
  std::int64_t iteration = 0;
  std::vector<double> answer;

  Tensor weights(int layer) const {
    return leaf<T>(view(inputs->w[layer].data(), {kMlpWidths[layer], kMlpWidths[layer + 1]}));
  }
  static Tensor bias(int layer) { return leaf<T>(torch::zeros({kMlpWidths[layer + 1]}, options<T>())); }
};

template <class T>
void perceptron_step(Perceptron<T>& s) {
  s.optimizer.zero_grad();
  Tensor hidden1 = torch::relu(torch::addmm(s.b1, s.x[s.iteration++ & 1], s.w1));
  Tensor hidden2 = torch::relu(torch::addmm(s.b2, hidden1, s.w2));
  Tensor loss = torch::nn::functional::cross_entropy(torch::addmm(s.b3, hidden2, s.w3), s.labels);
  loss.backward();
  s.optimizer.step();
  const double value = static_cast<double>(loss.item<T>());
  s.total += value;
  s.answer = {s.total, value, static_cast<double>(s.w1.template data_ptr<T>()[0]),
              static_cast<double>(s.w3.template data_ptr<T>()[s.w3.numel() - 1]),
              static_cast<double>(s.b3.template data_ptr<T>()[0])};
}

template <class T>
std::vector<Case> perceptron_cases() {
  std::vector<Case> all;
  for (int threads : {1, 2})
    all.push_back(make_case("mlp_step", "128", dtype_name<T>, threads, [threads] {
      return runner(std::make_shared<Perceptron<T>>(), threads, perceptron_step<T>);
    }));
  return all;
}

}  // namespace

std::vector<Case> mlp_step() { return join(perceptron_cases<double>(), perceptron_cases<float>()); }

}  // namespace bench::with_libtorch
