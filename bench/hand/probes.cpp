#include <algorithm>
#include <iterator>
#include <memory>
#include <numeric>
#include <string_view>

#include <benchmark/benchmark.h>
#include <cblas.h>
#include <xsimd/xsimd.hpp>

#include "bench/hand/hand.hpp"
#include "bench/inputs.hpp"

namespace bench::hand {
namespace {

using Batch = xsimd::batch<double>;
constexpr std::size_t kWidth = Batch::size;

double sum(const double* x, std::size_t n) {
  Batch sums[8] = {0., 0., 0., 0., 0., 0., 0., 0.};
  for (std::size_t i = 0; i < n; i += 8 * kWidth)
    for (std::size_t k = 0; k < 8; ++k) sums[k] += Batch::load_aligned(x + i + k * kWidth);
  return xsimd::hadd(std::accumulate(sums + 1, sums + 8, sums[0]));
}

void exp_all(const double* x, double* y, std::size_t n) {
  for (std::size_t i = 0; i < n; i += 2 * kWidth) {
    Batch first = xsimd::exp(Batch::load_aligned(x + i));
    Batch second = xsimd::exp(Batch::load_aligned(x + i + kWidth));
    first.store_aligned(y + i);
    second.store_aligned(y + i + kWidth);
  }
}

constexpr std::size_t kExps = 1024;  // 8 KiB, well inside the first cache

Runner exp_probe() {
  auto x = std::make_shared<Buffer<double>>(uniform_buffer<double>(kExps, 7));
  auto y = std::make_shared<Buffer<double>>(kExps);
  auto run = [x, y](std::int64_t iterations) {
    for (std::int64_t i = 0; i < iterations; ++i) {
      exp_all(x->data(), y->data(), kExps);
      benchmark::ClobberMemory();
    }
  };
  return {run, [] { return std::vector<double>{}; }};
}

constexpr std::size_t kLarge = std::size_t{1} << 25;  // 256 MiB, beyond every cache

Runner read_probe() {
  static const Buffer<double> large(kLarge, 0.5);
  auto run = [](std::int64_t iterations) {
    for (std::int64_t i = 0; i < iterations; ++i) benchmark::DoNotOptimize(sum(large.data(), kLarge));
  };
  return {run, [] { return std::vector<double>{}; }};
}

constexpr int kOrder = 512;

Runner gemm_probe() {
  auto a = std::make_shared<Buffer<double>>(uniform_buffer<double>(kOrder * kOrder, 16));
  auto c = std::make_shared<Buffer<double>>(kOrder * kOrder);
  auto run = [a, c](std::int64_t iterations) {
    for (std::int64_t i = 0; i < iterations; ++i)
      cblas_dgemm(CblasRowMajor, CblasNoTrans, CblasNoTrans, kOrder, kOrder, kOrder, 1, a->data(), kOrder, a->data(),
                  kOrder, 0, c->data(), kOrder);
  };
  return {run, [] { return std::vector<double>{}; }};
}

struct Probe {
  const char* name;
  Runner (*make)();
  double operations;
  std::int64_t batch;
};
constexpr Probe kProbes[] = {{"probe_exp", exp_probe, kExps, 100},
                             {"probe_read", read_probe, kLarge * sizeof(double), 1},
                             {"probe_gemm", gemm_probe, 2.0 * kOrder* kOrder* kOrder, 1}};

}  // namespace

std::vector<Case> with_probe(std::vector<Case> cases, const char* probe) {
  auto named = [&](const Probe& each) { return std::string_view(each.name) == probe; };
  const Probe& wanted = *std::find_if(std::begin(kProbes), std::end(kProbes), named);
  std::vector<Case> all;
  for (const Case& c : cases) {
    all.push_back(c);
    if (c.implementation != "hand" || c.threads != 1) continue;
    Case beside = c;
    beside.implementation = probe;
    beside.make = wanted.make;
    beside.operations = wanted.operations;
    beside.batch = wanted.batch;
    all.push_back(beside);
  }
  return all;
}

const char* instruction_set() { return Batch::arch_type::name(); }

}  // namespace bench::hand
