// Rows of matrix products.
#include "ops/reference.hpp"
#include "ops/row.hpp"

namespace xtape::test {

namespace {

Var product(std::span<const Var> x) { return matmul(x[0], x[1]); }

Row::Part shapes(const Shape& a, const Shape& b) {
  return sample({real(a), real(b)}, product, [](std::span<const Tensor> x) { return matrix_product(x[0], x[1]); });
}

/// Operands that are themselves transposed, which the planner folds into the product.
Row::Part transposed(const Shape& a, const Shape& b, bool left, bool right) {
  const auto flip = [](const Tensor& x) {
    return gathered(x, {x.shape[1], x.shape[0]}, [](const Index& i) { return Index{i[1], i[0]}; });
  };
  return sample(
      {real(a), real(b)},
      [=](std::span<const Var> x) { return matmul(left ? transpose(x[0]) : x[0], right ? transpose(x[1]) : x[1]); },
      [=](std::span<const Tensor> x) { return matrix_product(left ? flip(x[0]) : x[0], right ? flip(x[1]) : x[1]); });
}

/// Sizes that go to BLAS.
Row::Part large(const Shape& a, const Shape& b) {
  return large_sample({real(a), real(b)}, product,
                      [](std::span<const Tensor> x) { return matrix_product(x[0], x[1]); });
}

using View = std::function<Var(const Var&)>;

/// The same on views of the operands; the interpreter judges.
Row::Part large_views(const Shape& a, const Shape& b, const View& left, const View& right) {
  return large_sample({real(a), real(b)}, [=](std::span<const Var> x) { return matmul(left(x[0]), right(x[1])); });
}

Row::Part large_on_views() {
  const View whole = [](const Var&x) { return x; }, turned = [](const Var&x) { return transpose(x); };
  const View backwards = [](const Var& x) { return slice(x, {Slice(Slice::kNone, Slice::kNone, -1)}); };
  const View every_second = [](const Var& x) { return slice(x, {Slice(), Slice(0, Slice::kNone, 2)}); };
  const View first_column = [](const Var& x) { return slice(x, {Slice(), Slice(0)}); };
  const View repeated = [](const Var& x) { return broadcast_to(x, {80}); };
  const View rows = [](const Var& x) { return broadcast_to(x, {50, 80}); };
  return [=](Row& row) {
    for (const Row::Part& part :
         {large_views({60, 70}, {60, 40}, turned, whole), large_views({70, 60}, {40, 60}, whole, turned),
          large_views({60, 70}, {40, 60}, turned, turned), large_views({70, 60}, {60, 40}, backwards, backwards),
          large_views({70, 120}, {60, 40}, every_second, whole), large_views({70, 60}, {60, 80}, whole, every_second),
          large_views({90, 80}, {80}, whole, backwards), large_views({80}, {80, 90}, backwards, whole),
          large_views({90, 80}, {1}, whole, repeated), large_views({1}, {80, 90}, repeated, whole),
          large_views({90, 80}, {80, 3}, whole, first_column), large_views({80, 90}, {80}, turned, whole),
          large_views({80}, {90, 80}, whole, turned), large_views({80}, {80, 70}, rows, whole)})
      part(row);
  };
}

}  // namespace

std::vector<Row> product_rows() {
  return {
      {"matmul",
       shapes({3, 4}, {4, 2}),
       shapes({3, 4}, {4}),
       shapes({4}, {4, 3}),
       shapes({4}, {4}),
       shapes({1, 1}, {1, 1}),
       shapes({2, 3, 4}, {4, 2}),
       shapes({3, 4}, {2, 4, 2}),
       shapes({2, 3, 4}, {2, 4, 2}),
       shapes({2, 1, 3, 2}, {3, 2, 2}),
       shapes({2, 3, 4}, {4}),
       shapes({4}, {2, 4, 3}),
       shapes({2, 0}, {0, 3}),
       shapes({0, 2}, {2, 3}),
       shapes({2, 3}, {3, 0}),
       shapes({0, 2, 3}, {3, 2}),
       shapes({0}, {0}),
       shapes({17, 9}, {9, 11}),
       transposed({4, 3}, {4, 2}, true, false),
       transposed({3, 4}, {2, 4}, false, true),
       transposed({4, 3}, {2, 4}, true, true),
       large({70, 60}, {60, 50}),
       large({90, 80}, {80}),
       large({80}, {80, 90}),
       large({300, 20}, {20, 30}),
       large({20, 30}, {30, 400}),
       large({3, 40, 30}, {30, 20}),
       large({3, 40, 30}, {3, 30, 20}),
       large({2, 1, 20, 30}, {3, 30, 20}),
       large({5000}, {5000}),
       large_on_views(),
       sample(
           {real({3, 3})}, [](std::span<const Var> x) { return matmul(x[0], x[0]); },
           [](std::span<const Tensor> x) { return matrix_product(x[0], x[0]); }),
       fails<ShapeError>({real({3, 4}), real({5, 6})}, product,
                         {"matmul", "inner dimensions differ", "[3, 4]", "[5, 6]"}),
       fails<ShapeError>({real({2, 3, 4}), real({3, 4, 2})}, product, {"matmul", "[2, 3, 4]", "[3, 4, 2]"}),
       fails<ShapeError>({real({}), real({3})}, product, {"matmul", "[]", "[3]"}),
       fails<DTypeError>({real({2, 2}), integer({2, 2}, 0, 3)}, product, {"matmul", "float64", "int64"}),
       fails<DTypeError>({integer({2, 2}, 0, 3), integer({2, 2}, 0, 3)}, product, {"matmul", "int64"})},
  };
}

}  // namespace xtape::test
