// f = sum over i < n - 1 of 100 (x[i+1] - x[i]^2)^2 + (1 - x[i])^2. Away from the ends,
// g[i] = 400 x[i] (x[i]^2 - x[i+1]) + 2 (x[i] - 1) + 200 (x[i] - x[i-1]^2), H[i][i] = 1200 x[i]^2 - 400 x[i+1] + 202
// and H[i][i+1] = -400 x[i]; the first element lacks the terms of x[i-1], the last those of x[i+1].
#include <algorithm>
#include <memory>

#include <benchmark/benchmark.h>
#include <xsimd/xsimd.hpp>

#include "bench/hand/hand.hpp"
#include "bench/inputs.hpp"

namespace bench::hand {
namespace {

using Batch = xsimd::batch<double>;
constexpr int n = kRosenbrockSize, kWidth = static_cast<int>(Batch::size);

struct State : RosenbrockInputs {
  Buffer<double> g = Buffer<double>(n), h = Buffer<double>(n * n);
  std::int64_t iteration = 0;
};

/// result[i] = inner(i, batch or double) for 1 <= i < n - 1; the last vector overlaps the one before.
void for_inner(double* result, auto&& inner) {
  for (int i = 1; i < n - 1; i += kWidth) {
    const int begin = std::min(i, n - 1 - kWidth);
    inner(begin).store_unaligned(result + begin);
  }
}

Batch load(const double* x) { return Batch::load_unaligned(x); }

void gradient(State& s) {
  const double* x = s.x[s.iteration & 1];
  for_inner(s.g.data(), [x](int i) {
    Batch at = load(x + i), before = load(x + i - 1);
    Batch up = Batch(400.) * at * (at * at - load(x + i + 1));
    return up + Batch(2.) * (at - Batch(1.)) + Batch(200.) * (at - before * before);
  });
  s.g[0] = 400 * x[0] * (x[0] * x[0] - x[1]) + 2 * (x[0] - 1);
  s.g[n - 1] = 200 * (x[n - 1] - x[n - 2] * x[n - 2]);
}

void product(State& s) {
  const double *x = s.x[s.iteration & 1], *v = s.v;
  for_inner(s.g.data(), [x, v](int i) {
    Batch at = load(x + i);
    Batch diagonal = Batch(1200.) * at * at - Batch(400.) * load(x + i + 1) + Batch(202.);
    return diagonal * load(v + i) - Batch(400.) * (at * load(v + i + 1) + load(x + i - 1) * load(v + i - 1));
  });
  s.g[0] = (1200 * x[0] * x[0] - 400 * x[1] + 2) * v[0] - 400 * x[0] * v[1];
  s.g[n - 1] = 200 * v[n - 1] - 400 * x[n - 2] * v[n - 2];
}

void hessian(State& s) {
  const double* x = s.x[s.iteration & 1];
  std::fill(s.h.begin(), s.h.end(), 0.);
  for (int i = 0; i < n - 1; ++i) {
    double* diagonal = s.h.data() + i * (n + 1);
    diagonal[0] = 1200 * x[i] * x[i] - 400 * x[i + 1] + (i > 0 ? 202 : 2);
    diagonal[1] = diagonal[n] = -400 * x[i];
  }
  s.h.back() = 200;
}

template <void (*kStep)(State&)>
Runner make() {
  auto state = std::make_shared<State>();
  return {[state](std::int64_t iterations) {
            for (std::int64_t i = 0; i < iterations; ++i, ++state->iteration) {
              kStep(*state);
              benchmark::ClobberMemory();
            }
          },
          [state] { return kStep == hessian ? some_of(state->h.data(), n * n) : some_of(state->g.data(), n); }};
}

}  // namespace

std::vector<Case> rosenbrock() {
  return with_probe({{"rosenbrock", "gradient", "float64", 1, "hand", make<gradient>, 1, 100},
                     {"rosenbrock", "product", "float64", 1, "hand", make<product>, 1, 100},
                     {"rosenbrock", "hessian", "float64", 1, "hand", make<hessian>, 1, 100}},
                    "probe_exp");
}

}  // namespace bench::hand
