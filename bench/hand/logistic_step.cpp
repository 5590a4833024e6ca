// One step of gradient descent for logistic regression. With z = X w + b, p = 1 / (1 + exp(-z)) and s = (p - y) / n:
// loss = mean(log(1 + exp(z)) - y z), dw = X^T s, db = sum(s).
#include <cstring>
#include <memory>

#include <benchmark/benchmark.h>
#include <cblas.h>

#include "bench/hand/hand.hpp"
#include "bench/hand/logistic_pass.hpp"
#include "bench/inputs.hpp"

namespace bench::hand {
namespace {

template <class T>
struct State {
  std::shared_ptr<const LogisticInputs<T>> inputs;
  int threads;
  LogisticPass<T> pass{inputs, threads};
  Buffer<T> w = Buffer<T>(static_cast<std::size_t>(inputs->columns));
  T b = 0;
  Buffer<T> z = Buffer<T>(static_cast<std::size_t>(inputs->rows));  ///< used by the two GEMVs
  double loss = 0, total = 0;
};

template <class T>
void descend(State<T>& s, const T* dw, T db, double loss) {
  T step = static_cast<T>(s.inputs->rate / static_cast<double>(s.inputs->rows));
  for (std::int64_t j = 0; j < s.inputs->columns; ++j) s.w[j] -= step * dw[j];
  s.b -= step * db;
  s.loss = loss / static_cast<double>(s.inputs->rows);
  s.total += s.loss;
}

template <class T>
void one_pass(State<T>& s) {
  const auto sums = s.pass(s.w.data(), s.b);
  T rounded[LogisticPass<T>::kMaxColumns];
  std::transform(sums.dw, sums.dw + s.inputs->columns, rounded, [](double x) { return static_cast<T>(x); });
  descend(s, rounded, static_cast<T>(sums.db), sums.loss);
}

void gemv(CBLAS_TRANSPOSE t, std::int64_t m, std::int64_t n, const double* a, const double* x, double beta, double* y) {
  cblas_dgemv(CblasRowMajor, t, static_cast<int>(m), static_cast<int>(n), 1, a, static_cast<int>(n), x, 1, beta, y, 1);
}
void gemv(CBLAS_TRANSPOSE t, std::int64_t m, std::int64_t n, const float* a, const float* x, float beta, float* y) {
  cblas_sgemv(CblasRowMajor, t, static_cast<int>(m), static_cast<int>(n), 1, a, static_cast<int>(n), x, 1, beta, y, 1);
}

template <class T>
void two_gemv(State<T>& s) {
  const LogisticInputs<T>& in = *s.inputs;
  std::fill(s.z.begin(), s.z.end(), s.b);
  gemv(CblasNoTrans, in.rows, in.columns, in.x.data(), s.w.data(), T{1}, s.z.data());
  double loss = 0, db = 0;
  constexpr std::int64_t kChunk = LogisticPass<T>::kChunkRows;
  for (std::int64_t i = 0; i < in.rows; i += kChunk) {
    auto [part_loss, part_db] = residuals(s.z.data() + i, in.y.data() + i, std::min(kChunk, in.rows - i));
    loss += part_loss;
    db += static_cast<double>(part_db);
  }
  T dw[LogisticPass<T>::kMaxColumns];
  gemv(CblasTrans, in.rows, in.columns, in.x.data(), s.z.data(), T{0}, dw);
  descend(s, dw, static_cast<T>(db), loss);
}

template <class T>
Runner make(std::int64_t rows, std::int64_t columns, int threads, void (*step)(State<T>&)) {
  auto state = std::make_shared<State<T>>(State<T>{shared_inputs<LogisticInputs<T>>(rows, columns), threads});
  return {[state, step](std::int64_t iterations) {
            for (std::int64_t i = 0; i < iterations; ++i) step(*state);
          },
          [state] {
            return std::vector<double>{state->total, state->loss, state->b, state->w.front(), state->w.back()};
          }};
}

template <class T>
std::vector<Case> cases() {
  std::vector<Case> all;
  for (auto [size, rows, columns] : kLogisticSizes) {
    std::vector<Case> of_size;
    for (int threads : {1, 2}) {
      auto with = [&, n = rows, d = columns, name = size](const char* implementation, void (*step)(State<T>&)) {
        auto make_it = [=] { return make<T>(n, d, threads, step); };
        of_size.push_back({"logistic_step", name, dtype_name<T>, threads, implementation, make_it, 1, 1, n > 100000});
      };
      with("hand", one_pass<T>);
      if (threads == 1) with("hand_two_gemv", two_gemv<T>);
    }
    all = join(all, with_probe(of_size, rows < 1000 ? "probe_exp" : "probe_read"));
  }
  return all;
}

}  // namespace

std::vector<Case> logistic_step() { return join(cases<double>(), cases<float>()); }

}  // namespace bench::hand
