#include "transform/sparse_sets.hpp"

#include <algorithm>
#include <iterator>
#include <utility>

namespace xtape::detail {

SetId IndexSets::interned(std::vector<std::uint32_t> indices) {
  if (indices.empty()) return kEmptySet;
  std::uint64_t hash = indices.size();
  for (std::uint32_t index : indices) hash = (hash ^ index) * 0x9e3779b97f4a7c15u;
  const auto [first, last] = by_hash_.equal_range(hash);
  for (auto known = first; known != last; ++known)
    if (sets_[known->second] == indices) return known->second;
  sets_.push_back(std::move(indices));
  const auto id = static_cast<SetId>(sets_.size() - 1);
  by_hash_.emplace(hash, id);
  return id;
}

SetId IndexSets::united(SetId a, SetId b) {
  if (a == b || b == kEmptySet) return a;
  if (a == kEmptySet) return b;
  const std::uint64_t key = std::uint64_t{std::min(a, b)} << 32 | std::max(a, b);
  if (const auto known = unions_.find(key); known != unions_.end()) return known->second;
  std::vector<std::uint32_t> result;
  std::ranges::set_union(sets_[a], sets_[b], std::back_inserter(result));
  return unions_[key] = interned(std::move(result));
}

SetId IndexSets::united(std::span<const SetId> sets) {
  std::vector<SetId> distinct(sets.begin(), sets.end());
  std::ranges::sort(distinct);
  distinct.erase(std::unique(distinct.begin(), distinct.end()), distinct.end());
  if (distinct.size() <= 2) return distinct.empty() ? kEmptySet : united(distinct.front(), distinct.back());
  std::vector<std::uint32_t> result;
  for (SetId set : distinct) result.insert(result.end(), sets_[set].begin(), sets_[set].end());
  std::ranges::sort(result);
  result.erase(std::unique(result.begin(), result.end()), result.end());
  return interned(std::move(result));
}

}  // namespace xtape::detail
