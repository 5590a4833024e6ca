#include <xtape/sparse.hpp>

#include <xtape/ops.hpp>

#include "ops/record.hpp"
#include "transform/apply.hpp"
#include "transform/batch.hpp"
#include "transform/sparse_colouring.hpp"
#include "transform/sparse_pattern.hpp"

namespace xtape::detail {

namespace {

std::span<const Var> one(const Var& var) { return {&var, 1}; }

/// An Array on the tape of a Var.
Var leaf(const Var& beside, const Array& value) {
  TapeState& state = VarAccess::state(beside);
  const Location location = state.program[VarAccess::node(beside)].location;
  return VarAccess::make(state, record_array(state, value, location));
}

/// For each colour the sum of its columns' unit vectors, in the shape and dtype of x.
Var seeds_like(const Var& x, const Colouring& colouring) {
  std::vector<double> elements(colouring.count * colouring.of.size());
  for (std::size_t column = 0; column < colouring.of.size() && colouring.count > 0; ++column)
    elements[colouring.of[column] * colouring.of.size() + column] = 1;
  Shape shape{colouring.count};
  for (std::int64_t extent : x.shape()) shape.push_back(extent);
  if (x.dtype() == DType::float64) return leaf(x, Array::from(elements, shape));
  return leaf(x, Array::from(std::vector<float>(elements.begin(), elements.end()), shape));
}

/// What was recorded for a direction, which is a placeholder, for the seeds of all colours: one after the other.
Var products_of(const Var& direction, const Var& image, const Colouring& colouring) {
  TapeState& state = VarAccess::state(direction);
  const Var seeds = seeds_like(direction, colouring);
  const NodeId output = VarAccess::node(image), input = VarAccess::node(direction), batch = VarAccess::node(seeds);
  const NodeId products = batched(state, {&output, 1}, {&input, 1}, {&batch, 1})[0];
  return reshape(VarAccess::make(state, products), {colouring.count * image.size()});
}

void describe(const Pattern& pattern, const Colouring& colouring, Sparsity& sparsity) {
  sparsity = {static_cast<std::int64_t>(pattern.rows.size()), pattern.columns, {}, {}, colouring.count};
  for (std::size_t i = 0; i < pattern.rows.size(); ++i)
    for (std::uint32_t j : pattern.rows[i]) {
      sparsity.rows.push_back(static_cast<std::int64_t>(i));
      sparsity.columns.push_back(j);
    }
}

/// The place of element (i, j) among the products: `place(i, j)` for all of them.
template <class Place>
Var elements_at(const Var& products, const Sparsity& sparsity, Place place) {
  std::vector<std::int64_t> places;
  for (std::size_t at = 0; at < sparsity.rows.size(); ++at)
    places.push_back(
        place(static_cast<std::size_t>(sparsity.rows[at]), static_cast<std::size_t>(sparsity.columns[at])));
  return take(products, leaf(products, Array::from(places)), 0);
}

Var by_columns(const Var& y, const Var& x, const Colouring& colouring, const Sparsity& sparsity) {
  const Var tangent = placeholder_like(x);
  const Var products = products_of(tangent, push_forward(y, one(x), one(tangent)), colouring);
  const std::int64_t rows = sparsity.row_count;
  return elements_at(products, sparsity, [&](std::size_t i, std::size_t j) {
    return colouring.of[j] * rows + static_cast<std::int64_t>(i);
  });
}

Var by_rows(const Var& y, const Var& x, const Colouring& colouring, const Sparsity& sparsity) {
  const Var cotangent = placeholder_like(y);
  const Var products = products_of(cotangent, pull_back(one(y), one(cotangent), one(x))[0], colouring);
  const std::int64_t columns = sparsity.column_count;
  return elements_at(products, sparsity, [&](std::size_t i, std::size_t j) {
    return colouring.of[i] * columns + static_cast<std::int64_t>(j);
  });
}

/// For each row and colour, how many columns of that colour the row has.
class ColoursInRows {
 public:
  ColoursInRows(const Pattern& pattern, const Colouring& colouring)
      : colouring_(colouring), counts_(pattern.rows.size() * colouring.count) {
    for (std::size_t i = 0; i < pattern.rows.size(); ++i)
      for (std::uint32_t j : pattern.rows[i]) ++counts_[i * colouring.count + colouring.of[j]];
  }
  bool is_alone(std::size_t i, std::size_t j) const { return counts_[i * colouring_.count + colouring_.of[j]] == 1; }

 private:
  const Colouring& colouring_;
  std::vector<std::uint32_t> counts_;
};

/// From products of a symmetric matrix: of (i, j) and (j, i) one is alone, and it serves for both.
Var symmetric_elements(const Var& products, const Pattern& pattern, const Colouring& colouring,
                       const Sparsity& sparsity) {
  const ColoursInRows colours(pattern, colouring);
  const std::int64_t n = sparsity.row_count;
  return elements_at(products, sparsity, [&](std::size_t i, std::size_t j) {
    if (i > j) std::swap(i, j);
    if (!colours.is_alone(i, j)) std::swap(i, j);
    return colouring.of[j] * n + static_cast<std::int64_t>(i);
  });
}

Colouring fewer(const Colouring& a, const Colouring& b) { return b.count < a.count ? b : a; }

}  // namespace

std::vector<Var> record_sparse_jacobian(const VarFunction& f, std::span<const Var> x, std::size_t wrt,
                                        Sparsity& sparsity) {
  check_argument("sparse_jacobian", x, wrt);
  const Applied applied = apply(f, x, "sparse_jacobian");
  const Var &y = applied.y, &target = applied.x[wrt];
  const Pattern pattern = jacobian_pattern(applied.state, VarAccess::node(y), VarAccess::node(target));
  const Colouring columns = column_colouring(pattern), rows = column_colouring(transposed(pattern));
  const bool forward = columns.count <= rows.count;
  describe(pattern, forward ? columns : rows, sparsity);
  const Var values = forward ? by_columns(y, target, columns, sparsity) : by_rows(y, target, rows, sparsity);
  return {values.dtype() == y.dtype() ? values : cast(values, y.dtype())};
}

std::vector<Var> record_sparse_hessian(const VarFunction& f, std::span<const Var> x, std::size_t wrt,
                                       Sparsity& sparsity) {
  check_argument("sparse_hessian", x, wrt);
  const Applied applied = apply_scalar(f, x, "sparse_hessian");
  const Var& target = applied.x[wrt];
  const Var unit = VarAccess::make(applied.state, append_literal(applied.state, 1.0, applied.y.dtype()));
  const Var gradient = pull_back(one(applied.y), one(unit), one(target))[0];
  const Pattern pattern =
      symmetric(jacobian_pattern(applied.state, VarAccess::node(gradient), VarAccess::node(target)));
  const Colouring colouring = fewer(column_colouring(pattern), star_colouring(pattern));
  describe(pattern, colouring, sparsity);
  const Var direction = placeholder_like(target);
  const Var image = pull_back(one(gradient), one(direction), one(target))[0];
  return {symmetric_elements(products_of(direction, image, colouring), pattern, colouring, sparsity)};
}

Var dense_of(const Sparsity& sparsity, const Var& values) {
  std::vector<std::int64_t> places;
  for (std::size_t at = 0; at < sparsity.rows.size(); ++at)
    places.push_back(sparsity.rows[at] * sparsity.column_count + sparsity.columns[at]);
  const std::int64_t size = sparsity.row_count * sparsity.column_count;
  const Var empty = leaf(values, Array::zeros({size}, values.dtype()));
  return reshape(scatter_add(empty, 0, leaf(values, Array::from(places)), values),
                 {sparsity.row_count, sparsity.column_count});
}

Array dense_of(const Sparsity& sparsity, const Array& values) {
  const Operand operand(values);
  return call_recorded<Array>([&](std::span<const Var> x) { return std::vector<Var>{dense_of(sparsity, x[0])}; },
                              {&operand, 1})[0];
}

}  // namespace xtape::detail
