// The engine's memory: buffers that are used again instead of being returned to the system. Writing to fresh pages
// costs ten times what writing to used ones does (2 against 23 GB/s on one Zen 4).
#pragma once

#include <cstddef>
#include <utility>

namespace xtape::detail {

/// At least this many bytes, 64-byte aligned, with undefined contents. Throws std::bad_alloc.
std::byte* take_memory(std::size_t bytes);
/// Gives back what `take_memory(bytes)` returned.
void give_memory(std::byte* memory, std::size_t bytes) noexcept;

/// A buffer for the length of a scope.
class Workspace {
 public:
  explicit Workspace(std::size_t bytes) : bytes_(bytes), data_(bytes == 0 ? nullptr : take_memory(bytes)) {}
  ~Workspace() {
    if (data_ != nullptr) give_memory(data_, bytes_);
  }
  Workspace(Workspace&& other) noexcept : bytes_(other.bytes_), data_(std::exchange(other.data_, nullptr)) {}
  Workspace& operator=(Workspace&&) = delete;
  std::byte* data() const { return data_; }
  std::size_t bytes() const { return bytes_; }

 private:
  std::size_t bytes_;
  std::byte* data_;
};

}  // namespace xtape::detail
