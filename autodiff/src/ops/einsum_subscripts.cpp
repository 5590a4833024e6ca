#include "ops/einsum_subscripts.hpp"

#include <algorithm>
#include <optional>
#include <string>

#include "ops/errors.hpp"

namespace xtape::detail {

namespace {

/// One operand's subscripts: the labels before and after the ellipsis.
struct Piece {
  Labels before, after;
  bool ellipsis = false;

  std::size_t letters() const { return before.size() + after.size(); }
};

bool is_letter(char c) { return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z'); }
int label_of(char c) { return c <= 'Z' ? c - 'A' : c - 'a' + 26; }
std::string letter_of(int label) { return {static_cast<char>(label < 26 ? 'A' + label : 'a' + label - 26)}; }

Piece parse_piece(std::string_view whole, std::string_view text) {
  Piece piece;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (is_letter(text[i])) {
      (piece.ellipsis ? piece.after : piece.before).push_back(label_of(text[i]));
    } else if (text.substr(i, 3) == "..." && !piece.ellipsis) {
      piece.ellipsis = true;
      i += 2;
    } else {
      fail<ValueError>("einsum", "\"", whole, "\" has '", std::string(1, text[i]),
                       "' where a letter, one ellipsis, a comma or -> may stand");
    }
  }
  return piece;
}

/// The labels of an operand's axes, or of the output's.
Labels with_ellipsis(const Piece& piece, std::size_t axes) {
  Labels labels = piece.before;
  for (std::size_t i = axes; i-- > 0;) labels.push_back(kLetters + static_cast<int>(i));
  labels.insert(labels.end(), piece.after.begin(), piece.after.end());
  return labels;
}

std::vector<std::string_view> split(std::string_view text) {
  std::vector<std::string_view> parts;
  for (std::size_t comma; (comma = text.find(',')) != std::string_view::npos; text.remove_prefix(comma + 1))
    parts.push_back(text.substr(0, comma));
  parts.push_back(text);
  return parts;
}

/// The axes that an ellipsis stands for in an operand.
std::size_t hidden_axes(std::string_view whole, const Piece& piece, std::size_t operand, std::size_t rank) {
  if (piece.letters() > rank || (piece.letters() < rank && !piece.ellipsis))
    fail<ValueError>("einsum", "\"", whole, "\" has ", piece.letters(), " labels for the ", rank, " axes of operand ",
                     operand);
  return rank - piece.letters();
}

/// The labels that occur once, in alphabetical order, after the ellipsis.
Labels implicit_output(const std::vector<Labels>& inputs, std::size_t hidden) {
  std::vector<int> count(kLabels, 0);
  for (const Labels& labels : inputs)
    for (int label : labels) ++count[static_cast<std::size_t>(label)];
  Labels output = with_ellipsis({}, hidden);
  for (int label = 0; label < kLetters; ++label)
    if (count[static_cast<std::size_t>(label)] == 1) output.push_back(label);
  return output;
}

Labels explicit_output(std::string_view whole, std::string_view text, LabelSet known, std::size_t hidden) {
  const Piece piece = parse_piece(whole, text);
  if (hidden > 0 && !piece.ellipsis)
    fail<ValueError>("einsum", "\"", whole, "\" has an ellipsis for ", hidden, " axes, but none in its output");
  const Labels output = with_ellipsis(piece, hidden);
  for (int label : output) {
    if ((known >> label & 1) == 0)
      fail<ValueError>("einsum", "\"", whole, "\" has the output label ", letter_of(label), ", which no operand has");
    if (std::ranges::count(output, label) > 1)
      fail<ValueError>("einsum", "\"", whole, "\" has the output label ", letter_of(label), " twice");
  }
  return output;
}

}  // namespace

LabelSet set_of(const Labels& labels) {
  LabelSet set = 0;
  for (int label : labels) set |= LabelSet{1} << label;
  return set;
}

std::string name_of(int label) { return label < kLetters ? "label " + letter_of(label) : "an axis of the ellipsis"; }

Subscripts parse_subscripts(std::string_view given, std::span<const std::size_t> ranks) {
  std::string text(given);
  std::erase(text, ' ');
  const std::string_view view = text;
  const std::size_t arrow = view.find("->");
  const std::vector<std::string_view> parts = split(view.substr(0, arrow));
  if (parts.size() != ranks.size())
    fail<ValueError>("einsum", "\"", given, "\" is for ", parts.size(), " operands, there are ", ranks.size());
  Subscripts result;
  std::size_t hidden = 0;
  LabelSet known = 0;
  for (std::size_t i = 0; i < parts.size(); ++i) {
    const Piece piece = parse_piece(given, parts[i]);
    const std::size_t own = hidden_axes(given, piece, i, ranks[i]);
    hidden = std::max(hidden, own);
    result.inputs.push_back(with_ellipsis(piece, own));
    known |= set_of(result.inputs.back());
  }
  result.output = arrow == std::string_view::npos ? implicit_output(result.inputs, hidden)
                                                  : explicit_output(given, view.substr(arrow + 2), known, hidden);
  return result;
}

}  // namespace xtape::detail
