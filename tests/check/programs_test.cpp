// No false alarms: the gradients of random programs are right, and the checker says so.
#include <cstdlib>
#include <map>

#include <gtest/gtest.h>

#include <xtape/gradient_check.hpp>

#include "check/programs.hpp"
#include "support/tensor.hpp"

namespace xtape::test {

namespace {

std::uint64_t number_from(const char* variable, std::uint64_t otherwise) {
  const char* text = std::getenv(variable);
  return text == nullptr ? otherwise : std::strtoull(text, nullptr, 10);
}

/// The point moved by a thousandth or so.
std::vector<Array> beside(std::span<const Array> point) {
  Random random(4);
  std::vector<Array> moved;
  for (const Array& array : point) {
    Tensor tensor = tensor_of(array);
    for (Real& element : tensor.elements) element = rounded(element + random.uniform(-1e-3L, 1e-3L), tensor.dtype);
    moved.push_back(array_of(tensor));
  }
  return moved;
}

/// Checks programs, 1,000 or as many as XTAPE_CHECK_PROGRAMS says, and none may be said to be wrong. Few have a point
/// at a kink, as relu at 0, which the checker refuses.
void check_programs(std::uint64_t programs, const CheckOptions& options) {
  const std::uint64_t first = number_from("XTAPE_CHECK_FIRST", 1);
  std::map<CheckStatus, std::uint64_t> verdicts;
  std::uint64_t checked = 0;
  for (std::uint64_t seed = first; seed < first + programs; ++seed) {
    const RandomProgram program(seed);
    if (!program.differentiable()) continue;
    CheckOptions own = options;
    own.seed = seed;
    CheckReport report = check_gradient(program, program.point(), own);
    // By convention abs'(0) is 0, so that abs(x^2) has the second derivative 0 there: rightly called wrong.
    if (report.status == CheckStatus::fail && report.order == 2)
      report = check_gradient(program, beside(program.point()), own);
    ++verdicts[report.status];
    ++checked;
    if (report.status == CheckStatus::kink)
      EXPECT_GT(report.kinks, 0.05 * static_cast<double>(report.checked)) << "program " << seed << "\n" << report;
    else EXPECT_TRUE(report.passed()) << "program " << seed << "\n" << report;
  }
  EXPECT_GT(checked, programs * 8 / 10);
  EXPECT_GE(verdicts[CheckStatus::pass], checked * 97 / 100);
}

TEST(RandomPrograms, RaiseNoFalseAlarm) { check_programs(number_from("XTAPE_CHECK_PROGRAMS", 1000), {}); }

TEST(RandomPrograms, RaiseNoFalseAlarmInSecondOrder) {
  check_programs(number_from("XTAPE_CHECK_PROGRAMS", 1000) / 5, {.order = 2});
}

}  // namespace

}  // namespace xtape::test
