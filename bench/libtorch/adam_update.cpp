#include "bench/libtorch/problems.hpp"
#include "bench/libtorch/tensors.hpp"

namespace bench::with_libtorch {
namespace {

template <class T>
struct AdamUpdate {
  std::shared_ptr<const AdamInputs<T>> inputs = shared_inputs<AdamInputs<T>>(kAdamSize);
  Tensor x = leaf<T>(view(inputs->x.data(), {kAdamSize}));
  Tensor gradients[2] = {view(inputs->gradients[0].data(), {kAdamSize}),
                         view(inputs->gradients[1].data(), {kAdamSize})};
  torch::optim::Adam optimizer{{x}, torch::optim::AdamOptions(inputs->rate)};
  std::int64_t iteration = 0;
};

template <class T>
void adam_step(AdamUpdate<T>& s) {
  s.x.mutable_grad() = s.gradients[s.iteration++ & 1];
  s.optimizer.step();
}

template <class T>
Runner adam_runner(int threads) {
  auto state = std::make_shared<AdamUpdate<T>>();
  return {[state, threads](std::int64_t iterations) {
            use_threads(threads);
            for (std::int64_t i = 0; i < iterations; ++i) adam_step(*state);
          },
          [state] { return some_of(state->x.template data_ptr<T>(), kAdamSize); }};
}

template <class T>
std::vector<Case> adam_cases() {
  std::vector<Case> all;
  for (int threads : {1, 2})
    all.push_back(
        make_case("adam_update", "1e7", dtype_name<T>, threads, [threads] { return adam_runner<T>(threads); }));
  return all;
}

}  // namespace

std::vector<Case> adam_update() { return join(adam_cases<double>(), adam_cases<float>()); }

}  // namespace bench::with_libtorch
