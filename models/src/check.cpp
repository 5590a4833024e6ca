#include "check.hpp"

#include <cmath>
#include <vector>

#include <xtape/optim/fail.hpp>

namespace xtape::models {

using optim::detail::fail;

namespace {

template <Element T>
Array zeros_and_ones(std::string_view caller, const Array& y) {
  std::vector<double> result;
  result.reserve(static_cast<std::size_t>(y.size()));
  for (T label : y.values<T>()) {
    if (label != T(0) && label != T(1)) {
      fail<ValueError>(caller, ": labels must be 0 or 1; row ", result.size(), " (counted from 0) has ", label);
    }
    result.push_back(label == T(1) ? 1.0 : 0.0);
  }
  return Array::from(result);
}

}  // namespace

void check_features(std::string_view caller, const Array& x) {
  if (x.rank() != 2) fail<ShapeError>(caller, ": x must be a matrix (rows, features), is ", to_string(x.shape()));
  if (x.dtype() != DType::float64) fail<DTypeError>(caller, ": x must be float64, is ", name(x.dtype()));
  if (x.size() == 0) fail<ShapeError>(caller, ": x has no elements, its shape is ", to_string(x.shape()));
  std::int64_t i = 0;
  for (double element : x.values<double>()) {
    if (!std::isfinite(element)) {
      fail<ValueError>(caller, ": x is ", element, " at row ", i / x.shape()[1], ", column ", i % x.shape()[1],
                       " (counted from 0)");
    }
    ++i;
  }
}

void check_feature_count(std::string_view caller, const Array& x, std::int64_t features) {
  if (features == 0) fail<ValueError>(caller, ": not fitted yet; call fit first");
  if (x.shape()[1] != features) {
    fail<ShapeError>(caller, ": x has ", x.shape()[1], " features, was fitted on ", features);
  }
}

Array checked_labels(std::string_view caller, const Array& x, const Array& y) {
  if (y.rank() != 1) fail<ShapeError>(caller, ": y must be a vector of labels, is ", to_string(y.shape()));
  if (y.size() != x.shape()[0]) {
    fail<ShapeError>(caller, ": x has ", x.shape()[0], " rows, y has ", y.size());
  }
  switch (y.dtype()) {
    case DType::float32:
      return zeros_and_ones<float>(caller, y);
    case DType::float64:
      return zeros_and_ones<double>(caller, y);
    case DType::int64:
      return zeros_and_ones<std::int64_t>(caller, y);
    case DType::boolean:
      break;
  }
  return zeros_and_ones<bool>(caller, y);
}

}  // namespace xtape::models
