#include "execute/memory.hpp"

#include <sys/mman.h>

#include <bit>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <map>
#include <mutex>
#include <new>

#include <xtape/engine.hpp>

#include "tape/large_vector.hpp"

namespace xtape::detail {

namespace {

constexpr std::size_t kAlignment = 64;
constexpr std::size_t kSmall = 4096;  ///< up to here, free lists of each thread
constexpr std::size_t kHugePage = std::size_t{2} << 20;
constexpr std::size_t kAskForHugePages = 2 * kHugePage;

/// Small sizes are rounded up to a power of two, from 64 bytes on: which one.
std::size_t size_class(std::size_t bytes) {
  return bytes <= kAlignment ? 0 : static_cast<std::size_t>(std::bit_width((bytes - 1) / kAlignment));
}

/// Large sizes are rounded up to a quarter of a power of two. So what is given back fits what is asked for next.
std::size_t rounded(std::size_t bytes) {
  const std::size_t quarter = std::bit_ceil(bytes) / 8;
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

/// Free small buffers of one size, linked through their first bytes.
struct FreeList {
  static constexpr std::uint32_t kMost = 64;
  std::byte* first = nullptr;
  std::uint32_t count = 0;

  std::byte* take() {
    std::byte* memory = first;
    std::memcpy(&first, memory, sizeof first);
    --count;
    return memory;
  }
  void give(std::byte* memory) {
    std::memcpy(memory, &first, sizeof first);
    first = memory;
    ++count;
  }
};

/// Small buffers never leave their thread's lists while these are short. No constructor and no destructor, so that a
/// thread finds them without a test; SmallListsOwner empties them when the thread ends.
struct SmallLists {
  FreeList lists[7];
  bool owned = false, gone = false;  ///< Arrays may outlive their thread's lists
};
constinit thread_local SmallLists small_lists;

struct SmallListsOwner {
  SmallListsOwner() { small_lists.owned = true; }
  ~SmallListsOwner() {
    small_lists.gone = true;
    for (FreeList& list : small_lists.lists)
      while (list.first != nullptr) std::free(list.take());
  }
};

std::byte* take_small(std::size_t bytes) {
  const std::size_t which = size_class(bytes);
  FreeList& list = small_lists.lists[which];
  return list.first == nullptr ? from_system(kAlignment << which) : list.take();
}

void own_small_lists() {
  thread_local const SmallListsOwner owner;
  static_cast<void>(owner);
}

void give_small(std::byte* memory, std::size_t bytes) {
  FreeList& list = small_lists.lists[size_class(bytes)];
  if (!small_lists.owned) own_small_lists();
  if (small_lists.gone || list.count == FreeList::kMost) return std::free(memory);
  list.give(memory);
}

/// Large buffers, shared by all threads. It keeps no more than was ever in use at once, and no more than `most`.
class LargePool {
 public:
  explicit LargePool(std::size_t most = SIZE_MAX) : most_(most) {}

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
      if (in_use_ + pooled_ + bytes <= peak_ && pooled_ + bytes <= most_) {
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
  const std::size_t most_;
  std::size_t in_use_ = 0, peak_ = 0, pooled_ = 0;
};

/// Never destroyed: Arrays with static lifetime give their memory back at any time.
LargePool& large_pool() {
  static auto* pool = new LargePool;
  return *pool;
}

/// Blocks of huge pages for large vectors. Freed by malloc, huge pages would be cut up at the end of its heap.
class PagePool {
 public:
  std::byte* take(std::size_t bytes) {
    std::byte* memory = pool_.take(bytes);
    const std::lock_guard lock(mutex_);
    sizes_.emplace(memory, bytes);
    return memory;
  }

  /// False if the memory does not come from here.
  bool give(std::byte* memory) {
    std::size_t bytes;
    {
      const std::lock_guard lock(mutex_);
      const auto found = sizes_.find(memory);
      if (found == sizes_.end()) return false;
      bytes = found->second;
      sizes_.erase(found);
    }
    pool_.give(memory, bytes);
    return true;
  }

  void release() { pool_.release(); }

 private:
  static constexpr std::size_t kMostPooled = std::size_t{64} << 20;
  LargePool pool_{kMostPooled};
  std::mutex mutex_;
  std::map<std::byte*, std::size_t> sizes_;
};

PagePool& page_pool() {
  static auto* pool = new PagePool;
  return *pool;
}

}  // namespace

std::byte* take_memory(std::size_t bytes) {
  return bytes <= kSmall ? take_small(bytes) : large_pool().take(rounded(bytes));
}

void give_memory(std::byte* memory, std::size_t bytes) noexcept {
  if (bytes <= kSmall) give_small(memory, bytes);
  else large_pool().give(memory, rounded(bytes));
}

void* take_pages(std::size_t bytes) {
  return bytes < kAskForHugePages ? from_system(bytes) : page_pool().take(rounded(bytes));
}

void give_pages(void* memory) noexcept {
  const bool may_be_pooled = reinterpret_cast<std::uintptr_t>(memory) % kHugePage == 0;
  if (!may_be_pooled || !page_pool().give(static_cast<std::byte*>(memory))) std::free(memory);
}

}  // namespace xtape::detail

namespace xtape {

MemoryStatistics memory_statistics() { return detail::large_pool().statistics(); }

void release_memory() {
  detail::large_pool().release();
  detail::page_pool().release();
}

}  // namespace xtape
