// Memory over long training: flat with a tape each or with reset(); without either it grows by nodes and kept values.
#include <cstdio>
#include <fstream>

#include <unistd.h>

#include <gtest/gtest.h>

#include <xtape/xtape.hpp>

#include "kernels/dispatch.hpp"
#include "tape/large_vector.hpp"

namespace xtape::test {

namespace {

constexpr std::size_t kMegabyte = std::size_t{1} << 20;

std::size_t resident_bytes() {
  std::size_t total = 0, resident = 0;
  std::ifstream("/proc/self/statm") >> total >> resident;
  return resident * static_cast<std::size_t>(sysconf(_SC_PAGESIZE));
}

/// One step of gradient descent on three numbers.
void train(Tape& tape, Parameter& p) {
  const Var x = tape.read(p);
  const Var loss = sum(square(tanh(x) - 0.5));
  const Var guard = isfinite(loss);
  tape.evaluate({loss}, {{p, x - 0.1 * tape.gradient(loss, x)}}, &guard);
}

/// How much the resident memory grows over 1e5 steps, after a few to warm up.
template <class Step>
std::size_t growth_over_training(const Step& step) {
  for (int i = 0; i < 2000; ++i) step();
  const std::size_t before = resident_bytes();
  for (int i = 0; i < 100000; ++i) step();
  const std::size_t after = resident_bytes();
  return after > before ? after - before : 0;
}

TEST(Memory, IsFlatWithATapeForEachStep) {
  Parameter p("p", Array{1, -2, 3});
  EXPECT_LT(growth_over_training([&] {
              Tape tape;
              train(tape, p);
            }),
            kMegabyte);
}

TEST(Memory, IsFlatWithReset) {
  Parameter p("p", Array{1, -2, 3});
  Tape tape;
  EXPECT_LT(growth_over_training([&] {
              tape.reset();
              train(tape, p);
            }),
            kMegabyte);
}

TEST(Memory, OfATapeNeverResetGrowsByNodesAndKeptValues) {
  constexpr int kSteps = 200;
  Tape tape;
  const Var x = tape.variable(Array::full({100000}, 0.5));
  const auto step = [&] { sum(exp(tanh(x) * 0.5) - x).value(); };
  step();
  const std::size_t nodes = tape.size();
  step();
  const std::size_t nodes_per_step = tape.size() - nodes, in_use = memory_statistics().in_use,
                    resident = resident_bytes();
  for (int i = 0; i < kSteps; ++i) step();
  EXPECT_EQ(tape.size(), nodes + nodes_per_step * (kSteps + 1));
  EXPECT_LE(memory_statistics().in_use - in_use, kSteps * 256U) << "more is kept than the sums";
  EXPECT_LT(resident_bytes() - resident, 4 * kMegabyte);
}

TEST(Memory, PagesOfLargeVectorsAreAlignedAndUsedAgain) {
  release_memory();
  for (std::size_t bytes : {std::size_t{1}, std::size_t{5000}, kMegabyte, 9 * kMegabyte}) {
    void* const pages = detail::take_pages(bytes);
    EXPECT_EQ(reinterpret_cast<std::uintptr_t>(pages) % 64, 0U) << bytes;
    detail::give_pages(pages);
    if (bytes <= kMegabyte) continue;
    void* const again = detail::take_pages(bytes);
    EXPECT_EQ(again, pages);
    detail::give_pages(again);
  }
  release_memory();
}

/// Large results are written past the caches: block by block, from odd addresses too.
void expect_large_results() {
  constexpr std::int64_t kRows = 5, kColumns = 900001;
  const Array x = Array::from([] {
    std::vector<double> elements(kRows * kColumns);
    for (std::size_t i = 0; i < elements.size(); ++i) elements[i] = static_cast<double>(i);
    return elements;
  }());
  Tape tape;
  const Var y = reshape(tape.variable(x), {kRows, kColumns});
  const std::vector<Array> results = tape.evaluate({y * 2, sum(y, 1), cast(y, DType::float32) + 1.0});
  const std::span<const double> doubled = results[0].values<double>();
  const std::span<const float> added = results[2].values<float>();
  for (std::size_t i = 0; i < doubled.size(); ++i) {
    ASSERT_EQ(doubled[i], 2 * static_cast<double>(i));
    ASSERT_EQ(added[i], static_cast<float>(i) + 1.0F);
  }
  for (std::size_t row = 0; row < kRows; ++row) {
    const double first = static_cast<double>(row * kColumns);
    EXPECT_EQ(results[1].values<double>()[row], (first + first + kColumns - 1) / 2 * kColumns);
  }
}

TEST(Memory, HoldsLargeResultsToTheLastBit) {
  const detail::InstructionSet before = detail::instruction_set();
  for (auto set : {detail::InstructionSet::baseline, detail::InstructionSet::avx2, detail::InstructionSet::avx512}) {
    if (!detail::available(set)) continue;
    detail::set_instruction_set(set);
    expect_large_results();
  }
  detail::set_instruction_set(before);
}

TEST(Memory, IsGivenBack) {
  {
    Tape tape;
    exp(tape.variable(Array::ones({1 << 20}))).value();
  }
  const std::size_t in_use = memory_statistics().in_use;
  EXPECT_LT(in_use, 64 * kMegabyte);
  release_memory();
  EXPECT_EQ(memory_statistics().pooled, 0U);
  EXPECT_LE(memory_statistics().in_use, in_use);
}

}  // namespace

}  // namespace xtape::test
