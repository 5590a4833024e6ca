// One step of gradient descent for softmax regression by one pass over X. With z = x w + b, p = exp(z) / sum(exp(z))
// and r = p - (1 at the row's class): loss = mean(log(sum(exp(z))) - z at the class), dw = X^T r / n, db = sum(r) / n.
#include <cmath>
#include <memory>

#include <xsimd/xsimd.hpp>

#include "bench/hand/hand.hpp"
#include "bench/hand/threads.hpp"
#include "bench/inputs.hpp"

namespace bench::hand {
namespace {

/// Blocks of rows, whose logits and residuals are rows of kParts vectors.
template <class T>
struct SoftmaxPass {
  using Batch = xsimd::batch<T>;
  static constexpr std::int64_t kClasses = SoftmaxInputs<T>::kClasses, kWidth = Batch::size;
  static constexpr std::int64_t kParts = (kClasses + kWidth - 1) / kWidth, kPadded = kParts * kWidth;
  static constexpr std::int64_t kBlock = 64, kChunk = 2048, kMaxColumns = 128;
  static constexpr int kRowsAtOnce = kWidth * sizeof(T) == 64 ? 8 : 4;  ///< of X, as many as registers allow
  static constexpr int kHalf = kClasses / 2, kVectorsAtOnce = kRowsAtOnce == 8 ? 3 : 2;  ///< of sums

  struct alignas(64) Partial {
    T dw[kClasses][kMaxColumns];
    T db[kPadded];
    double loss;
  };

  const SoftmaxInputs<T>& inputs;
  const T* w;  ///< rows of kPadded
  const T* b;  ///< so low where there is no class that exp gives 0

  void chunk(std::int64_t begin, std::int64_t n, Partial& partial) const {
    std::fill(&partial.dw[0][0], &partial.dw[0][0] + kClasses * kMaxColumns, T{0});
    std::fill(partial.db, partial.db + kPadded, T{0});
    partial.loss = 0;
    alignas(64) T z[kBlock * kPadded];
    for (std::int64_t i = begin; i < begin + n; i += kBlock) {
      const std::int64_t count = std::min(kBlock, begin + n - i);
      const T* x = inputs.x.data() + i * inputs.columns;
      std::int64_t row = 0;
      for (; row + kRowsAtOnce <= count; row += kRowsAtOnce) logits<kRowsAtOnce>(x + row * inputs.columns, z, row);
      for (; row < count; ++row) logits<1>(x + row * inputs.columns, z, row);
      for (row = 0; row < count; ++row)
        partial.loss += residual(z + row * kPadded, inputs.labels[static_cast<std::size_t>(i + row)], partial.db);
      add_products(x, z, count, partial);
    }
  }

 private:
  template <int kRows>
  [[gnu::flatten]] void logits(const T* x, T* z, std::int64_t row) const {
    Batch sums[kRows][kParts];
    for (auto& parts : sums)
      for (std::int64_t part = 0; part < kParts; ++part) parts[part] = Batch::load_unaligned(b + part * kWidth);
    for (std::int64_t j = 0; j < inputs.columns; ++j) {
      __builtin_prefetch(x + 16 * inputs.columns + j * kRows);
#pragma GCC unroll 8
      for (int r = 0; r < kRows; ++r)
#pragma GCC unroll 4
        for (std::int64_t part = 0; part < kParts; ++part)
          sums[r][part] = xsimd::fma(Batch(x[r * inputs.columns + j]),
                                     Batch::load_unaligned(w + j * kPadded + part * kWidth), sums[r][part]);
    }
    for (int r = 0; r < kRows; ++r)
      for (std::int64_t part = 0; part < kParts; ++part)
        sums[r][part].store_unaligned(z + (row + r) * kPadded + part * kWidth);
  }

  /// Replaces a row's logits by its residuals, adds these to db, and returns the row's loss.
  [[gnu::flatten]] static double residual(T* z, std::int64_t label, T* db) {
    const T largest = *std::max_element(z, z + kClasses), at_label = z[label];
    Batch exponentials[kParts], sums(T{0});
    for (std::int64_t part = 0; part < kParts; ++part) {
      exponentials[part] = xsimd::exp(Batch::load_unaligned(z + part * kWidth) - Batch(largest));
      sums += exponentials[part];
    }
    const T sum = xsimd::hadd(sums);
    for (std::int64_t part = 0; part < kParts; ++part)
      (exponentials[part] * Batch(T{1} / sum)).store_unaligned(z + part * kWidth);
    z[label] -= T{1};
    for (std::int64_t part = 0; part < kParts; ++part)
      (Batch::load_unaligned(db + part * kWidth) + Batch::load_unaligned(z + part * kWidth))
          .store_unaligned(db + part * kWidth);
    return static_cast<double>(std::log(sum) + largest - at_label);
  }

  void add_products(const T* x, const T* z, std::int64_t n, Partial& partial) const {
    constexpr std::int64_t kStep = kVectorsAtOnce * kWidth;
    for (int half = 0; half < 2; ++half) {
      std::int64_t j = 0;
      for (; j + kStep - kWidth < inputs.columns; j += kStep)
        add_tile<kVectorsAtOnce>(x + j, z + half * kHalf, n, &partial.dw[half * kHalf][j]);
      for (; j < inputs.columns; j += kWidth) add_tile<1>(x + j, z + half * kHalf, n, &partial.dw[half * kHalf][j]);
    }
  }

  /// Columns beyond the last are summed, too, and not used.
  template <int kVectors>
  [[gnu::flatten]] void add_tile(const T* x, const T* z, std::int64_t n, T* dw) const {
    Batch sums[kHalf][kVectors];
    for (int k = 0; k < kHalf; ++k)
      for (int v = 0; v < kVectors; ++v) sums[k][v] = Batch::load_unaligned(dw + k * kMaxColumns + v * kWidth);
    for (std::int64_t i = 0; i < n; ++i)
#pragma GCC unroll 5
      for (int k = 0; k < kHalf; ++k)
#pragma GCC unroll 3
        for (int v = 0; v < kVectors; ++v)
          sums[k][v] = xsimd::fma(Batch(z[i * kPadded + k]), Batch::load_unaligned(x + i * inputs.columns + v * kWidth),
                                  sums[k][v]);
    for (int k = 0; k < kHalf; ++k)
      for (int v = 0; v < kVectors; ++v) sums[k][v].store_unaligned(dw + k * kMaxColumns + v * kWidth);
  }
};

template <class T>
struct State {
  using Pass = SoftmaxPass<T>;
  State(std::int64_t n, std::int64_t d, int on) : inputs(shared_inputs<SoftmaxInputs<T>>(n, d)), threads(on) {
    std::fill(b.begin() + Pass::kClasses, b.end(), T{-1e30F});
  }
  std::shared_ptr<const SoftmaxInputs<T>> inputs;
  int threads;
  std::vector<typename Pass::Partial> partials{
      static_cast<std::size_t>((inputs->rows + Pass::kChunk - 1) / Pass::kChunk)};
  Buffer<T> w = Buffer<T>(static_cast<std::size_t>(inputs->columns * Pass::kPadded));
  Buffer<T> b = Buffer<T>(static_cast<std::size_t>(Pass::kPadded));
  double loss = 0, total = 0;
};

template <class T>
void step(State<T>& s) {
  using Pass = SoftmaxPass<T>;
  const Pass pass{*s.inputs, s.w.data(), s.b.data()};
  Helper::instance().for_chunks(static_cast<std::int64_t>(s.partials.size()), s.threads, [&](std::int64_t i) {
    const std::int64_t begin = i * Pass::kChunk;
    pass.chunk(begin, std::min(Pass::kChunk, s.inputs->rows - begin), s.partials[static_cast<std::size_t>(i)]);
  });
  const double rate = s.inputs->rate / static_cast<double>(s.inputs->rows);
  double loss = 0;
  for (const auto& partial : s.partials) loss += partial.loss;
  for (std::int64_t k = 0; k < Pass::kClasses; ++k) {
    double db = 0;
    for (const auto& partial : s.partials) db += static_cast<double>(partial.db[k]);
    s.b[k] -= static_cast<T>(rate * db);
    for (std::int64_t j = 0; j < s.inputs->columns; ++j) {
      double dw = 0;
      for (const auto& partial : s.partials) dw += static_cast<double>(partial.dw[k][j]);
      s.w[j * Pass::kPadded + k] -= static_cast<T>(rate * dw);
    }
  }
  s.loss = loss / static_cast<double>(s.inputs->rows);
  s.total += s.loss;
}

template <class T>
std::vector<double> answer(const State<T>& s) {
  std::vector<T> w;
  for (std::int64_t j = 0; j < s.inputs->columns; ++j)
    for (std::int64_t k = 0; k < SoftmaxPass<T>::kClasses; ++k) w.push_back(s.w[j * SoftmaxPass<T>::kPadded + k]);
  std::vector<double> all = some_of(w.data(), static_cast<std::int64_t>(w.size()));
  all.insert(all.end(), {s.total, s.loss, static_cast<double>(s.b.front())});
  return all;
}

template <class T>
Runner make(std::int64_t rows, std::int64_t columns, int threads) {
  auto state = std::make_shared<State<T>>(rows, columns, threads);
  return {[state](std::int64_t iterations) {
            for (std::int64_t i = 0; i < iterations; ++i) step(*state);
          },
          [state] { return answer(*state); }};
}

template <class T>
std::vector<Case> cases() {
  std::vector<Case> all;
  for (auto [size, rows, columns] : kSoftmaxSizes)
    for (int threads : {1, 2})
      all.push_back({"softmax_step", size, dtype_name<T>, threads, "hand",
                     [=, n = rows, d = columns] { return make<T>(n, d, threads); }});
  return all;
}

}  // namespace

std::vector<Case> softmax_step() { return join(cases<double>(), cases<float>()); }

}  // namespace bench::hand
