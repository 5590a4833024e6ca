#include "check.hpp"

#include <algorithm>
#include <cmath>
#include <string>
#include <vector>

#include <xtape/models/labels.hpp>
#include <xtape/ops.hpp>
#include <xtape/optim/fail.hpp>
#include <xtape/tape.hpp>

namespace xtape::models {

using optim::detail::fail;

namespace {

/// Calls the function with an element of the dtype's C++ type, of which only the type counts.
template <class Function>
auto with_element(DType dtype, const Function& function) {
  switch (dtype) {
    case DType::float32:
      return function(float{});
    case DType::float64:
      return function(double{});
    case DType::int64:
      return function(std::int64_t{});
    case DType::boolean:
      break;
  }
  return function(bool{});
}

template <Element T>
bool is_class(T label, std::int64_t classes) {
  if constexpr (std::is_floating_point_v<T>) {
    constexpr T kBound = T(0x1p63);
    if (!(label >= 0 && label < kBound && label == std::trunc(label))) return false;
  }
  const auto number = static_cast<std::int64_t>(label);
  return number >= 0 && (classes == 0 || number < classes);
}

std::string allowed_labels(std::int64_t classes) {
  if (classes == 0) return "whole numbers from 0 on";
  return (classes == 2 ? "0 or " : "0 to ") + std::to_string(classes - 1);
}

Array labels_as_int64(std::string_view caller, const Array& y, std::int64_t classes) {
  if (y.rank() != 1) fail<ShapeError>(caller, ": y must be a vector of labels, is ", to_string(y.shape()));
  std::vector<std::int64_t> result;
  result.reserve(static_cast<std::size_t>(y.size()));
  with_element(y.dtype(), [&]<class T>(T) {
    for (const T label : y.values<T>()) {
      if (!is_class(label, classes)) {
        fail<ValueError>(caller, ": labels must be ", allowed_labels(classes), "; row ", result.size(),
                         " (counted from 0) has ", label);
      }
      result.push_back(static_cast<std::int64_t>(label));
    }
  });
  return Array::from(result);
}

void check_rows(std::string_view caller, const Array& x, const Array& y) {
  if (y.shape()[0] != x.shape()[0]) {
    fail<ShapeError>(caller, ": x has ", x.shape()[0], " rows, y has ", y.shape()[0]);
  }
}

/// "row 3", or "row 3, column 1" of a matrix.
std::string place_of(const Array& values, std::int64_t i) {
  if (values.rank() == 1) return optim::detail::join("row ", i, " (counted from 0)");
  const std::int64_t columns = values.shape()[1];
  return optim::detail::join("row ", i / columns, ", column ", i % columns, " (counted from 0)");
}

/// Calls report(i, element) for the first element that is not finite, if there is one.
template <class Report>
void for_first_non_finite(const Array& values, const Report& report) {
  with_element(values.dtype(), [&]<class T>(T) {
    std::int64_t i = 0;
    for (const T element : values.values<T>()) {
      const auto number = static_cast<double>(element);
      if (!std::isfinite(number)) return report(i, number);
      ++i;
    }
  });
}

void check_finite(std::string_view caller, const char* name, const Array& values) {
  for_first_non_finite(values, [&](std::int64_t i, double number) {
    fail<ValueError>(caller, ": ", name, " is ", number, " at ", place_of(values, i));
  });
}

}  // namespace

void check_features(std::string_view caller, const Array& x) {
  if (x.rank() != 2) fail<ShapeError>(caller, ": x must be a matrix (rows, features), is ", to_string(x.shape()));
  if (!is_floating(x.dtype())) fail<DTypeError>(caller, ": x must be float32 or float64, is ", name(x.dtype()));
  if (x.size() == 0) fail<ShapeError>(caller, ": x has no elements, its shape is ", to_string(x.shape()));
  check_finite(caller, "x", x);
}

void check_is_fitted(std::string_view caller, std::int64_t features) {
  if (features == 0) fail<ValueError>(caller, ": not fitted yet; call fit first");
}

void check_fitted(std::string_view caller, const Array& x, std::int64_t features, DType dtype) {
  check_features(caller, x);
  check_is_fitted(caller, features);
  if (x.shape()[1] != features) {
    fail<ShapeError>(caller, ": x has ", x.shape()[1], " features, was fitted on ", features);
  }
  if (x.dtype() != dtype) fail<DTypeError>(caller, ": x is ", name(x.dtype()), ", was fitted on ", name(dtype));
}

void check_l2(std::string_view caller, double l2) {
  if (!(std::isfinite(l2) && l2 >= 0)) fail<ValueError>(caller, ": l2 must be finite and not negative, is ", l2);
}

Array class_labels(const Array& y, std::int64_t classes) {
  if (classes < 0) fail<ValueError>("class_labels: classes must not be negative, is ", classes);
  return labels_as_int64("class_labels", y, classes);
}

Array checked_labels(std::string_view caller, const Array& x, const Array& y, std::int64_t classes) {
  if (y.rank() == 1) check_rows(caller, x, y);
  return labels_as_int64(caller, y, classes);
}

TrainingClasses checked_training_classes(std::string_view caller, const Array& x, const Array& y, std::int64_t classes,
                                         double l2) {
  check_features(caller, x);
  check_l2(caller, l2);
  if (classes < 0) fail<ValueError>(caller, ": classes must not be negative, is ", classes);
  const Array labels = checked_labels(caller, x, y, classes);
  const auto [least, largest] = std::ranges::minmax(labels.values<std::int64_t>());
  if (least == largest) fail<ValueError>(caller, ": y holds one class only, ", least, "; two are needed");
  if (classes == 0 && largest >= labels.size()) {
    fail<ValueError>(caller, ": the largest label is ", largest, ", but there are ", labels.size(),
                     " rows; number the classes from 0, or set classes");
  }
  return {labels, classes > 0 ? classes : largest + 1};
}

Array checked_targets(std::string_view caller, const Array& x, const Array& y) {
  if (y.rank() != 1 && y.rank() != 2) {
    fail<ShapeError>(caller, ": y must be (rows) or (rows, outputs), is ", to_string(y.shape()));
  }
  check_rows(caller, x, y);
  if (y.size() == 0) fail<ShapeError>(caller, ": y has no elements, its shape is ", to_string(y.shape()));
  check_finite(caller, "y", y);
  const Array result = as_dtype(y, x.dtype());
  if (y.dtype() == DType::float64) check_finite(caller, "y as float32", result);
  return result;
}

void check_overflow(std::string_view caller, std::string_view what, const Array& values) {
  for_first_non_finite(values, [&](std::int64_t i, double) {
    const auto place = values.rank() == 0 ? "" : optim::detail::join(" in column ", i, " (counted from 0)");
    fail<ValueError>(caller, ": ", what, " overflows ", name(values.dtype()), place);
  });
}

Array as_dtype(const Array& values, DType dtype) {
  if (values.dtype() == dtype) return values;
  Tape tape;
  return cast(tape.variable(values), dtype).value();
}

}  // namespace xtape::models
