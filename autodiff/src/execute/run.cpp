#include "execute/run.hpp"

#include "execute/memory.hpp"
#include "execute/small_steps.hpp"

namespace xtape::detail {

void place(const Plan& plan, std::span<const std::byte* const> leaves, std::span<std::byte* const> outputs,
           std::byte* arena, std::vector<std::byte*>& bases) {
  bases.resize(plan.placements.size());
  for (std::size_t id = 0; id < plan.placements.size(); ++id) {
    const Placement& placement = plan.placements[id];
    switch (placement.place) {
      case Place::nowhere:
        break;
      case Place::leaf:
        bases[id] = const_cast<std::byte*>(leaves[placement.at]);
        break;
      case Place::output:
        bases[id] = outputs[placement.at];
        break;
      case Place::arena:
        bases[id] = arena + placement.at;
        break;
      case Place::constant:
        bases[id] = const_cast<std::byte*>(plan.constants.data()) + placement.at;
        break;
    }
  }
}

void run_step(const Plan& plan, const Step& step, Bases bases) {
  switch (step.kind) {
    case Step::Kind::loop:
      return run_loop(plan.loops[step.index], bases);
    case Step::Kind::matmul: {
      const MatmulStep& matmul = plan.matmuls[step.index];
      return run_matmul(matmul, plan.instruction_set, plan.program[matmul.value].dtype, bases);
    }
    case Step::Kind::opaque:
      return OpaqueCall(plan, plan.opaques[step.index]).run(bases);
  }
}

void run_steps(const Plan& plan, Bases bases, std::size_t end, std::size_t& step, StepTimes* times) {
  each_step(end, step, times, [&](std::size_t i) { run_step(plan, plan.steps[i], bases); });
}

void run_last_loops(const Plan& plan, Bases bases, std::size_t step) {
  std::vector<PreparedLoop> loops;
  for (; step < plan.steps.size(); ++step) loops.emplace_back(plan.loops[plan.steps[step].index], bases);
  for (PreparedLoop& loop : loops) loop.run();
}

}  // namespace xtape::detail
