// The exceptions that xtape throws. All derive from `Error`, and every text reads
// "op: what is wrong, with the actual shapes or values".
#pragma once

#include <stdexcept>
#include <string>

namespace xtape {

/// Base of everything that xtape throws on purpose.
class Error : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

/// Shapes, ranks or axes that do not fit the op.
class ShapeError : public Error {
 public:
  using Error::Error;
};

/// An element type that the op does not take, or two that do not mix.
class DTypeError : public Error {
 public:
  using Error::Error;
};

/// An argument or an element value outside what the op accepts; bad data in a file.
class ValueError : public Error {
 public:
  using Error::Error;
};

/// A Var used after its tape was reset or destroyed, an empty Var, or a read of a Parameter whose
/// version has been overwritten before the value was computed.
class StaleVarError : public Error {
 public:
  using Error::Error;
};

/// A computation that failed on its values: a loss that is not finite, a singular matrix.
class NumericalError : public Error {
 public:
  using Error::Error;
};

}  // namespace xtape
