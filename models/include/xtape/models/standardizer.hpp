// `Standardizer`: features of mean 0 and standard deviation 1.
#pragma once

#include <xtape/array.hpp>

namespace xtape::models {

/// (x - mean) / scale for each column. Fit it on the training part, and apply it to both.
struct Standardizer {
  Array mean;   ///< (d), in the dtype of x
  Array scale;  ///< (d): the standard deviation (of the population), or 1 where a column is constant

  /// Learns mean and scale from the columns of x (n, d), float32 or float64. Throws ShapeError if x is no matrix or
  /// has no elements, DTypeError if it is not floating, ValueError if it is not finite or a column's mean, or the
  /// distance from it, overflows.
  Standardizer& fit(const Array& x);
  /// (x - mean) / scale, (m, d). Throws ValueError before `fit`, ShapeError if d differs, DTypeError if the dtype does.
  Array transform(const Array& x) const;
  /// x scale + mean: undoes `transform`.
  Array inverse_transform(const Array& x) const;
};

}  // namespace xtape::models
