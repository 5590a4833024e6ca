// Random programs three ways: planned, unplanned and interpreted in long double. XTAPE_FUZZ_PROGRAMS says how many,
// XTAPE_FUZZ_SEED where the seeds start; a failure prints its seed and what was recorded.
#include <cstdlib>
#include <limits>

#include <gtest/gtest.h>

#include "fuzz/program.hpp"
#include "kernels/dispatch.hpp"
#include "plan/block_products.hpp"
#include "plan/cache.hpp"
#include "plan/in_place.hpp"

namespace xtape::test {

namespace {

constexpr Options kPlanned{true, true}, kPlannedExactly{true, false}, kUnplanned{false, false};
constexpr std::uint64_t kShards = 8;

std::uint64_t from_environment(const char* variable, std::uint64_t otherwise) {
  const char* text = std::getenv(variable);
  return text == nullptr ? otherwise : std::strtoull(text, nullptr, 10);
}

std::uint64_t programs() { return from_environment("XTAPE_FUZZ_PROGRAMS", 2000); }
std::uint64_t first_seed() { return from_environment("XTAPE_FUZZ_SEED", 1); }

std::string described(std::uint64_t seed, bool large = false) {
  return "XTAPE_FUZZ_SEED=" + std::to_string(seed) + "\n" + first_difference(seed, kPlannedExactly, large) +
         run_program(seed, kPlanned, large, true).dump;
}

/// Leaves the instruction set and the number of threads as they were.
class Restoring {
 public:
  ~Restoring() {
    detail::set_instruction_set(set_);
    set_num_threads(threads_);
  }

 private:
  detail::InstructionSet set_ = detail::instruction_set();
  int threads_ = num_threads();
};

/// The smallest values that are written in place, until the end of the scope.
class LeastInPlace {
 public:
  explicit LeastInPlace(std::size_t bytes) { detail::least_bytes_in_place() = bytes; }
  ~LeastInPlace() { detail::least_bytes_in_place() = before_; }

 private:
  std::size_t before_ = detail::least_bytes_in_place();
};

/// Small products join what reads them, too.
class SmallProductsJoin {
 public:
  SmallProductsJoin() { set(0); }
  ~SmallProductsJoin() { set(before_); }

 private:
  static void set(std::size_t bytes) {
    detail::clear_plan_cache();
    detail::least_bytes_of_joining_product() = bytes;
  }
  std::size_t before_ = detail::least_bytes_of_joining_product();
};

class Fuzz : public testing::TestWithParam<std::uint64_t> {
 protected:
  const LeastInPlace small_ones_too_{1};
  const SmallProductsJoin small_products_too_;

  /// Calls check(seed) for one program in `stride`, until it fails.
  template <class Check>
  void for_each_seed(std::uint64_t stride, const Check& check) {
    for (std::uint64_t i = GetParam() * stride; i < programs() && !HasFailure(); i += kShards * stride) {
      try {
        check(first_seed() + i);
      } catch (const std::exception& error) {
        ADD_FAILURE() << error.what() << "\n" << described(first_seed() + i);
      }
    }
  }
};

TEST_P(Fuzz, ThreeWays) {
  for_each_seed(1, [](std::uint64_t seed) {
    const Outcome unplanned = run_program(seed, kUnplanned);
    EXPECT_TRUE(same_bits(run_program(seed, kPlannedExactly).outputs, unplanned.outputs)) << described(seed);
    EXPECT_TRUE(agrees(unplanned, interpret_program(seed, false))) << "unplanned\n" << described(seed);
    EXPECT_TRUE(agrees(run_program(seed, kPlanned), interpret_program(seed, true))) << "planned\n" << described(seed);
  });
}

/// A tape that has recorded this program and another one records it once more: the same nodes and values.
TEST_P(Fuzz, RecordingsInTurn) {
  for_each_seed(10, [](std::uint64_t seed) {
    Tape tape;
    const Outcome first = run_program(seed, kPlanned, false, true);
    for (std::uint64_t which : {seed, seed, seed + 1, seed, seed}) {
      tape.reset();
      const Outcome again = run_program(tape, which, true);
      if (which != seed) continue;
      EXPECT_EQ(again.dump, first.dump) << described(seed);
      EXPECT_TRUE(same_bits(again.outputs, first.outputs)) << described(seed);
    }
  });
}

/// Computing values again instead of keeping them changes nothing.
TEST_P(Fuzz, MemoryBudgets) {
  for_each_seed(10, [](std::uint64_t seed) {
    const Outcome unlimited = run_program(seed, kPlanned);
    for (std::size_t budget : {0, 1000, 10000}) {
      const Options options{true, true, budget};
      EXPECT_TRUE(same_bits(run_program(seed, options).outputs, unlimited.outputs)) << budget << " bytes\n"
                                                                                    << described(seed);
    }
  });
}

/// Whether Parameters get new buffers or are written over changes nothing.
TEST_P(Fuzz, InPlace) {
  for_each_seed(1, [](std::uint64_t seed) {
    const bool large = seed % 32 == 0;
    const Outcome in_place = run_program(seed, kPlanned, large);
    const LeastInPlace none(std::numeric_limits<std::size_t>::max());
    EXPECT_TRUE(same_bits(run_program(seed, kPlanned, large).outputs, in_place.outputs)) << described(seed, large);
  });
}

TEST_P(Fuzz, InstructionSets) {
  const Restoring restoring;
  for_each_seed(10, [](std::uint64_t seed) {
    const Expectation expectation = interpret_program(seed, true);
    for (auto set : {detail::InstructionSet::baseline, detail::InstructionSet::avx2, detail::InstructionSet::avx512}) {
      if (!detail::available(set)) continue;
      detail::set_instruction_set(set);
      const Outcome unplanned = run_program(seed, kUnplanned);
      EXPECT_TRUE(same_bits(run_program(seed, kPlannedExactly).outputs, unplanned.outputs)) << instruction_set() << "\n"
                                                                                            << described(seed);
      EXPECT_TRUE(agrees(run_program(seed, kPlanned), expectation)) << instruction_set() << "\n" << described(seed);
    }
  });
}

TEST_P(Fuzz, Threads) {
  const Restoring restoring;
  for_each_seed(25, [](std::uint64_t seed) {
    set_num_threads(1);
    const Outcome one = run_program(seed, kPlanned, true);
    EXPECT_TRUE(
        same_bits(run_program(seed, kPlannedExactly, true).outputs, run_program(seed, kUnplanned, true).outputs))
        << described(seed, true);
    for (int threads : {2, 4}) {
      set_num_threads(threads);
      EXPECT_TRUE(same_bits(run_program(seed, kPlanned, true).outputs, one.outputs)) << threads << " threads\n"
                                                                                     << described(seed, true);
    }
  });
}

INSTANTIATE_TEST_SUITE_P(Random, Fuzz, testing::Range(std::uint64_t{0}, kShards));

}  // namespace

}  // namespace xtape::test
