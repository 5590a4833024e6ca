#include "bench/libtorch/problems.hpp"
#include "bench/libtorch/tensors.hpp"

namespace bench::with_libtorch {
namespace {

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

}  // namespace

std::vector<Case> op_chain() { return join(chains<double>(), chains<float>()); }

}  // namespace bench::with_libtorch
