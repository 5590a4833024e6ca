// What ops take: a Var, an Array, a Parameter, a C++ number, or (with <xtape/xtensor.hpp>) an xtensor expression.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <optional>
#include <type_traits>
#include <vector>

#include <xtape/array.hpp>
#include <xtape/parameter.hpp>
#include <xtape/tape.hpp>

namespace xtape {

/// Specialised for foreign types that convert to Array; `static Array convert(const T&)`.
template <class T>
struct ArrayConversion;

/// An argument of an op. It notes the file and line that it was made at, so that errors found later name the user's
/// line. A number takes the dtype of the Var beside it; a non-integral one beside int64 throws DTypeError.
class Operand {
 public:
  enum class Kind : std::uint8_t { var, array, parameter, integer, real, boolean };

  Operand(const Var& value, const char* from = __builtin_FILE(), std::uint32_t at = __builtin_LINE())
      : kind(Kind::var), var(value), file(from), line(at) {}
  Operand(const Array& value, const char* from = __builtin_FILE(), std::uint32_t at = __builtin_LINE())
      : kind(Kind::array), array(value), file(from), line(at) {}
  Operand(const Parameter& value, const char* from = __builtin_FILE(), std::uint32_t at = __builtin_LINE())
      : kind(Kind::parameter), parameter(&value), file(from), line(at) {}
  template <class T>
  requires std::is_arithmetic_v<T> Operand(T number, const char* from = __builtin_FILE(),
                                           std::uint32_t at = __builtin_LINE())
      : kind(std::is_same_v<T, bool> ? Kind::boolean
             : std::is_integral_v<T> ? Kind::integer
                                     : Kind::real),
        file(from),
        line(at) {
    if constexpr (std::is_integral_v<T>) integer = detail::to_int64(number);
    else real = static_cast<double>(number);
  }
  template <class T>
  requires requires(const T& value) { ArrayConversion<T>::convert(value); }
  Operand(const T& value, const char* from = __builtin_FILE(), std::uint32_t at = __builtin_LINE())
      : kind(Kind::array), array(ArrayConversion<T>::convert(value)), file(from), line(at) {}

  Kind kind;
  bool literal = false;  ///< part of the program's structure rather than an input of it (see `literal`)
  Var var;
  std::optional<Array> array;
  const Parameter* parameter = nullptr;
  union {
    double real;
    std::int64_t integer = 0;
  };
  const char* file;
  std::uint32_t line;
};

/// A number that is part of the program's structure: the planner may simplify with it, and another value is another
/// plan. Numbers without `literal` are inputs, which may change from run to run at no cost.
template <class T>
requires std::is_arithmetic_v<T> Operand literal(T number, const char* file = __builtin_FILE(),
                                                 std::uint32_t line = __builtin_LINE()) {
  Operand operand(number, file, line);
  operand.literal = true;
  return operand;
}

/// A set of axes; negative ones count from the end. The default is all of them, a number is that one.
class Axes {
 public:
  Axes() : all_(true) {}
  Axes(int axis) : axes_{axis} {}
  Axes(std::initializer_list<int> axes) : axes_(axes) {}
  explicit Axes(std::vector<int> axes) : axes_(std::move(axes)) {}

  bool all() const { return all_; }
  const std::vector<int>& list() const { return axes_; }

 private:
  bool all_ = false;
  std::vector<int> axes_;
};

/// The elements start, start + step, ... before stop of one axis, as in NumPy: negative positions count from the end,
/// positions outside are clipped, and an absent start or stop means the end that the step comes from or runs to. A
/// single index picks one element and removes the axis.
class Slice {
 public:
  static constexpr std::int64_t kNone = INT64_MIN;  ///< absent: Slice(2, Slice::kNone) is all from 2 on

  Slice() = default;
  Slice(int position) : start(position), index(true) {}
  Slice(std::int64_t position) : start(position), index(true) {}
  Slice(std::int64_t first, std::int64_t end, std::int64_t stride = 1) : start(first), stop(end), step(stride) {}

  std::int64_t start = kNone;
  std::int64_t stop = kNone;
  std::int64_t step = 1;
  bool index = false;
};

/// How a loss combines its elements.
enum class Reduction : std::uint8_t { mean, sum, none };

}  // namespace xtape
