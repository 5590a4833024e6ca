#include <algorithm>
#include <bit>
#include <cmath>
#include <limits>
#include <numeric>
#include <stdexcept>

#include "support/interpreter.hpp"
#include "support/interpreter_linear_algebra.hpp"
#include "support/interpreter_lines.hpp"
#include "support/interpreter_neural.hpp"
#include "support/interpreter_random.hpp"

namespace xtape::test {

namespace {

std::size_t index_of(std::int64_t value) { return static_cast<std::size_t>(value); }

void constant(Application& application) {
  const Real value = rounded(std::bit_cast<double>(application.attributes[0]), application.output.dtype);
  std::fill(application.output.elements.begin(), application.output.elements.end(), value);
}

/// Conversions to int64 and bool change the value; those between floating dtypes round only in the library.
void cast(Application& application) {
  const DType dtype = application.output.dtype;
  for (std::size_t i = 0; i < application.output.elements.size(); ++i) {
    const Real x = application.x().elements[i];
    application.output.elements[i] = is_floating(dtype) ? x : rounded(x, dtype);
  }
}

/// Calls body(position in the output, place in x) for the output's positions read through a start and steps.
template <class Body>
void for_each_place(const Shape& shape, std::int64_t start, const std::vector<std::int64_t>& strides,
                    const Body& body) {
  Odometer position(shape);
  for (std::int64_t i = 0; i < shape.size(); ++i, position.next())
    body(index_of(i), static_cast<std::size_t>(start + static_cast<std::int64_t>(position.place(strides))));
}

void read_through(Application& application, std::int64_t start, const std::vector<std::int64_t>& strides) {
  Tensor& y = application.output;
  for_each_place(y.shape, start, strides,
                 [&](std::size_t i, std::size_t place) { y.elements[i] = application.x().elements.at(place); });
}

void broadcast_to(Application& application) {
  const Shape& from = application.x().shape;
  std::vector<std::int64_t> strides = row_major_strides(from);
  for (std::size_t axis = 0; axis < from.rank(); ++axis)
    if (from[axis] == 1) strides[axis] = 0;
  strides.insert(strides.begin(), application.output.shape.rank() - from.rank(), 0);
  read_through(application, 0, strides);
}

void reshape(Application& application) { application.output.elements = application.x().elements; }

/// Attribute i says which axis of x, from the end, is the output's axis i from the end.
void transpose(Application& application) {
  const std::vector<std::int64_t> own = row_major_strides(application.x().shape);
  std::vector<std::int64_t> strides = own;
  for (std::size_t i = 0; i < application.attributes.size(); ++i)
    strides[own.size() - 1 - i] = own[own.size() - 1 - index_of(application.attributes[i])];
  read_through(application, 0, strides);
}

/// For each axis from the end, start and step within `whole`: the start and the strides of a slice's elements.
std::int64_t slice_places(const Shape& whole, std::span<const std::int64_t> attributes,
                          std::vector<std::int64_t>& strides) {
  strides = row_major_strides(whole);
  std::int64_t start = 0;
  for (std::size_t i = 0; i < attributes.size() / 2; ++i) {
    std::int64_t& stride = strides[strides.size() - 1 - i];
    start += attributes[2 * i] * stride;
    stride *= attributes[2 * i + 1];
  }
  return start;
}

void slice(Application& application) {
  std::vector<std::int64_t> strides;
  const std::int64_t start = slice_places(application.x().shape, application.attributes, strides);
  read_through(application, start, strides);
}

void slice_transpose(Application& application) {
  std::vector<std::int64_t> strides;
  const std::int64_t start = slice_places(application.output.shape, application.attributes, strides);
  for_each_place(application.x().shape, start, strides, [&](std::size_t i, std::size_t place) {
    application.output.elements.at(place) = application.x().elements[i];
  });
}

/// The elements that are reduced to each output element: outer by reduced by inner.
template <class Fold>
void reduce(Application& application, Real first, const Fold& fold) {
  const Shape& from = application.x().shape;
  const std::size_t last = from.rank() - 1 - index_of(application.attributes[0]);
  const std::size_t begin = last + 1 - index_of(application.attributes[1]);
  std::size_t inner = 1, reduced = 1;
  for (std::size_t axis = last + 1; axis < from.rank(); ++axis) inner *= index_of(from[axis]);
  for (std::size_t axis = begin; axis <= last; ++axis) reduced *= index_of(from[axis]);
  for (std::size_t i = 0; i < application.output.elements.size(); ++i) {
    Real& y = application.output.elements[i] = first;
    for (std::size_t k = 0; k < reduced; ++k)
      y = fold(y, application.x().elements.at((i / inner * reduced + k) * inner + i % inner));
  }
}

constexpr Real kInfinity = std::numeric_limits<Real>::infinity();

/// The same fold's result as the magnitudes.
template <class Fold>
void reduce_magnitudes(Application& application, const Fold& fold) {
  Application other{application.inputs, application.attributes, application.output};
  reduce(other, 0, fold);
  application.magnitudes = other.output.elements;
}

void sum(Application& application) {
  reduce(application, 0, [](Real a, Real x) { return a + x; });
  reduce_magnitudes(application, [](Real a, Real x) { return a + std::abs(x); });
}
void max(Application& application) {
  reduce(application, -kInfinity, [](Real a, Real x) { return std::isnan(a) || a > x ? a : x; });
}
void min(Application& application) {
  reduce(application, kInfinity, [](Real a, Real x) { return std::isnan(a) || a < x ? a : x; });
}
void all(Application& application) {
  reduce(application, 1, [](Real a, Real x) { return a * x; });
}

/// Of the shift in input 1.
void logsumexp_excess(Application& application) {
  for (std::size_t i = 0; i < application.output.elements.size(); ++i) {
    Application one{application.inputs, application.attributes, application.output};
    const Real shift = application.x(1).elements[i];
    reduce(one, 0, [shift](Real a, Real x) { return a + std::exp(x - shift); });
    application.output.elements[i] = std::log(one.output.elements[i]);
  }
  reduce_magnitudes(application, [](Real a, Real x) { return std::max(a, 1 + std::abs(x)); });
}

void norm2(Application& application) {
  reduce(application, 0, [](Real a, Real x) { return a + x * x; });
  for (Real& element : application.output.elements) element = std::sqrt(element);
}

void squared_deviations(Application& application) {
  sum(application);
  application.magnitudes.clear();
  std::vector<Real> means = application.output.elements;
  const Real count = static_cast<Real>(application.x().elements.size()) / static_cast<Real>(means.size());
  for (std::size_t i = 0; i < means.size(); ++i) {
    Application one{application.inputs, application.attributes, application.output};
    const Real mean = means[i] / count;
    reduce(one, 0, [mean](Real a, Real x) { return a + (x - mean) * (x - mean); });
    means[i] = one.output.elements[i];
  }
  application.output.elements = means;
}

void matmul(Application& application) {
  const Tensor& a = application.x(0);
  const Tensor& b = application.x(1);
  const std::size_t m = index_of(a.shape.back(1)), k = index_of(a.shape.back()), n = index_of(b.shape.back());
  for (std::size_t i = 0; i < application.output.elements.size(); ++i) {
    const std::size_t column = i % n, row = i / n % m, batch = i / n / m;
    Real& magnitude = application.magnitudes.emplace_back(0);
    for (std::size_t l = 0; l < k; ++l) {
      const Real product = a.elements.at((batch * m + row) * k + l) * b.elements.at((batch * k + l) * n + column);
      application.output.elements[i] += product;
      magnitude += std::abs(product);
    }
  }
}

void concatenate(Application& application) {
  const std::size_t axis = application.output.shape.rank() - 1 - index_of(application.attributes[0]);
  Odometer position(application.output.shape);
  for (Real& element : application.output.elements) {
    std::vector<std::int64_t> index = position.at;
    std::size_t part = 0;
    while (index[axis] >= application.x(part).shape[axis]) index[axis] -= application.x(part++).shape[axis];
    Odometer source(application.x(part).shape);
    source.at = index;
    element = application.x(part).elements.at(source.place(row_major_strides(source.shape)));
    position.next();
  }
}

std::int64_t wrapped(Real index, std::int64_t extent) {
  const auto position = static_cast<std::int64_t>(index);
  return position < 0 ? position + extent : position;
}

/// For each position of the taken tensor, its place in the whole: the indices replace one axis.
std::vector<std::size_t> taken_places(const Shape& whole, const Tensor& indices, std::int64_t axis_from_end) {
  const std::size_t axis = whole.rank() - 1 - index_of(axis_from_end);
  std::int64_t outer = 1, inner = 1;
  for (std::size_t i = 0; i < whole.rank(); ++i) (i < axis ? outer : inner) *= i == axis ? 1 : whole[i];
  std::vector<std::size_t> places;
  for (std::int64_t o = 0; o < outer; ++o)
    for (Real index : indices.elements)
      for (std::int64_t i = 0; i < inner; ++i)
        places.push_back(index_of((o * whole[axis] + wrapped(index, whole[axis])) * inner + i));
  return places;
}

/// The same where the indices have the taken tensor's shape.
std::vector<std::size_t> along_places(const Shape& whole, const Tensor& indices, std::int64_t axis_from_end) {
  const std::size_t axis = whole.rank() - 1 - index_of(axis_from_end);
  const std::vector<std::int64_t> strides = row_major_strides(whole);
  std::vector<std::size_t> places;
  Odometer position(indices.shape);
  for (Real index : indices.elements) {
    Odometer source = position;
    source.at[axis] = wrapped(index, whole[axis]);
    places.push_back(source.place(strides));
    position.next();
  }
  return places;
}

void read_at(Application& application, const std::vector<std::size_t>& places) {
  for (std::size_t i = 0; i < places.size(); ++i)
    application.output.elements.at(i) = application.x().elements.at(places[i]);
}

void add_at(Application& application, const std::vector<std::size_t>& places) {
  application.magnitudes.resize(application.output.elements.size());
  for (std::size_t i = 0; i < places.size(); ++i) {
    application.output.elements.at(places[i]) += application.x().elements.at(i);
    application.magnitudes[places[i]] += std::abs(application.x().elements[i]);
  }
}

void take(Application& application) {
  read_at(application, taken_places(application.x().shape, application.x(1), application.attributes[0]));
}
void take_transpose(Application& application) {
  add_at(application, taken_places(application.output.shape, application.x(1), application.attributes[0]));
}
void take_along_axis(Application& application) {
  read_at(application, along_places(application.x().shape, application.x(1), application.attributes[0]));
}
void take_along_axis_transpose(Application& application) {
  add_at(application, along_places(application.output.shape, application.x(1), application.attributes[0]));
}

}  // namespace

const std::map<std::string_view, Evaluator>& structural_ops() {
  static const std::map<std::string_view, Evaluator> ops{
      {"constant", {constant, true}},
      {"cast", {cast, false}},
      {"broadcast_to", {broadcast_to, true}},
      {"reshape", {reshape, true}},
      {"custom_gradient", {reshape, true}},
      {"computed_after", {reshape, true}},
      {"length", {reshape, true}},
      {"transpose", {transpose, true}},
      {"slice", {slice, true}},
      {"slice_transpose", {slice_transpose, true}},
      {"concatenate", {concatenate, true}},
      {"take", {take, true}},
      {"take_transpose", {take_transpose, false}},
      {"take_along_axis", {take_along_axis, true}},
      {"take_along_axis_transpose", {take_along_axis_transpose, false}},
      {"sum", {sum, false}},
      {"max", {max, true}},
      {"min", {min, true}},
      {"all", {all, true}},
      {"logsumexp_excess", {logsumexp_excess, false}},
      {"norm2", {norm2, false}},
      {"squared_deviations", {squared_deviations, false}},
      {"cumsum", {cumsum, false}},
      {"recurrence", {recurrence, false}},
      {"cummax", {cummax, true}},
      {"logcumsumexp", {logcumsumexp, false}},
      {"argsort", {argsort, true}},
      {"argmax", {argmax, true}},
      {"argmin", {argmin, true}},
      {"matmul", {matmul, false}},
      {"windows", {windows, true}},
      {"windows_transpose", {windows_transpose, false}},
      {"random_uniform", {random_uniform, true}},
      {"random_normal", {random_normal, false}},
  };
  static const std::map<std::string_view, Evaluator> all = [] {
    std::map<std::string_view, Evaluator> both = ops;
    both.insert(linear_algebra_ops().begin(), linear_algebra_ops().end());
    return both;
  }();
  return all;
}

}  // namespace xtape::test
