// Random numbers: the generator's known answers, the same bits everywhere, and distributions. Seeds are fixed, so no
// test fails by chance; each bound is one that a right generator exceeds for one seed in a million.
#include <algorithm>
#include <cmath>
#include <functional>
#include <map>

#include <gtest/gtest.h>

#include <xtape/xtape.hpp>

#include "support/check.hpp"
#include "support/philox.hpp"

namespace xtape::test {

namespace {

constexpr double kSigmas = 4.9;      // of a normal number, both sides
constexpr double kKolmogorov = 2.7;  // of sqrt(n) D
constexpr double kChiSquared255 = 377.3, kChiSquared23 = 71.3;

std::vector<Real> numbers(const Array& array) { return tensor_of(array).elements; }

TEST(Philox, KnownAnswersOfRandom123) {
  EXPECT_EQ(philox({0, 0, 0, 0}, {0, 0}), (Words{0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8}));
  EXPECT_EQ(philox({~0U, ~0U, ~0U, ~0U}, {~0U, ~0U}), (Words{0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd}));
  EXPECT_EQ(philox({0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344}, {0xa4093822, 0x299f31d0}),
            (Words{0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1}));
}

TEST(Random, KeysAndPlacesAreTheCounterOfPhilox) {
  const double* zero = uniform({}, {2}).data<double>();
  EXPECT_EQ(zero[0], static_cast<double>(0xe169c58d6627e8d5 >> 11) * 0x1p-53);
  EXPECT_EQ(zero[1], static_cast<double>(0x9b00dbd8bc57ac4c >> 11) * 0x1p-53);
  EXPECT_EQ(fold_in({~0ULL, ~0ULL}, 0), (Key{0x41c83b0e408f276d, 0x6d5451fda20bc7c6}));
  const Key key{0x123456789abcdef0, 0xfedcba9876543210};
  for (DType dtype : {DType::float64, DType::float32}) {
    const std::vector<Real> draw = numbers(uniform(key, {41}, 0, 1, dtype));
    for (std::size_t i = 0; i < draw.size(); ++i)
      EXPECT_EQ(draw[i], uniform_element(random_word(key.seed, key.stream, i), dtype));
  }
}

TEST(Random, NormalNumbersAreQuantiles) {
  const std::vector<Real> draw = numbers(normal({3, 4}, {4000}));
  for (std::size_t i = 0; i < draw.size(); ++i) {
    const Real expected = normal_element(random_word(3, 4, i));
    EXPECT_LE(std::abs(draw[i] - expected), 2e-15L * std::abs(expected)) << i;
  }
}

/// FNV-1a over the bytes.
std::uint64_t checksum(const Array& array) {
  std::uint64_t hash = 0xcbf29ce484222325;
  const auto* bytes = static_cast<const unsigned char*>(array.bytes());
  for (std::size_t i = 0; i < static_cast<std::size_t>(array.size()) * size_of(array.dtype()); ++i)
    hash = (hash ^ bytes[i]) * 0x100000001b3;
  return hash;
}

std::vector<Array> draws(const Shape& shape, DType dtype = DType::float64) {
  const Key key{11, 12};
  return {uniform(key, shape, -3, 5, dtype), normal(key, shape, 1, 2, dtype),
          truncated_normal(key, shape, 0, 1, -1, 2.5, dtype), truncated_normal(key, shape, 0, 1, 6, 7, dtype),
          bernoulli(key, shape, 0.3)};
}

// The same sums with g++ and clang, at -O0 and -O3.
TEST(Random, BitsAreTheSameOnEveryMachine) {
  std::vector<std::uint64_t> sums;
  for (const Array& draw : draws({100000})) sums.push_back(checksum(draw));
  sums.push_back(checksum(permutation({11, 12}, 1000)));
  EXPECT_EQ(sums,
            (std::vector<std::uint64_t>{3971214235336540477ULL, 14432606383249946361ULL, 5887393231301764124ULL,
                                        15194747377308452040ULL, 11991845177764507941ULL, 985881006161549717ULL}));
}

TEST(Random, ThreadsDoNotChangeABit) {
  const int before = num_threads();
  set_num_threads(1);
  const std::vector<Array> reference = draws({300001});
  for (int threads : {2, 3, 4}) {
    set_num_threads(threads);
    EXPECT_TRUE(same_bits(draws({300001}), reference)) << threads << " threads";
  }
  set_num_threads(before);
}

TEST(Random, AnElementFollowsFromItsPlaceAlone) {
  const std::vector<Array> many = draws({70000}), few = draws({5, 7});
  for (std::size_t i = 0; i < many.size(); ++i) {
    std::vector<Real> start = numbers(many[i]);
    start.resize(35);
    EXPECT_EQ(numbers(few[i]), start);
  }
  EXPECT_EQ(draws({0})[1].shape(), Shape{0});
  EXPECT_EQ(numbers(draws({})[1])[0], numbers(many[1])[0]);
}

TEST(Random, Float32NumbersAreThoseOfFloat64) {
  const std::vector<Real> u = numbers(uniform({5}, {1000})), u32 = numbers(uniform({5}, {1000}, 0, 1, DType::float32));
  const std::vector<Real> z = numbers(normal({5}, {1000})), z32 = numbers(normal({5}, {1000}, 0, 1, DType::float32));
  for (std::size_t i = 0; i < u.size(); ++i) {
    EXPECT_EQ(u32[i], std::floor(u[i] * 0x1p24L) * 0x1p-24L);
    EXPECT_EQ(z32[i], rounded(z[i], DType::float32));
  }
}

TEST(Random, UniformNumbersStayBelowHighWhereRoundingLeadsToIt) {
  for (Real number : numbers(uniform({6}, {100}, 1e7, 1e7 + 1, DType::float32))) EXPECT_EQ(number, 1e7L);
  for (Real number : numbers(uniform({6}, {100}, -0x1p52 - 1, -0x1p52))) EXPECT_EQ(number, -0x1p52L - 1);
  EXPECT_EQ(numbers(uniform({6}, {2}, 3, 3)), (std::vector<Real>{3, 3}));
}

// ---- Distributions

using Distribution = std::function<Real(Real)>;

/// sqrt(n) times the largest distance of the numbers' distribution from the given one.
double kolmogorov(const Array& array, const Distribution& distribution) {
  std::vector<Real> x = numbers(array);
  std::sort(x.begin(), x.end());
  const auto n = static_cast<Real>(x.size());
  Real largest = 0;
  for (std::size_t i = 0; i < x.size(); ++i) {
    const Real p = distribution(x[i]), rank = static_cast<Real>(i);
    largest = std::max({largest, p - rank / n, (rank + 1) / n - p});
  }
  return static_cast<double>(std::sqrt(n) * largest);
}

Distribution normal_between(Real low, Real high) {
  // Of the upper tail where both are above 0, which has more digits.
  const Real sign = low > 0 ? -1 : 1;
  const Real from = normal_distribution(sign * low), to = normal_distribution(sign * high);
  return [=](Real z) { return (normal_distribution(sign * z) - from) / (to - from); };
}

TEST(Random, Distributions) {
  const Shape shape{100000};
  constexpr Real kInf = std::numeric_limits<Real>::infinity();
  constexpr double kInfinity = std::numeric_limits<double>::infinity();
  for (DType dtype : {DType::float64, DType::float32}) {
    EXPECT_LT(kolmogorov(uniform({1}, shape, -2, 6, dtype), [](Real x) { return (x + 2) / 8; }), kKolmogorov);
    EXPECT_LT(kolmogorov(normal({2}, shape, 0, 1, dtype), normal_distribution), kKolmogorov);
    EXPECT_LT(kolmogorov(normal({3}, shape, 5, 3, dtype), [](Real x) { return normal_distribution((x - 5) / 3); }),
              kKolmogorov);
    EXPECT_LT(kolmogorov(truncated_normal({4}, shape, 0, 1, -2, 2, dtype), normal_between(-2, 2)), kKolmogorov);
    EXPECT_LT(kolmogorov(truncated_normal({5}, shape, 0, 1, -0.1, 4, dtype), normal_between(-0.1L, 4)), kKolmogorov);
    EXPECT_LT(kolmogorov(truncated_normal({6}, shape, 0, 1, 1, 3, dtype), normal_between(1, 3)), kKolmogorov);
    EXPECT_LT(kolmogorov(truncated_normal({7}, shape, 0, 1, -kInfinity, -1, dtype), normal_between(-kInf, -1)),
              kKolmogorov);
    EXPECT_LT(kolmogorov(truncated_normal({8}, shape, 0, 1, 20, kInfinity, dtype), normal_between(20, kInf)),
              kKolmogorov);
    EXPECT_LT(kolmogorov(truncated_normal({9}, shape, 10, 2, 8, kInfinity, dtype),
                         [](Real x) { return normal_between(-1, kInf)((x - 10) / 2); }),
              kKolmogorov);
  }
}

TEST(Random, TruncatedNumbersAreWithinTheBounds) {
  for (const auto& [low, high] : std::vector<std::pair<double, double>>{{-2, 2}, {0, 0.001}, {30, 31}, {-31, -30}}) {
    const std::vector<Real> draw = numbers(truncated_normal({1}, {10000}, 0, 1, low, high));
    EXPECT_GE(*std::min_element(draw.begin(), draw.end()), low);
    EXPECT_LE(*std::max_element(draw.begin(), draw.end()), high);
  }
}

/// The mean of x^power, in standard deviations from what is expected of normal numbers.
double moment_error(const std::vector<Real>& x, int power, Real expected, Real variance) {
  Real sum = 0;
  for (Real element : x) sum += std::pow(element, static_cast<Real>(power));
  const auto n = static_cast<Real>(x.size());
  return static_cast<double>((sum / n - expected) / std::sqrt(variance / n));
}

TEST(Random, Moments) {
  const std::vector<Real> z = numbers(normal({6}, {1000000}));
  EXPECT_LT(std::abs(moment_error(z, 1, 0, 1)), kSigmas);
  EXPECT_LT(std::abs(moment_error(z, 2, 1, 2)), kSigmas);
  EXPECT_LT(std::abs(moment_error(z, 3, 0, 15)), kSigmas);
  EXPECT_LT(std::abs(moment_error(z, 4, 3, 96)), kSigmas);
  const std::vector<Real> u = numbers(uniform({7}, {1000000}));
  EXPECT_LT(std::abs(moment_error(u, 1, 0.5L, 1 / 12.0L)), kSigmas);
  EXPECT_LT(std::abs(moment_error(u, 2, 1 / 3.0L, 4 / 45.0L)), kSigmas);
  for (double p : {0.0, 0.001, 0.3, 1.0}) {
    const Real expected = static_cast<Real>(p), tiny = 1e-30L;
    EXPECT_LT(std::abs(moment_error(numbers(bernoulli({8}, {1000000}, p)), 1, expected, p * (1 - p) + tiny)), kSigmas);
  }
}

/// Of the pairs (a[i], b[i]) in 16 by 16 equal boxes, 255 degrees of freedom.
double chi_squared(const std::vector<Real>& a, const std::vector<Real>& b) {
  std::vector<double> counts(256);
  for (std::size_t i = 0; i < b.size(); ++i)
    ++counts[static_cast<std::size_t>(a[i] * 16) * 16 + static_cast<std::size_t>(b[i] * 16)];
  const double expected = static_cast<double>(b.size()) / 256;
  double sum = 0;
  for (double count : counts) sum += (count - expected) * (count - expected) / expected;
  return sum;
}

TEST(Random, KeysStreamsAndPlacesAreIndependent) {
  const Shape shape{100000};
  const Key key{21, 3};
  const std::vector<Real> u = numbers(uniform(key, shape));
  for (const Key& other : {Key{22, 3}, Key{21, 4}, Key{21, 3ULL << 32}, Key{3, 21}, fold_in(key, 0), fold_in(key, 1),
                           fold_in(fold_in(key, 0), 0)})
    EXPECT_LT(chi_squared(u, numbers(uniform(other, shape))), kChiSquared255) << other.seed << ", " << other.stream;
  EXPECT_LT(chi_squared(numbers(uniform(fold_in(key, 0), shape)), numbers(uniform(fold_in(key, 1), shape))),
            kChiSquared255);
  for (std::size_t lag : {1U, 2U, 3U, 16U})
    EXPECT_LT(chi_squared(u, std::vector<Real>(u.begin() + static_cast<std::ptrdiff_t>(lag), u.end())), kChiSquared255);
}

TEST(Random, PermutationsAreEquallyLikely) {
  constexpr int kDraws = 24000;
  std::map<std::vector<Real>, int> counts;
  for (std::uint64_t stream = 0; stream < kDraws; ++stream) ++counts[numbers(permutation({31, stream}, 4))];
  ASSERT_EQ(counts.size(), 24U);
  double sum = 0;
  for (const auto& [order, count] : counts) sum += (count - 1000.0) * (count - 1000.0) / 1000;
  EXPECT_LT(sum, kChiSquared23);
  std::vector<Real> order = numbers(permutation({32}, 1001));
  std::sort(order.begin(), order.end());
  for (std::size_t i = 0; i < order.size(); ++i) EXPECT_EQ(order[i], static_cast<Real>(i));
  EXPECT_EQ(permutation({}, 0).size(), 0);
}

// ---- On a tape

TEST(Random, DrawsOnATapeAreTheArrays) {
  const Key key{41, 42};
  for (DType dtype : {DType::float64, DType::float32}) {
    Tape tape;
    const Var x = tape.variable(Array::zeros({300, 7}, dtype));
    EXPECT_TRUE(same_bits(uniform_like(x, key).value(), uniform(key, {300, 7}, 0, 1, dtype)));
    EXPECT_TRUE(same_bits(normal_like(x, key).value(), normal(key, {300, 7}, 0, 1, dtype)));
  }
}

TEST(Random, TwoDrawsNeverBecomeOne) {
  Tape tape;
  const Var x = tape.variable(Array::zeros({8}));
  EXPECT_NE(numbers((uniform_like(x, Key{1}) - uniform_like(x, Key{2})).value())[0], 0);
  EXPECT_TRUE(equals((uniform_like(x, Key{1}) - uniform_like(x, Key{1})).value(), std::vector<Real>(8)));
}

TEST(Random, DropoutKeepsTheMeanAndItsMask) {
  Tape tape;
  const Var x = tape.variable(Array::full({1000, 1000}, 2));
  const Var y = dropout(x, 0.2, Key{51});
  const std::vector<Real> kept = numbers(y.value()), gradient = numbers(tape.gradient(sum(y), x).value());
  Real sum = 0;
  for (std::size_t i = 0; i < kept.size(); ++i) {
    EXPECT_TRUE(kept[i] == 0 || kept[i] == 2.5L);
    ASSERT_EQ(gradient[i], kept[i] / 2);
    sum += kept[i] / 2.5L;
  }
  EXPECT_LT(std::abs(static_cast<double>(sum) - 8e5), kSigmas * std::sqrt(1e6 * 0.8 * 0.2));
}

TEST(Random, AnotherKeyIsNoOtherPlan) {
  Parameter w("w", Array::ones({50}));
  const auto step = [&](std::uint64_t number) {
    Tape tape;
    const Var loss = sum(square(dropout(tape.read(w), 0.1 * static_cast<double>(number), fold_in({61}, number))));
    return tape.evaluate({loss, tape.gradient(loss, w)})[0].item<double>();
  };
  const double first = step(1);
  const std::uint64_t misses = plan_cache_statistics().misses;
  EXPECT_NE(step(2), first);
  step(3);
  EXPECT_EQ(plan_cache_statistics().misses, misses);
}

// ---- Initialization

double deviation_of(const Array& weights) {
  Real sum = 0;
  for (Real w : numbers(weights)) sum += w * w;
  return static_cast<double>(std::sqrt(sum / static_cast<Real>(weights.size())));
}

TEST(Initialize, Fans) {
  const auto [in, out] = fans_of({10, 20});
  EXPECT_EQ(in, 20);
  EXPECT_EQ(out, 10);
  EXPECT_EQ(fans_of({10, 20}, Layout::inputs_outputs).in, 10);
  EXPECT_EQ(fans_of({8, 4, 3, 3}).in, 36);
  EXPECT_EQ(fans_of({8, 4, 3, 3}).out, 72);
  EXPECT_TRUE(contains(message_of<ShapeError>([] { fans_of({3}); }), {"fans_of", "[3]"}));
  EXPECT_TRUE(contains(message_of<ShapeError>([] { fans_of({3, 4, 5}, Layout::inputs_outputs); }), {"[3, 4, 5]"}));
}

TEST(Initialize, VariancesAndBounds) {
  const Shape shape{300, 700};
  const double n = 300 * 700;
  // A squared normal number has variance 2, a squared uniform one of variance 1 has 4/5.
  const auto near = [&](double deviation, double expected, double variance) {
    return std::abs(deviation * deviation / (expected * expected) - 1) < kSigmas * std::sqrt(variance / n);
  };
  EXPECT_TRUE(near(deviation_of(xavier_normal({1}, shape)), std::sqrt(2.0 / 1000), 2));
  EXPECT_TRUE(near(deviation_of(xavier_normal({1}, shape, {.gain = 5.0 / 3})), 5 * std::sqrt(2.0 / 1000) / 3, 2));
  EXPECT_TRUE(near(deviation_of(xavier_uniform({1}, shape)), std::sqrt(2.0 / 1000), 0.8));
  EXPECT_TRUE(near(deviation_of(kaiming_normal({1}, shape)), std::sqrt(2.0 / 700), 2));
  EXPECT_TRUE(near(deviation_of(kaiming_normal({1}, shape, {.fan = Fan::out})), std::sqrt(2.0 / 300), 2));
  EXPECT_TRUE(near(deviation_of(kaiming_uniform({1}, shape, {.negative_slope = 1})), std::sqrt(1.0 / 700), 0.8));
  const Array weights = kaiming_uniform({1}, shape, {.layout = Layout::inputs_outputs, .dtype = DType::float32});
  EXPECT_EQ(weights.dtype(), DType::float32);
  Real largest = 0;
  for (Real w : numbers(weights)) largest = std::max(largest, std::abs(w));
  EXPECT_LE(largest, std::sqrt(6 / 300.0L) * (1 + 0x1p-23L));
  EXPECT_GT(largest, std::sqrt(6 / 300.0L) * 0.999L);
  EXPECT_EQ(xavier_normal({1}, {0, 5}).size(), 0);
}

TEST(Random, Errors) {
  const auto refused = [](const std::function<void()>& draw, const std::vector<std::string>& parts) {
    EXPECT_TRUE(contains(message_of<ValueError>(draw), parts));
  };
  refused([] { uniform({}, {2}, 1, 0); }, {"uniform", "1", "0"});
  refused([] { uniform({}, {2}, -1e308, 1e308); }, {"uniform", "range", "finite"});
  refused([] { uniform({}, {2}, 0, NAN); }, {"uniform", "nan"});
  refused([] { normal({}, {2}, 0, -1); }, {"normal", "stddev", "-1"});
  refused([] { normal({}, {2}, NAN, 1); }, {"normal", "mean"});
  refused([] { truncated_normal({}, {2}, 0, 0); }, {"truncated_normal", "stddev"});
  refused([] { truncated_normal({}, {2}, 0, 1, 2, -2); }, {"truncated_normal", "low", "2", "-2"});
  refused([] { truncated_normal({}, {2}, 0, 1, 50, 60); }, {"truncated_normal", "50", "60"});
  refused([] { bernoulli({}, {2}, 1.5); }, {"bernoulli", "1.5"});
  refused([] { permutation({}, -1); }, {"permutation", "-1"});
  refused([] { normal({}, {2}, 0, INFINITY); }, {"normal", "stddev", "finite", "inf"});
  refused([] { xavier_uniform({}, {2, 3}, {.gain = -1}); }, {"xavier_uniform", "gain", "-1"});
  refused([] { xavier_normal({}, {2, 3}, {.gain = NAN}); }, {"xavier_normal", "gain", "nan"});
  refused([] { kaiming_normal({}, {2, 3}, {.negative_slope = INFINITY}); }, {"kaiming_normal", "negative_slope"});
  EXPECT_TRUE(contains(message_of<ShapeError>([] { kaiming_uniform({}, {3}); }), {"kaiming_uniform", "[3]"}));
  EXPECT_TRUE(contains(message_of<DTypeError>([] { normal({}, {2}, 0, 1, DType::int64); }), {"normal", "int64"}));
}

}  // namespace

}  // namespace xtape::test
