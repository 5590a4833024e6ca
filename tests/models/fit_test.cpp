// What every `fit` does with its options, and with bad ones.
#include <cmath>
#include <stdexcept>
#include <vector>

#include <gtest/gtest.h>

#include <xtape/engine.hpp>
#include <xtape/models/models.hpp>
#include <xtape/optim/optim.hpp>

#include "models/plain.hpp"
#include "support/check.hpp"

namespace xtape::test {
namespace {

using models::FitOptions;
using models::LinearRegression;
using models::LogisticRegression;
using models::MLPClassifier;
using models::SoftmaxRegression;

const Array kX = one_feature({-2, -1, 1, 2.5}), kY{0, 0, 1, 1};

template <class Model>
std::string name_of();
template <>
std::string name_of<LinearRegression>() {
  return "LinearRegression";
}
template <>
std::string name_of<LogisticRegression>() {
  return "LogisticRegression";
}
template <>
std::string name_of<SoftmaxRegression>() {
  return "SoftmaxRegression";
}
template <>
std::string name_of<MLPClassifier>() {
  return "MLPClassifier";
}

template <class Model>
std::vector<Array> values_of(Model& model) {
  std::vector<Array> values;
  for (const Parameter& parameter : model.parameters()) values.push_back(parameter.value());
  return values;
}

template <class Model>
class EveryFit : public testing::Test {
 protected:
  EveryFit() { model_.fit(kX, kY, {.stopping = {.iterations = 3}}); }

  /// What fit says; the model stays as it was.
  template <class Exception>
  std::string error(const FitOptions& options) {
    return error<Exception>(kX, kY, options);
  }
  template <class Exception>
  std::string error(const Array& x, const Array& y, const FitOptions& options = {.stopping = {.iterations = 3}}) {
    const std::vector<Array> before = values_of(model_);
    std::string message = message_of<Exception>([&] { model_.fit(x, y, options); });
    EXPECT_TRUE(same_bits(values_of(model_), before)) << message;
    return message;
  }
  std::string caller(const std::string& method) const { return name_of<Model>() + "." + method + ": "; }

  Model model_;
};

using Models = testing::Types<LinearRegression, LogisticRegression, SoftmaxRegression, MLPClassifier>;
TYPED_TEST_SUITE(EveryFit, Models);

TYPED_TEST(EveryFit, ChecksItsOptions) {
  EXPECT_EQ(this->template error<ValueError>({.batch_size = -1}),
            this->caller("fit") + "batch_size must not be negative, is -1");
  EXPECT_EQ(this->template error<ValueError>({.optimizer = optim::Newton{}, .batch_size = 2}),
            this->caller("fit") + "Newton's method takes all rows at once (batch_size 0), batch_size is 2");
  EXPECT_EQ(this->template error<ValueError>({.optimizer = optim::LBFGS{}, .batch_size = 3}),
            this->caller("fit") + "L-BFGS takes all rows at once (batch_size 0), batch_size is 3");
  EXPECT_EQ(this->template error<ValueError>({.optimizer = optim::Newton{.sufficient_decrease = 1}}),
            "Newton: sufficient_decrease must be in (0, 1/2), is 1");
  EXPECT_EQ(this->template error<ValueError>({.stopping = {.iterations = -1}}),
            "Stopping: iterations must not be negative, is -1");
  EXPECT_EQ(this->template error<ValueError>({.stopping = {.epochs = 3}}),
            "minimize: Stopping::epochs is for mini-batches; use iterations");
  EXPECT_TRUE(contains(this->template error<ValueError>({.stopping = {.gradient_norm = 1e-3}, .batch_size = 2}),
                       {"minimize: Stopping::gradient_norm is not for mini-batches"}));
  EXPECT_EQ(this->template error<ValueError>({.stopping = {.early_stopping = optim::EarlyStopping{}}}),
            "EarlyStopping: there is no validation loss");
}

TYPED_TEST(EveryFit, ChecksItsData) {
  EXPECT_EQ(this->template error<ShapeError>(Array{1, 2}, kY),
            this->caller("fit") + "x must be a matrix (rows, features), is [2]");
  EXPECT_EQ(this->template error<ShapeError>(Array::zeros({0, 1}), Array::zeros({0})),
            this->caller("fit") + "x has no elements, its shape is [0, 1]");
  EXPECT_EQ(this->template error<ShapeError>(kX, Array{0, 1}), this->caller("fit") + "x has 4 rows, y has 2");
  EXPECT_EQ(this->template error<DTypeError>(Array::zeros({4, 1}, DType::boolean), kY),
            this->caller("fit") + "x must be float32 or float64, is bool");
  EXPECT_EQ(this->template error<ValueError>(one_feature({1, INFINITY, 2, 3}), kY),
            this->caller("fit") + "x is inf at row 1, column 0 (counted from 0)");
  this->model_.l2 = std::nan("");
  EXPECT_EQ(this->template error<ValueError>(kX, kY),
            this->caller("fit") + "l2 must be finite and not negative, is nan");
}

// After another number of updates than the fixture's, so that half-trained weights would differ.
TYPED_TEST(EveryFit, AnExceptionOfTheUserLeavesTheModelAsItWas) {
  FitOptions options;
  options.progress = [](const optim::Step& step) {
    if (step.iteration == 1) throw std::logic_error("enough");
  };
  EXPECT_EQ(this->template error<std::logic_error>(options), "enough");
}

TYPED_TEST(EveryFit, ANumericalErrorOfTheUserLeavesTheModelAsItWas) {
  FitOptions options;
  options.progress = [](const optim::Step& step) {
    if (step.iteration == 1) throw NumericalError("too steep for me");
  };
  EXPECT_EQ(this->template error<NumericalError>(options), "too steep for me");
}

TYPED_TEST(EveryFit, ASingularHessianLeavesTheModelAsItWas) {
  // Of the two features one does nothing: whatever the model, its weight has no curvature.
  const Array x{{-2, 0}, {-1, 0}, {1, 0}, {2.5, 0}};
  const FitOptions options{.optimizer = optim::Newton{.damping = false, .line_search = false}};
  EXPECT_TRUE(contains(this->template error<NumericalError>(x, kY, options), {"Newton: the Hessian is singular"}));
}

TYPED_TEST(EveryFit, ALossThatTurnsNonFiniteIsToldAndLeavesTheLastFiniteParameters) {
  this->model_.l2 = 1;
  const FitOptions options{.optimizer = optim::GradientDescent{.learning_rate = 1e200}};
  const std::string message = message_of<NumericalError>([&] { this->model_.fit(kX, kY, options); });
  EXPECT_TRUE(contains(message, {this->caller("fit"), " at iteration "})) << message;
  for (const Array& value : values_of(this->model_))
    for (const double element : value.template values<double>()) EXPECT_TRUE(std::isfinite(element));
}

TYPED_TEST(EveryFit, BatchesOfAllRowsAreFullBatches) {
  TypeParam full, batched;
  const optim::Result by_rows = full.fit(kX, kY, {.stopping = {.iterations = 20}});
  const optim::Result by_batches = batched.fit(kX, kY, {.stopping = {.epochs = 20}, .batch_size = 100});
  EXPECT_EQ(by_batches.iterations, 20);
  EXPECT_EQ(by_batches.epochs, 20);
  EXPECT_EQ(by_rows.epochs, 0);
  const std::vector<Array> expected = values_of(full), found = values_of(batched);
  for (std::size_t i = 0; i < expected.size(); ++i) EXPECT_TRUE(close(found[i], tensor_of(expected[i]), 1e-14));
}

TYPED_TEST(EveryFit, MakesOnePlanForEachSizeOfBatch) {
  this->model_.l2 = 0.125;
  const FitOptions options{.optimizer = optim::Adam{}, .stopping = {.epochs = 50}, .batch_size = 3};
  const PlanCacheStatistics before = plan_cache_statistics();
  const optim::Result result = this->model_.fit(kX, kY, options);
  const PlanCacheStatistics after = plan_cache_statistics();
  EXPECT_EQ(result.iterations, 100);
  // Two sizes of batches; labels may be converted in an evaluation of their own.
  EXPECT_LE(after.misses - before.misses, 3U);
  EXPECT_LE(after.hits + after.misses - before.hits - before.misses, 101U);
}

TYPED_TEST(EveryFit, PredictsForTheFeaturesItWasFittedOn) {
  EXPECT_EQ(message_of<ValueError>([] { TypeParam().predict(kX); }),
            this->caller("predict") + "not fitted yet; call fit first");
  EXPECT_EQ(message_of<ShapeError>([&] {
              this->model_.predict(Array{{1, 2}});
            }),
            this->caller("predict") + "x has 2 features, was fitted on 1");
  EXPECT_EQ(message_of<DTypeError>([&] {
              this->model_.score(Array::zeros({4, 1}, DType::float32), kY);
            }),
            this->caller("score") + "x is float32, was fitted on float64");
  EXPECT_EQ(message_of<ShapeError>([&] { this->model_.score(kX, Array{1}); }),
            this->caller("score") + "x has 4 rows, y has 1");
  if constexpr (requires { this->model_.predict_proba(kX); }) {
    EXPECT_EQ(message_of<ValueError>([&] { this->model_.predict_proba(one_feature({std::nan("")})); }),
              this->caller("predict_proba") + "x is nan at row 0, column 0 (counted from 0)");
  }
}

TYPED_TEST(EveryFit, TheLossNeedsAFit) {
  const TypeParam model;
  Tape tape;
  const Var x = tape.variable(kX);
  const std::string expected = name_of<TypeParam>() + ": not fitted yet; call fit first";
  EXPECT_EQ(message_of<ValueError>([&] { model(x); }), expected);
  EXPECT_EQ(message_of<ValueError>([&] { model.loss(x, kY); }), expected);
}

TYPED_TEST(EveryFit, TrainsInFloat32) {
  const Array x = one_feature({-2, -1, 1, 2.5}, DType::float32);
  TypeParam narrow;
  for (const FitOptions& options : {FitOptions{}, FitOptions{.stopping = {.epochs = 100}, .batch_size = 2},
                                    FitOptions{.optimizer = optim::Newton{}, .stopping = {.iterations = 30}},
                                    FitOptions{.optimizer = optim::LBFGS{}, .stopping = {.iterations = 30}}}) {
    narrow.l2 = 0.1;
    const optim::Result result = narrow.fit(x, kY, options);
    EXPECT_LT(result.loss, 0.6);
    for (const Array& value : values_of(narrow)) EXPECT_EQ(value.dtype(), DType::float32);
    EXPECT_GT(narrow.score(x, kY), 0.6);
  }
}

/// What the classifiers of any number of classes share.
template <class Model>
class EveryClassifier : public EveryFit<Model> {};
using Classifiers = testing::Types<SoftmaxRegression, MLPClassifier>;
TYPED_TEST_SUITE(EveryClassifier, Classifiers);

TYPED_TEST(EveryClassifier, ChecksItsLabels) {
  const std::string start = this->caller("fit");
  const auto said = [&](const Array& labels) { return this->template error<ValueError>(kX, labels); };
  EXPECT_EQ(said(Array{0, 1, -1, 2}), start + "labels must be whole numbers from 0 on; row 2 (counted from 0) has -1");
  EXPECT_EQ(said(Array{0, 1.5, 1, 2}),
            start + "labels must be whole numbers from 0 on; row 1 (counted from 0) has 1.5");
  EXPECT_EQ(said(Array{0, 1, 1, std::nan("")}),
            start + "labels must be whole numbers from 0 on; row 3 (counted from 0) has nan");
  EXPECT_EQ(said(Array{0, 1, 1, INFINITY}),
            start + "labels must be whole numbers from 0 on; row 3 (counted from 0) has inf");
  EXPECT_EQ(said(Array::from(std::vector<std::int64_t>{0, -7, 1, 1})),
            start + "labels must be whole numbers from 0 on; row 1 (counted from 0) has -7");
  EXPECT_EQ(said(Array{3, 3, 3, 3}), start + "y holds one class only, 3; two are needed");
  EXPECT_EQ(said(Array{0, 1, 2, 4}),
            start + "the largest label is 4, but there are 4 rows; number the classes from 0, or set classes");
  EXPECT_EQ(this->template error<ShapeError>(kX, one_feature({0, 1, 0, 1})),
            start + "y must be a vector of labels, is [4, 1]");
  this->model_.classes = 3;
  EXPECT_EQ(said(Array{0, 1, 2, 3}), start + "labels must be 0 to 2; row 3 (counted from 0) has 3");
  this->model_.classes = -3;
  EXPECT_EQ(said(kY), start + "classes must not be negative, is -3");
  EXPECT_EQ(message_of<ValueError>([&] {
              this->model_.score(kX, Array{0, 1, 2, 1});
            }),
            this->caller("score") + "labels must be 0 or 1; row 2 (counted from 0) has 2");
}

TEST(MLPClassifierInput, LayersAreNotEmpty) {
  MLPClassifier model{.hidden_layer_sizes = {3, 0}};
  EXPECT_EQ(message_of<ValueError>([&] { model.fit(kX, kY); }),
            "MLPClassifier.fit: hidden_layer_sizes must be positive, number 1 (counted from 0) is 0");
  EXPECT_TRUE(model.layers.empty());
}

TEST(ClassLabels, AreWholeNumbers) {
  const Array labels = models::class_labels(Array{0, 2, 1});
  EXPECT_EQ(labels.dtype(), DType::int64);
  EXPECT_TRUE(equals(labels, {0, 2, 1}));
  EXPECT_EQ(message_of<ValueError>([] {
              models::class_labels(Array{0, 2}, 2);
            }),
            "class_labels: labels must be 0 or 1; row 1 (counted from 0) has 2");
  EXPECT_EQ(message_of<ShapeError>([] { models::class_labels(Array(1.0)); }),
            "class_labels: y must be a vector of labels, is []");
  EXPECT_EQ(message_of<ValueError>([] { models::class_labels(Array{0}, -1); }),
            "class_labels: classes must not be negative, is -1");
}

}  // namespace
}  // namespace xtape::test
