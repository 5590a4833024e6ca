// Handwritten digits, 8 by 8 pixels each, told apart by softmax regression and by a multilayer perceptron. Both are
// trained by Adam on mini-batches.
#include <chrono>
#include <cstdio>
#include <exception>

#include <xtape/models/models.hpp>
#include <xtape/optim/optim.hpp>
#include <xtape/xtape.hpp>

namespace {

using namespace xtape;

constexpr double kMiddle = 8;  // pixels are 0 to 16
constexpr std::int64_t kEpochs = 40, kBatchSize = 32;
constexpr double kSoftmaxAccuracy = 0.95, kPerceptronAccuracy = 0.97;  // on the test part, to reach

/// Three quarters of the images to train, one to test, with pixels from -1 to 1.
models::TrainTest load(const char* path) {
  models::Dataset digits = models::split_target(models::read_csv(path), "digit");
  Tape tape;
  Array x = (tape.variable(digits.x) / kMiddle - 1).value();
  return models::train_test_split(x, digits.y, 0.25, 0);
}

/// Prints the mean loss over the batches of every tenth epoch.
class EpochLines {
 public:
  void operator()(const optim::Step& step) {
    if (step.epoch != epoch_) print();
    epoch_ = step.epoch;
    sum_ += step.loss;
    ++batches_;
  }

 private:
  void print() {
    if ((epoch_ + 1) % 10 == 0)
      std::printf("  epoch %3lld  loss %.4f\n", static_cast<long long>(epoch_) + 1, sum_ / batches_);
    std::fflush(stdout);
    sum_ = batches_ = 0;
  }

  std::int64_t epoch_ = 0;
  double sum_ = 0, batches_ = 0;
};

/// Trains a model and returns its test accuracy.
template <class Model>
double train(const char* name, Model& model, const models::TrainTest& data, const optim::LearningRate& rate) {
  std::printf("%s\n", name);
  models::FitOptions options;
  options.optimizer = optim::Adam{.learning_rate = rate};
  options.stopping.epochs = kEpochs;
  options.batch_size = kBatchSize;
  options.progress = EpochLines();
  auto start = std::chrono::steady_clock::now();
  optim::Result result = model.fit(data.x_train, data.y_train, options);
  double seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  double accuracy = model.score(data.x_test, data.y_test);
  std::printf("  %s: %lld updates in %.2f s, loss %.4f\n", result.message.c_str(),
              static_cast<long long>(result.iterations), seconds, result.loss);
  std::printf("  accuracy %.4f in training, %.4f in the test\n", model.score(data.x_train, data.y_train), accuracy);
  return accuracy;
}

int run(const char* path) {
  models::TrainTest data = load(path);
  std::printf("%s: %lld images to train, %lld to test\n", path, static_cast<long long>(data.y_train.size()),
              static_cast<long long>(data.y_test.size()));

  auto updates = static_cast<double>(kEpochs * (data.y_train.size() / kBatchSize + 1));

  models::SoftmaxRegression softmax{.l2 = 1e-3};
  double softmax_accuracy = train("softmax regression", softmax, data, 0.01);
  // The rate falls to a hundredth, so that the noise of mini-batches dies away.
  models::MLPClassifier perceptron{.hidden_layer_sizes = {512}, .l2 = 1e-3};
  double perceptron_accuracy = train("multilayer perceptron, 512 hidden units", perceptron, data,
                                     optim::ExponentialDecay{.initial = 0.01, .factor = 0.01, .steps = updates});

  bool good = softmax_accuracy >= kSoftmaxAccuracy && perceptron_accuracy >= kPerceptronAccuracy;
  std::printf("%s: test accuracies are to be at least %.2f and %.2f\n", good ? "good" : "FAILED", kSoftmaxAccuracy,
              kPerceptronAccuracy);
  return good ? 0 : 1;
}

}  // namespace

int main(int argc, char** argv) {
  try {
    return run(argc > 1 ? argv[1] : "data/digits.csv");
  } catch (const std::exception& error) {
    std::fprintf(stderr, "digits: %s\n", error.what());
    return 1;
  }
}
