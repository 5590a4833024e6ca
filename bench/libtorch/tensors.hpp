// What the libtorch implementations share.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include <cblas.h>
#include <torch/torch.h>

#include "bench/grid.hpp"
#include "bench/inputs.hpp"

namespace bench::with_libtorch {

using torch::Tensor;

template <class T>
inline torch::TensorOptions options() {
  return torch::TensorOptions().dtype(std::is_same_v<T, float> ? torch::kFloat32 : torch::kFloat64);
}

template <class T>
inline Tensor view(const T* elements, torch::IntArrayRef shape) {
  return torch::from_blob(const_cast<T*>(elements), shape, options<T>());
}

template <class T>
inline Tensor leaf(Tensor value) {
  return value.clone().set_requires_grad(true);
}

/// libtorch's threads, and those of the OpenBLAS under it, which it does not set itself.
inline void use_threads(int threads) {
  torch::set_num_threads(threads);
  openblas_set_num_threads(threads);
}

template <class State>
inline Runner runner(std::shared_ptr<State> state, int threads, void (*step)(State&)) {
  return {[state, threads, step](std::int64_t iterations) {
            use_threads(threads);
            for (std::int64_t i = 0; i < iterations; ++i) step(*state);
          },
          [state] { return state->answer; }};
}

/// x -= rate * gradient, in place as torch::optim::SGD does it.
inline void descend(Tensor& x, double rate) {
  torch::NoGradGuard no_grad;
  x.sub_(x.grad(), rate);
  x.mutable_grad().reset();
}

inline void append(std::vector<double>& answer, const Tensor& values) {
  Tensor flat = values.detach().reshape({-1}).to(torch::kFloat64);
  answer.insert(answer.end(), flat.data_ptr<double>(), flat.data_ptr<double>() + flat.numel());
}

inline Case make_case(const char* problem, std::string size, std::string dtype, int threads,
                      std::function<Runner()> make) {
  return {problem, std::move(size), std::move(dtype), threads, "libtorch", std::move(make)};
}

}  // namespace bench::with_libtorch
