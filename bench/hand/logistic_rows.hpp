// What the hand-written logistic regressions share. With z = x w + b, p = 1 / (1 + exp(-z)) and s = p - y:
// loss = log(1 + exp(z)) - y z, dw = sum of s x, db = sum of s.
#pragma once

#include <algorithm>
#include <cstdint>
#include <utility>

#include <xsimd/xsimd.hpp>

namespace bench::hand {

/// Replaces z by s, and returns the sums of the losses and of s.
template <class T>
inline std::pair<double, T> residuals(T* z, const T* y, std::int64_t n) {
  using Batch = xsimd::batch<T>;
  constexpr std::int64_t kWidth = Batch::size;
  const Batch zero(T{0}), one(T{1});
  Batch losses(T{0}), sums(T{0});
  auto element = [&](Batch v, Batch label) {
    Batch e = xsimd::exp(-xsimd::abs(v));
    Batch p = xsimd::select(v >= zero, one, e) / (one + e);
    losses += xsimd::max(v, zero) + xsimd::log1p(e) - label * v;
    sums += p - label;
    return p - label;
  };
  std::int64_t i = 0;
  for (; i + kWidth <= n; i += kWidth)
    element(Batch::load_unaligned(z + i), Batch::load_unaligned(y + i)).store_unaligned(z + i);
  if (i < n) {  // padded so that the padding adds nothing: loss and residual are 0 at z = -inf, y = 0
    T tail_z[kWidth], tail_y[kWidth] = {};
    std::fill(tail_z, tail_z + kWidth, T{-1e4});
    std::copy(z + i, z + n, tail_z);
    std::copy(y + i, y + n, tail_y);
    element(Batch::load_unaligned(tail_z), Batch::load_unaligned(tail_y)).store_unaligned(tail_z);
    std::copy(tail_z, tail_z + (n - i), z + i);
  }
  return {static_cast<double>(xsimd::hadd(losses)), xsimd::hadd(sums)};
}

/// Rows of kVectors SIMD vectors, the last of which overlaps the one before: there w is zero-padded on the left.
template <class T, int kVectors>
struct Rows {
  using Batch = xsimd::batch<T>;
  static constexpr std::int64_t kWidth = Batch::size;

  std::int64_t columns;
  Batch w[kVectors];

  static std::int64_t offset(int k, std::int64_t columns) { return k + 1 == kVectors ? columns - kWidth : k * kWidth; }
  Rows(const T* weights, std::int64_t count) : columns(count) {
    for (int k = 0; k + 1 < kVectors; ++k) w[k] = Batch::load_unaligned(weights + k * kWidth);
    alignas(64) T last[kWidth] = {};
    for (std::int64_t j = (kVectors - 1) * kWidth; j < columns; ++j) last[j - (columns - kWidth)] = weights[j];
    w[kVectors - 1] = Batch::load_aligned(last);
  }

  Batch dot(const T* row) const {
    Batch sums[2] = {Batch::load_unaligned(row + offset(0, columns)) * w[0], Batch(T{0})};
#pragma GCC unroll 16
    for (int k = 1; k < kVectors; ++k)
      sums[k & 1] = xsimd::fma(Batch::load_unaligned(row + offset(k, columns)), w[k], sums[k & 1]);
    return sums[0] + sums[1];
  }

  /// z[i] = row(i) w + bias.
  void dots(auto&& row, std::int64_t n, T bias, T* z) const {
    for (std::int64_t i = 0; i < n; ++i) z[i] = xsimd::hadd(dot(row(i))) + bias;
  }

  /// Adds the rank-1 products s[i] row(i) of n rows, four at a time, to the accumulators.
  void add_products(auto&& row, const T* s, std::int64_t n, Batch* sums) const {
    std::int64_t i = 0;
    for (; i + 4 <= n; i += 4) {
      const T *row0 = row(i), *row1 = row(i + 1), *row2 = row(i + 2), *row3 = row(i + 3);
      Batch s0(s[i]), s1(s[i + 1]), s2(s[i + 2]), s3(s[i + 3]);
#pragma GCC unroll 16
      for (int k = 0; k < kVectors; ++k) {
        const std::int64_t at = offset(k, columns);
        Batch first = xsimd::fma(s0, Batch::load_unaligned(row0 + at), sums[k]);
        Batch second = s1 * Batch::load_unaligned(row1 + at);
        first = xsimd::fma(s2, Batch::load_unaligned(row2 + at), first);
        second = xsimd::fma(s3, Batch::load_unaligned(row3 + at), second);
        sums[k] = first + second;
      }
    }
    for (; i < n; ++i)
      for (int k = 0; k < kVectors; ++k)
        sums[k] = xsimd::fma(Batch(s[i]), Batch::load_unaligned(row(i) + offset(k, columns)), sums[k]);
  }

  void store(const Batch* sums, T* dw) const {
    for (int k = 0; k + 1 < kVectors; ++k) sums[k].store_unaligned(dw + k * kWidth);
    alignas(64) T last[kWidth];
    sums[kVectors - 1].store_aligned(last);
    for (std::int64_t j = (kVectors - 1) * kWidth; j < columns; ++j) dw[j] = last[j - (columns - kWidth)];
  }
};

}  // namespace bench::hand
