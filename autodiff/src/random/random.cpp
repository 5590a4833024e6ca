// Keys, and draws as Arrays.
#include <algorithm>
#include <bit>
#include <cmath>
#include <numeric>
#include <utility>

#include <xtape/ops/random.hpp>

#include "ops/errors.hpp"
#include "random/fill.hpp"
#include "tape/storage.hpp"

namespace xtape {

namespace {

using detail::fail;

template <class T>
T* elements_of(Array& array) {
  return reinterpret_cast<T*>(ArrayAccess::mutable_bytes(array));
}

/// A floating Array that `fill(elements, size)` fills.
template <class Fill>
Array drawn(std::string_view op, const Shape& shape, DType dtype, const Fill& fill) {
  if (!is_floating(dtype)) fail<DTypeError>(op, "it draws float32 or float64, not ", dtype);
  Array array = ArrayAccess::allocate(dtype, shape);
  if (dtype == DType::float32) fill(elements_of<float>(array), shape.size());
  else fill(elements_of<double>(array), shape.size());
  return array;
}

void check_stddev(std::string_view op, double mean, double stddev) {
  if (!std::isfinite(mean)) fail<ValueError>(op, "mean must be finite, is ", mean);
  if (!(stddev >= 0 && std::isfinite(stddev)))
    fail<ValueError>(op, "stddev must be finite and not negative, is ", stddev);
}

/// The last number before `high`, unless that is `low`.
template <class T>
T last_before(double high, double low) {
  const T rounded = static_cast<T>(high);
  return static_cast<double>(rounded) < high ? rounded : std::nextafter(rounded, static_cast<T>(low));
}

/// The probabilities of being below an interval of standard normal numbers, above it, and in it.
struct Interval {
  double below, above, inside;
};

Interval interval_of(double low, double high) {
  using detail::normal_tail;
  const double below = low < 0 ? normal_tail(-low) : 1 - normal_tail(low);
  const double above = high > 0 ? normal_tail(high) : 1 - normal_tail(-high);
  if (low >= 0) return {below, above, normal_tail(low) - above};
  return {below, above, high <= 0 ? normal_tail(-high) - below : 1 - below - above};
}

/// The smaller of the two tails is exact, and the other one not needed.
double truncated_draw(const Interval& interval, std::uint64_t word) {
  const double u = detail::inner_unit(word);
  const double lower = interval.below + interval.inside * u, upper = interval.above + interval.inside * (1 - u);
  return lower < upper ? -detail::normal_quantile(lower) : detail::normal_quantile(upper);
}

}  // namespace

Key fold_in(Key key, std::uint64_t number) {
  // No draw has elements enough to use the last block. Siblings have one seed and streams of their own.
  const auto words = detail::random_words(key, UINT64_MAX);
  return {words[0], words[1] ^ number};
}

Array to_array(Key key) {
  return Array::from<std::int64_t>({std::bit_cast<std::int64_t>(key.seed), std::bit_cast<std::int64_t>(key.stream)});
}

Array uniform(Key key, const Shape& shape, double low, double high, DType dtype) {
  const double range = high - low;
  if (!(low <= high)) fail<ValueError>("uniform", "low must not exceed high: low is ", low, ", high is ", high);
  if (!std::isfinite(range)) fail<ValueError>("uniform", "the range is not finite: low is ", low, ", high is ", high);
  return drawn("uniform", shape, dtype, [&]<class T>(T* elements, std::int64_t size) {
    const T last = last_before<T>(high, low);  // rounding may lead to high
    detail::fill(key, elements, size, detail::kUniformTime, [&](std::uint64_t word) {
      return std::min(static_cast<T>(low + range * detail::unit<T>(word)), last);
    });
  });
}

Array normal(Key key, const Shape& shape, double mean, double stddev, DType dtype) {
  check_stddev("normal", mean, stddev);
  return drawn("normal", shape, dtype, [&](auto* elements, std::int64_t size) {
    detail::fill(key, elements, size, detail::kNormalTime,
                 [&](std::uint64_t word) { return mean + stddev * detail::standard_normal(word); });
  });
}

Array truncated_normal(Key key, const Shape& shape, double mean, double stddev, double low, double high, DType dtype) {
  check_stddev("truncated_normal", mean, stddev);
  if (!(stddev > 0)) fail<ValueError>("truncated_normal", "stddev must be positive, is ", stddev);
  if (!(low < high)) fail<ValueError>("truncated_normal", "low must be below high: low is ", low, ", high is ", high);
  const Interval interval = interval_of((low - mean) / stddev, (high - mean) / stddev);
  if (!(interval.inside > 0))
    fail<ValueError>("truncated_normal", "nothing to draw between low ", low, " and high ", high,
                     ", which are too far from the mean ", mean, " or too close for stddev ", stddev);
  return drawn("truncated_normal", shape, dtype, [&](auto* elements, std::int64_t size) {
    detail::fill(key, elements, size, detail::kNormalTime, [&](std::uint64_t word) {
      return std::fmin(std::fmax(mean + stddev * truncated_draw(interval, word), low), high);
    });
  });
}

Array bernoulli(Key key, const Shape& shape, double p) {
  if (!(p >= 0 && p <= 1)) fail<ValueError>("bernoulli", "p must be in [0, 1], is ", p);
  Array array = ArrayAccess::allocate(DType::boolean, shape);
  detail::fill(key, elements_of<bool>(array), shape.size(), detail::kUniformTime,
               [&](std::uint64_t word) { return detail::unit<double>(word) < p; });
  return array;
}

Array permutation(Key key, std::int64_t size) {
  __extension__ using Wide = unsigned __int128;
  if (size < 0) fail<ValueError>("permutation", "size must not be negative, is ", size);
  Array array = ArrayAccess::allocate(DType::int64, Shape{size});
  std::int64_t* order = elements_of<std::int64_t>(array);
  std::iota(order, order + size, 0);
  for (std::int64_t i = size; i > 1; --i) {
    // The high half of the product is below i; its bias, at most i / 2^64, is not to be seen.
    const auto place = static_cast<std::uint64_t>(i);
    const Wide product = Wide{detail::random_words(key, place / 2)[place % 2]} * place;
    std::swap(order[i - 1], order[static_cast<std::int64_t>(product >> 64)]);
  }
  return array;
}

}  // namespace xtape
