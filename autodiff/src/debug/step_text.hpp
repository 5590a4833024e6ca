// A step of a plan in words: what it does, and where its ops come from.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "plan/observer.hpp"

namespace xtape::detail {

/// A path without its folders.
std::string_view file_name(std::string_view path);

/// The nodes that the step computes.
std::span<const NodeId> nodes_of(const Plan& plan, const Step& step);
/// "loop: multiply x2, sum", "product 64 x 30 by 30 x 10" or "call gather".
std::string what_text(const Plan& plan, const Step& step);

/// The scopes of the step's ops on the tape, one for each: "encoder", or "encoder (gradient)".
std::vector<std::string> scopes_of(const PlanRun& run, const Step& step);
/// Each scope once: "encoder + loss (gradient)".
std::string joined_scopes(const std::vector<std::string>& scopes);
/// The lines that recorded the step's ops: "model.cpp:12,14".
std::string lines_text(const PlanRun& run, const Step& step);

}  // namespace xtape::detail
