// Jacobians and Hessians with few elements that are not zero, at the cost of a few products instead of one for each
// column: the pattern is found from the program, columns that share no row are found together, and their elements are
// told apart by the pattern.
//
//     auto f = [](Var x) { return sum(square(slice(x, {{1, Slice::kNone}}) - square(slice(x, {{0, -1}})))); };
//     auto h = xtape::sparse_hessian(f)(x);  // tridiagonal: three products, whatever the size
//     for (std::size_t i = 0; i < h.rows.size(); ++i) use(h.rows[i], h.columns[i], h.values.data<double>()[i]);
#pragma once

#include <cstddef>
#include <cstdint>
#include <utility>
#include <vector>

#include <xtape/detail/calling.hpp>

namespace xtape {

/// Where the elements of a sparse matrix stand that are computed; all others are 0 whatever the argument.
struct Sparsity {
  std::int64_t row_count = 0, column_count = 0;
  std::vector<std::int64_t> rows, columns;  ///< of each element, in row-major order
  std::int64_t products = 0;                ///< with how many vectors the matrix was multiplied
};

namespace detail {

/// These record the values in the order of the sparsity, which they set.
std::vector<Var> record_sparse_jacobian(const VarFunction& f, std::span<const Var> x, std::size_t wrt,
                                        Sparsity& sparsity);
std::vector<Var> record_sparse_hessian(const VarFunction& f, std::span<const Var> x, std::size_t wrt,
                                       Sparsity& sparsity);
Var dense_of(const Sparsity& sparsity, const Var& values);
Array dense_of(const Sparsity& sparsity, const Array& values);

}  // namespace detail

/// A matrix in coordinates: element i has values[i]. Value is Array, or Var where a Var was given.
template <class Value>
struct SparseMatrix : Sparsity {
  Value values;

  /// [row_count, column_count], with the zeros.
  Value dense() const { return detail::dense_of(*this, values); }
};

namespace detail {

template <std::size_t Wrt, class F, class Record>
auto sparse_transform(F f, Record record) {
  return [ f = std::move(f), record ]<class... X>(const X&... x) requires(kTakesVars<F, sizeof...(X)>) {
    static_assert(Wrt < sizeof...(X), "the position is beyond the arguments");
    SparseMatrix<ValueOf<X...>> result;
    const auto at = [&](const VarFunction& g, std::span<const Var> vars) { return record(g, vars, Wrt, result); };
    result.values = std::move(call_transform_of(f, at, x...)[0]);
    return result;
  };
}

}  // namespace detail

/// The matrix of the partial derivatives of a tensor function, with a row for each element of f(x), of its dtype, and a
/// column for each element of x, its first argument unless told otherwise: sparse_jacobian<1>(f)(a, x). It finds which
/// elements of f(x) can depend on which of x from the program: exactly through elementwise ops, views, reductions,
/// products and movements of elements; any other op is taken to depend on all of its inputs. Costs as many products as
/// columns, or rows if these need fewer, have colours (Curtis, Powell and Reid 1974), made as one batch: each 1 to 4
/// functions. Finding the pattern takes about a microsecond for each element of x, again in every call; in a Function
/// it is found once. Throws what `jacobian` does.
template <std::size_t Wrt = 0, class F>
auto sparse_jacobian(F f) {
  return detail::sparse_transform<Wrt>(std::move(f), detail::record_sparse_jacobian);
}

/// The matrix of the second derivatives of a scalar function, with a row and a column for each element of x, exactly
/// symmetric. Costs as many products of the Hessian with a vector, 2.5 gradients each at most, as it has colours, in
/// which an element or its mirror image stands alone (star colouring, Coleman and More 1984). Throws what `hessian`
/// does.
template <std::size_t Wrt = 0, class F>
auto sparse_hessian(F f) {
  return detail::sparse_transform<Wrt>(std::move(f), detail::record_sparse_hessian);
}

}  // namespace xtape
