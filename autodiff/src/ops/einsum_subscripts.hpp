// The subscripts of einsum as labels of axes.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace xtape::detail {

/// A label is a letter in ASCII order, 0 to 51, or 52 + i for the axis that an ellipsis stands for at place i from the
/// end.
inline constexpr int kLetters = 52;
inline constexpr std::size_t kLabels = 60;
using Labels = std::vector<int>;
using LabelSet = std::uint64_t;

LabelSet set_of(const Labels& labels);
/// "label j", or "an axis of the ellipsis".
std::string name_of(int label);

struct Subscripts {
  std::vector<Labels> inputs;  ///< a label for each axis of each operand
  Labels output;
};

/// Throws ValueError where the text is no subscripts or does not fit operands of these ranks.
Subscripts parse_subscripts(std::string_view text, std::span<const std::size_t> ranks);

}  // namespace xtape::detail
