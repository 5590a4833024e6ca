// `Standardizer`: features of mean 0 and standard deviation 1.
#pragma once

#include <xtape/array.hpp>

namespace xtape::models {

/// (x - mean) / scale for each column. Fit it on the training part, and apply it to both.
struct Standardizer {
  Array mean;   ///< float64 (d)
  Array scale;  ///< float64 (d): the standard deviation (of the population), or 1 where a column is constant

  /// Learns mean and scale from the columns of a float64 x (n, d). Throws ValueError if there are no rows, or x is not
  /// finite; ShapeError if it is not a matrix.
  Standardizer& fit(const Array& x);
  /// (x - mean) / scale, float64 (m, d). Throws ValueError before `fit`, ShapeError if d differs.
  Array transform(const Array& x) const;
  /// x scale + mean: undoes `transform`.
  Array inverse_transform(const Array& x) const;
};

}  // namespace xtape::models
