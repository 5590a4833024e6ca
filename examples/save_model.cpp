// Trains a small network to tell the inside of a circle from its outside, and saves the program that predicts, for
// load_model.cpp, in which there is nothing of the network. `save_model FILE` names the file.
#include <cstdio>
#include <string>

#include <xtape/function.hpp>
#include <xtape/xtape.hpp>

using xtape::Array, xtape::Parameter, xtape::Var;

/// Points (n, 2) to probabilities (n), by way of 16 hidden units.
struct Network {
  Parameter hidden{"hidden", xtape::xavier_uniform(xtape::Key{1}, {2, 16})};
  Parameter offsets{"offsets", Array::zeros({16})};
  Parameter weights{"weights", xtape::xavier_uniform(xtape::Key{2}, {16, 1})};
  Parameter bias{"bias", Array(0.0)};

  Var logits(const Var& x) const {
    const Var units = tanh(matmul(x, hidden) + offsets);
    return reshape(matmul(units, weights), {-1}) + bias;
  }
};

int main(int argc, char** argv) try {
  const std::string file = argc > 1 ? argv[1] : "circle.xtape";
  Network network;

  std::vector<double> points, inside;
  for (int i = -10; i <= 10; ++i)
    for (int j = -10; j <= 10; ++j) {
      points.insert(points.end(), {0.2 * i, 0.2 * j});
      inside.push_back(i * i + j * j < 49 ? 1 : 0);
    }
  const auto n = static_cast<std::int64_t>(inside.size());
  const Array x = Array::from(points, {n, 2}), y = Array::from(inside);

  double loss = 0;
  for (int epoch = 0; epoch < 2000; ++epoch) {
    xtape::Tape tape;
    const Var error = binary_cross_entropy_with_logits(network.logits(tape.variable(x)), y);
    const auto [hidden, offsets, weights, bias] =
        tape.gradient<4>(error, {network.hidden, network.offsets, network.weights, network.bias});
    const double rate = 1;
    tape.evaluate({error}, {{network.hidden, tape.read(network.hidden) - rate * hidden},
                            {network.offsets, tape.read(network.offsets) - rate * offsets},
                            {network.weights, tape.read(network.weights) - rate * weights},
                            {network.bias, tape.read(network.bias) - rate * bias}});
    loss = error.item<double>();
  }

  // One recording for a single point and one for hundreds: a loaded Function takes what was recorded.
  xtape::Function predict([&](const Var& at) { return sigmoid(network.logits(at)); });
  predict.prepare(Array{{0, 0}});
  predict.prepare(x);
  predict.save(file);
  std::printf("loss %.3f; saved as %s\n", loss, file.c_str());
  return loss < 0.1 ? 0 : 1;
} catch (const xtape::Error& error) {
  std::printf("%s\n", error.what());
  return 1;
}
