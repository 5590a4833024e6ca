// 1,000 tanh, y[i] = tanh(y[i-1]), and the gradient of the sum of the last: the product of 1 - y[i]^2.
// A block of elements goes through the chain and back before the next one, so that its values stay in the cache.
#include <algorithm>
#include <memory>

#include <benchmark/benchmark.h>
#include <xsimd/xsimd.hpp>

#include "bench/hand/hand.hpp"
#include "bench/inputs.hpp"

namespace bench::hand {
namespace {

using Batch = xsimd::batch<float>;
constexpr std::size_t kWidth = Batch::size, n = kDeepChainSize, kBlock = 128;

struct State {
  Buffer<float> x = deep_chain_input(), dx = Buffer<float>(n);
  double sum = 0;
};

void tanh_all(const float* x, float* y, std::size_t count) {
  for (std::size_t i = 0; i < count; i += kWidth) xsimd::tanh(Batch::load_unaligned(x + i)).store_unaligned(y + i);
}

void times_derivative(const float* y, float* g, std::size_t count) {
  for (std::size_t i = 0; i < count; i += kWidth) {
    Batch value = Batch::load_unaligned(y + i);
    (Batch::load_unaligned(g + i) * xsimd::fnma(value, value, Batch(1.f))).store_unaligned(g + i);
  }
}

double sum_of(const float* y, std::size_t count) {
  Batch sum(0.f);
  for (std::size_t i = 0; i < count; i += kWidth) sum += Batch::load_unaligned(y + i);
  return static_cast<double>(xsimd::hadd(sum));
}

/// `values` has room for kDeepChainLength blocks.
void chain(State& s, std::size_t begin, std::size_t count, float* values) {
  const float* y = s.x.data() + begin;
  for (int i = 0; i < kDeepChainLength; ++i, values += kBlock) {
    tanh_all(y, values, count);
    y = values;
  }
  s.sum += sum_of(y, count);
  float* g = s.dx.data() + begin;
  std::fill(g, g + count, 1.f);
  for (int i = 0; i < kDeepChainLength; ++i) times_derivative(values -= kBlock, g, count);
}

void step(State& s) {
  Buffer<float> values(kBlock * kDeepChainLength);
  for (std::size_t i = 0; i < n; i += kBlock) chain(s, i, std::min(kBlock, n - i), values.data());
}

Runner make() {
  auto state = std::make_shared<State>();
  return {[state](std::int64_t) { step(*state); }, [state] { return deep_chain_answer(state->sum, state->dx.data()); }};
}

}  // namespace

std::vector<Case> deep_chain() { return {{"deep_chain", "1000x1e6", "float32", 1, "hand", make, 1, 1, false, true}}; }

}  // namespace bench::hand
