#include <chrono>
#include <ctime>
#include <memory>
#include <string>

#include <xtape/profile.hpp>
#include <xtape/xtape.hpp>

#include "bench/inputs.hpp"
#include "bench/xtape/cases.hpp"
#include "plan/cache.hpp"

namespace bench::with_xtape {
namespace {

struct State {
  bool wide;
  std::int64_t ops;
  double planning = 0;  ///< seconds for so many ops
  double y = 0, dx = 0;
  std::int64_t iteration = 0;
};

xtape::Var chain(const xtape::Var& x, std::int64_t length) {
  xtape::Var y = x;
  for (std::int64_t i = 0; i < length; ++i) y = i % 4 == 0 ? tanh(y) : i % 4 == 1 ? y * x : i % 4 == 2 ? y + x : y * y;
  return y;
}

/// A sum of terms that have nothing to do with each other.
xtape::Var wide_sum(const xtape::Var& x, std::int64_t terms) {
  xtape::Var y = x;
  for (std::int64_t i = 0; i < terms; ++i) y = y + tanh(x * (1 + 1e-7 * static_cast<double>(i)));
  return y;
}

double planning_of(const xtape::Profile& profile) {
  for (const xtape::Profile::Entry& entry : profile.entries())
    if (entry.what == "planning") return entry.seconds;
  return 0;
}

/// How much of the time that passes the process runs: a profile's seconds count what other programs take, too.
class CpuShare {
 public:
  double operator()() const {
    const double passed = std::chrono::duration<double>(std::chrono::steady_clock::now() - begin_).count();
    return static_cast<double>(std::clock() - cpu_begin_) / CLOCKS_PER_SEC / passed;
  }

 private:
  std::chrono::steady_clock::time_point begin_ = std::chrono::steady_clock::now();
  std::clock_t cpu_begin_ = std::clock();
};

/// About a third of the ops are the program's, the rest its gradient's.
void plan(State& s) {
  xtape::detail::clear_plan_cache();
  xtape::Tape tape;
  const xtape::Var x = tape.variable(xtape::Array::full({4}, chain_start(s.iteration++, 0)));
  const xtape::Var y = sum(s.wide ? wide_sum(x, s.ops / 9) : chain(x, s.ops / 3));
  const xtape::Var dx = tape.gradient(y, x);
  const xtape::Profile profile;
  const CpuShare cpu_share;
  const std::vector<xtape::Array> results = tape.evaluate({y, dx});
  s.planning = cpu_share() * planning_of(profile) * static_cast<double>(s.ops) / static_cast<double>(tape.size());
  s.y = results[0].item<double>();
  s.dx = results[1].values<double>()[0];
}

Runner planner(const State& start) {
  auto state = std::make_shared<State>(start);
  Runner result = runner<State>(state, 1, plan, [](const State& s) { return std::vector<double>{s.y, s.dx}; });
  result.seconds = [state] { return state->planning; };
  return result;
}

}  // namespace

std::vector<Case> plan_building() {
  std::vector<Case> all;
  for (bool wide : {false, true})
    for (const auto& size : {std::pair{"1e3", 1000}, {"1e4", 10000}, {"1e5", 100000}, {"1e6", 1000000}}) {
      const std::int64_t ops = size.second;
      const auto make = [=] { return planner(State{wide, ops}); };
      all.push_back({"plan_building", (wide ? "wide " : "chain ") + std::string(size.first), "float64", 1, "xtape",
                     make, static_cast<double>(ops), 1, ops > 100000});
    }
  return all;
}

}  // namespace bench::with_xtape
