// Checks of data that models share. Each throws an exception which starts with the name of the caller.
#pragma once

#include <cstdint>
#include <string_view>

#include <xtape/array.hpp>

namespace xtape::models {

/// A float32 or float64 matrix with rows and columns, finite everywhere.
void check_features(std::string_view caller, const Array& x);

/// Throws ValueError if there are no features: `fit` has not been called.
void check_is_fitted(std::string_view caller, std::int64_t features);

/// x passes check_features and is what was fitted: of as many columns (more than none), and of the same dtype.
void check_fitted(std::string_view caller, const Array& x, std::int64_t features, DType dtype);

void check_l2(std::string_view caller, double l2);

/// The labels, one for each row of x, as int64 (n), each in 0 ... classes - 1; for 0 classes, not negative.
Array checked_labels(std::string_view caller, const Array& x, const Array& y, std::int64_t classes);

/// What a classifier is trained on.
struct TrainingClasses {
  Array labels;            ///< int64 (n)
  std::int64_t count = 0;  ///< of classes: as given or, for 0, the largest label + 1
};
/// Checks features, labels, of which at least two differ, and the settings that classifiers share.
TrainingClasses checked_training_classes(std::string_view caller, const Array& x, const Array& y, std::int64_t classes,
                                         double l2);

/// The targets (n) or (n, k) of the n rows of x, finite, in x's dtype.
Array checked_targets(std::string_view caller, const Array& x, const Array& y);

/// `what`, by column (d) or of a single one (), is finite. Throws ValueError, which says that it overflows.
void check_overflow(std::string_view caller, std::string_view what, const Array& values);

/// The values in another dtype.
Array as_dtype(const Array& values, DType dtype);

}  // namespace xtape::models
