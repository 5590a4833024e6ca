// The inputs of the problems, the same in every implementation.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <new>
#include <numeric>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

namespace bench {

template <class T>
inline const std::string dtype_name = std::is_same_v<T, float> ? "float32" : "float64";

/// Memory that starts on a cache line, as SIMD loads like it.
template <class T>
struct CacheLineAllocator {
  using value_type = T;
  CacheLineAllocator() = default;
  template <class U>
  CacheLineAllocator(const CacheLineAllocator<U>&) {}
  T* allocate(std::size_t n) { return static_cast<T*>(::operator new (n * sizeof(T), std::align_val_t{64})); }
  void deallocate(T* p, std::size_t) { ::operator delete (p, std::align_val_t{64}); }
  friend bool operator==(CacheLineAllocator, CacheLineAllocator) { return true; }
};

template <class T>
using Buffer = std::vector<T, CacheLineAllocator<T>>;

/// Uniform numbers in [-1, 1) from SplitMix64 (Steele, Lea, Flood 2014).
class Uniform {
 public:
  explicit Uniform(std::uint64_t seed) : state_(seed) {}
  double operator()() {
    std::uint64_t z = state_ += 0x9e3779b97f4a7c15u;
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
    return static_cast<double>((z ^ (z >> 31)) >> 11) * 0x1p-52 - 1;
  }

 private:
  std::uint64_t state_;
};

template <class T>
Buffer<T> uniform_buffer(std::size_t n, std::uint64_t seed) {
  Uniform uniform(seed);
  Buffer<T> values(n);
  for (T& value : values) value = static_cast<T>(uniform());
  return values;
}

/// quadratic_step: three samples x_i, y_i as rows, and a rate so small that W goes on changing.
struct QuadraticInputs {
  static constexpr double rate = 1e-9;
  double x[9] = {0.5, -1.0, 0.25, 1.5, 0.75, -0.5, -0.25, 1.0, 2.0};
  double y[6] = {1.0, -2.0, 0.5, 1.5, -1.0, 0.25};
  double w[6] = {0.1, -0.2, 0.3, 0.4, -0.5, 0.6};
};

/// scalar_gradient: the point of an iteration.
inline double point(std::int64_t iteration) { return 0.5 + 0x1p-10 * static_cast<double>(iteration & 1023); }

/// op_chain: the chain's ops, their number, and its element values.
enum class Link { add, multiply, tanh };
inline constexpr int kChainLength = 1000;
inline const char* name(Link link) { return link == Link::add ? "add" : link == Link::multiply ? "mul" : "tanh"; }
inline double chain_start(std::int64_t iteration, int element) {
  return 0.5 + 0x1p-12 * static_cast<double>(iteration & 255) + 0.01 * element;
}
inline double chain_operand(int element) { return 1 + 1e-4 * (element + 1); }

/// elementwise: a and b change with each iteration, and x alternates between two vectors.
template <class T>
struct ElementwiseInputs {
  explicit ElementwiseInputs(std::int64_t n)
      : x{uniform_buffer<T>(static_cast<std::size_t>(n), 1), uniform_buffer<T>(static_cast<std::size_t>(n), 2)} {
    for (Buffer<T>& values : x)
      for (T& value : values) value *= 2;
  }
  static T a(std::int64_t iteration) { return static_cast<T>(1.25 + 0x1p-10 * static_cast<double>(iteration & 255)); }
  static T b(std::int64_t iteration) { return static_cast<T>(0.25 - 0x1p-10 * static_cast<double>(iteration & 127)); }
  Buffer<T> x[2];
};

/// logistic_step: labels follow a hidden plane, with noise, so that the weights go on changing.
template <class T>
struct LogisticInputs {
  static constexpr double rate = 0.125;
  LogisticInputs(std::int64_t n, std::int64_t d)
      : rows(n), columns(d), x(uniform_buffer<T>(static_cast<std::size_t>(n * d), 3)), y(static_cast<std::size_t>(n)) {
    Uniform noise(4);
    for (std::int64_t i = 0; i < rows; ++i) {
      double z = 0.5 * noise();
      for (std::int64_t j = 0; j < columns; ++j)
        z += static_cast<double>(j % 3 - 1) * static_cast<double>(x[i * columns + j]);
      y[i] = z > 0 ? T{1} : T{0};
    }
  }
  std::int64_t rows, columns;
  Buffer<T> x, y;
};

/// softmax_step: the class of a row is the plane of which it is farthest on the positive side. Behind the last row
/// there is room for one vector.
template <class T>
struct SoftmaxInputs {
  static constexpr double rate = 0.125;
  static constexpr std::int64_t kClasses = 10;
  SoftmaxInputs(std::int64_t n, std::int64_t d)
      : rows(n),
        columns(d),
        x(uniform_buffer<T>(static_cast<std::size_t>(n * d + 16), 18)),
        labels(static_cast<std::size_t>(n)),
        targets(static_cast<std::size_t>(n * kClasses)) {
    for (std::int64_t i = 0; i < rows; ++i) {
      double z[kClasses] = {};
      for (std::int64_t j = 0; j < columns; ++j)
        for (std::int64_t k = 0; k < kClasses; ++k)
          z[k] += static_cast<double>((j * (k + 1) + k) % 7 - 3) * static_cast<double>(x[i * columns + j]);
      labels[i] = std::max_element(z, z + kClasses) - z;
      targets[i * kClasses + labels[i]] = T{1};
    }
  }
  std::int64_t rows, columns;
  Buffer<T> x;
  std::vector<std::int64_t> labels;
  Buffer<T> targets;  ///< 1 at a row's class, else 0
};

/// dense_layer: two biases by turns; targets that a layer of this kind could have.
template <class T>
struct DenseInputs {
  static constexpr double rate = 0.125;
  static constexpr std::int64_t kInputs = 64, kOutputs = 128;
  explicit DenseInputs(std::int64_t n)
      : rows(n),
        x(uniform_buffer<T>(static_cast<std::size_t>(n * kInputs), 19)),
        w(uniform_buffer<T>(kInputs * kOutputs, 20)),
        b{uniform_buffer<T>(kOutputs, 21), uniform_buffer<T>(kOutputs, 22)},
        targets(uniform_buffer<T>(static_cast<std::size_t>(n * kOutputs), 23)) {}
  std::int64_t rows;
  Buffer<T> x, w, b[2], targets;
};

/// logistic_fit: the penalty on the weights that scikit-learn has by default, where the loss is a mean, and where the
/// optimum is as exact as it can be.
inline double logistic_fit_l2(std::int64_t rows) { return 1 / static_cast<double>(rows); }
inline constexpr double kLogisticFitGradient = 1e-9;
/// The number of iterations after which the objective is within 1e-6 of the last one, relatively.
inline std::int64_t iterations_to_objective(const std::vector<double>& objectives) {
  auto close = [&](double objective) { return objective <= objectives.back() * (1 + 1e-6); };
  return std::find_if(objectives.begin(), objectives.end(), close) - objectives.begin();
}

/// minibatch_sgd: the rows of a data set in random order, dealt into batches of the same size, round and round.
template <class T>
struct MinibatchInputs : LogisticInputs<T> {
  explicit MinibatchInputs(std::int64_t batch_size)
      : LogisticInputs<T>(kRows, 30), size(batch_size), batches(kRows / batch_size), order(kRows) {
    Uniform uniform(5);
    std::iota(order.begin(), order.end(), 0);
    for (std::int64_t i = kRows - 1; i > 0; --i)
      std::swap(order[i], order[static_cast<std::int64_t>((uniform() + 1) / 2 * static_cast<double>(i + 1))]);
  }
  /// The numbers of the rows of an iteration's batch.
  const std::int64_t* batch(std::int64_t iteration) const { return order.data() + iteration % batches * size; }

  static constexpr std::int64_t kRows = 569;
  std::int64_t size, batches;
  std::vector<std::int64_t> order;
};

/// Some elements of a long answer, the first and the last among them.
inline std::vector<double> some_of(const auto* elements, std::int64_t n) {
  std::vector<double> some;
  for (std::int64_t i = 0; i < n; i += std::max<std::int64_t>(1, n / 101))
    some.push_back(static_cast<double>(elements[i]));
  some.push_back(static_cast<double>(elements[n - 1]));
  return some;
}

/// adam_update: two gradients by turns, and a rate so large that the answer shows every step.
inline constexpr std::int64_t kAdamSize = 10000000;
template <class T>
struct AdamInputs {
  static constexpr double rate = 0.125;
  explicit AdamInputs(std::int64_t n)
      : x(uniform_buffer<T>(static_cast<std::size_t>(n), 8)),
        gradients{uniform_buffer<T>(static_cast<std::size_t>(n), 9),
                  uniform_buffer<T>(static_cast<std::size_t>(n), 10)} {}
  Buffer<T> x, gradients[2];
};

/// mlp_step: a perceptron of three layers, two batches by turns, and ten classes.
inline constexpr int kMlpLayers = 3, kMlpBatch = 128, kMlpWidths[] = {784, 256, 128, 10};
template <class T>
struct MlpInputs {
  static constexpr double rate = 0.001;
  explicit MlpInputs(std::int64_t batch) : labels(static_cast<std::size_t>(batch)) {
    for (std::uint64_t i = 0; i < 2; ++i) x[i] = uniform_buffer<T>(labels.size() * kMlpWidths[0], 11 + i);
    for (std::uint64_t i = 0; i < kMlpLayers; ++i) {
      w[i] = uniform_buffer<T>(static_cast<std::size_t>(kMlpWidths[i] * kMlpWidths[i + 1]), 13 + i);
      for (T& weight : w[i]) weight *= static_cast<T>(1 / std::sqrt(kMlpWidths[i]));
    }
    for (std::size_t i = 0; i < labels.size(); ++i) labels[i] = static_cast<std::int64_t>(i * i % 10);
  }
  Buffer<T> x[2], w[kMlpLayers];
  std::vector<std::int64_t> labels;
};

/// rosenbrock: two points by turns, and a direction for the product with the Hessian.
inline constexpr int kRosenbrockSize = 100;
struct RosenbrockInputs {
  RosenbrockInputs() {
    Uniform uniform(17);
    for (double* values : {x[0], x[1], v})
      for (int i = 0; i < kRosenbrockSize; ++i) values[i] = 1 + uniform() / 2;
  }
  double x[2][kRosenbrockSize], v[kRosenbrockSize];
};

/// deep_chain: so many tanh on so many float32, from 0 to 2.
inline constexpr int kDeepChainLength = 1000, kDeepChainSize = 1000000;
inline Buffer<float> deep_chain_input() {
  Buffer<float> x = uniform_buffer<float>(kDeepChainSize, 18);
  for (float& value : x) value += 1;
  return x;
}
/// From the sum of the results, and from its gradient, whose elements are about 1e-4.
inline std::vector<double> deep_chain_answer(double sum, const float* dx) {
  std::vector<double> answer = some_of(dx, kDeepChainSize);
  for (double& value : answer) value *= 1e4;
  answer.push_back(sum);
  return answer;
}

/// The inputs of the last size asked for, so that implementations share the large ones.
template <class Inputs, class... Size>
std::shared_ptr<const Inputs> shared_inputs(Size... size) {
  static std::vector<std::int64_t> last_size;
  static std::shared_ptr<const Inputs> last;
  if (std::vector<std::int64_t> wanted{size...}; wanted != last_size || !last) {
    last.reset();
    last = std::make_shared<Inputs>(size...);
    last_size = wanted;
  }
  return last;
}

/// Sizes as the scoreboard spells them.
struct ElementwiseSize {
  const char* name;
  std::int64_t n;
};
inline constexpr ElementwiseSize kElementwiseSizes[] = {
    {"1e4", 10000}, {"1e5", 100000}, {"1e6", 1000000}, {"1e7", 10000000}};
struct LogisticSize {
  const char* name;
  std::int64_t rows, columns;
};
inline constexpr LogisticSize kLogisticSizes[] = {
    {"569x30", 569, 30}, {"1e5x100", 100000, 100}, {"1e6x50", 1000000, 50}};
inline constexpr LogisticSize kLogisticFitSizes[] = {{"1e5x50", 100000, 50}, {"1e6x50", 1000000, 50}};
inline constexpr LogisticSize kSoftmaxSizes[] = {{"1e5x100x10", 100000, 100}};
struct DenseSize {
  const char *forward, *step;
  std::int64_t rows;
};
inline constexpr DenseSize kDenseSizes[] = {{"forward 1e5x64x128", "step 1e5x64x128", 100000}};
inline constexpr std::int64_t kMinibatchSizes[] = {32, 256};
inline constexpr int kChainWidths[] = {1, 4, 16};

}  // namespace bench
