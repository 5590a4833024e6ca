// A dense layer, y = relu(x w + b), and a step of gradient descent for the mean of the squares of y - t: with
// r = 2 (y - t) where y > 0, dw = X^T r and db = sum(r), by one pass over X and t. Products of blocks of rows are
// summed up in registers, in tiles of 8 rows and two vectors.
#include <algorithm>
#include <memory>

#include <immintrin.h>
#include <xsimd/xsimd.hpp>

#include "bench/hand/hand.hpp"
#include "bench/hand/threads.hpp"
#include "bench/inputs.hpp"

namespace bench::hand {
namespace {

template <class T>
using Batch = xsimd::batch<T>;

/// Element (i, j) is at data[i * row + j * column].
template <class T>
struct Strided {
  const T* data;
  std::int64_t row, column;
};

template <class T>
struct DensePass {
  static constexpr std::int64_t kInputs = DenseInputs<T>::kInputs, kOutputs = DenseInputs<T>::kOutputs;
  static constexpr std::int64_t kWidth = Batch<T>::size, kPanel = 2 * kWidth, kRows = 8, kBlock = 32, kChunk = 2048;
  static_assert(kOutputs % kPanel == 0 && kInputs % kRows == 0);

  struct alignas(64) Partial {
    T dw[kInputs * kOutputs];  ///< in panels, as w is
    T db[kOutputs];
    double loss;
  };

  const DenseInputs<T>& inputs;
  const T* w;  ///< panels of kPanel columns, one after the other
  const T* b;

  static void pack(const T* from, T* to) {
    for (std::int64_t j = 0; j < kOutputs; j += kPanel)
      for (std::int64_t p = 0; p < kInputs; ++p, to += kPanel) std::copy_n(from + p * kOutputs + j, kPanel, to);
  }

  void forward(std::int64_t begin, std::int64_t n, T* y) const {
    for (std::int64_t i = begin; i < begin + n; i += kRows)
      each_panel([&](std::int64_t j, const T* panel) {
        Batch<T> sums[kRows][2];
        multiply({row(i), kInputs, 1}, panel, kPanel, kInputs, sums);
        for (std::int64_t r = 0; r < kRows; ++r)
          for (std::int64_t v = 0; v < 2; ++v) {
            const std::int64_t at = j + v * kWidth;
            stream(y + (i + r) * kOutputs + at,
                   xsimd::max(sums[r][v] + Batch<T>::load_aligned(b + at), Batch<T>(T{0})));
          }
      });
#if defined(__AVX__)
    _mm_sfence();
#endif
  }

  void chunk(std::int64_t begin, std::int64_t n, Partial& partial) const {
    std::fill_n(partial.dw, kInputs * kOutputs, T{0});
    std::fill_n(partial.db, kOutputs, T{0});
    partial.loss = 0;
    alignas(64) T r[kBlock * kOutputs];
    for (std::int64_t i = begin; i < begin + n; i += kBlock) {
      const std::int64_t count = std::min(kBlock, begin + n - i);
      for (std::int64_t k = 0; k < count; k += kRows) residuals(i + k, r + k * kOutputs, partial);
      add_products(i, count, r, partial.dw);
    }
  }

 private:
  const T* row(std::int64_t i) const { return inputs.x.data() + i * kInputs; }

  template <class Body>
  void each_panel(Body&& body) const {
    for (std::int64_t j = 0; j < kOutputs; j += kPanel) body(j, w + j * kInputs);
  }

  static void stream(T* to, Batch<T> value) {
#if defined(__AVX512F__)
    if constexpr (std::is_same_v<T, double>) return _mm512_stream_pd(to, value);
    else return _mm512_stream_ps(to, value);
#else
    value.store_aligned(to);
#endif
  }

  /// The sums over `depth` of kRows rows of a times a panel.
  [[gnu::always_inline]] static void multiply(Strided<T> a, const T* panel, std::int64_t step, std::int64_t depth,
                                              Batch<T> (&result)[kRows][2]) {
    Batch<T> sums[kRows][2];
#pragma GCC unroll 8
    for (auto& pair : sums) pair[0] = pair[1] = Batch<T>(T{0});
    for (std::int64_t p = 0; p < depth; ++p, a.data += a.column, panel += step) {
      const Batch<T> first = Batch<T>::load_aligned(panel), second = Batch<T>::load_aligned(panel + kWidth);
#pragma GCC unroll 8
      for (std::int64_t i = 0; i < kRows; ++i) {
        const Batch<T> left(a.data[i * a.row]);
        sums[i][0] = xsimd::fma(left, first, sums[i][0]);
        sums[i][1] = xsimd::fma(left, second, sums[i][1]);
      }
    }
#pragma GCC unroll 8
    for (std::int64_t i = 0; i < kRows; ++i) {
      result[i][0] = sums[i][0];
      result[i][1] = sums[i][1];
    }
  }

  /// Of kRows rows; adds up their squares and columns.
  void residuals(std::int64_t i, T* r, Partial& partial) const {
    Batch<T> squares(T{0});
    each_panel([&](std::int64_t j, const T* panel) {
      Batch<T> sums[kRows][2];
      multiply({row(i), kInputs, 1}, panel, kPanel, kInputs, sums);
      for (std::int64_t v = 0; v < 2; ++v) {
        const std::int64_t at = j + v * kWidth;
        const Batch<T> bias = Batch<T>::load_aligned(b + at), zero(T{0});
        Batch<T> columns = Batch<T>::load_aligned(partial.db + at);
        for (std::int64_t k = 0; k < kRows; ++k) {
          const Batch<T> z = sums[k][v] + bias;
          const Batch<T> target = Batch<T>::load_aligned(inputs.targets.data() + (i + k) * kOutputs + at);
          const Batch<T> distance = xsimd::max(z, zero) - target;
          squares = xsimd::fma(distance, distance, squares);
          const Batch<T> residual = xsimd::select(z > zero, distance, zero);
          columns += residual;
          residual.store_aligned(r + k * kOutputs + at);
        }
        columns.store_aligned(partial.db + at);
      }
    });
    partial.loss += static_cast<double>(xsimd::hadd(squares));
  }

  void add_products(std::int64_t i, std::int64_t count, const T* r, T* dw) const {
    for (std::int64_t j = 0; j < kOutputs; j += kPanel)
      for (std::int64_t p = 0; p < kInputs; p += kRows) {
        Batch<T> sums[kRows][2];
        multiply({row(i) + p, 1, kInputs}, r + j, kOutputs, count, sums);
        for (std::int64_t k = 0; k < kRows; ++k)
          for (std::int64_t v = 0; v < 2; ++v) {
            T* to = dw + j * kInputs + (p + k) * kPanel + v * kWidth;
            (Batch<T>::load_aligned(to) + sums[k][v]).store_aligned(to);
          }
      }
  }
};

template <class T>
struct State {
  using Pass = DensePass<T>;
  State(std::int64_t n, int on) : inputs(shared_inputs<DenseInputs<T>>(n)), threads(on) {
    Pass::pack(inputs->w.data(), w.data());
  }
  std::shared_ptr<const DenseInputs<T>> inputs;
  int threads;
  Buffer<T> w = Buffer<T>(inputs->w.size()), b = inputs->b[0], y;
  std::vector<typename Pass::Partial> partials;
  std::int64_t iteration = 0;
  double loss = 0;

  template <class Body>
  void each_chunk(Body&& body) {
    const std::int64_t chunks = (inputs->rows + Pass::kChunk - 1) / Pass::kChunk;
    Helper::instance().for_chunks(chunks, threads, [&](std::int64_t i) {
      body(i, i * Pass::kChunk, std::min(Pass::kChunk, inputs->rows - i * Pass::kChunk));
    });
  }
};

template <class T>
void forward(State<T>& s) {
  s.y.resize(s.inputs->targets.size());
  Buffer<T> packed(s.w.size());
  DensePass<T>::pack(s.inputs->w.data(), packed.data());
  const DensePass<T> pass{*s.inputs, packed.data(), s.inputs->b[s.iteration++ & 1].data()};
  s.each_chunk([&](std::int64_t, std::int64_t begin, std::int64_t n) { pass.forward(begin, n, s.y.data()); });
}

template <class T>
std::vector<double> values(const State<T>& s) {
  return some_of(s.y.data(), static_cast<std::int64_t>(s.y.size()));
}

template <class T>
void step(State<T>& s) {
  using Pass = DensePass<T>;
  s.partials.resize(static_cast<std::size_t>((s.inputs->rows + Pass::kChunk - 1) / Pass::kChunk));
  const Pass pass{*s.inputs, s.w.data(), s.b.data()};
  s.each_chunk([&](std::int64_t i, std::int64_t begin, std::int64_t n) {
    pass.chunk(begin, n, s.partials[static_cast<std::size_t>(i)]);
  });
  typename Pass::Partial& total = s.partials[0];
  for (std::size_t i = 1; i < s.partials.size(); ++i) {
    for (std::size_t k = 0; k < s.w.size(); ++k) total.dw[k] += s.partials[i].dw[k];
    for (std::size_t k = 0; k < s.b.size(); ++k) total.db[k] += s.partials[i].db[k];
    total.loss += s.partials[i].loss;
  }
  const auto scale = static_cast<T>(2 * s.inputs->rate / static_cast<double>(s.inputs->targets.size()));
  for (std::size_t k = 0; k < s.w.size(); ++k) s.w[k] -= scale * total.dw[k];
  for (std::size_t k = 0; k < s.b.size(); ++k) s.b[k] -= scale * total.db[k];
  s.loss = total.loss / static_cast<double>(s.inputs->targets.size());
}

template <class T>
std::vector<double> trained(const State<T>& s) {
  using Pass = DensePass<T>;
  Buffer<T> w(s.w.size());
  for (std::int64_t p = 0; p < Pass::kInputs; ++p)
    for (std::int64_t j = 0; j < Pass::kOutputs; ++j)
      w[p * Pass::kOutputs + j] =
          s.w[j / Pass::kPanel * Pass::kPanel * Pass::kInputs + p * Pass::kPanel + j % Pass::kPanel];
  std::vector<double> all = some_of(w.data(), static_cast<std::int64_t>(w.size()));
  all.insert(all.end(), {s.loss, static_cast<double>(s.b.front())});
  return all;
}

template <class T>
Runner make(std::int64_t rows, int threads, void (*function)(State<T>&),
            std::vector<double> (*answer)(const State<T>&)) {
  auto state = std::make_shared<State<T>>(rows, threads);
  return {[state, function](std::int64_t iterations) {
            for (std::int64_t i = 0; i < iterations; ++i) function(*state);
          },
          [state, answer] { return answer(*state); }};
}

template <class T>
std::vector<Case> cases() {
  std::vector<Case> all;
  for (auto [forward_size, step_size, rows] : kDenseSizes)
    for (int threads : {1, 2}) {
      all.push_back({"dense_layer", forward_size, dtype_name<T>, threads, "hand",
                     [=, n = rows] { return make<T>(n, threads, forward<T>, values<T>); }});
      all.push_back({"dense_layer", step_size, dtype_name<T>, threads, "hand",
                     [=, n = rows] { return make<T>(n, threads, step<T>, trained<T>); }});
    }
  return all;
}

}  // namespace

std::vector<Case> dense_layer() { return join(cases<double>(), cases<float>()); }

}  // namespace bench::hand
