// Sets of indices, each kept once and named by a number, so that many elements that depend on the same cost one set.
#pragma once

#include <cstdint>
#include <span>
#include <unordered_map>
#include <vector>

namespace xtape::detail {

using SetId = std::uint32_t;
inline constexpr SetId kEmptySet = 0;

class IndexSets {
 public:
  IndexSets() : sets_(1) {}

  SetId single(std::uint32_t index) { return interned({index}); }
  SetId united(SetId a, SetId b);
  SetId united(std::span<const SetId> sets);
  /// In ascending order.
  const std::vector<std::uint32_t>& operator[](SetId set) const { return sets_[set]; }

 private:
  SetId interned(std::vector<std::uint32_t> indices);

  std::vector<std::vector<std::uint32_t>> sets_;
  std::unordered_multimap<std::uint64_t, SetId> by_hash_;
  std::unordered_map<std::uint64_t, SetId> unions_;
};

}  // namespace xtape::detail
