#include "execute/steady_run.hpp"

#include <algorithm>
#include <cstring>

namespace xtape::detail {

namespace {

/// A larger workspace is taken from the pool for each run.
constexpr std::size_t kMostKept = std::size_t{64} << 10;

std::size_t stage_bytes(const Plan& plan) {
  std::size_t most = 0;
  for (const Loop& loop : plan.loops)
    if (SmallLoop::fits(loop)) most = std::max(most, SmallLoop::stage_bytes(loop));
  return most;
}

}  // namespace

SteadyRun::SteadyRun(const Plan& plan)
    : plan_(&plan), workspace_(plan.arena_bytes <= kMostKept ? plan.arena_bytes : 0), stages_(stage_bytes(plan)) {
  const std::vector<const std::byte*> leaves(plan.leaves.size());
  const std::vector<std::byte*> outputs(plan.output_buffers.size());
  place(plan, leaves, outputs, workspace_.data(), bases_);
  if (stages_.data() != nullptr) std::memset(stages_.data(), 0, stages_.bytes());  // kernels compute on padding, too
  steps_.reserve(plan.steps.size());
  for (const Step& step : plan.steps) steps_.push_back(prepare(step));
}

SteadyRun::PreparedStep SteadyRun::prepare(const Step& step) {
  using Kind = PreparedStep::Kind;
  if (step.kind == Step::Kind::loop && SmallLoop::fits(plan_->loops[step.index])) {
    loops_.emplace_back(plan_->loops[step.index], stages_.data());
    return {Kind::loop, loops_.size() - 1};
  }
  if (step.kind == Step::Kind::matmul && SmallProduct::fits(plan_->matmuls[step.index])) {
    const MatmulStep& matmul = plan_->matmuls[step.index];
    products_.emplace_back(matmul, plan_->instruction_set, plan_->program[matmul.value].dtype);
    return {Kind::product, products_.size() - 1};
  }
  if (step.kind != Step::Kind::opaque) return {Kind::none, 0};
  calls_.emplace_back(*plan_, plan_->opaques[step.index]);
  return {Kind::call, calls_.size() - 1};
}

void SteadyRun::operator()(std::size_t& step, StepTimes* times) {
  const Workspace arena(workspace_.data() != nullptr ? 0 : plan_->arena_bytes);
  for (NodeId id = 0; arena.data() != nullptr && id < plan_->placements.size(); ++id)
    if (plan_->placements[id].place == Place::arena) bases_[id] = arena.data() + plan_->placements[id].at;
  each_step(steps_.size(), step, times, [&](std::size_t i) { run_one(i); });
}

void SteadyRun::run_one(std::size_t step) {
  switch (steps_[step].kind) {
    case PreparedStep::Kind::loop:
      return loops_[steps_[step].index].run(bases_);
    case PreparedStep::Kind::product:
      return products_[steps_[step].index].run(bases_);
    case PreparedStep::Kind::call:
      return calls_[steps_[step].index].run(bases_);
    default:
      return run_step(*plan_, plan_->steps[step], bases_);
  }
}

}  // namespace xtape::detail
