// Rows of linear algebra. The matrices are random, moved away from singular ones by a diagonal; the interpreter's
// textbook algorithms judge.
#include <algorithm>

#include "ops/row.hpp"

namespace xtape::test {

namespace {

using Vars = std::span<const Var>;
using Function = Var (*)(const Var& a);

/// 0.3 x with this diagonal added: well-conditioned, and with values far apart if those of the diagonal are.
Var moved(const Var& x, const std::vector<double>& diagonal) {
  const std::int64_t m = x.shape().back(1), n = x.shape().back();
  std::vector<double> elements(static_cast<std::size_t>(m * n));
  for (std::int64_t i = 0; i < std::min(m, n); ++i)
    elements[static_cast<std::size_t>(i * n + i)] = diagonal[static_cast<std::size_t>(i)];
  const Array added = Array::from(elements, {m, n});
  Tape other;
  return x * 0.3 + cast(other.variable(added), x.dtype()).value();
}

const std::vector<double> kEven(64, 2.5), kApart{1, 2.5, -4, 6, -8};

Row::Part matrices(const Shape& shape, Function function, const std::vector<double>& diagonal = kEven) {
  return sample({real(shape)}, [=](Vars x) { return function(moved(x[0], diagonal)); });
}
Row::Part large_matrices(const Shape& shape, Function function, const std::vector<double>& diagonal) {
  return large_sample({real(shape)}, [=](Vars x) { return function(moved(x[0], diagonal)); });
}

/// Over stacks, of extent 1 and of none.
Row::Part square_stacks(Function function, const std::vector<double>& diagonal = kEven) {
  return [=](Row& row) {
    for (const Shape& shape : {Shape{3, 3}, Shape{1, 1}, Shape{2, 2, 2}, Shape{2, 1, 2, 2}, Shape{0, 0}, Shape{0, 2, 2},
                               Shape{2, 0, 0}, Shape{4, 4}})
      matrices(shape, function, diagonal)(row);
  };
}
Row::Part stacks(Function function, const std::vector<double>& diagonal = kEven) {
  return [=](Row& row) {
    square_stacks(function, diagonal)(row);
    for (const Shape& shape :
         {Shape{4, 2}, Shape{2, 4}, Shape{2, 3, 2}, Shape{2, 2, 3}, Shape{3, 1}, Shape{1, 3}, Shape{3, 0}, Shape{0, 3}})
      matrices(shape, function, diagonal)(row);
  };
}

Row::Part not_square(Build build, const std::string& name) {
  return [=](Row& row) {
    fails<ShapeError>({real({2, 3})}, build, {name, "square", "[2, 3]"})(row);
    fails<ShapeError>({real({3})}, build, {name, "two axes", "[3]"})(row);
    fails<DTypeError>({integer({2, 2}, 0, 3)}, build, {name, "int64"})(row);
  };
}
Row::Part no_matrix(Build build, const std::string& name) {
  return [=](Row& row) {
    fails<ShapeError>({real({3})}, build, {name, "two axes", "[3]"})(row);
    fails<DTypeError>({integer({2, 2}, 0, 3)}, build, {name, "int64"})(row);
  };
}

/// Ones: of rank 1.
Var ones_like(const Var& x) { return x * 0 + 1; }

using Solver = std::function<Var(const Var& a, const Var& b)>;

Row::Part solving(const Shape& a, const Shape& b, const Solver& solver) {
  return sample({real(a), real(b)}, [=](Vars x) { return solver(moved(x[0], kEven), x[1]); });
}

/// Vectors and columns, stacks on either side, and nothing.
Row::Part solving_stacks(const Solver& solver) {
  return [=](Row& row) {
    const std::vector<std::pair<Shape, Shape>> shapes{
        {{3, 3}, {3}},       {{3, 3}, {3, 2}},          {{1, 1}, {1}},    {{2, 2, 2}, {2, 2, 3}}, {{2, 2}, {3, 2, 1}},
        {{2, 2, 2}, {2, 1}}, {{2, 1, 2, 2}, {3, 2, 1}}, {{2, 2, 2}, {2}}, {{0, 0}, {0, 2}},       {{2, 2}, {2, 0}},
        {{0, 2, 2}, {2, 1}}, {{2, 2}, {0, 2, 1}}};
    for (const auto& [a, b] : shapes) solving(a, b, solver)(row);
  };
}

Row::Part mismatched_rows(const Solver& solver, const std::string& name) {
  return fails<ShapeError>({real({3, 3}), real({2, 3})}, [=](Vars x) { return solver(x[0], x[1]); },
                           {name, "rows", "[3, 3]", "[2, 3]"});
}

Var solve_of(const Var& a, const Var& b) { return solve(a, b); }
Var lstsq_of(const Var& a, const Var& b) { return lstsq(a, b); }
Solver triangular(const Triangle& triangle) {
  return [=](const Var& a, const Var& b) { return solve_triangular(a, b, triangle); };
}

/// A wide range of scales, which a plain condition number would refuse.
Row::Part badly_scaled() {
  return sample({real({3, 3}), real({3})}, [](Vars x) {
    Tape other;
    const auto row = [&](const Array& scales) { return cast(other.variable(scales), x[0].dtype()).value(); };
    const Var a = moved(x[0], kEven) * row(Array::from<double>({1e-12, 1, 1e9}, {3, 1})) * row(Array{1e4, 1, 1e-7});
    return solve(a, x[1] * row(Array{1e-12, 1, 1e9})) * row(Array{1e4, 1, 1e-7});
  });
}

std::vector<Row> solving_rows() {
  const Build solve_ones = [](Vars x) { return (solve(ones_like(x[0]), x[1]).value(), x[0]); };
  return {
      {"solve", solving_stacks(solve_of), badly_scaled(), mismatched_rows(solve_of, "solve"),
       not_square([](Vars x) { return solve(x[0], x[0]); }, "solve"),
       fails<NumericalError>({real({2, 2}), real({2})}, solve_ones,
                             {"solve", "a [2, 2] is singular", "reciprocal condition is about 0"}),
       fails<ShapeError>({real({2, 3, 3}), real({4, 3, 1})}, [](Vars x) { return solve(x[0], x[1]); },
                         {"solve", "broadcast", "[2]", "[4]"})},
      {"inv", square_stacks([](const Var& a) { return inv(a); }), not_square([](Vars x) { return inv(x[0]); }, "inv"),
       fails<NumericalError>({real({2, 2, 2})}, [](Vars x) { return (inv(ones_like(x[0])).value(), x[0]); },
                             {"inv", "a [2, 2, 2], matrix 0, is singular", "reciprocal condition"})},
      {"inverse", matrices({2, 2}, [](const Var& a) { return inverse(a); })},
      {"matrix_power", matrices({3, 3}, [](const Var& a) { return matrix_power(a, 2); }),
       matrices({3, 3}, [](const Var& a) { return matrix_power(a, 1); }),
       matrices({3, 3}, [](const Var& a) { return matrix_power(a * 0.3, 5); }),
       matrices({2, 2, 2}, [](const Var& a) { return matrix_power(a, 2); }),
       matrices({2, 2}, [](const Var& a) { return matrix_power(a, -3); }),
       matrices({2, 2, 2}, [](const Var& a) { return matrix_power(a, 0); }),
       matrices({0, 0}, [](const Var& a) { return matrix_power(a, 3); }),
       not_square([](Vars x) { return matrix_power(x[0], 2); }, "matrix_power")},
      {"solve_triangular", solving_stacks(triangular({})), solving({3, 3}, {3}, triangular({.lower = true})),
       solving({3, 3}, {3, 2}, triangular({.transposed = true})),
       solving({2, 3, 3}, {3, 2}, triangular({.lower = true, .transposed = true})),
       solving({3, 3}, {3}, triangular({.unit_diagonal = true})),
       solving({3, 3}, {3}, triangular({.lower = true, .unit_diagonal = true})),
       mismatched_rows(triangular({}), "solve_triangular"),
       not_square([](Vars x) { return solve_triangular(x[0], x[0]); }, "solve_triangular"),
       fails<NumericalError>({real({2, 2})}, [](Vars x) { return (solve_triangular(x[0] * 0, x[0]).value(), x[0]); },
                             {"solve_triangular", "[2, 2]", "singular", "element 0 of its diagonal is 0"})},
      {"cholesky", square_stacks([](const Var& a) { return cholesky(a); }),
       matrices({3, 3}, [](const Var& a) { return cholesky(a, true); }),
       not_square([](Vars x) { return cholesky(x[0]); }, "cholesky"),
       fails<NumericalError>({real({2, 2})}, [](Vars x) { return (cholesky(ones_like(x[0])).value(), x[0]); },
                             {"cholesky", "a [2, 2] is not positive definite", "order 2"}),
       fails<NumericalError>({real({3, 2, 2})}, [](Vars x) { return (cholesky(-ones_like(x[0])).value(), x[0]); },
                             {"cholesky", "[3, 2, 2], matrix 0,", "order 1"})},
  };
}

std::vector<Row> determinant_rows() {
  return {
      {"det", square_stacks([](const Var& a) { return det(a); }),
       sample({real({3, 3})}, [](Vars x) { return det(x[0]); }), not_square([](Vars x) { return det(x[0]); }, "det")},
      {"slogdet", square_stacks([](const Var& a) { return slogdet(a).logabsdet; }),
       square_stacks([](const Var& a) { return slogdet(a).sign; }),
       matrices(
           {3, 3},
           [](const Var& a) {
             const auto [sign, logabsdet] = slogdet(a);
             return sign * exp(logabsdet);
           },
           kApart),
       not_square([](Vars x) { return slogdet(x[0]).sign; }, "slogdet")},
  };
}

std::vector<Row> factor_rows() {
  return {
      {"qr", stacks([](const Var& a) { return qr(a).q; }), stacks([](const Var& a) { return qr(a).r; }),
       matrices({3, 3},
                [](const Var& a) {
                  const auto [q, r] = qr(a);
                  return matmul(r, q);
                }),
       no_matrix([](Vars x) { return qr(x[0]).q; }, "qr")},
      {"pinv", stacks([](const Var& a) { return pinv(a); }), no_matrix([](Vars x) { return pinv(x[0]); }, "pinv"),
       fails<ValueError>({real({2, 2})}, [](Vars x) { return pinv(x[0], -1); }, {"pinv", "tolerance", "-1"})},
      {"lstsq", solving_stacks(lstsq_of), solving({4, 2}, {4}, lstsq_of), solving({4, 2}, {4, 3}, lstsq_of),
       solving({2, 4}, {2}, lstsq_of), solving({2, 3, 2}, {2, 3, 1}, lstsq_of), solving({2, 3}, {2, 2, 2}, lstsq_of),
       solving({2, 2, 3}, {2, 1}, lstsq_of), solving({3, 0}, {3}, lstsq_of), solving({0, 3}, {0}, lstsq_of),
       mismatched_rows(lstsq_of, "lstsq"), no_matrix([](Vars x) { return lstsq(x[0], x[0]); }, "lstsq"),
       fails<ValueError>({real({2, 2}), real({2})}, [](Vars x) { return lstsq(x[0], x[1], -0.5); },
                         {"lstsq", "tolerance", "-0.5"})},
  };
}

std::vector<Row> spectral_rows() {
  const auto rebuilt = [](const Var& a) {
    const auto [values, vectors] = eigh(a);
    return matmul(vectors * exp(expand_dims(values, -2) * 0.25), transpose(vectors));
  };
  return {
      {"eigvalsh", square_stacks([](const Var& a) { return eigvalsh(a); }, kApart),
       not_square([](Vars x) { return eigvalsh(x[0]); }, "eigvalsh")},
      {"eigh", square_stacks([](const Var& a) { return eigh(a).eigenvectors; }, kApart),
       square_stacks([](const Var& a) { return eigh(a).eigenvalues; }, kApart), matrices({3, 3}, rebuilt, kApart),
       not_square([](Vars x) { return eigh(x[0]).eigenvalues; }, "eigh")},
      {"svdvals", stacks([](const Var& a) { return svdvals(a); }, kApart),
       no_matrix([](Vars x) { return svdvals(x[0]); }, "svdvals")},
      {"svd", stacks([](const Var& a) { return svd(a).u; }, kApart),
       stacks([](const Var& a) { return svd(a).s; }, kApart), stacks([](const Var& a) { return svd(a).vh; }, kApart),
       matrices(
           {3, 2},
           [](const Var& a) {
             const auto [u, s, vh] = svd(a);
             return matmul(u * square(s), vh);
           },
           kApart),
       no_matrix([](Vars x) { return svd(x[0]).s; }, "svd")},
  };
}

Row large_row() {
  std::vector<double> apart;
  for (int i = 0; i < 40; ++i) apart.push_back(3.0 * i + 40);
  const auto sum_of_parts = [](const Var& a) {
    const auto [sign, logabsdet] = slogdet(a);
    const Var y = inv(a) + cholesky(a) + qr(a).q + qr(a).r;
    return sum(y, -1) + logabsdet * sign;
  };
  return {"linear_algebra_large", large_matrices({20, 20}, sum_of_parts, apart),
          large_matrices(
              {20, 20}, [](const Var& a) { return eigvalsh(a) + svdvals(a); }, apart),
          large_matrices(
              {30, 10}, [](const Var& a) { return lstsq(a, sum(a, -1)); }, apart)};
}

}  // namespace

std::vector<Row> linear_algebra_rows() {
  std::vector<Row> rows{large_row()};
  for (auto family : {solving_rows, determinant_rows, factor_rows, spectral_rows})
    for (Row& row : family()) rows.push_back(std::move(row));
  return rows;
}

}  // namespace xtape::test
