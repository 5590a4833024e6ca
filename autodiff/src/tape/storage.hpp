// `Storage`: the reference-counted buffer behind Arrays, taken from the engine's memory pool.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <utility>

#include <xtape/array.hpp>

namespace xtape::detail {

/// Owned buffers are 64-byte aligned, and allocated up to a multiple of 64 bytes.
struct Storage {
  std::atomic<std::uint32_t> references{1};
  bool borrowed = false;
  std::size_t bytes = 0;  ///< of elements
  std::byte* data = nullptr;
  std::uint64_t checksum = 0;   ///< of borrowed memory, in debug builds
  std::shared_ptr<void> owner;  ///< keeps adopted memory alive; such a Storage is borrowed as well
};

/// An owned buffer of at least this many bytes, with undefined contents and one reference.
Storage* allocate_storage(std::size_t bytes);
/// Refers to memory of the caller's.
Storage* borrow_storage(const void* data, std::size_t bytes);
/// Throws ValueError if borrowed memory has changed; does nothing for owned buffers or in release builds.
void check_borrowed(const Storage& storage);

}  // namespace xtape::detail

namespace xtape {

/// The engine's way into an Array.
struct ArrayAccess {
  /// A new Array with undefined elements.
  static Array allocate(DType dtype, const Shape& shape);
  /// The same where `bytes`, of the shape's elements, has been checked before.
  static Array allocate(DType dtype, const Shape& shape, std::size_t bytes) {
    Array array;
    array.storage_ = detail::allocate_storage(bytes);
    array.data_ = array.storage_->data;
    array.shape_ = shape;
    array.dtype_ = dtype;
    return array;
  }
  /// Makes `slot` the same value as `array`, without counting references if they share their elements already. The old
  /// value goes last: its owner may look at the slot, or own `array`.
  static void refer(Array& slot, const Array& array) {
    detail::Storage* old = nullptr;
    if (slot.storage_ != array.storage_) {
      if (array.storage_ != nullptr) detail::retain(array.storage_);
      old = std::exchange(slot.storage_, array.storage_);
    }
    describe(slot, array.data_, array.dtype_, array.shape_);
    if (old != nullptr) detail::release(old);
  }
  /// The old value's elements are left to `array`.
  static void refer(Array& slot, Array&& array) {
    std::swap(slot.storage_, array.storage_);
    describe(slot, array.data_, array.dtype_, array.shape_);
  }
  /// Makes `array` a new value in its own buffer if nobody else holds that and it is of so many bytes.
  static bool renew(Array& array, DType dtype, const Shape& shape, std::size_t bytes) {
    const detail::Storage* storage = array.storage_;
    if (storage == nullptr || storage->borrowed || storage->bytes != bytes ||
        storage->references.load(std::memory_order_acquire) != 1)
      return false;
    describe(array, storage->data, dtype, shape);
    return true;
  }
  /// The same elements under another shape of equal size.
  static Array reshaped(Array array, const Shape& shape);
  /// An element of any dtype.
  static double element(const Array& array, std::size_t i);
  static detail::Storage* storage(const Array& array) { return array.storage_; }
  static std::byte* mutable_bytes(Array& array) {
    return const_cast<std::byte*>(static_cast<const std::byte*>(array.data_));
  }

 private:
  static void describe(Array& array, const void* data, DType dtype, const Shape& shape) {
    array.data_ = data;
    array.shape_ = shape;
    array.dtype_ = dtype;
  }
};

}  // namespace xtape
