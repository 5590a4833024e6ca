// `Parameter`: what training changes. A named, mutable Array with a version, which outlives tapes.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include <xtape/array.hpp>

namespace xtape {

namespace detail {
struct ParameterState;
}

/// A named value that tapes read and `Tape::evaluate` assigns. Copying a Parameter makes an independent one with
/// the same name and value. Several threads may read one; assigning while another thread reads is the caller's to
/// serialise.
class Parameter {
 public:
  /// Throws ValueError for an Array without a value.
  explicit Parameter(std::string name, Array value);
  Parameter(const Parameter& other);
  Parameter& operator=(const Parameter& other);
  Parameter(Parameter&&) noexcept = default;
  Parameter& operator=(Parameter&&) noexcept = default;
  ~Parameter() = default;

  const std::string& name() const;
  const Array& value() const;
  DType dtype() const { return value().dtype(); }
  const Shape& shape() const { return value().shape(); }
  /// Grows by one with every assignment.
  std::uint64_t version() const;

  /// Replaces the value. Throws ShapeError or DTypeError if shape or dtype change.
  void assign(const Array& value);

 private:
  friend struct ParameterAccess;
  std::shared_ptr<detail::ParameterState> state_;
};

}  // namespace xtape
