// Rows of the ops that pick elements: by index, by mask, on a diagonal.
#include <algorithm>

#include "ops/arranging.hpp"

namespace xtape::test {

namespace {

std::int64_t wrapped(Real index, std::int64_t extent) {
  const auto position = static_cast<std::int64_t>(index);
  return position < 0 ? position + extent : position;
}

Row::Part gathering(const Shape& shape, const Shape& indices, int axis) {
  const std::size_t along = from_start(axis, shape.rank());
  const auto extent = static_cast<Real>(shape[along]);
  return sample(
      {real(shape), integer(indices, -extent, extent - 1)}, [=](Vars x) { return gather(x[0], axis, x[1]); },
      [=](Tensors x) {
        return gathered(x[0], indices, [&](const Index& index) {
          Index source = index;
          source[along] = wrapped(at(x[1], index), shape[along]);
          return source;
        });
      });
}

Row::Part scattering(const Shape& shape, const Shape& indices, const Shape& source, int axis,
                     Kind kind = Kind::floating) {
  const std::size_t along = from_start(axis, shape.rank());
  const auto extent = static_cast<Real>(shape[along]);
  return sample(
      {Input{shape, kind, -4, 4}, integer(indices, -extent, extent - 1), Input{source, kind, -4, 4}},
      [=](Vars x) { return scatter_add(x[0], axis, x[1], x[2]); },
      [=](Tensors x) {
        Tensor result = x[0];
        Odometer position(indices);
        for (std::int64_t i = 0; i < indices.size(); ++i, position.next()) {
          Odometer to(shape);
          to.at = position.at;
          to.at[along] = wrapped(at(x[1], position.at), shape[along]);
          result.elements[to.place(row_major_strides(shape))] += at(x[2], position.at);
        }
        return result;
      });
}

/// By a mask that is 1, 0, 0, 1, 0, 0, ...
Row::Part masking(const Shape& shape, const Shape& mask) {
  const std::int64_t rows = mask.size(), chosen = (rows + 2) / 3;
  std::vector<bool> every_third;
  for (std::int64_t i = 0; i < rows; ++i) every_third.push_back(i % 3 == 0);
  Shape result{chosen};
  for (std::size_t i = mask.rank(); i < shape.rank(); ++i) result.push_back(shape[i]);
  return sample(
      {real(shape)}, [=](Vars x) { return masked_select(x[0], Array::from(every_third, mask)); },
      [=](Tensors x) {
        const std::size_t row = x[0].elements.size() / static_cast<std::size_t>(rows);
        Tensor selected{x[0].dtype, result, {}};
        for (std::size_t i = 0; i < x[0].elements.size(); ++i)
          if (i / row % 3 == 0) selected.elements.push_back(x[0].elements[i]);
        return selected;
      });
}

Row::Part encoding(const Shape& shape, std::int64_t classes, DType dtype) {
  Shape result = shape;
  result.push_back(classes);
  return sample(
      {integer(shape, -1, 3)}, [=](Vars x) { return one_hot(x[0], classes, dtype); },
      [=](Tensors x) {
        return filled(dtype, result, [&](const Index& index) {
          return static_cast<Real>(index.back()) == at(x[0], Index(index.begin(), index.end() - 1));
        });
      });
}

Row::Part triangle(const Shape& shape, std::int64_t k, bool lower, Kind kind = Kind::floating) {
  return sample(
      {Input{shape, kind, kind == Kind::floating ? -2.0L : 0.0L, 1}},
      [=](Vars x) { return lower ? tril(x[0], k) : triu(x[0], k); },
      [=](Tensors x) {
        return filled(x[0].dtype, shape, [&](const Index& index) {
          const std::int64_t above = index.back() - index[index.size() - 2];
          return (lower ? above <= k : above >= k) ? at(x[0], index) : Real{0};
        });
      });
}

/// Of (n, m) matrices in the axes `axis1` and `axis2`.
Row::Part on_diagonal(const Shape& shape, std::int64_t offset, int axis1, int axis2, std::int64_t extent) {
  const std::size_t first = from_start(axis1, shape.rank()), second = from_start(axis2, shape.rank());
  Shape result;
  for (std::size_t i = 0; i < shape.rank(); ++i)
    if (i != first && i != second) result.push_back(shape[i]);
  result.push_back(extent);
  return moving(
      shape, [=](Vars x) { return diagonal(x[0], offset, axis1, axis2); }, result,
      [=](const Index& index) {
        Index source;
        std::size_t next = 0;
        for (std::size_t i = 0; i < shape.rank(); ++i) {
          if (i == first) source.push_back(index.back() + std::max<std::int64_t>(-offset, 0));
          else if (i == second) source.push_back(index.back() + std::max<std::int64_t>(offset, 0));
          else source.push_back(index[next++]);
        }
        return source;
      });
}

Row::Part matrix_with(std::int64_t extent, std::int64_t k) {
  const std::int64_t side = extent + std::abs(k);
  return sample(
      {real({extent})}, [=](Vars x) { return diag(x[0], k); },
      [=](Tensors x) {
        return filled(x[0].dtype, {side, side}, [&](const Index& index) {
          return index[1] - index[0] == k ? at(x[0], {std::min(index[0], index[1])}) : Real{0};
        });
      });
}

Row::Part tracing(const Shape& shape, std::int64_t offset) {
  return sample(
      {real(shape)}, [=](Vars x) { return trace(x[0], offset); },
      [=](Tensors x) {
        Shape result;
        for (std::size_t i = 2; i < shape.rank(); ++i) result.push_back(shape[i]);
        return filled(x[0].dtype, result, [&](const Index& index) {
          Real sum = 0;
          for (std::int64_t i = 0; i < shape[0]; ++i)
            for (std::int64_t j = 0; j < shape[1]; ++j) {
              Index whole{i, j};
              whole.insert(whole.end(), index.begin(), index.end());
              if (j - i == offset) sum += at(x[0], whole);
            }
          return sum;
        });
      });
}

/// One result of meshgrid, along this axis of the grid.
Row::Part meshing(const std::vector<Shape>& shapes, Indexing indexing, std::size_t which, std::size_t along,
                  const Shape& grid) {
  std::vector<Input> inputs;
  for (const Shape& shape : shapes) inputs.push_back(real(shape));
  return sample(
      inputs,
      [=](Vars x) {
        return meshgrid({x.begin(), x.end()}, indexing)[which];
      },
      [=](Tensors x) {
        return filled(x[which].dtype, grid,
                      [&](const Index& index) { return x[which].elements[static_cast<std::size_t>(index[along])]; });
      });
}

std::vector<Row> picking_rows() {
  return {
      {"gather", gathering({5}, {3}, 0), gathering({3, 4}, {3, 6}, 1), gathering({3, 4}, {2, 3}, 1),
       gathering({3, 4}, {5, 2}, 0), gathering({2, 3, 4}, {1, 3, 2}, -1), gathering({3, 4}, {0, 2}, 1),
       fails<DTypeError>({real({3}), real({3})}, [](Vars x) { return gather(x[0], 0, x[1]); }, {"gather", "float64"}),
       fails<ShapeError>({real({3, 4}), integer({4, 4}, 0, 1)}, [](Vars x) { return gather(x[0], 1, x[1]); },
                         {"gather", "[3, 4]", "[4, 4]"}),
       fails<ShapeError>({real({3, 4}), integer({3}, 0, 1)}, [](Vars x) { return gather(x[0], 1, x[1]); },
                         {"gather", "[3, 4]", "[3]", "as many axes"}),
       fails<ValueError>({real({3}), integer({2}, 3, 3)}, [](Vars x) { return gather(x[0], 0, x[1]).value(), x[0]; },
                         {"gather", "index 3", "extent 3"})},
      {"scatter_add", scattering({5}, {3}, {3}, 0), scattering({3, 4}, {3, 6}, {3, 6}, 1),
       scattering({3, 4}, {2, 3}, {3, 3}, 1), scattering({3, 4}, {5, 2}, {5, 4}, 0),
       scattering({2, 3, 4}, {1, 3, 2}, {2, 3, 2}, -1), scattering({3, 4}, {0, 2}, {1, 2}, 1),
       scattering({5}, {3}, {3}, 0, Kind::integer),
       fails<DTypeError>({real({3}), real({3}), real({3})}, [](Vars x) { return scatter_add(x[0], 0, x[1], x[2]); },
                         {"scatter_add", "float64"}),
       fails<DTypeError>({real({3}), integer({3}, 0, 1), integer({3}, 0, 1)},
                         [](Vars x) { return scatter_add(x[0], 0, x[1], x[2]); }, {"scatter_add", "int64", "float64"}),
       fails<ShapeError>({real({3, 4}), integer({2, 4}, 0, 1), real({2, 3})},
                         [](Vars x) { return scatter_add(x[0], 1, x[1], x[2]); },
                         {"scatter_add", "[3, 4]", "[2, 4]", "[2, 3]"}),
       fails<ValueError>({real({3}), integer({2}, -4, -4), real({2})},
                         [](Vars x) { return scatter_add(x[0], 0, x[1], x[2]).value(), x[0]; },
                         {"scatter_add", "index -4", "extent 3"})},
      {"masked_select", masking({7}, {7}), masking({3, 4}, {3, 4}), masking({5, 2, 3}, {5}), masking({2, 3, 2}, {2, 3}),
       sample(
           {real({3, 4})}, [](Vars x) { return masked_select(x[0], x[0] > 0); },
           [](Tensors x) {
             std::vector<Real> positive;
             for (Real element : x[0].elements)
               if (element > 0) positive.push_back(element);
             return Tensor{x[0].dtype, {std::ssize(positive)}, positive};
           }),
       sample(
           {real({4})}, [](Vars x) { return masked_select(x[0], x[0] > 5); },
           [](Tensors x) {
             return Tensor{x[0].dtype, {0}, {}};
           }),
       fails_on<ShapeError>({2, 3},
                            [](Vars x) {
                              return masked_select(x[0], Array::from<bool>({true, false, true}));
                            },
                            {"masked_select", "[2, 3]", "[3]"}),
       fails_on<DTypeError>({2}, [](Vars x) { return masked_select(x[0], x[0]); }, {"masked_select", "float64"}),
       fails_on<DTypeError>({2}, [](Vars x) { return masked_select(x[0], true); }, {"masked_select", "number"})},
      {"one_hot", encoding({4}, 3, DType::float64), encoding({2, 3}, 4, DType::float32), encoding({}, 2, DType::int64),
       encoding({5}, 3, DType::boolean), encoding({3}, 0, DType::float64), no_gradient(),
       fails_on<DTypeError>({2}, [](Vars x) { return one_hot(x[0], 3); }, {"one_hot", "float64"}),
       fails<ShapeError>({integer({1, 1, 1, 1, 1, 1, 1, 2}, 0, 1)}, [](Vars x) { return one_hot(x[0], 2); },
                         {"one_hot", "9 axes"}),
       fails<ValueError>({integer({2}, 0, 1)}, [](Vars x) { return one_hot(x[0], -1); }, {"one_hot", "-1"})},
      {"meshgrid", meshing({{3}, {3}}, Indexing::xy, 0, 1, {3, 3}), meshing({{3}, {2}}, Indexing::xy, 0, 1, {2, 3}),
       meshing({{3}, {2}}, Indexing::xy, 1, 0, {2, 3}), meshing({{3}, {2}}, Indexing::ij, 0, 0, {3, 2}),
       meshing({{3}, {2}}, Indexing::ij, 1, 1, {3, 2}), meshing({{3}, {2}, {4}}, Indexing::xy, 2, 2, {2, 3, 4}),
       meshing({{3}}, Indexing::xy, 0, 0, {3}), meshing({{3}, {}}, Indexing::xy, 1, 0, {1, 3}),
       fails_on<ShapeError>({2}, [](Vars x) { return meshgrid(std::vector<Var>(9, x[0]))[0]; },
                            {"meshgrid", "9 arguments"}),
       fails_on<ShapeError>({2, 3}, [](Vars x) { return meshgrid({x[0]})[0]; }, {"meshgrid", "argument 0", "[2, 3]"})},
  };
}

std::vector<Row> diagonal_rows() {
  return {
      {"tril", triangle({3, 3}, 0, true), triangle({3, 5}, 1, true), triangle({4, 2}, -1, true),
       triangle({2, 3, 4}, 0, true), triangle({3, 3}, 7, true), triangle({3, 0}, 0, true),
       triangle({3, 3}, 0, true, Kind::integer), triangle({3, 3}, 0, true, Kind::boolean),
       triangle({2, 3}, INT64_MAX, true), triangle({2, 3}, INT64_MIN, true),
       fails_on<ShapeError>({3}, [](Vars x) { return tril(x[0]); }, {"tril", "[3]"})},
      {"triu", triangle({3, 3}, 0, false), triangle({3, 5}, 1, false), triangle({4, 2}, -1, false),
       triangle({2, 3, 4}, 0, false), triangle({3, 3}, 7, false), triangle({3, 3}, 0, false, Kind::boolean),
       triangle({2, 3}, INT64_MAX, false), triangle({2, 3}, INT64_MIN, false),
       fails_on<ShapeError>({3}, [](Vars x) { return triu(x[0]); }, {"triu", "[3]"})},
      {"diagonal", on_diagonal({3, 3}, 0, 0, 1, 3), on_diagonal({3, 5}, 1, 0, 1, 3), on_diagonal({3, 5}, 3, 0, 1, 2),
       on_diagonal({3, 5}, -2, 0, 1, 1), on_diagonal({5, 3}, -1, 0, 1, 3), on_diagonal({3, 3}, 5, 0, 1, 0),
       on_diagonal({3, 3}, -5, 0, 1, 0), on_diagonal({2, 3, 4}, 0, 0, 1, 2), on_diagonal({2, 3, 4}, 1, -1, 1, 2),
       on_diagonal({2, 3, 4}, 0, 1, 2, 3), on_diagonal({0, 3}, 0, 0, 1, 0), on_diagonal({3, 5}, INT64_MIN + 1, 0, 1, 0),
       on_diagonal({3, 5}, INT64_MAX, 0, 1, 0),
       fails_on<ShapeError>({3}, [](Vars x) { return diagonal(x[0]); }, {"diagonal", "axis 1", "1 axes"}),
       fails_on<ShapeError>({3, 3}, [](Vars x) { return diagonal(x[0], 0, 1, -1); }, {"diagonal", "axis -1", "twice"})},
      {"diag", matrix_with(3, 0), matrix_with(3, 2), matrix_with(2, -1), matrix_with(0, 1),
       moving(
           {3, 4}, [](Vars x) { return diag(x[0], 1); }, {3},
           [](const Index& i) {
             return Index{i[0], i[0] + 1};
           }),
       fails_on<ShapeError>({2}, [](Vars x) { return diag(x[0], INT64_MIN); }, {"diag", "[2]", "too many"}),
       fails_on<ShapeError>({2}, [](Vars x) { return diag(x[0], (1LL << 32) - 2); }, {"diag", "[2]", "too many"}),
       fails_on<ShapeError>({}, [](Vars x) { return diag(x[0]); }, {"diag", "[]"}),
       fails_on<ShapeError>({2, 2, 2}, [](Vars x) { return diag(x[0]); }, {"diag", "[2, 2, 2]"})},
      {"trace", tracing({3, 3}, 0), tracing({3, 5}, 1), tracing({3, 3, 2}, -1), tracing({3, 3}, 5),
       fails_on<ShapeError>({3}, [](Vars x) { return trace(x[0]); }, {"trace", "axis 1", "1 axes"})},
  };
}

}  // namespace

std::vector<Row> index_rows() {
  std::vector<Row> result = picking_rows();
  for (Row& row : diagonal_rows()) result.push_back(std::move(row));
  return result;
}

}  // namespace xtape::test
