#include "transform/sparse_colouring.hpp"

#include <algorithm>
#include <bit>
#include <numeric>
#include <utility>

namespace xtape::detail {

namespace {

constexpr std::uint32_t kNoColour = ~std::uint32_t{0};

/// A set of colours, as bits: the first 64 are most often all.
class Colours {
 public:
  bool contains(std::uint32_t colour) const {
    if (colour < 64) return (first_ >> colour & 1) != 0;
    return colour / 64 - 1 < rest_.size() && (rest_[colour / 64 - 1] >> (colour % 64) & 1) != 0;
  }
  void add(std::uint32_t colour) {
    if (colour >= 64 && rest_.size() < colour / 64) rest_.resize(colour / 64);
    (colour < 64 ? first_ : rest_[colour / 64 - 1]) |= std::uint64_t{1} << (colour % 64);
  }
  void add(const Colours& other) {
    first_ |= other.first_;
    if (rest_.size() < other.rest_.size()) rest_.resize(other.rest_.size());
    for (std::size_t i = 0; i < other.rest_.size(); ++i) rest_[i] |= other.rest_[i];
  }
  std::uint32_t first_absent() const {
    std::uint64_t word = first_;
    std::size_t words = 0;
    while (~word == 0) {
      if (words == rest_.size()) return static_cast<std::uint32_t>(64 * (words + 1));
      word = rest_[words++];
    }
    return static_cast<std::uint32_t>(64 * words) + static_cast<std::uint32_t>(std::countr_one(word));
  }

 private:
  std::uint64_t first_ = 0;
  std::vector<std::uint64_t> rest_;
};

/// Gives vertices of the graph of a symmetric pattern their colours, one after the other.
class StarColouring {
 public:
  explicit StarColouring(const Pattern& pattern)
      : graph_(pattern.rows), colour_(graph_.size(), kNoColour), around_(graph_.size()), twice_(graph_.size()) {}

  Colouring run() {
    std::vector<std::uint32_t> order(graph_.size());
    std::iota(order.begin(), order.end(), 0u);
    std::ranges::stable_sort(order,
                             [&](std::uint32_t a, std::uint32_t b) { return graph_[a].size() > graph_[b].size(); });
    std::uint32_t count = 0;
    for (std::uint32_t vertex : order) {
      give(vertex, forbidden(vertex).first_absent());
      if (!graph_[vertex].empty()) count = std::max(count, colour_[vertex] + 1);
    }
    return {std::move(colour_), count};
  }

 private:
  /// Neighbours of a vertex without a colour must differ; and no path of four vertices may have two colours only.
  Colours forbidden(std::uint32_t vertex) const {
    Colours result;
    for (std::uint32_t next : graph_[vertex]) {
      if (next == vertex) continue;
      if (colour_[next] == kNoColour) {
        result.add(around_[next]);
        continue;
      }
      result.add(colour_[next]);
      for (std::uint32_t other : graph_[next])
        if (other != vertex && other != next && colour_[other] != kNoColour && twice_[other].contains(colour_[next]))
          result.add(colour_[other]);
    }
    return result;
  }

  void give(std::uint32_t vertex, std::uint32_t colour) {
    colour_[vertex] = colour;
    for (std::uint32_t next : graph_[vertex]) {
      if (next == vertex) continue;
      (around_[next].contains(colour) ? twice_ : around_)[next].add(colour);
    }
  }

  const std::vector<std::vector<std::uint32_t>>& graph_;
  std::vector<std::uint32_t> colour_;
  std::vector<Colours> around_;  ///< the colours of each vertex's neighbours
  std::vector<Colours> twice_;   ///< those that two of them have
};

/// The paths of three vertices, which is what star colouring looks at.
std::size_t paths(const Pattern& pattern) {
  std::size_t count = 0;
  for (const std::vector<std::uint32_t>& row : pattern.rows) count += row.size() * row.size();
  return count;
}

}  // namespace

Colouring column_colouring(const Pattern& pattern) {
  const Pattern columns = transposed(pattern);
  std::vector<Colours> in_row(pattern.rows.size());
  Colouring result;
  for (const std::vector<std::uint32_t>& rows : columns.rows) {
    Colours taken;
    for (std::uint32_t row : rows) taken.add(in_row[row]);
    result.of.push_back(taken.first_absent());
    if (!rows.empty()) result.count = std::max(result.count, result.of.back() + 1);
    for (std::uint32_t row : rows) in_row[row].add(result.of.back());
  }
  return result;
}

Colouring star_colouring(const Pattern& pattern) {
  constexpr std::size_t kMostPaths = std::size_t{1} << 28;
  return paths(pattern) > kMostPaths ? column_colouring(pattern) : StarColouring(pattern).run();
}

}  // namespace xtape::detail
