// Linear algebra where it has no value or no derivative, and beside such points: docs/numerics.md.
#include <cmath>
#include <functional>
#include <limits>
#include <string>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "ops/row.hpp"
#include "support/matrix.hpp"

namespace xtape::test {

namespace {

constexpr double kNan = std::numeric_limits<double>::quiet_NaN();
constexpr double kInfinite = std::numeric_limits<double>::infinity();

using Function = std::function<Var(const Var&)>;

Var total(const Var& x) { return sum(x); }

/// The gradient of the sum of `function` at a matrix.
Array gradient_at(const Array& at, const Function& function) {
  Tape tape;
  const Var a = tape.variable(at);
  return tape.gradient(total(function(a)), a).value();
}

template <class Exception>
testing::AssertionResult throws_with(const std::function<void()>& body, const std::vector<std::string>& parts) {
  try {
    body();
  } catch (const Exception& error) {
    return contains(error.what(), parts);
  }
  return testing::AssertionFailure() << "nothing was thrown";
}

const Array kSingular{{1, 2}, {2, 4}}, kIdentity{{1, 0}, {0, 1}};
const Array kTie{{2, 0, 0}, {0, 2, 0}, {0, 0, 5}};

TEST(LinearAlgebraPoints, SingularMatricesAreErrorsWithTheirCondition) {
  for (const Function& op : std::vector<Function>{[](const Var& a) { return inv(a); },
                                                  [](const Var& a) {
                                                    return solve(a, Array{1, 2});
                                                  }}) {
    Tape tape;
    const Var y = op(tape.variable(kSingular));
    EXPECT_TRUE(throws_with<NumericalError>(
        [&] { y.value(); }, {"singular", "reciprocal condition is about 0", "linear_algebra_points_test.cpp:"}));
    EXPECT_EQ((tape.variable(2.0) + 1).item<double>(), 3);
  }
  // Rank 2, but no pivot is exactly 0.
  Tape tape;
  const Var a = tape.variable(Array{{1, 2, 3}, {4, 5, 6}, {7, 8, 9}});
  EXPECT_TRUE(throws_with<NumericalError>([&] { inv(a * 0.1).value(); }, {"inv: a [3, 3] is singular", "e-"}));
}

TEST(LinearAlgebraPoints, BadScalingIsNotSingularity) {
  Tape tape;
  const Var a = tape.variable(Array{{1e-200, 0}, {0, 1e200}});
  EXPECT_TRUE(equals(solve(a, Array{2e-200, 3e200}).value(), {2, 3}));
  EXPECT_TRUE(close(inv(a).value(), tensor({1e200L, 0, 0, 1e-200L}, {2, 2}), 1e-15L));
  EXPECT_EQ(det(a).item<double>(), 1);
}

TEST(LinearAlgebraPoints, TheWorstMatrixOfAStackIsNamed) {
  Tape tape;
  const Var stack_of_two = stack({tape.variable(kIdentity), tape.variable(kSingular)});
  EXPECT_TRUE(throws_with<NumericalError>([&] { inv(stack_of_two).value(); }, {"inv: a [2, 2, 2], matrix 1,"}));
}

TEST(LinearAlgebraPoints, IndefiniteMatricesNameTheMinor) {
  Tape tape;
  const Var a = tape.variable(Array{{1, 0, 0}, {0, 1, 2}, {0, 2, 1}});
  EXPECT_TRUE(throws_with<NumericalError>([&] { cholesky(a).value(); },
                                          {"cholesky: a [3, 3] is not positive definite", "leading minor of order 3"}));
}

TEST(LinearAlgebraPoints, DetOfASingularMatrixHasItsCofactors) {
  Tape tape;
  const Var a = tape.variable(kSingular);
  EXPECT_EQ(det(a).item<double>(), 0);
  EXPECT_FALSE(std::signbit(det(a).item<double>())) << "an exchange of rows gives zero no sign";
  EXPECT_TRUE(
      close(gradient_at(kSingular, [](const Var& x) { return det(x); }), tensor({4, -2, -2, 1}, {2, 2}), 1e-15L));
  EXPECT_TRUE(equals(gradient_at(Array::zeros({2, 2}), [](const Var& x) { return det(x); }), {0, 0, 0, 0}));
  EXPECT_TRUE(equals(gradient_at(Array::zeros({1, 1}), [](const Var& x) { return det(x); }), {1}));
  const Array of_rank_1{{1, 2, 3}, {2, 4, 6}, {3, 6, 9}};
  EXPECT_TRUE(
      close(gradient_at(of_rank_1, [](const Var& x) { return det(x); }), tensor(std::vector<Real>(9), {3, 3}), 1e-13L));
  // The second derivative for elements (0, 0) and (1, 1) is the cofactor of both, a_22 = 9.
  const Var x = tape.variable(of_rank_1);
  const Var first = slice(tape.gradient(det(x), x), {Slice(0), Slice(0)});
  EXPECT_TRUE(close(tape.gradient(first, x).value(), tensor({0, 0, 0, 0, 9, -6, 0, -6, 4}, {3, 3}), 1e-13L));
}

TEST(LinearAlgebraPoints, CofactorsOfBadlyScaledMatrices) {
  const auto cofactors = [](const Array& a) { return gradient_at(a, [](const Var& x) { return det(x); }); };
  // Those of {{1, 2, 3}, {4, 5, 6}, {7, 8, 10}}, where a row has the product of the others' scales.
  const Array rows{{1e150, 2e150, 3e150}, {4, 5, 6}, {7e-150, 8e-150, 10e-150}};
  EXPECT_TRUE(close(cofactors(rows), tensor({2e-150L, 2e-150L, -3e-150L, 4, -11, 6, -3e150L, 6e150L, -3e150L}, {3, 3}),
                    1e-13L));
  EXPECT_TRUE(close(cofactors(Array{{1e300, 2e300}, {1e-300, 3e-300}}),
                    tensor({3e-300L, -1e-300L, -2e300L, 1e300L}, {2, 2}), 1e-13L));
  // Products of some of the values overflow, those of all but one do not.
  const Array diagonal{{1e200, 0, 0, 0}, {0, 1e200, 0, 0}, {0, 0, 1e-200, 0}, {0, 0, 0, 1e-200}};
  const Tensor gradient = tensor_of(cofactors(diagonal));
  for (std::size_t i = 0; i < 4; ++i)
    EXPECT_NEAR(static_cast<double>(gradient.elements[5 * i] * (i < 2 ? 1e200L : 1e-200L)), 1, 1e-15);
  // The second derivative for elements (0, 0) and (2, 2) is the product of the other two.
  Tape tape;
  const Var x = tape.variable(diagonal);
  const Var first = slice(tape.gradient(det(x), x), {Slice(0), Slice(0)});
  EXPECT_NEAR(slice(tape.gradient(first, x), {Slice(2), Slice(2)}).item<double>(), 1, 1e-15);
  EXPECT_TRUE(close(cofactors(Array{{3e300, 1e300}, {1e300, 2e300}}),
                    tensor({2e300L, -1e300L, -1e300L, 3e300L}, {2, 2}), 1e-14L));
}

TEST(LinearAlgebraPoints, ThirdDerivativeOfDet) {
  Tape tape;
  const Var x = tape.variable(Array{{2, 1, 0}, {0, 3, 1}, {1, 0, 4}});
  const Var first = slice(tape.gradient(det(x), x), {Slice(0), Slice(0)});
  const Var second = slice(tape.gradient(first, x), {Slice(1), Slice(1)});
  EXPECT_NEAR(second.item<double>(), 4, 1e-13);
  EXPECT_TRUE(close(tape.gradient(second, x).value(), tensor({0, 0, 0, 0, 0, 0, 0, 0, 1}, {3, 3}), 1e-13L));
}

TEST(LinearAlgebraPoints, SlogdetOfASingularMatrix) {
  Tape tape;
  const Var a = tape.variable(kSingular);
  const auto [sign, logabsdet] = slogdet(a);
  EXPECT_EQ(sign.item<double>(), 0);
  EXPECT_EQ(logabsdet.item<double>(), -kInfinite);
  const Var gradient = tape.gradient(logabsdet, a);
  EXPECT_TRUE(throws_with<NumericalError>([&] { gradient.value(); }, {"slogdet: a [2, 2] is singular"}));
}

TEST(LinearAlgebraPoints, SlogdetNeitherOverflowsNorCancels) {
  Tape tape;
  std::vector<double> diagonal(10000);
  for (std::size_t i = 0; i < 100; ++i) diagonal[i * 101] = i % 2 == 0 ? 1e200 : 1e100;
  const Var a = tape.variable(Array::from(diagonal, {100, 100}));
  EXPECT_NEAR(slogdet(a).logabsdet.item<double>(), 15000 * std::log(10.0), 1e-9);
  EXPECT_EQ(det(a).item<double>(), kInfinite);
  const double near_one = 1 + 1e-10;
  const Var b = tape.variable(Array{{near_one, 0}, {0, 1}});
  EXPECT_NEAR(slogdet(b).logabsdet.item<double>(), std::log1p(near_one - 1), 1e-25);
}

TEST(LinearAlgebraPoints, NaNAndInfinityMakeNaN) {
  using Op = std::pair<std::string, Function>;
  const std::vector<Op> ops{{"solve",
                             [](const Var& a) {
                               return solve(a, Array{1, 2});
                             }},
                            {"inv", [](const Var& a) { return inv(a); }},
                            {"det", [](const Var& a) { return det(a); }},
                            {"sign", [](const Var& a) { return slogdet(a).sign; }},
                            {"logabsdet", [](const Var& a) { return slogdet(a).logabsdet; }},
                            {"cholesky", [](const Var& a) { return sum(cholesky(a)); }},
                            {"q", [](const Var& a) { return qr(a).q; }},
                            {"r", [](const Var& a) { return qr(a).r; }},
                            {"eigenvalues", [](const Var& a) { return eigh(a).eigenvalues; }},
                            {"eigenvectors", [](const Var& a) { return eigh(a).eigenvectors; }},
                            {"svd", [](const Var& a) { return svd(a).u; }},
                            {"svdvals", [](const Var& a) { return svdvals(a); }},
                            {"pinv", [](const Var& a) { return pinv(a); }},
                            {"lstsq", [](const Var& a) {
                               return lstsq(a, Array{1, 2});
                             }}};
  for (double bad : {kNan, kInfinite})
    for (const auto& [name, op] : ops) {
      Tape tape;
      const Var a = tape.variable(Array{{1, 0}, {bad, 2}});
      const Tensor value = tensor_of(op(a).value());
      for (Real element : value.elements) EXPECT_TRUE(std::isnan(element)) << name << " of " << bad;
    }
}

TEST(LinearAlgebraPoints, EqualEigenvaluesWithoutAPreference) {
  EXPECT_TRUE(close(gradient_at(kTie, [](const Var& a) { return eigvalsh(a); }),
                    tensor({1, 0, 0, 0, 1, 0, 0, 0, 1}, {3, 3}), 1e-15L));
  EXPECT_TRUE(close(gradient_at(kTie, [](const Var& a) { return square(eigvalsh(a)); }),
                    tensor({4, 0, 0, 0, 4, 0, 0, 0, 10}, {3, 3}), 1e-14L));
  // The largest eigenvalue is alone.
  EXPECT_TRUE(close(gradient_at(kTie, [](const Var& a) { return max(eigvalsh(a)); }),
                    tensor({0, 0, 0, 0, 0, 0, 0, 0, 1}, {3, 3}), 1e-15L));
}

/// The projector on the first two eigenvectors, whatever basis they are, times fixed weights.
Var weighted_projector(const Var& a) {
  const Var pair = slice(eigh(a).eigenvectors, {Slice(), Slice(0, 2)});
  return matmul(pair, transpose(pair)) * Array{{1, 2, 3}, {4, 5, 6}, {7, 8, 10}};
}

TEST(LinearAlgebraPoints, FunctionsOfTheSpaceOfEqualEigenvaluesHaveAGradient) {
  // By perturbation theory, d P = sum over the pair (v_i) and the rest (w) of (v_i w^T + w v_i^T) (v_i^T da w) / (2 -
  // 5).
  const Array gradient = gradient_at(kTie, weighted_projector);
  const Real third = Real{1} / 3;
  EXPECT_TRUE(close(gradient, tensor({0, 0, -5 * third, 0, 0, -7 * third, -5 * third, -7 * third, 0}, {3, 3}), 1e-14L));
  // The vector that is alone: v_3 v_3^T is 1 less that.
  const Array opposite = gradient_at(kTie, [](const Var& a) {
    const Var last = slice(eigh(a).eigenvectors, {Slice(), Slice(2, 3)});
    return matmul(last, transpose(last)) * Array{{1, 2, 3}, {4, 5, 6}, {7, 8, 10}};
  });
  EXPECT_TRUE(close(opposite, tensor({0, 0, 5 * third, 0, 0, 7 * third, 5 * third, 7 * third, 0}, {3, 3}), 1e-14L));
}

/// A symmetric matrix with the eigenvalues 2, 2 and 5 but for the rounding of its elements, and its eigenvectors.
std::pair<Matrix, Matrix> rounded_tie(Random& random, DType dtype) {
  Matrix x(3, 3), values(3, 3);
  for (Real& element : x.elements) element = random.uniform(-1, 1);
  for (std::size_t i = 0; i < 3; ++i) values(i, i) = i < 2 ? 2 : 5;
  const Matrix vectors = householder(x).q;
  Matrix a = product(product(vectors, values), transposed(vectors));
  for (Real& element : a.elements) element = rounded(element, dtype);
  return {a, vectors};
}

TEST(LinearAlgebraPoints, EigenvaluesEqualButForRounding) {
  for (DType dtype : {DType::float64, DType::float32}) {
    Random random(3);
    for (int i = 0; i < 20; ++i) {
      SCOPED_TRACE(std::string(name(dtype)) + " " + std::to_string(i));
      const auto [a, v] = rounded_tie(random, dtype);
      const Array at = array_of(tensor(a.elements, {3, 3}, dtype));
      const Real tolerance = dtype == DType::float32 ? 3e-5L : 1e-13L;
      std::vector<Real> twice = a.elements;
      for (Real& element : twice) element *= 2;
      EXPECT_TRUE(close(gradient_at(at, [](const Var& x) { return square(eigvalsh(x)); }), tensor(twice, {3, 3}, dtype),
                        tolerance));
      // The projector on the pair, with weights 0 but for element (0, 1): as above, in the frame of v.
      const Array projector = gradient_at(at, [](const Var& x) {
        const Var pair = slice(eigh(x).eigenvectors, {Slice(), Slice(0, 2)});
        return slice(matmul(pair, transpose(pair)), {Slice(0), Slice(1)});
      });
      Matrix expected(3, 3);
      for (std::size_t k = 0; k < 2; ++k) {
        const Real share = (v(0, k) * v(1, 2) + v(1, k) * v(0, 2)) / (2 - 5) / 2;
        for (std::size_t row = 0; row < 3; ++row)
          for (std::size_t column = 0; column < 3; ++column)
            expected(row, column) += share * (v(row, k) * v(column, 2) + v(column, k) * v(row, 2));
      }
      EXPECT_TRUE(close(projector, tensor(expected.elements, {3, 3}, dtype), tolerance));
      EXPECT_THROW(gradient_at(at, [](const Var& x) { return slice(eigvalsh(x), {Slice(0)}); }), NumericalError);
    }
  }
}

TEST(LinearAlgebraPoints, CotangentsThatTellEqualEigenvaluesApartAreRefused) {
  const std::vector<Function> functions{
      [](const Var& a) { return slice(eigvalsh(a), {Slice(0)}); },
      [](const Var& a) {
        return slice(eigh(a).eigenvectors, {Slice(0, 3), Slice(0)}) * Array{1, 2, 3};
      },
      // exp(a): its derivative at equal eigenvalues is a limit that the vectors do not know.
      [](const Var& a) {
        const auto [values, vectors] = eigh(a);
        return slice(matmul(vectors * exp(values), transpose(vectors)), {Slice(0), Slice(1)});
      }};
  for (const Function& function : functions)
    EXPECT_TRUE(throws_with<NumericalError>([&] { gradient_at(kTie, function); },
                                            {"eigh", "eigenvalues 0 and 1", "equal", "no gradient"}));
}

TEST(LinearAlgebraPoints, SecondDerivativesAtEqualEigenvaluesAreNeverSilentlyWrong) {
  Tape tape;
  const Var a = tape.variable(kTie);
  const Var first = tape.gradient(total(square(eigvalsh(a))), a);  // 2 a, so 2 for each element and its mirror image
  const Var second = tape.gradient(slice(first, {Slice(0), Slice(1)}), a);
  EXPECT_TRUE(throws_with<NumericalError>([&] { second.value(); }, {"eigh", "equal"}));
  // Of the plain sum, the trace, the gradient is constant.
  const Var trace_gradient = tape.gradient(total(eigvalsh(a)), a);
  const Var of_trace = tape.gradient(slice(trace_gradient, {Slice(0), Slice(2)}), a);
  EXPECT_TRUE(close(of_trace.value(), tensor(std::vector<Real>(9), {3, 3}), 1e-15L));
}

TEST(LinearAlgebraPoints, EqualSingularValues) {
  const Array flipped{{0, 2}, {2, 0}};
  EXPECT_TRUE(
      close(gradient_at(flipped, [](const Var& a) { return svdvals(a); }), tensor({0, 1, 1, 0}, {2, 2}), 1e-15L));
  EXPECT_TRUE(throws_with<NumericalError>(
      [&] { gradient_at(flipped, [](const Var& a) { return slice(svdvals(a), {Slice(0)}); }); },
      {"svd", "singular values 0 and 1", "equal"}));
  EXPECT_TRUE(throws_with<NumericalError>(
      [&] { gradient_at(flipped, [](const Var& a) {
              return slice(svd(a).u, {Slice(), Slice(0)}) * Array{1, 2};
            }); },
      {"svd", "equal"}));
  // The polar factor u vh does not depend on the basis: along a change e of flipped it turns by the part of e that is
  // antisymmetric in its frame, over 2 + 2 twice.
  const Array polar = gradient_at(flipped, [](const Var& a) {
    const auto [u, s, vh] = svd(a);
    return matmul(u, vh) * Array{{1, 0}, {0, 0}};
  });
  EXPECT_TRUE(close(polar, tensor({0.25L, 0, 0, -0.25L}, {2, 2}), 1e-15L));
}

TEST(LinearAlgebraPoints, ASingularValueOfZeroIsAKink) {
  EXPECT_TRUE(equals(gradient_at(Array::zeros({2, 3}), [](const Var& a) { return svdvals(a); }), {0, 0, 0, 0, 0, 0}));
  EXPECT_TRUE(close(gradient_at(Array{{3, 0}, {0, 0}}, [](const Var& a) { return svdvals(a); }),
                    tensor({1, 0, 0, 0}, {2, 2}), 1e-15L));
}

TEST(LinearAlgebraPoints, PinvAndLstsqNeedFullRankForTheirGradientsOnly) {
  Tape tape;
  const Var a = tape.variable(kSingular);
  const Var inverse = pinv(a), x = lstsq(a, Array{1, 2});
  EXPECT_TRUE(close(inverse.value(), tensor({0.04L, 0.08L, 0.08L, 0.16L}, {2, 2}), 1e-15L));
  EXPECT_TRUE(close(x.value(), tensor({0.2L, 0.4L}), 1e-15L));
  for (const auto& [y, op] : {std::pair(inverse, "pinv: a [2, 2]"), std::pair(x, "lstsq: a [2, 2]")}) {
    const Var gradient = tape.gradient(total(y), a);
    EXPECT_TRUE(throws_with<NumericalError>([&] { gradient.value(); }, {op, "rank 1", "full rank"}));
  }
  EXPECT_TRUE(equals(pinv(tape.variable(Array{{1, 0}, {0, 1e-3}}), 0.01).value(), {1, 0, 0, 0}));
}

TEST(LinearAlgebraPoints, DependentColumnsHaveNoGradientOfQR) {
  Tape tape;
  const Var a = tape.variable(Array{{1, 0}, {0, 0}});
  const Var r = qr(a).r;
  EXPECT_TRUE(close(r.value(), tensor({1, 0, 0, 0}, {2, 2}), 1e-15L));
  const Var gradient = tape.gradient(total(r), a);
  EXPECT_TRUE(throws_with<NumericalError>([&] { gradient.value(); }, {"qr: column 1 of a [2, 2] depends on those"}));
  // The same to working precision, where the diagonal of r is a rounding error.
  const auto gradient_of_q = [](const Var& x) { return qr(x).q; };
  EXPECT_TRUE(
      throws_with<NumericalError>([&] { gradient_at(kSingular, gradient_of_q); }, {"qr: column 1 of a [2, 2]"}));
  EXPECT_TRUE(throws_with<NumericalError>(
      [&] {
        gradient_at(Array{{1e150, 2e-150}, {2e150, 4e-150}}, gradient_of_q);
      },
      {"qr: column 1"}));
  EXPECT_NO_THROW(gradient_at(Array{{1e150, 2e-150}, {2e150, 3e-150}}, gradient_of_q));
}

TEST(LinearAlgebraPoints, QRAtTheEdgeOfTheRange) {
  Tape tape;
  const double large = 0x1p1023, small = 0x1p-1060;
  for (double scale : {large, small}) {
    const Var a = tape.variable(Array{{scale, scale}, {scale, -scale}});
    const Real half = std::sqrt(Real{0.5L});
    EXPECT_TRUE(close(qr(a).q.value(), tensor({-half, -half, -half, half}, {2, 2}), 1e-15L));
    EXPECT_TRUE(close(qr(a * 0.5).r.value(), tensor({-half * scale, 0, 0, -half * scale}, {2, 2}), 1e-15L));
  }
}

TEST(LinearAlgebraPoints, LeastSquaresOfDenormalMatrices) {
  Tape tape;
  const Var a = tape.variable(Array{{0x1p-1060, 0}, {0, 0x1p-1058}});
  EXPECT_TRUE(equals(lstsq(a, Array{0x1p-1060, 0x1p-1057}).value(), {1, 2}));
}

TEST(LinearAlgebraPoints, ErrorsNameTheOpThatWasCalled) {
  Tape tape;
  EXPECT_TRUE(throws_with<NumericalError>([&] { matrix_power(tape.variable(kSingular), -2).value(); },
                                          {"matrix_power: a [2, 2] is singular"}));
}

TEST(LinearAlgebraPoints, TheSignOfVectorsIsFixed) {
  Tape tape;
  const Var a = tape.variable(Array{{0, 1}, {1, 0}});
  const Real half = std::sqrt(Real{0.5L});
  EXPECT_TRUE(close(eigh(a).eigenvectors.value(), tensor({half, half, -half, half}, {2, 2}), 1e-15L));
  const Tensor u = tensor_of(svd(tape.variable(Array{{-3, 0}, {0, -2}})).u.value());
  EXPECT_TRUE(close(u, tensor({1, 0, 0, 1}, {2, 2}), 1e-15L));
}

TEST(LinearAlgebraPoints, SymmetricOpsReadTheSymmetricPart) {
  Tape tape;
  const Var a = tape.variable(Array{{4, 3}, {-1, 5}}), symmetric = tape.variable(Array{{4, 1}, {1, 5}});
  EXPECT_TRUE(same_bits(cholesky(a).value(), cholesky(symmetric).value()));
  EXPECT_TRUE(same_bits(eigvalsh(a).value(), eigvalsh(symmetric).value()));
}

/// The largest element of a - b.
double largest(const Var& difference) { return max(abs(difference)).item<double>(); }

TEST(LinearAlgebraPoints, DefinitionsHoldAtSizesThatLapackBlocks) {
  Tape tape;
  Random random(4);
  const std::int64_t n = 150;
  const Var x = tape.variable(array_of(random_tensor(random, {n, n})));
  const Var wide = slice(x, {Slice(0, 60)}), eye = tape.variable(Array::zeros({n, n})) + matrix_power(x, 0);
  const Var positive = matmul(x, transpose(x)) + 50 * eye;
  EXPECT_LT(largest(matmul(positive, inv(positive)) - eye), 1e-12);
  const Var l = cholesky(positive);
  EXPECT_LT(largest(matmul(l, transpose(l)) - positive), 1e-10);
  const auto [q, r] = qr(transpose(wide));
  EXPECT_LT(largest(matmul(q, r) - transpose(wide)), 1e-12);
  const auto [values, vectors] = eigh(positive);
  EXPECT_LT(largest(matmul(vectors * values, transpose(vectors)) - positive), 1e-10);
  const auto [u, s, vh] = svd(wide);
  EXPECT_LT(largest(matmul(u * s, vh) - wide), 1e-12);
  EXPECT_NEAR(sum(log(values)).item<double>(), slogdet(positive).logabsdet.item<double>(), 1e-9);
  const Var b = slice(x, {Slice(), Slice(0)});
  EXPECT_LT(largest(matmul(positive, solve(positive, b)) - b), 1e-11);
  const Var fit = lstsq(transpose(wide), b);
  EXPECT_LT(largest(matmul(wide, matmul(transpose(wide), fit) - b)), 1e-10);
}

}  // namespace

}  // namespace xtape::test
