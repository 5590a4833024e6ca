// A chain of 1,000 add, mul or tanh on a few elements, its values kept for the reverse sweep.
#include <algorithm>
#include <memory>

#include <benchmark/benchmark.h>
#include <xsimd/xsimd.hpp>

#include "bench/hand/hand.hpp"
#include "bench/inputs.hpp"

namespace bench::hand {
namespace {

template <class T, int kElements>
struct Chain {
  using Batch = xsimd::batch<T>;
  static constexpr int kWidth = static_cast<int>(Batch::size);
  static constexpr int kBatches = (kElements + kWidth - 1) / kWidth;
  static constexpr int kPadded = kBatches * kWidth;

  Buffer<T> values = Buffer<T>(kChainLength * kPadded);
  alignas(64) T x[kPadded] = {}, operand[kPadded] = {}, y[kPadded] = {}, dx[kPadded] = {}, d_operand[kPadded] = {};
  std::int64_t iteration = 0;
  double total = 0;

  Chain() {
    for (int i = 0; i < kElements; ++i) operand[i] = static_cast<T>(chain_operand(i));
  }
};

template <class T, std::size_t kBatches>
void load(const T* from, xsimd::batch<T> (&to)[kBatches]) {
  for (std::size_t b = 0; b < kBatches; ++b) to[b] = xsimd::load_aligned(from + b * to[b].size);
}

template <class T, std::size_t kBatches>
void store(const xsimd::batch<T> (&from)[kBatches], T* to) {
  for (std::size_t b = 0; b < kBatches; ++b) from[b].store_aligned(to + b * from[b].size);
}

/// The batches of a value go through the chain side by side, so that their latencies overlap.
template <Link link, class T, int kElements>
void forward(Chain<T, kElements>& c) {
  using Batch = xsimd::batch<T>;
  constexpr int kBatches = Chain<T, kElements>::kBatches;
  Batch y[kBatches], operand[kBatches];
  load(c.x, y);
  load(c.operand, operand);
  T* values = c.values.data();
  for (int i = 0; i < kChainLength; ++i, values += c.kPadded) {
    if constexpr (link == Link::multiply) store(y, values);
#pragma GCC unroll 4
    for (int b = 0; b < kBatches; ++b)
      if constexpr (link == Link::add) y[b] = y[b] + operand[b];
      else if constexpr (link == Link::multiply) y[b] = y[b] * operand[b];
      else y[b] = xsimd::tanh(y[b]);
    if constexpr (link == Link::tanh) store(y, values);
  }
  store(y, c.y);
}

template <Link link, class T, int kElements>
void backward(Chain<T, kElements>& c) {
  using Batch = xsimd::batch<T>;
  constexpr int kBatches = Chain<T, kElements>::kBatches;
  Batch g[kBatches], d_operand[kBatches], operand[kBatches], value[kBatches];
  std::fill(g, g + kBatches, Batch(T{1}));
  std::fill(d_operand, d_operand + kBatches, Batch(T{0}));
  load(c.operand, operand);
  const T* values = c.values.data() + (kChainLength - 1) * c.kPadded;
  for (int i = 0; i < kChainLength; ++i, values -= c.kPadded) {
    if constexpr (link != Link::add) load(values, value);
#pragma GCC unroll 4
    for (int b = 0; b < kBatches; ++b)
      if constexpr (link == Link::add) {
        d_operand[b] += g[b];
      } else if constexpr (link == Link::multiply) {
        d_operand[b] += g[b] * value[b];
        g[b] = g[b] * operand[b];
      } else {
        g[b] = g[b] * (Batch(T{1}) - value[b] * value[b]);
      }
  }
  store(g, c.dx);
  store(d_operand, c.d_operand);
}

template <Link link, class T, int kElements>
void step(Chain<T, kElements>& c) {
  for (int i = 0; i < kElements; ++i) c.x[i] = static_cast<T>(chain_start(c.iteration, i));
  forward<link>(c);
  backward<link>(c);
  for (int i = 0; i < kElements; ++i) c.total += c.y[i] + c.dx[i] + c.d_operand[i];
  ++c.iteration;
}

template <Link link, class T, int kElements>
Runner make() {
  auto chain = std::make_shared<Chain<T, kElements>>();
  return {[chain](std::int64_t iterations) {
            for (std::int64_t i = 0; i < iterations; ++i) {
              step<link>(*chain);
              benchmark::ClobberMemory();
            }
          },
          [chain] {
            return std::vector<double>{chain->y[kElements - 1], chain->dx[0], chain->d_operand[kElements - 1],
                                       chain->total};
          }};
}

template <Link link, class T, int kElements>
Case chain_case() {
  std::string size = std::string(name(link)) + " " + std::to_string(kElements);
  return {"op_chain", size, dtype_name<T>, 1, "hand", make<link, T, kElements>, kChainLength, 1};
}

template <Link link, class T>
std::vector<Case> widths() {
  return {chain_case<link, T, 1>(), chain_case<link, T, 4>(), chain_case<link, T, 16>()};
}

template <class T>
std::vector<Case> links() {
  return join(widths<Link::add, T>(), widths<Link::multiply, T>(), widths<Link::tanh, T>());
}

}  // namespace

std::vector<Case> op_chain() { return with_probe(join(links<double>(), links<float>()), "probe_exp"); }

}  // namespace bench::hand
