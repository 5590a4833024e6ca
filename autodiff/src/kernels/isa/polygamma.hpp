// polygamma of any order, one element after the other in the next wider type: recurrence up to where the asymptotic
// series is exact to that type's last place, and reflection below 0 (Abramowitz and Stegun, Handbook of Mathematical
// Functions, 6.4).
#pragma once

#include "kernels/lanes.hpp"

namespace xtape::detail::XTAPE_ISA {

template <class T>
struct WiderOf;
template <>
struct WiderOf<float> {
  using Type = double;
};
template <>
struct WiderOf<double> {
  using Type = long double;
};
template <class T>
using Wider = typename WiderOf<T>::Type;

inline double tangent_of(double x) { return __builtin_tan(x); }
inline long double tangent_of(long double x) { return __builtin_tanl(x); }
inline double nearest_integer(double x) { return __builtin_rint(x); }
inline long double nearest_integer(long double x) { return __builtin_rintl(x); }

inline constexpr long double kPi = 3.14159265358979323846264338327950288L;
inline constexpr int kMaxPolygammaOrder = 60;

/// Bernoulli's numbers B_2, B_4, ...
inline constexpr long double kBernoulli[] = {1.0L / 6,       -1.0L / 30,       1.0L / 42,       -1.0L / 30,
                                             5.0L / 66,      -691.0L / 2730,   7.0L / 6,        -3617.0L / 510,
                                             43867.0L / 798, -174611.0L / 330, 854513.0L / 138, -236364091.0L / 2730};

/// cot(pi x) for |x| <= 1/2, exact where it is 0.
template <class T>
inline T cotangent_of_pi(T x) {
  const T pi = static_cast<T>(kPi);
  if (x > T(0.25)) return tangent_of(pi * (T(0.5) - x));
  if (x < T(-0.25)) return -tangent_of(pi * (T(0.5) + x));
  return 1 / tangent_of(pi * x);
}

/// The n-th derivative of cot(pi x), from cot(pi x): d/dx P(cot) = -pi (1 + cot^2) P'(cot). Each polynomial has
/// coefficients of one sign, and powers that are all odd or all even.
template <class T>
inline T cotangent_derivative(int n, T cotangent) {
  T coefficients[kMaxPolygammaOrder + 2] = {0, 1};
  for (int order = 0; order < n; ++order) {
    T next[kMaxPolygammaOrder + 2] = {};
    for (int power = 1; power <= order + 1; ++power) {
      const T slope = -static_cast<T>(kPi) * static_cast<T>(power) * coefficients[power];
      next[power - 1] += slope;
      next[power + 1] += slope;
    }
    __builtin_memcpy(coefficients, next, sizeof(next));
  }
  T sum = 0;
  const T square = cotangent * cotangent;
  for (int power = n + 1; power >= 0; power -= 2) sum = sum * square + coefficients[power];
  return n % 2 == 0 ? sum * cotangent : sum;
}

/// n! / x^(n + 1)
template <class T>
inline T inverse_power(int n, T x) {
  const T r = 1 / x;
  T product = r;
  for (int i = 1; i <= n; ++i) product *= static_cast<T>(i) * r;
  return product;
}

/// The sum of n! / (x + k)^(n + 1) over k >= 0, by Euler's and Maclaurin's formula, for x from n + 20 on.
template <class T>
inline T polygamma_series(int n, T x) {
  const T r = 1 / x, leading = inverse_power(n - 1, x);
  T sum = 1 + static_cast<T>(n) * r / 2, factor = 1;
  for (int k = 1; k <= 12; ++k) {
    factor *= (static_cast<T>(n + 2 * k - 2) * r) * (static_cast<T>(n + 2 * k - 1) * r);
    factor /= static_cast<T>((2 * k - 1) * (2 * k));
    sum += static_cast<T>(kBernoulli[k - 1]) * factor;
  }
  return leading * sum;
}

/// For n from 1 on. Infinite at 0 and, where n is odd, at the other poles; there NaN where n is even.
template <class T>
[[gnu::noinline]] T polygamma_of(int n, T x) {
  const bool odd = n % 2 == 1;
  if (x < 0) {
    const T fraction = x - nearest_integer(x);
    if (odd && fraction == 0) return static_cast<T>(__builtin_inf());
    if (!(fraction < 0 || fraction > 0)) return static_cast<T>(__builtin_nan(""));
    const T slope = cotangent_derivative(n, cotangent_of_pi(fraction));
    const T reflected = polygamma_of(n, 1 - x);
    return (odd ? -reflected : reflected) - static_cast<T>(kPi) * slope;
  }
  T sum = 0;
  for (; x < static_cast<T>(n + 20); x += 1) sum += inverse_power(n, x);
  sum += polygamma_series(n, x);
  return odd ? sum : -sum;
}

/// The order is the same for all elements.
template <class V>
inline V polygamma_lane(const V& n, const V& x) {
  using T = typename V::value_type;
  alignas(64) T orders[V::size], elements[V::size];
  n.store_aligned(orders);
  x.store_aligned(elements);
  const int order = static_cast<int>(orders[0]);
  for (T& element : elements) element = static_cast<T>(polygamma_of(order, static_cast<Wider<T>>(element)));
  return V::load_aligned(elements);
}

}  // namespace xtape::detail::XTAPE_ISA
