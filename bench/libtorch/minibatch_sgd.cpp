#include "bench/libtorch/problems.hpp"
#include "bench/libtorch/tensors.hpp"

namespace bench::with_libtorch {
namespace {

template <class T>
struct Minibatches {
  explicit Minibatches(std::int64_t batch_size)
      : inputs(shared_inputs<MinibatchInputs<T>>(batch_size)),
        x(view(inputs->x.data(), {inputs->rows, inputs->columns})),
        y(view(inputs->y.data(), {inputs->rows})),
        w(leaf<T>(torch::zeros({inputs->columns}, options<T>()))),
        b(leaf<T>(torch::zeros({}, options<T>()))) {}
  std::shared_ptr<const MinibatchInputs<T>> inputs;
  Tensor x, y, w, b;
  double total = 0;
  std::int64_t iteration = 0;
  std::vector<double> answer;
};

template <class T>
void minibatch(Minibatches<T>& s) {
  Tensor batch =
      torch::from_blob(const_cast<std::int64_t*>(s.inputs->batch(s.iteration)), {s.inputs->size}, torch::kInt64);
  Tensor logits = torch::matmul(s.x.index_select(0, batch), s.w) + s.b;
  Tensor loss = torch::binary_cross_entropy_with_logits(logits, s.y.index_select(0, batch));
  loss.backward();
  descend(s.w, s.inputs->rate);
  descend(s.b, s.inputs->rate);
  double value = static_cast<double>(loss.item<T>());
  s.total += value;
  const T* w = s.w.template data_ptr<T>();
  s.answer = {s.total, value, static_cast<double>(s.b.template item<T>()), static_cast<double>(w[0]),
              static_cast<double>(w[s.w.numel() - 1])};
  ++s.iteration;
}

template <class T>
std::vector<Case> minibatch_cases() {
  std::vector<Case> all;
  for (std::int64_t size : kMinibatchSizes)
    all.push_back(make_case("minibatch_sgd", std::to_string(size), dtype_name<T>, 1,
                            [size] { return runner(std::make_shared<Minibatches<T>>(size), 1, minibatch<T>); }));
  return all;
}

}  // namespace

std::vector<Case> minibatch_sgd() { return join(minibatch_cases<double>(), minibatch_cases<float>()); }

}  // namespace bench::with_libtorch
