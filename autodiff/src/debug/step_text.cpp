#include "debug/step_text.hpp"

#include <algorithm>
#include <string_view>

#include "ops/op.hpp"
#include "tape/notes.hpp"

namespace xtape::detail {

namespace {

constexpr std::size_t kMostOps = 6, kMostScopes = 3, kMostLines = 3;

std::string loop_text(const Plan& plan, const Loop& loop) {
  std::vector<std::pair<std::string_view, int>> counts;
  for (NodeId id : loop.nodes) {
    const std::string_view name = plan.program[id].op->name;
    const auto found = std::ranges::find(counts, name, &std::pair<std::string_view, int>::first);
    if (found == counts.end()) counts.emplace_back(name, 1);
    else ++found->second;
  }
  std::string text = "loop:";
  for (std::size_t i = 0; i < std::min(counts.size(), kMostOps); ++i) {
    text += (i == 0 ? " " : ", ") + std::string(counts[i].first);
    if (counts[i].second > 1) text += " x" + std::to_string(counts[i].second);
  }
  return text + (counts.size() > kMostOps ? ", ..." : "");
}

std::string product_text(const MatmulStep& step) {
  const std::string k = std::to_string(step.k);
  const std::string many = step.batch.size() == 1 ? "product " : std::to_string(step.batch.size()) + " products ";
  return many + std::to_string(step.m) + " x " + k + " by " + k + " x " + std::to_string(step.n);
}

/// Appends what is not there yet.
template <class T>
void add_once(std::vector<T>& list, T item) {
  if (std::ranges::find(list, item) == list.end()) list.push_back(std::move(item));
}

}  // namespace

std::string_view file_name(std::string_view path) { return path.substr(path.find_last_of('/') + 1); }

std::span<const NodeId> nodes_of(const Plan& plan, const Step& step) {
  switch (step.kind) {
    case Step::Kind::loop:
      return plan.loops[step.index].nodes;
    case Step::Kind::matmul:
      return {&plan.matmuls[step.index].value, 1};
    case Step::Kind::opaque:
      return {&plan.opaques[step.index].value, 1};
  }
  return {};
}

std::string what_text(const Plan& plan, const Step& step) {
  switch (step.kind) {
    case Step::Kind::loop:
      return loop_text(plan, plan.loops[step.index]);
    case Step::Kind::matmul:
      return product_text(plan.matmuls[step.index]);
    case Step::Kind::opaque:
      return "call " + std::string(plan.program[plan.opaques[step.index].value].op->name);
  }
  return {};
}

std::vector<std::string> scopes_of(const PlanRun& run, const Step& step) {
  std::vector<std::string> scopes;
  for (NodeId id : nodes_of(run.plan, step)) {
    Origin origin;
    if (run.tape != nullptr) origin = origin_of(*run.tape, run.nodes[run.plan.origins[id]]);
    if (origin.of_gradient) origin.scope += origin.scope.empty() ? "(gradient)" : " (gradient)";
    scopes.push_back(std::move(origin.scope));
  }
  return scopes;
}

std::string joined_scopes(const std::vector<std::string>& scopes) {
  std::vector<std::string> distinct;
  for (const std::string& scope : scopes)
    if (!scope.empty()) add_once(distinct, scope);
  std::string text;
  for (std::size_t i = 0; i < std::min(distinct.size(), kMostScopes); ++i) text += (i == 0 ? "" : " + ") + distinct[i];
  return text + (distinct.size() > kMostScopes ? " + ..." : "");
}

std::string lines_text(const PlanRun& run, const Step& step) {
  std::vector<std::pair<std::string_view, std::uint32_t>> lines;
  for (NodeId id : nodes_of(run.plan, step)) {
    const Location location = run.program[run.nodes[run.plan.origins[id]]].location;
    if (*location.file != '\0') add_once(lines, {file_name(location.file), location.line});
  }
  std::ranges::sort(lines);
  std::string text;
  for (std::size_t i = 0; i < std::min(lines.size(), kMostLines); ++i) {
    const bool same_file = i > 0 && lines[i].first == lines[i - 1].first;
    text += same_file ? "," : (i == 0 ? "" : " ") + std::string(lines[i].first) + ":";
    text += std::to_string(lines[i].second);
  }
  return text + (lines.size() > kMostLines ? ",..." : "");
}

}  // namespace xtape::detail
