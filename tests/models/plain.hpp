// What the models' tests compare with: data, and least squares by plain loops in long double.
#pragma once

#include <cmath>
#include <string>
#include <utility>
#include <vector>

#include <xtape/array.hpp>
#include <xtape/models/csv.hpp>
#include <xtape/models/split.hpp>
#include <xtape/models/standardizer.hpp>

#include "support/tensor.hpp"

namespace xtape::test {

using Reals = std::vector<Real>;

inline Array random_array(Random& random, const Shape& shape, DType dtype = DType::float64) {
  return array_of(random_tensor(random, shape, dtype, -1, 1));
}

/// A feature matrix of one column.
inline Array one_feature(const std::vector<double>& values, DType dtype = DType::float64) {
  return array_of(tensor(Reals(values.begin(), values.end()), {static_cast<std::int64_t>(values.size()), 1}, dtype));
}

inline models::Dataset dataset(const std::string& name, const std::string& target) {
  return models::split_target(models::read_csv(std::string(XTAPE_SOURCE_DIR "/data/") + name), target);
}

/// Features of mean 0 and deviation 1.
inline models::Dataset standardized_dataset(const std::string& name, const std::string& target) {
  models::Dataset data = dataset(name, target);
  models::Standardizer standardizer;
  data.x = standardizer.fit(data.x).transform(data.x);
  return data;
}

/// The solution of a x = b, for n rows of a with b as the last column, by elimination with pivots.
inline Reals solve(std::vector<Reals> a) {
  const std::size_t n = a.size();
  for (std::size_t k = 0; k < n; ++k) {
    std::size_t pivot = k;
    for (std::size_t i = k + 1; i < n; ++i)
      if (std::abs(a[i][k]) > std::abs(a[pivot][k])) pivot = i;
    std::swap(a[k], a[pivot]);
    for (std::size_t i = 0; i < n; ++i) {
      const Real factor = i == k ? 0 : a[i][k] / a[k][k];
      for (std::size_t j = k; j <= n; ++j) a[i][j] -= factor * a[k][j];
    }
  }
  Reals solution;
  for (std::size_t k = 0; k < n; ++k) solution.push_back(a[k][n] / a[k][k]);
  return solution;
}

/// The normal equations of 1/n sum((x w + b - y)^2) + l2/2 sum(w^2) for one output: weights and, last, the bias if
/// there is an intercept.
inline Reals normal_equations(const Array& x, const Reals& y, double l2, bool intercept) {
  const Reals elements = tensor_of(x).elements;
  const std::size_t rows = y.size(), d = elements.size() / rows, unknowns = d + (intercept ? 1 : 0);
  std::vector<Reals> a(unknowns, Reals(unknowns + 1, 0));
  for (std::size_t i = 0; i < rows; ++i) {
    Reals row(elements.begin() + static_cast<std::ptrdiff_t>(i * d),
              elements.begin() + static_cast<std::ptrdiff_t>((i + 1) * d));
    if (intercept) row.push_back(1);
    for (std::size_t j = 0; j < unknowns; ++j) {
      for (std::size_t k = 0; k < unknowns; ++k) a[j][k] += 2 * row[j] * row[k] / static_cast<Real>(rows);
      a[j][unknowns] += 2 * row[j] * y[i] / static_cast<Real>(rows);
    }
  }
  for (std::size_t j = 0; j < d; ++j) a[j][j] += l2;
  return solve(a);
}

}  // namespace xtape::test
