// Labels: what classifiers are told about each row.
#pragma once

#include <cstdint>

#include <xtape/array.hpp>

namespace xtape::models {

/// Labels (n; int64, bool or floating) as int64, the form in which the losses of SoftmaxRegression and MLPClassifier
/// take them. Throws ShapeError if y is not a vector, ValueError with row and value if a label is negative, fractional,
/// infinite or NaN, or not below `classes`; 0 stands for any number of classes.
Array class_labels(const Array& y, std::int64_t classes = 0);

}  // namespace xtape::models
