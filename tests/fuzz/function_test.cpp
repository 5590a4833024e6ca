// Random programs as Functions: called twice, saved and loaded, bit for bit what a tape gives.
#include <xtape/function.hpp>

#include <cstdlib>
#include <filesystem>
#include <random>

#include <gtest/gtest.h>

#include "fuzz/program.hpp"
#include "fuzz/recorder.hpp"

namespace xtape::test {

namespace {

constexpr Options kExactly{true, false};

/// The program of this seed, which has no inputs, but captures Arrays and reads Parameters.
Function function_of(std::uint64_t seed) {
  return Function(
      [seed](Tape& tape) {
        Recorder recorder(tape, seed);
        recorder.record([](const Var&) {});
        std::vector<Var> results = recorder.outputs();
        for (const Assignment& assignment : recorder.assignments()) results.push_back(assignment.value);
        return results;
      },
      kExactly);
}

TEST(FunctionFuzz, GivesWhatATapeGives) {
  const auto path =
      std::filesystem::temp_directory_path() / ("xtape_function_fuzz_" + std::to_string(std::random_device()()));
  for (std::uint64_t seed = 1; seed <= 300 && !HasFailure(); ++seed) {
    const std::vector<Array> expected = run_program(seed, kExactly).outputs;
    const Function f = function_of(seed);
    EXPECT_TRUE(same_bits(f.call(), expected)) << "seed " << seed;
    EXPECT_TRUE(same_bits(f.call(), expected)) << "seed " << seed << ", called again";
    f.save(path);
    EXPECT_TRUE(same_bits(Function::load(path, kExactly).call(), expected)) << "seed " << seed << ", loaded";
  }
  std::filesystem::remove(path);
}

}  // namespace

}  // namespace xtape::test
