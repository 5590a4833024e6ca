// A step of stochastic gradient descent for logistic regression: the rows of a batch are read where they stand, and not
// copied together first.
#include <memory>

#include <benchmark/benchmark.h>

#include "bench/hand/hand.hpp"
#include "bench/hand/logistic_rows.hpp"
#include "bench/inputs.hpp"

namespace bench::hand {
namespace {

constexpr std::int64_t kMaxBatch = 256;
constexpr std::int64_t kColumns = 30;

template <class T>
struct State {
  std::shared_ptr<const MinibatchInputs<T>> inputs;
  alignas(64) T w[kColumns] = {};
  T b = 0;
  double loss = 0, total = 0;
  std::int64_t iteration = 0;
};

template <class T>
void descend(State<T>& s, const T* dw, T db, double loss) {
  T rate = static_cast<T>(s.inputs->rate / static_cast<double>(s.inputs->size));
  for (std::int64_t j = 0; j < kColumns; ++j) s.w[j] -= rate * dw[j];
  s.b -= rate * db;
  s.loss = loss / static_cast<double>(s.inputs->size);
  s.total += s.loss;
  ++s.iteration;
}

template <class T>
void step(State<T>& s) {
  constexpr auto kWidth = static_cast<std::int64_t>(xsimd::batch<T>::size);
  constexpr int kVectors = static_cast<int>((kColumns + kWidth - 1) / kWidth);
  const MinibatchInputs<T>& in = *s.inputs;
  const std::int64_t* batch = in.batch(s.iteration);
  auto row = [x = in.x.data(), batch](std::int64_t i) { return x + batch[i] * kColumns; };
  Rows<T, kVectors> rows(s.w, kColumns);
  alignas(64) T z[kMaxBatch], y[kMaxBatch], dw[kColumns];
  rows.dots(row, in.size, s.b, z);
  for (std::int64_t i = 0; i < in.size; ++i) y[i] = in.y[static_cast<std::size_t>(batch[i])];
  auto [loss, db] = residuals(z, y, in.size);
  xsimd::batch<T> sums[kVectors];
  std::fill(sums, sums + kVectors, xsimd::batch<T>(T{0}));
  rows.add_products(row, z, in.size, sums);
  rows.store(sums, dw);
  descend(s, dw, db, loss);
}

template <class T>
Runner make(std::int64_t size) {
  auto state = std::make_shared<State<T>>(State<T>{shared_inputs<MinibatchInputs<T>>(size)});
  return {[state](std::int64_t iterations) {
            for (std::int64_t i = 0; i < iterations; ++i) step(*state);
          },
          [state] {
            return std::vector<double>{state->total, state->loss, state->b, state->w[0], state->w[kColumns - 1]};
          }};
}

template <class T>
std::vector<Case> cases() {
  std::vector<Case> all;
  for (std::int64_t size : kMinibatchSizes)
    all.push_back(
        {"minibatch_sgd", std::to_string(size), dtype_name<T>, 1, "hand", [size] { return make<T>(size); }, 1, 10});
  return all;
}

}  // namespace

std::vector<Case> minibatch_sgd() { return with_probe(join(cases<double>(), cases<float>()), "probe_exp"); }

}  // namespace bench::hand
