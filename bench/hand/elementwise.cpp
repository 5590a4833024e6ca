// sum(tanh(a x + b) exp(-x x) + log1p(x x)) and its gradient in one fused loop:
// with t = tanh(a x + b), e = exp(-x x) and s = e (1 - t t), dx = a s - 2 x t e + 2 x / (1 + x x), da = s x, db = s.
#include <memory>

#include <benchmark/benchmark.h>
#include <xsimd/xsimd.hpp>

#include "bench/hand/hand.hpp"
#include "bench/hand/threads.hpp"
#include "bench/inputs.hpp"

namespace bench::hand {
namespace {

constexpr std::int64_t kChunk = 16384;

struct Sums {
  double value = 0, da = 0, db = 0;
};

template <class T>
struct State {
  std::int64_t n;
  std::shared_ptr<const ElementwiseInputs<T>> inputs;
  int threads;
  Buffer<T> dx = Buffer<T>(static_cast<std::size_t>(n));
  std::vector<Sums> chunk_sums = std::vector<Sums>(static_cast<std::size_t>((n + kChunk - 1) / kChunk));
  Sums sums = {};
  double total = 0;
  std::int64_t iteration = 0;
};

template <class T>
struct Accumulators {
  using Batch = xsimd::batch<T>;
  Batch value = Batch(T{0}), da = Batch(T{0}), db = Batch(T{0});

  Sums sums() const {
    return {static_cast<double>(xsimd::hadd(value)), static_cast<double>(xsimd::hadd(da)),
            static_cast<double>(xsimd::hadd(db))};
  }
};

template <class Batch, class T>
[[gnu::always_inline]] inline Batch element(Batch x, Batch a, Batch b, Accumulators<T>& into) {
  const Batch one(T{1}), two(T{2});
  Batch square = x * x;
  Batch t = xsimd::tanh(xsimd::fma(a, x, b));
  Batch e = xsimd::exp(-square);
  Batch te = t * e;
  into.value += te + xsimd::log1p(square);
  Batch s = xsimd::fnma(te, t, e);
  into.da = xsimd::fma(s, x, into.da);
  into.db += s;
  return xsimd::fma(a, s, two * x * (one / (one + square) - te));
}

template <class T>
Sums chunk(const T* x, T* dx, std::int64_t n, T a_value, T b_value) {
  using Batch = xsimd::batch<T>;
  constexpr std::int64_t kWidth = Batch::size;
  const Batch a(a_value), b(b_value);
  Accumulators<T> sums;
  std::int64_t i = 0;
  for (; i + kWidth <= n; i += kWidth) element(Batch::load_aligned(x + i), a, b, sums).store_aligned(dx + i);
  Sums result = sums.sums();
  for (; i < n; ++i) {
    alignas(64) T padded[kWidth] = {x[i]};
    Accumulators<T> last;
    dx[i] = element(Batch::load_aligned(padded), a, b, last).get(0);
    result.value += static_cast<double>(last.value.get(0));
    result.da += static_cast<double>(last.da.get(0));
    result.db += static_cast<double>(last.db.get(0));
  }
  return result;
}

template <class T>
void step(State<T>& s) {
  const Buffer<T>& x = s.inputs->x[s.iteration & 1];
  T a = s.inputs->a(s.iteration), b = s.inputs->b(s.iteration);
  Helper::instance().for_chunks(static_cast<std::int64_t>(s.chunk_sums.size()), s.threads, [&](std::int64_t i) {
    std::int64_t begin = i * kChunk;
    s.chunk_sums[i] = chunk(x.data() + begin, s.dx.data() + begin, std::min(kChunk, s.n - begin), a, b);
  });
  s.sums = {};
  for (const Sums& part : s.chunk_sums) {
    s.sums.value += part.value;
    s.sums.da += part.da;
    s.sums.db += part.db;
  }
  s.total += s.sums.value + static_cast<double>(s.dx[static_cast<std::size_t>(s.iteration % s.n)]);
  ++s.iteration;
}

template <class T>
Runner make(std::int64_t n, int threads) {
  auto state = std::make_shared<State<T>>(State<T>{n, shared_inputs<ElementwiseInputs<T>>(n), threads});
  return {[state](std::int64_t iterations) {
            for (std::int64_t i = 0; i < iterations; ++i) step(*state);
          },
          [state] {
            return std::vector<double>{state->sums.value, state->sums.da,    state->sums.db,
                                       state->total,      state->dx.front(), state->dx.back()};
          }};
}

template <class T>
std::vector<Case> cases() {
  std::vector<Case> all;
  for (auto [size, n] : kElementwiseSizes)
    for (int threads : {1, 2})
      all.push_back({"elementwise", size, dtype_name<T>, threads, "hand",
                     [n = n, threads] { return make<T>(n, threads); }, 1, 1, n > 1000000});
  return all;
}

}  // namespace

std::vector<Case> elementwise() { return with_probe(join(cases<double>(), cases<float>()), "probe_exp"); }

}  // namespace bench::hand
