// Array buffers on the engine's memory: a header of 64 bytes, then the elements.
#include "tape/storage.hpp"

#include <new>

#include <xtape/error.hpp>

#include "execute/memory.hpp"
#include "ops/errors.hpp"

namespace xtape::detail {

namespace {

constexpr std::size_t kHeader = 64;
static_assert(sizeof(Storage) <= kHeader);

std::uint64_t checksum(const std::byte* data, std::size_t bytes) {
  std::uint64_t hash = 14695981039346656037ULL;  // FNV-1a
  for (std::size_t i = 0; i < bytes; ++i) hash = (hash ^ static_cast<std::uint64_t>(data[i])) * 1099511628211ULL;
  return hash;
}

#ifdef NDEBUG
constexpr bool kChecks = false;
#else
constexpr bool kChecks = true;
#endif

}  // namespace

Storage* allocate_storage(std::size_t bytes) {
  std::byte* memory = take_memory(kHeader + bytes);
  auto* storage = new (memory) Storage;
  storage->bytes = bytes;
  storage->data = memory + kHeader;
  return storage;
}

Storage* borrow_storage(const void* data, std::size_t bytes) {
  auto* storage = new (take_memory(kHeader)) Storage;
  storage->borrowed = true;
  storage->bytes = bytes;
  storage->data = const_cast<std::byte*>(static_cast<const std::byte*>(data));
  if (kChecks) storage->checksum = checksum(storage->data, bytes);
  return storage;
}

void check_borrowed(const Storage& storage) {
  if (kChecks && storage.borrowed && checksum(storage.data, storage.bytes) != storage.checksum)
    throw ValueError("borrow: the borrowed memory of " + std::to_string(storage.bytes) +
                     " bytes has changed since it was recorded");
}

void retain(Storage* storage) noexcept { storage->references.fetch_add(1, std::memory_order_relaxed); }

void release(Storage* storage) noexcept {
  // The only reference is not shared with another thread, which spares a locked instruction.
  if (storage->references.load(std::memory_order_acquire) != 1 &&
      storage->references.fetch_sub(1, std::memory_order_acq_rel) != 1)
    return;
  const std::size_t bytes = kHeader + (storage->borrowed ? 0 : storage->bytes);
  storage->~Storage();
  give_memory(reinterpret_cast<std::byte*>(storage), bytes);
}

}  // namespace xtape::detail

namespace xtape {

Array ArrayAccess::allocate(DType dtype, const Shape& shape) {
  if (!shape.addressable()) detail::fail<ShapeError>("Array", shape, " has too many elements");
  return allocate(dtype, shape, static_cast<std::size_t>(shape.size()) * size_of(dtype));
}

Array ArrayAccess::reshaped(Array array, const Shape& shape) {
  array.shape_ = shape;
  return array;
}

}  // namespace xtape
