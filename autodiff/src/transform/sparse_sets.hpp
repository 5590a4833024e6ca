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
  IndexSets() : ends_(1), table_(64, kEmptySet) {}

  SetId single(std::uint32_t index) { return interned({&index, 1}); }
  SetId united(SetId a, SetId b);
  SetId united(std::span<const SetId> sets);
  /// In ascending order; valid until the next set is made.
  std::span<const std::uint32_t> operator[](SetId set) const {
    const std::size_t begin = set == kEmptySet ? 0 : ends_[set - 1];
    return {indices_.data() + begin, ends_[set] - begin};
  }

 private:
  SetId interned(std::span<const std::uint32_t> indices);
  /// The place in the table of a set, or of one that is not there yet.
  SetId& place_of(std::span<const std::uint32_t> indices);
  void grow();

  std::vector<std::uint32_t> indices_;  ///< of all sets, one after the other
  std::vector<std::size_t> ends_;
  std::vector<SetId> table_;  ///< by hash, with linear probing
  std::unordered_map<std::uint64_t, SetId> unions_;
  std::vector<std::uint32_t> merged_;
  std::vector<SetId> distinct_;
};

}  // namespace xtape::detail
