// Gradient checks in Google Test. This header alone needs it; the library does not.
//
//     EXPECT_TRUE(xtape::gradient_is_right(f, {x, w}));
//     EXPECT_THAT(xtape::check_gradient(f, {x, w}), xtape::PassesGradientCheck());  // with <gmock/gmock.h>
#pragma once

#include <cstddef>
#include <functional>
#include <ostream>
#include <span>
#include <string>
#include <type_traits>
#include <utility>

#include <gtest/gtest.h>

#include <xtape/gradient_check.hpp>

namespace xtape {

/// Whether the check passed; if not, with the report as the explanation.
inline ::testing::AssertionResult passes(const CheckReport& report) {
  if (report.passed()) return ::testing::AssertionSuccess();
  return ::testing::AssertionFailure() << report;
}

/// `passes(check_gradient(...))`, with the same arguments.
template <class F, std::size_t N>
::testing::AssertionResult gradient_is_right(F&& f, const CheckInput (&point)[N], const CheckOptions& options = {}) {
  return passes(check_gradient(std::forward<F>(f), point, options));
}
template <class F, std::size_t N>
::testing::AssertionResult gradient_is_right(F&& loss, const std::reference_wrapper<const Parameter> (&parameters)[N],
                                             const CheckOptions& options = {}) {
  return passes(check_gradient(std::forward<F>(loss), parameters, options));
}
template <class F, class Point>
::testing::AssertionResult gradient_is_right(F&& f, const Point& point, const CheckOptions& options = {}) {
  return passes(check_gradient(std::forward<F>(f), point, options));
}
template <class F, class Gradient, class X>
requires(std::is_convertible_v<const X&, std::span<const double>>)::testing::AssertionResult
    gradient_is_right(F&& f, Gradient&& gradient, const X& x, const CheckOptions& options = {}) {
  return passes(check_gradient(std::forward<F>(f), std::forward<Gradient>(gradient), x, options));
}

/// A matcher for reports, for EXPECT_THAT.
class GradientStatusMatcher {
 public:
  using is_gtest_matcher = void;
  explicit GradientStatusMatcher(CheckStatus wanted) : wanted_(wanted) {}

  bool MatchAndExplain(const CheckReport& report, std::ostream*) const { return report.status == wanted_; }
  void DescribeTo(std::ostream* out) const { *out << "is a gradient check with the verdict " << name(wanted_); }
  void DescribeNegationTo(std::ostream* out) const { *out << "has another verdict than " << name(wanted_); }

 private:
  CheckStatus wanted_;
};

inline GradientStatusMatcher HasGradientStatus(CheckStatus status) { return GradientStatusMatcher(status); }
inline GradientStatusMatcher PassesGradientCheck() { return HasGradientStatus(CheckStatus::pass); }

}  // namespace xtape
