#include "execute/memory.hpp"

#include <sys/mman.h>

#include <array>
#include <bit>
#include <cstdint>
#include <cstdlib>
#include <map>
#include <mutex>
#include <new>
#include <vector>

#include <xtape/engine.hpp>

namespace xtape::detail {

namespace {

constexpr std::size_t kAlignment = 64;
constexpr std::size_t kSmall = 4096;  ///< up to here, free lists of each thread
constexpr std::size_t kHugePage = std::size_t{2} << 20;
constexpr std::size_t kAskForHugePages = 2 * kHugePage;

/// Sizes are rounded up to a power of two, or for large buffers to a quarter of one, so that what is given back fits
/// what is asked for next.
std::size_t rounded(std::size_t bytes) {
  if (bytes <= kAlignment) return kAlignment;
  const std::size_t power = std::bit_ceil(bytes);
  if (bytes <= kSmall) return power;
  const std::size_t quarter = power / 8;
  return (bytes + quarter - 1) / quarter * quarter;
}

std::byte* from_system(std::size_t bytes) {
  const bool huge = bytes >= kAskForHugePages;
  const std::size_t alignment = huge ? kHugePage : kAlignment;
  void* memory = std::aligned_alloc(alignment, (bytes + alignment - 1) / alignment * alignment);
  if (memory == nullptr) throw std::bad_alloc();
  if (huge) madvise(memory, bytes, MADV_HUGEPAGE);
  return static_cast<std::byte*>(memory);
}

/// Small buffers never leave their thread's lists while these are short.
class SmallLists {
 public:
  ~SmallLists() {
    for (auto& list : lists_)
      for (std::byte* memory : list) std::free(memory);
    gone_ = true;
  }
  std::byte* take(std::size_t bytes) {
    auto& list = list_for(bytes);
    if (gone_ || list.empty()) return from_system(bytes);
    std::byte* memory = list.back();
    list.pop_back();
    return memory;
  }
  void give(std::byte* memory, std::size_t bytes) {
    auto& list = list_for(bytes);
    if (gone_ || list.size() >= kMost) return std::free(memory);
    list.push_back(memory);
  }

 private:
  static constexpr std::size_t kMost = 64;
  std::vector<std::byte*>& list_for(std::size_t bytes) {
    return lists_[static_cast<std::size_t>(std::countr_zero(bytes / kAlignment))];
  }
  std::array<std::vector<std::byte*>, 7> lists_;
  static thread_local bool gone_;  ///< Arrays may outlive their thread's lists
};
thread_local bool SmallLists::gone_ = false;
thread_local SmallLists small_lists;

/// Large buffers, shared by all threads. It keeps no more than was ever in use at once.
class LargePool {
 public:
  std::byte* take(std::size_t bytes) {
    {
      const std::lock_guard lock(mutex_);
      const auto found = free_.find(bytes);
      if (found != free_.end()) {
        in_use_ += bytes;
        return forget(found);
      }
    }
    std::byte* memory = from_system(bytes);
    const std::lock_guard lock(mutex_);
    in_use_ += bytes;
    peak_ = std::max(peak_, in_use_);
    while (in_use_ + pooled_ > peak_) std::free(forget(free_.begin()));
    return memory;
  }

  void give(std::byte* memory, std::size_t bytes) {
    {
      const std::lock_guard lock(mutex_);
      in_use_ -= bytes;
      if (in_use_ + pooled_ + bytes <= peak_) {
        free_.emplace(bytes, memory);
        pooled_ += bytes;
        return;
      }
    }
    std::free(memory);
  }

  void release() {
    const std::lock_guard lock(mutex_);
    for (const auto& [bytes, memory] : free_) std::free(memory);
    free_.clear();
    pooled_ = 0;
    peak_ = in_use_;
  }

  MemoryStatistics statistics() {
    const std::lock_guard lock(mutex_);
    return {in_use_, pooled_};
  }

 private:
  std::byte* forget(std::multimap<std::size_t, std::byte*>::iterator entry) {
    std::byte* memory = entry->second;
    pooled_ -= entry->first;
    free_.erase(entry);
    return memory;
  }

  std::mutex mutex_;
  std::multimap<std::size_t, std::byte*> free_;
  std::size_t in_use_ = 0, peak_ = 0, pooled_ = 0;
};

/// Never destroyed: Arrays with static lifetime give their memory back at any time.
LargePool& large_pool() {
  static auto* pool = new LargePool;
  return *pool;
}

}  // namespace

std::byte* take_memory(std::size_t bytes) {
  const std::size_t size = rounded(bytes);
  return size <= kSmall ? small_lists.take(size) : large_pool().take(size);
}

void give_memory(std::byte* memory, std::size_t bytes) noexcept {
  const std::size_t size = rounded(bytes);
  if (size <= kSmall) small_lists.give(memory, size);
  else large_pool().give(memory, size);
}

}  // namespace xtape::detail

namespace xtape {

MemoryStatistics memory_statistics() { return detail::large_pool().statistics(); }

void release_memory() { detail::large_pool().release(); }

}  // namespace xtape
