// Adam in one pass over memory: m = b1 m + (1 - b1) g, v = b2 v + (1 - b2) g g and
// x = x - rate / (1 - b1^t) m / (sqrt(v / (1 - b2^t)) + epsilon), in place.
#include <cmath>
#include <memory>

#include <benchmark/benchmark.h>
#include <xsimd/xsimd.hpp>

#include "bench/hand/hand.hpp"
#include "bench/hand/threads.hpp"
#include "bench/inputs.hpp"

namespace bench::hand {
namespace {

constexpr std::int64_t kChunk = 16384;
constexpr double kBeta1 = 0.9, kBeta2 = 0.999, kEpsilon = 1e-8;

template <class T>
struct State {
  std::shared_ptr<const AdamInputs<T>> inputs;
  int threads;
  Buffer<T> x = inputs->x, m = Buffer<T>(inputs->x.size()), v = Buffer<T>(inputs->x.size());
  std::int64_t iteration = 0;
};

/// n is a multiple of the vectors' width.
template <class T>
void chunk(const T* g, T* x, T* m, T* v, std::int64_t n, T rate, T root_scale) {
  using Batch = xsimd::batch<T>;
  const Batch beta1(static_cast<T>(kBeta1)), rest1(static_cast<T>(1 - kBeta1)), beta2(static_cast<T>(kBeta2)),
      rest2(static_cast<T>(1 - kBeta2)), epsilon(static_cast<T>(kEpsilon)), r(rate), scale(root_scale);
  for (std::int64_t i = 0; i < n; i += static_cast<std::int64_t>(Batch::size)) {
    Batch gradient = Batch::load_aligned(g + i);
    Batch first = xsimd::fma(beta1, Batch::load_aligned(m + i), rest1 * gradient);
    Batch second = xsimd::fma(beta2, Batch::load_aligned(v + i), rest2 * gradient * gradient);
    first.store_aligned(m + i);
    second.store_aligned(v + i);
    Batch root = xsimd::fma(xsimd::sqrt(second), scale, epsilon);
    xsimd::fnma(r, first / root, Batch::load_aligned(x + i)).store_aligned(x + i);
  }
}

template <class T>
void step(State<T>& s) {
  const Buffer<T>& g = s.inputs->gradients[s.iteration & 1];
  const auto t = static_cast<double>(++s.iteration), n = static_cast<double>(g.size());
  const T rate = static_cast<T>(s.inputs->rate / (1 - std::pow(kBeta1, t)));
  const T root_scale = static_cast<T>(1 / std::sqrt(1 - std::pow(kBeta2, t)));
  Helper::instance().for_chunks(static_cast<std::int64_t>(std::ceil(n / kChunk)), s.threads, [&](std::int64_t i) {
    const std::int64_t begin = i * kChunk, count = std::min(kChunk, static_cast<std::int64_t>(n) - begin);
    chunk(g.data() + begin, s.x.data() + begin, s.m.data() + begin, s.v.data() + begin, count, rate, root_scale);
  });
}

template <class T>
Runner make(int threads) {
  auto state = std::make_shared<State<T>>(State<T>{shared_inputs<AdamInputs<T>>(kAdamSize), threads});
  return {[state](std::int64_t iterations) {
            for (std::int64_t i = 0; i < iterations; ++i) step(*state);
          },
          [state] { return some_of(state->x.data(), kAdamSize); }};
}

template <class T>
std::vector<Case> cases() {
  std::vector<Case> all;
  for (int threads : {1, 2})
    all.push_back({"adam_update", "1e7", dtype_name<T>, threads, "hand", [threads] { return make<T>(threads); }});
  return all;
}

}  // namespace

std::vector<Case> adam_update() { return with_probe(join(cases<double>(), cases<float>()), "probe_read"); }

}  // namespace bench::hand
