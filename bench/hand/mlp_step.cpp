// The limit of a perceptron's training step: its matrix products alone, by OpenBLAS into given buffers; ReLU, loss and
// Adam cost nothing here. On two threads each product is two of half the rows of its result.
#include <memory>

#include <benchmark/benchmark.h>
#include <cblas.h>

#include "bench/hand/hand.hpp"
#include "bench/hand/threads.hpp"
#include "bench/inputs.hpp"

namespace bench::hand {
namespace {

/// c (m, n) = a b, row-major; a is stored as (k, m) if `a_transposed`, b as (n, k) if `b_transposed`.
template <class T>
struct Product {
  bool a_transposed, b_transposed;
  int m, n, k;
  const T *a, *b;
  T* c;
};

CBLAS_TRANSPOSE flag(bool transposed) { return transposed ? CblasTrans : CblasNoTrans; }

/// Rows begin to begin + count of c.
template <class T>
void multiply(const Product<T>& p, int begin, int count) {
  const T* a = p.a + (p.a_transposed ? begin : begin * p.k);
  const int lda = p.a_transposed ? p.m : p.k, ldb = p.b_transposed ? p.k : p.n;
  auto gemm = [&](auto function) {
    function(CblasRowMajor, flag(p.a_transposed), flag(p.b_transposed), count, p.n, p.k, T{1}, a, lda, p.b, ldb, T{0},
             p.c + begin * p.n, p.n);
  };
  if constexpr (std::is_same_v<T, float>) gemm(cblas_sgemm);
  else gemm(cblas_dgemm);
}

template <class T>
struct State {
  explicit State(int number_of_threads) : threads(number_of_threads) {
    for (int layer = 0; layer <= kMlpLayers; ++layer) {
      values.emplace_back(kMlpBatch * kMlpWidths[layer], T{0.5});
      cotangents.emplace_back(kMlpBatch * kMlpWidths[layer], T{0.5});
    }
    for (const Buffer<T>& w : inputs->w) dw.emplace_back(w.size());
  }
  std::shared_ptr<const MlpInputs<T>> inputs = shared_inputs<MlpInputs<T>>(kMlpBatch);
  int threads;
  std::vector<Buffer<T>> values, cotangents, dw;
  std::int64_t iteration = 0;
};

template <class T>
void multiply(const State<T>& s, const Product<T>& p) {
  const int half = p.m / 2;
  if (s.threads == 1) return multiply(p, 0, p.m);
  Helper::instance().for_chunks(2, 2, [&](std::int64_t i) { multiply(p, i ? half : 0, i ? p.m - half : half); });
}

template <class T>
void step(State<T>& s) {
  const int n = kMlpBatch;
  const T* x = s.inputs->x[s.iteration++ & 1].data();
  auto value = [&](int layer) { return layer == 0 ? x : s.values[layer].data(); };
  for (int layer = 0; layer < kMlpLayers; ++layer) {
    const int in = kMlpWidths[layer], out = kMlpWidths[layer + 1];
    multiply(s, {false, false, n, out, in, value(layer), s.inputs->w[layer].data(), s.values[layer + 1].data()});
  }
  for (int layer = kMlpLayers - 1; layer >= 0; --layer) {
    const int in = kMlpWidths[layer], out = kMlpWidths[layer + 1];
    const T* dy = s.cotangents[layer + 1].data();
    multiply(s, {true, false, in, out, n, value(layer), dy, s.dw[layer].data()});
    if (layer > 0) multiply(s, {false, true, n, in, out, dy, s.inputs->w[layer].data(), s.cotangents[layer].data()});
  }
  benchmark::ClobberMemory();
}

template <class T>
Runner make(int threads) {
  auto state = std::make_shared<State<T>>(threads);
  return {[state](std::int64_t iterations) {
            for (std::int64_t i = 0; i < iterations; ++i) step(*state);
          },
          [] { return std::vector<double>{}; }};
}

template <class T>
std::vector<Case> cases() {
  std::vector<Case> all;
  for (int threads : {1, 2})
    all.push_back({"mlp_step", "128", dtype_name<T>, threads, "hand", [threads] { return make<T>(threads); }});
  return all;
}

}  // namespace

std::vector<Case> mlp_step() { return with_probe(join(cases<double>(), cases<float>()), "probe_gemm"); }

}  // namespace bench::hand
