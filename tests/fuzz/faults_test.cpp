// The fuzzer proves itself: with one of the planner's checks off it finds a wrong value, and the verifier sees the
// plan.
#include <stdexcept>

#include <gtest/gtest.h>

#include "fuzz/program.hpp"
#include "plan/cache.hpp"
#include "plan/faults.hpp"
#include "plan/in_place.hpp"

namespace xtape::test {

namespace {

constexpr std::uint64_t kMostPrograms = 2000;

struct Fault {
  const char* name;
  bool detail::PlannerFaults::*flag;
};

void PrintTo(const Fault& fault, std::ostream* out) { *out << fault.name; }

class Faults : public testing::TestWithParam<Fault> {
 protected:
  void SetUp() override {
    detail::clear_plan_cache();
    detail::planner_faults() = {};
    detail::least_bytes_in_place() = 1;
  }
  void TearDown() override {
    SetUp();
    detail::least_bytes_in_place() = least_bytes_;
  }

 private:
  const std::size_t least_bytes_ = detail::least_bytes_in_place();
};

/// What goes wrong when the program runs planned: nothing, a wrong value, or an exception.
enum class Verdict { right, wrong, thrown };

Verdict verdict_on(std::uint64_t seed, const Outcome& reference) {
  try {
    return same_bits(run_program(seed, {true, false}).outputs, reference.outputs) ? Verdict::right : Verdict::wrong;
  } catch (const std::logic_error&) {
    return Verdict::thrown;
  }
}

/// The number of programs until the verdict is this one; 0 if it never is.
std::uint64_t programs_until(Verdict wanted) {
  for (std::uint64_t seed = 1; seed <= kMostPrograms; ++seed)
    if (verdict_on(seed, run_program(seed, {false, false})) == wanted) return seed;
  return 0;
}

TEST_P(Faults, AreFoundByTheFuzzer) {
  detail::planner_faults().*GetParam().flag = true;
  detail::planner_faults().skip_verifier = true;
  EXPECT_GT(programs_until(Verdict::wrong), 0U) << "no wrong value in " << kMostPrograms << " programs";
}

#ifndef NDEBUG
TEST_P(Faults, AreSeenByTheVerifier) {
  detail::planner_faults().*GetParam().flag = true;
  EXPECT_GT(programs_until(Verdict::thrown), 0U) << "no plan was refused in " << kMostPrograms << " programs";
}
#endif

INSTANTIATE_TEST_SUITE_P(Planner, Faults,
                         testing::Values(Fault{"ignore_loop_dependencies",
                                               &detail::PlannerFaults::ignore_loop_dependencies},
                                         Fault{"ignore_aliases", &detail::PlannerFaults::ignore_aliases},
                                         Fault{"ignore_readers", &detail::PlannerFaults::ignore_readers},
                                         Fault{"ignore_places", &detail::PlannerFaults::ignore_places},
                                         Fault{"ignore_row_readers", &detail::PlannerFaults::ignore_row_readers},
                                         Fault{"donate_early", &detail::PlannerFaults::donate_early}),
                         [](const testing::TestParamInfo<Fault>& fault) { return std::string(fault.param.name); });

}  // namespace

}  // namespace xtape::test
