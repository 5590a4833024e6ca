// Checks of data that models share. Each throws an exception which starts with the name of the caller.
#pragma once

#include <cstdint>
#include <string_view>

#include <xtape/array.hpp>

namespace xtape::models {

/// A float64 matrix with rows and columns, finite everywhere.
void check_features(std::string_view caller, const Array& x);

/// As many columns as the model has features; more than none.
void check_feature_count(std::string_view caller, const Array& x, std::int64_t features);

/// The labels, all 0 or 1 and one for each row of x, as float64 (n).
Array checked_labels(std::string_view caller, const Array& x, const Array& y);

}  // namespace xtape::models
