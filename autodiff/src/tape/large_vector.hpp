// `LargeVector`: vectors that may reach many megabytes, as the nodes of programs and what the planner notes of each.
// Where writing is all that is done to them, most of the time goes to the system's fresh pages of 4 KiB.
#pragma once

#include <cstddef>
#include <vector>

namespace xtape::detail {

/// As malloc, but large blocks lie on huge pages. Throws std::bad_alloc.
void* take_pages(std::size_t bytes);
/// Frees what `take_pages` returned.
void give_pages(void* memory) noexcept;

template <class T>
struct PageAllocator {
  using value_type = T;
  PageAllocator() = default;
  template <class U>
  PageAllocator(const PageAllocator<U>&) {}
  T* allocate(std::size_t n) {
    const std::size_t bytes = n * sizeof(T);  // NOLINT(bugprone-sizeof-expression): of pointers, too
    return static_cast<T*>(take_pages(bytes));
  }
  void deallocate(T* memory, std::size_t) noexcept { give_pages(memory); }
  friend bool operator==(PageAllocator, PageAllocator) { return true; }
};

template <class T>
using LargeVector = std::vector<T, PageAllocator<T>>;

}  // namespace xtape::detail
