#include "bench/libtorch/problems.hpp"

#include <memory>

#include <torch/torch.h>

#include "bench/inputs.hpp"

namespace bench::with_libtorch {
namespace {

using torch::Tensor;

template <class T>
torch::TensorOptions options() {
  return torch::TensorOptions().dtype(std::is_same_v<T, float> ? torch::kFloat32 : torch::kFloat64);
}

template <class T>
Tensor view(const T* elements, torch::IntArrayRef shape) {
  return torch::from_blob(const_cast<T*>(elements), shape, options<T>());
}

template <class T>
Tensor leaf(Tensor value) {
  return value.clone().set_requires_grad(true);
}

template <class State>
Runner runner(std::shared_ptr<State> state, int threads, void (*step)(State&)) {
  return {[state, threads, step](std::int64_t iterations) {
            torch::set_num_threads(threads);
            for (std::int64_t i = 0; i < iterations; ++i) step(*state);
          },
          [state] { return state->answer; }};
}

/// x -= rate * gradient, in place as torch::optim::SGD does it.
void descend(Tensor& x, double rate) {
  torch::NoGradGuard no_grad;
  x.sub_(x.grad(), rate);
  x.mutable_grad().reset();
}

void append(std::vector<double>& answer, const Tensor& values) {
  Tensor flat = values.detach().reshape({-1}).to(torch::kFloat64);
  answer.insert(answer.end(), flat.data_ptr<double>(), flat.data_ptr<double>() + flat.numel());
}

struct Quadratic : QuadraticInputs {
  Tensor samples = view(x, {3, 3}), targets = view(y, {3, 2}), weights = leaf<double>(view(w, {2, 3}));
  double loss = 0;
  std::vector<double> answer;
};

void quadratic(Quadratic& s) {
  Tensor loss = torch::square(torch::matmul(s.samples, s.weights.t()) - s.targets).sum();
  loss.backward();
  descend(s.weights, s.rate);
  s.loss = loss.item<double>();
}

struct Scalars {
  double total = 0;
  std::int64_t iteration = 0;
  std::vector<double> answer;
};

void scalars(Scalars& s) {
  Tensor x = torch::tensor(point(s.iteration), options<double>()).set_requires_grad(true);
  Tensor y = torch::tensor(point(3 * s.iteration), options<double>()).set_requires_grad(true);
  Tensor z = x * x + x * y + y * y;
  z.backward();
  double value = z.item<double>(), dx = x.grad().item<double>(), dy = y.grad().item<double>();
  s.total += value + dx + dy;
  s.answer = {value, dx, dy, s.total};
  ++s.iteration;
}

struct Chain {
  Link link;
  int elements;
  double total = 0;
  std::int64_t iteration = 0;
  std::vector<double> answer = {};
};

template <class T>
Tensor chain_leaf(int elements, auto&& element) {
  T values[16];
  for (int i = 0; i < elements; ++i) values[i] = static_cast<T>(element(i));
  return leaf<T>(view(values, {elements}));
}

template <class T>
void chain(Chain& s) {
  Tensor x = chain_leaf<T>(s.elements, [&](int i) { return chain_start(s.iteration, i); });
  Tensor operand = chain_leaf<T>(s.elements, chain_operand);
  Tensor y = x;
  for (int i = 0; i < kChainLength; ++i)
    y = s.link == Link::add ? y + operand : s.link == Link::multiply ? y * operand : torch::tanh(y);
  y.sum().backward();
  Tensor d_operand = operand.grad().defined() ? operand.grad() : torch::zeros_like(operand);
  std::vector<double> values, dx, d;
  append(values, y);
  append(dx, x.grad());
  append(d, d_operand);
  for (const auto& list : {values, dx, d})
    for (double value : list) s.total += value;
  s.answer = {values.back(), dx.front(), d.back(), s.total};
  ++s.iteration;
}

template <class T>
struct Elementwise {
  explicit Elementwise(std::int64_t n) : inputs(shared_inputs<ElementwiseInputs<T>>(n)) {
    for (int i = 0; i < 2; ++i) x[i] = view(inputs->x[i].data(), {n}).set_requires_grad(true);
  }
  std::shared_ptr<const ElementwiseInputs<T>> inputs;
  Tensor x[2];
  double total = 0;
  std::int64_t iteration = 0;
  std::vector<double> answer;
};

template <class T>
void elementwise_step(Elementwise<T>& s) {
  Tensor a = torch::tensor(s.inputs->a(s.iteration), options<T>()).set_requires_grad(true);
  Tensor b = torch::tensor(s.inputs->b(s.iteration), options<T>()).set_requires_grad(true);
  Tensor& x = s.x[s.iteration & 1];
  Tensor y = (torch::tanh(a * x + b) * torch::exp(-x * x) + torch::log1p(x * x)).sum();
  y.backward();
  const T* dx = x.grad().template data_ptr<T>();
  double value = static_cast<double>(y.item<T>());
  s.total += value + static_cast<double>(dx[s.iteration % x.numel()]);
  s.answer = {value,
              static_cast<double>(a.grad().item<T>()),
              static_cast<double>(b.grad().item<T>()),
              s.total,
              static_cast<double>(dx[0]),
              static_cast<double>(dx[x.numel() - 1])};
  x.mutable_grad().reset();
  ++s.iteration;
}

template <class T>
struct Logistic {
  Logistic(std::int64_t rows, std::int64_t columns)
      : inputs(shared_inputs<LogisticInputs<T>>(rows, columns)),
        x(view(inputs->x.data(), {rows, columns})),
        y(view(inputs->y.data(), {rows})),
        w(leaf<T>(torch::zeros({columns}, options<T>()))),
        b(leaf<T>(torch::zeros({}, options<T>()))) {}
  std::shared_ptr<const LogisticInputs<T>> inputs;
  Tensor x, y, w, b;
  double total = 0;
  std::vector<double> answer;
};

template <class T>
void logistic(Logistic<T>& s) {
  Tensor loss = torch::binary_cross_entropy_with_logits(torch::matmul(s.x, s.w) + s.b, s.y);
  loss.backward();
  descend(s.w, s.inputs->rate);
  descend(s.b, s.inputs->rate);
  double value = static_cast<double>(loss.item<T>());
  s.total += value;
  const T* w = s.w.template data_ptr<T>();
  s.answer = {s.total, value, static_cast<double>(s.b.template item<T>()), static_cast<double>(w[0]),
              static_cast<double>(w[s.w.numel() - 1])};
}

Case make_case(const char* problem, std::string size, std::string dtype, int threads, std::function<Runner()> make) {
  return {problem, std::move(size), std::move(dtype), threads, "libtorch", std::move(make)};
}

template <class T>
std::vector<Case> chains() {
  std::vector<Case> all;
  for (Link link : {Link::add, Link::multiply, Link::tanh})
    for (int elements : kChainWidths) {
      all.push_back(
          make_case("op_chain", std::string(name(link)) + " " + std::to_string(elements), dtype_name<T>, 1, [=] {
            return runner(std::make_shared<Chain>(Chain{link, elements}), 1, chain<T>);
          }));
      all.back().operations = kChainLength;
    }
  return all;
}

template <class T>
std::vector<Case> elementwise_cases() {
  std::vector<Case> all;
  for (auto [size, n] : kElementwiseSizes)
    for (int threads : {1, 2}) {
      all.push_back(make_case("elementwise", size, dtype_name<T>, threads, [n = n, threads] {
        return runner(std::make_shared<Elementwise<T>>(n), threads, elementwise_step<T>);
      }));
      all.back().large = n > 1000000;
    }
  return all;
}

template <class T>
std::vector<Case> logistic_cases() {
  std::vector<Case> all;
  for (auto [size, rows, columns] : kLogisticSizes)
    for (int threads : {1, 2}) {
      all.push_back(make_case("logistic_step", size, dtype_name<T>, threads, [rows = rows, columns = columns, threads] {
        return runner(std::make_shared<Logistic<T>>(rows, columns), threads, logistic<T>);
      }));
      all.back().large = rows > 100000;
    }
  return all;
}

}  // namespace

std::vector<Case> quadratic_step() {
  return {make_case("quadratic_step", "2x3", "float64", 1, [] {
    auto state = std::make_shared<Quadratic>();
    Runner r = runner(state, 1, quadratic);
    r.answer = [state] {
      std::vector<double> answer;
      append(answer, state->weights);
      answer.push_back(state->loss);
      return answer;
    };
    return r;
  })};
}

std::vector<Case> scalar_gradient() {
  return {
      make_case("scalar_gradient", "2", "float64", 1, [] { return runner(std::make_shared<Scalars>(), 1, scalars); })};
}

std::vector<Case> op_chain() { return join(chains<double>(), chains<float>()); }
std::vector<Case> elementwise() { return join(elementwise_cases<double>(), elementwise_cases<float>()); }
std::vector<Case> logistic_step() { return join(logistic_cases<double>(), logistic_cases<float>()); }

}  // namespace bench::with_libtorch
