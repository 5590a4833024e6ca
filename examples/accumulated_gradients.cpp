// Gradients summed over parts of the data, and one update for all: what one does where all rows at once need too much
// memory, or where other processes compute the parts.
#include <cmath>
#include <cstdio>
#include <vector>

#include <xtape/optim/optim.hpp>
#include <xtape/xtape.hpp>

using namespace xtape;

namespace {

constexpr int kParts = 12, kRows = 100;

/// A part's rows, with y = 2 x1 - x2 + 1.
struct Part {
  explicit Part(int part) {
    std::vector<double> points, targets;
    for (int i = part * kRows; i < (part + 1) * kRows; ++i) {
      const double a = std::sin(1.7 * i), b = std::cos(0.3 * i);
      points.insert(points.end(), {a, b});
      targets.push_back(2 * a - b + 1);
    }
    x = Array::from(points, {kRows, 2});
    y = Array::from(targets);
  }
  Array x, y;
};

}  // namespace

int main() {
  std::vector<Part> parts;
  for (int i = 0; i < kParts; ++i) parts.emplace_back(i);
  Parameter weights("weights", Array{0, 0}), bias("bias", Array(0.0));
  optim::Optimizer optimizer(optim::Adam{.learning_rate = 0.05}, {weights, bias});
  optim::Step step;
  for (int i = 0; i < 2000; ++i) {
    Array dw = Array::zeros({2}), db(0.0);
    for (const Part& part : parts) {
      Tape tape;
      const Var loss = sum(square(matmul(part.x, tape.read(weights)) + tape.read(bias) - part.y)) / (kParts * kRows);
      const auto [to_weights, to_bias] = tape.gradient<2>(loss, {weights, bias});
      const std::vector<Array> sums = tape.evaluate({dw + to_weights, db + to_bias});
      dw = sums[0];
      db = sums[1];
    }
    step = optimizer.apply({dw, db});
  }
  const double *w = weights.value().data<double>(), b = bias.value().item<double>();
  std::printf("y = %.4f x1 + %.4f x2 + %.4f, gradient norm %.0e after %d updates\n", w[0], w[1], b, step.gradient_norm,
              static_cast<int>(optimizer.iterations()));
  const bool right = std::abs(w[0] - 2) < 1e-4 && std::abs(w[1] + 1) < 1e-4 && std::abs(b - 1) < 1e-4;
  return right ? 0 : 1;
}
