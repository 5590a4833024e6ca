// The one place where error texts are put together: "op: what is wrong: the actual shapes".
#pragma once

#include <concepts>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include <xtape/array.hpp>
#include <xtape/error.hpp>

namespace xtape::detail {

inline std::string text(std::string_view part) { return std::string(part); }
inline std::string text(const Shape& shape) { return to_string(shape); }
inline std::string text(DType dtype) { return std::string(name(dtype)); }
std::string text(double number);
/// "[2, -1]"
std::string text(std::span<const std::int64_t> extents);
template <std::integral Integer>
std::string text(Integer number) {
  return std::to_string(number);
}

/// Throws Exception("op: " + parts...); parts are texts, shapes, dtypes and numbers.
template <class Exception, class... Parts>
[[noreturn]] void fail(std::string_view op, const Parts&... parts) {
  std::string message = std::string(op) + ": ";
  ((message += text(parts)), ...);
  throw Exception(message);
}

}  // namespace xtape::detail
