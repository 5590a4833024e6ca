#include "transform/sparse_sets.hpp"

#include <algorithm>
#include <iterator>
#include <utility>

namespace xtape::detail {

namespace {

std::size_t hash_of(std::span<const std::uint32_t> indices) {
  std::uint64_t hash = indices.size();
  for (std::uint32_t index : indices) hash = (hash ^ index) * 0x9e3779b97f4a7c15u;
  return hash ^ hash >> 32;
}

}  // namespace

SetId& IndexSets::place_of(std::span<const std::uint32_t> indices) {
  const std::size_t mask = table_.size() - 1;
  std::size_t at = hash_of(indices) & mask;
  while (table_[at] != kEmptySet && !std::ranges::equal((*this)[table_[at]], indices)) at = (at + 1) & mask;
  return table_[at];
}

void IndexSets::grow() {
  table_.assign(2 * table_.size(), kEmptySet);
  for (SetId set = 1; set < ends_.size(); ++set) place_of((*this)[set]) = set;
}

SetId IndexSets::interned(std::span<const std::uint32_t> indices) {
  if (indices.empty()) return kEmptySet;
  if (2 * ends_.size() > table_.size()) grow();
  SetId& place = place_of(indices);
  if (place != kEmptySet) return place;
  indices_.insert(indices_.end(), indices.begin(), indices.end());
  ends_.push_back(indices_.size());
  return place = static_cast<SetId>(ends_.size() - 1);
}

SetId IndexSets::united(SetId a, SetId b) {
  if (a == b || b == kEmptySet) return a;
  if (a == kEmptySet) return b;
  const std::uint64_t key = std::uint64_t{std::min(a, b)} << 32 | std::max(a, b);
  const auto [known, is_new] = unions_.try_emplace(key, kEmptySet);
  if (!is_new) return known->second;
  merged_.clear();
  std::ranges::set_union((*this)[a], (*this)[b], std::back_inserter(merged_));
  return known->second = interned(merged_);
}

SetId IndexSets::united(std::span<const SetId> sets) {
  distinct_.assign(sets.begin(), sets.end());
  std::ranges::sort(distinct_);
  distinct_.erase(std::unique(distinct_.begin(), distinct_.end()), distinct_.end());
  if (distinct_.size() <= 2) return distinct_.empty() ? kEmptySet : united(distinct_.front(), distinct_.back());
  merged_.clear();
  for (SetId set : distinct_) merged_.insert(merged_.end(), (*this)[set].begin(), (*this)[set].end());
  std::ranges::sort(merged_);
  merged_.erase(std::unique(merged_.begin(), merged_.end()), merged_.end());
  return interned(merged_);
}

}  // namespace xtape::detail
