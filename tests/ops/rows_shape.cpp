// Rows of the ops that move elements: transposes, reshapes, slices, joins and takes.
#include <numeric>

#include "ops/reference.hpp"
#include "ops/row.hpp"

namespace xtape::test {

namespace {

using Vars = std::span<const Var>;
using Tensors = std::span<const Tensor>;

Tensor with_shape(const Tensor& x, const Shape& shape) { return {x.dtype, shape, x.elements}; }

Row::Part transposed(const Shape& shape, const std::vector<int>& axes) {
  return sample(
      {real(shape)}, [=](Vars x) { return transpose(x[0], axes); },
      [=](Tensors x) {
        const auto rank = static_cast<int>(axes.size());
        Shape result = x[0].shape;
        std::vector<std::size_t> from;
        for (int axis : axes) from.push_back(static_cast<std::size_t>(axis < 0 ? axis + rank : axis));
        for (std::size_t i = 0; i < from.size(); ++i) result[i] = x[0].shape[from[i]];
        return gathered(x[0], result, [&](const Index& index) {
          Index source(index.size());
          for (std::size_t i = 0; i < from.size(); ++i) source[from[i]] = index[i];
          return source;
        });
      });
}

Row::Part reshaped(const Shape& shape, std::vector<std::int64_t> wanted, const Shape& result) {
  return sample(
      {real(shape)}, [=](Vars x) { return reshape(x[0], std::span<const std::int64_t>(wanted)); },
      [=](Tensors x) { return with_shape(x[0], result); });
}

Row::Part broadcasted(const Shape& shape, const Shape& result) {
  return sample(
      {real(shape)}, [=](Vars x) { return broadcast_to(x[0], result); },
      [=](Tensors x) {
        return gathered(x[0], result, [&](const Index& index) {
          Index source(index.end() - static_cast<std::ptrdiff_t>(x[0].shape.rank()), index.end());
          for (std::size_t i = 0; i < source.size(); ++i)
            if (x[0].shape[i] == 1) source[i] = 0;
          return source;
        });
      });
}

/// Where a slice's axis starts, its step, and how many elements it has: the positions that Python's range would give.
struct Positions {
  std::vector<std::int64_t> positions;
  bool removed;
};

Row::Part sliced(const Shape& shape, std::vector<Slice> slices, std::vector<Positions> expected) {
  return sample(
      {real(shape)}, [=](Vars x) { return slice(x[0], std::span<const Slice>(slices)); },
      [=](Tensors x) {
        std::vector<std::int64_t> extents;
        for (std::size_t i = 0; i < x[0].shape.rank(); ++i) {
          if (i >= expected.size()) extents.push_back(x[0].shape[i]);
          else if (!expected[i].removed) extents.push_back(std::ssize(expected[i].positions));
        }
        return gathered(x[0], Shape(std::span<const std::int64_t>(extents)), [&](const Index& index) {
          Index source;
          std::size_t next = 0;
          for (std::size_t i = 0; i < x[0].shape.rank(); ++i) {
            if (i >= expected.size()) source.push_back(index[next++]);
            else if (expected[i].removed) source.push_back(expected[i].positions[0]);
            else source.push_back(expected[i].positions[static_cast<std::size_t>(index[next++])]);
          }
          return source;
        });
      });
}

/// Parts one after the other along an axis.
Tensor joined(Tensors parts, std::size_t axis) {
  Shape shape = parts[0].shape;
  shape[axis] = 0;
  for (const Tensor& part : parts) shape[axis] += part.shape[axis];
  Tensor result{parts[0].dtype, shape, {}};
  Odometer position(shape);
  for (std::int64_t i = 0; i < shape.size(); ++i, position.next()) {
    Index index = position.at;
    std::size_t part = 0;
    while (index[axis] >= parts[part].shape[axis]) index[axis] -= parts[part++].shape[axis];
    result.elements.push_back(at(parts[part], index));
  }
  return result;
}

Row::Part concatenated(const std::vector<Shape>& shapes, int axis) {
  std::vector<Input> inputs;
  for (const Shape& shape : shapes) inputs.push_back(real(shape));
  const std::size_t from_start = static_cast<std::size_t>(axis < 0 ? axis + static_cast<int>(shapes[0].rank()) : axis);
  return sample(
      inputs, [=](Vars x) { return concatenate(std::vector<Var>(x.begin(), x.end()), axis); },
      [=](Tensors x) { return joined(x, from_start); });
}

Row::Part stacked(std::size_t parts, const Shape& shape, int axis) {
  const std::size_t from_start = static_cast<std::size_t>(axis < 0 ? axis + 1 + static_cast<int>(shape.rank()) : axis);
  std::vector<std::int64_t> extents(shape.begin(), shape.end());
  extents.insert(extents.begin() + static_cast<std::ptrdiff_t>(from_start), 1);
  return sample(
      std::vector<Input>(parts, real(shape)), [=](Vars x) { return stack(std::vector<Var>(x.begin(), x.end()), axis); },
      [=](Tensors x) {
        std::vector<Tensor> raised;
        for (const Tensor& part : x) raised.push_back(with_shape(part, Shape(std::span<const std::int64_t>(extents))));
        return joined(raised, from_start);
      });
}

std::int64_t wrapped(Real index, std::int64_t extent) {
  const auto position = static_cast<std::int64_t>(index);
  return position < 0 ? position + extent : position;
}

Row::Part taken(const Shape& shape, const Shape& indices, int axis) {
  const auto from_start = static_cast<std::ptrdiff_t>(axis < 0 ? axis + static_cast<int>(shape.rank()) : axis);
  const std::int64_t extent = shape[static_cast<std::size_t>(from_start)];
  return sample(
      {real(shape), integer(indices, static_cast<Real>(-extent), static_cast<Real>(extent - 1))},
      [=](Vars x) { return take(x[0], x[1], axis); },
      [=](Tensors x) {
        std::vector<std::int64_t> extents(shape.begin(), shape.end());
        extents.erase(extents.begin() + from_start);
        extents.insert(extents.begin() + from_start, indices.begin(), indices.end());
        return gathered(x[0], Shape(std::span<const std::int64_t>(extents)), [&](const Index& index) {
          const auto first = index.begin() + from_start;
          const auto last = first + static_cast<std::ptrdiff_t>(indices.rank());
          Index source(index.begin(), first);
          source.push_back(wrapped(at(x[1], Index(first, last)), extent));
          source.insert(source.end(), last, index.end());
          return source;
        });
      });
}

Row::Part taken_along(const Shape& shape, const Shape& indices, int axis) {
  const auto from_start = static_cast<std::size_t>(axis < 0 ? axis + static_cast<int>(shape.rank()) : axis);
  const std::int64_t extent = shape[from_start];
  return sample(
      {real(shape), integer(indices, static_cast<Real>(-extent), static_cast<Real>(extent - 1))},
      [=](Vars x) { return take_along_axis(x[0], x[1], axis); },
      [=](Tensors x) {
        Shape result = indices;
        for (std::size_t i = 0; i < shape.rank(); ++i)
          if (i != from_start && indices[i] == 1) result[i] = shape[i];
        return gathered(x[0], result, [&](const Index& index) {
          Index source = index, place = index;
          for (std::size_t i = 0; i < shape.rank(); ++i) {
            if (indices[i] == 1) place[i] = 0;
            if (shape[i] == 1) source[i] = 0;
          }
          source[from_start] = wrapped(at(x[1], place), extent);
          return source;
        });
      });
}

Row::Part squeezed(const Shape& shape, std::vector<int> axes, const Shape& result) {
  return sample(
      {real(shape)}, [=](Vars x) { return squeeze(x[0], axes.empty() ? Axes() : Axes(axes)); },
      [=](Tensors x) { return with_shape(x[0], result); });
}

Row::Part expanded(const Shape& shape, int axis, const Shape& result) {
  return sample(
      {real(shape)}, [=](Vars x) { return expand_dims(x[0], axis); },
      [=](Tensors x) { return with_shape(x[0], result); });
}

template <class Exception>
Row::Part fails_on(const Shape& shape, const Build& build, std::vector<std::string> parts) {
  return fails<Exception>({real(shape)}, build, std::move(parts));
}

}  // namespace

std::vector<Row> shape_rows() {
  constexpr std::int64_t none = Slice::kNone;
  return {
      {"transpose", transposed({}, {}), transposed({2, 3}, {1, 0}), transposed({5}, {0}), transposed({2, 3}, {0, 1}),
       transposed({2, 3, 4}, {2, 0, 1}), transposed({2, 3, 4}, {0, -1, 1}), transposed({2, 3, 1, 4}, {3, 1, 0, 2}),
       transposed({0, 3}, {1, 0}),
       sample(
           {real({2, 3, 4})}, [](Vars x) { return transpose(x[0]); },
           [](Tensors x) {
             return gathered(x[0], {4, 3, 2}, [](const Index& i) { return Index{i[2], i[1], i[0]}; });
           }),
       fails_on<ShapeError>({2, 3}, [](Vars x) { return transpose(x[0], {0}); }, {"transpose", "[2, 3]"}),
       fails_on<ShapeError>({2, 3},
                            [](Vars x) {
                              return transpose(x[0], {0, 0});
                            },
                            {"transpose", "[2, 3]"}),
       fails_on<ShapeError>({2, 3},
                            [](Vars x) {
                              return transpose(x[0], {0, 2});
                            },
                            {"transpose", "axis 2", "2 axes"})},
      {"reshape", reshaped({}, {1, 1}, {1, 1}), reshaped({6}, {2, 3}, {2, 3}), reshaped({2, 3}, {-1}, {6}),
       reshaped({2, 3, 4}, {4, -1}, {4, 6}), reshaped({1}, {}, {}), reshaped({0, 3}, {3, 0, 2}, {3, 0, 2}),
       sample(
           {real({2, 3})}, [](Vars x) { return reshape(transpose(x[0]), {6}); },
           [](Tensors x) { return gathered(x[0], {6}, [](const Index& i) {
                             return Index{i[0] % 2, i[0] / 2};
                           }); }),
       fails_on<ShapeError>({2},
                            [](Vars x) {
                              return reshape(x[0], {1, 1, 1, 1, 1, 1, 1, 1, 2});
                            },
                            {"reshape", "9 axes", "[2]"}),
       fails_on<ShapeError>({4},
                            [](Vars x) {
                              return reshape(x[0], {(1LL << 62) + 1, 4});  // 4 elements modulo 2^64
                            },
                            {"reshape", "[4]", "[4611686018427387905, 4]"}),
       fails_on<ShapeError>({2, 3},
                            [](Vars x) {
                              return reshape(x[0], {4, 2});
                            },
                            {"reshape", "[2, 3]", "[4, 2]"}),
       fails_on<ShapeError>({2, 3},
                            [](Vars x) {
                              return reshape(x[0], {4, -1});
                            },
                            {"reshape", "[2, 3]"}),
       fails_on<ShapeError>({2, 3},
                            [](Vars x) {
                              return reshape(x[0], {-1, -1});
                            },
                            {"reshape", "[2, 3]"})},
      {"broadcast_to", broadcasted({}, {2, 3}), broadcasted({3}, {2, 3}), broadcasted({2, 1}, {2, 3}),
       broadcasted({2, 1, 3}, {4, 2, 5, 3}), broadcasted({1}, {0}), broadcasted({4, 1}, {4, 0}),
       broadcasted({2, 3}, {2, 3}),
       fails_on<ShapeError>({2, 3},
                            [](Vars x) {
                              return broadcast_to(x[0], {2, 4});
                            },
                            {"broadcast_to", "[2, 3]", "[2, 4]"}),
       fails_on<ShapeError>({2, 3}, [](Vars x) { return broadcast_to(x[0], {3}); }, {"broadcast_to", "[2, 3]", "[3]"})},
      {"expand_dims", expanded({}, 0, {1}), expanded({2, 3}, 0, {1, 2, 3}), expanded({2, 3}, 2, {2, 3, 1}),
       expanded({2, 3}, -1, {2, 3, 1}), expanded({2, 3}, -3, {1, 2, 3}), expanded({2, 3, 4}, 1, {2, 1, 3, 4}),
       fails_on<ShapeError>({1, 1, 1, 1, 1, 1, 1, 2}, [](Vars x) { return expand_dims(x[0], 0); },
                            {"expand_dims", "9 axes", "[1, 1, 1, 1, 1, 1, 1, 2]"}),
       fails_on<ShapeError>({2, 3}, [](Vars x) { return expand_dims(x[0], 3); }, {"expand_dims", "axis 3", "3 axes"})},
      {"squeeze", squeezed({1, 2, 1, 3}, {}, {2, 3}), squeezed({1, 2, 1, 3}, {0}, {2, 1, 3}),
       squeezed({1, 2, 1, 3}, {-2}, {1, 2, 3}), squeezed({1, 2, 1, 3}, {0, 2}, {2, 3}), squeezed({1}, {}, {}),
       squeezed({2, 3}, {}, {2, 3}),
       fails_on<ShapeError>({1, 3}, [](Vars x) { return squeeze(x[0], 1); }, {"squeeze", "[1, 3]"}),
       fails_on<ShapeError>({1, 3}, [](Vars x) { return squeeze(x[0], 2); }, {"squeeze", "axis 2", "2 axes"})},
      {"slice",
       sliced({7}, {{1, 6, 2}}, {{{1, 3, 5}, false}}),
       sliced({7}, {{none, none, -1}}, {{{6, 5, 4, 3, 2, 1, 0}, false}}),
       sliced({7}, {{-2, none}}, {{{5, 6}, false}}),
       sliced({7}, {{5, 1, -2}}, {{{5, 3}, false}}),
       sliced({7}, {{-100, 100}}, {{{0, 1, 2, 3, 4, 5, 6}, false}}),
       sliced({7}, {{5, 5}}, {{{}, false}}),
       sliced({7}, {{6, 2}}, {{{}, false}}),
       sliced({7}, {{100, none, -3}}, {{{6, 3, 0}, false}}),
       sliced({7}, {{none, -3}}, {{{0, 1, 2, 3}, false}}),
       sliced({7}, {{2, none, 100}}, {{{2}, false}}),
       sliced({7, 2}, {{2, none, INT64_MAX}, {none, none, INT64_MIN}}, {{{2}, false}, {{1}, false}}),
       sliced({7}, {Slice(3)}, {{{3}, true}}),
       sliced({7}, {Slice(-1)}, {{{6}, true}}),
       sliced({4, 5}, {{0, 4, 3}, Slice(-2)}, {{{0, 3}, false}, {{3}, true}}),
       sliced({4, 5}, {Slice(1)}, {{{1}, true}}),
       sliced({4, 5}, {Slice(), {1, 4}}, {{{0, 1, 2, 3}, false}, {{1, 2, 3}, false}}),
       sliced({3, 2, 2, 4}, {Slice(), Slice(1), Slice(), {none, none, -2}},
              {{{0, 1, 2}, false}, {{1}, true}, {{0, 1}, false}, {{3, 1}, false}}),
       fails_on<ValueError>({2, 3}, [](Vars x) { return slice(x[0], {Slice(2)}); }, {"slice", "index 2", "extent 2"}),
       fails_on<ValueError>({2, 3},
                            [](Vars x) {
                              return slice(x[0], {Slice(), Slice(-4)});
                            },
                            {"slice", "index -4", "extent 3"}),
       fails_on<ValueError>({2, 3}, [](Vars x) { return slice(x[0], {Slice(0, 2, 0)}); }, {"slice", "step"}),
       fails_on<ShapeError>({2},
                            [](Vars x) {
                              return slice(x[0], {Slice(), Slice()});
                            },
                            {"slice", "[2]"})},
      {"concatenate", concatenated({{2}, {2}}, 0), concatenated({{2}, {3}}, 0),
       concatenated({{2, 3}, {1, 3}, {2, 3}}, 0), concatenated({{2, 3}, {2, 1}}, 1),
       concatenated({{2, 3}, {2, 0}, {2, 2}}, -1), concatenated({{2, 2, 1, 2}, {2, 1, 1, 2}}, 1),
       concatenated({{3}}, 0), concatenated({{0}, {0}}, 0),
       sample(
           {real({3})},
           [](Vars x) {
             return concatenate({x[0], x[0]});
           },
           [](Tensors x) {
             return joined(std::vector<Tensor>{x[0], x[0]}, 0);
           }),
       fails<ShapeError>({real({2, 3}), real({2, 4})},
                         [](Vars x) {
                           return concatenate({x[0], x[1]}, 0);
                         },
                         {"concatenate", "[2, 3]", "[2, 4]"}),
       fails<ShapeError>({real({2, 3}), real({2})},
                         [](Vars x) {
                           return concatenate({x[0], x[1]}, 0);
                         },
                         {"concatenate", "[2, 3]", "[2]"}),
       fails<DTypeError>({real({2}), integer({2}, 0, 1)},
                         [](Vars x) {
                           return concatenate({x[0], x[1]}, 0);
                         },
                         {"concatenate", "float64", "int64"}),
       fails_on<ShapeError>({2, 3}, [](Vars x) { return concatenate({x[0]}, 2); },
                            {"concatenate", "axis 2", "2 axes"})},
      {"stack", stacked(2, {}, 0), stacked(3, {2}, 0), stacked(3, {2}, 1), stacked(2, {2, 3}, 1),
       stacked(2, {2, 3}, -1), stacked(2, {2, 1, 3}, -2),
       fails<ShapeError>({real({2, 3}), real({2, 4})},
                         [](Vars x) {
                           return stack({x[0], x[1]}, 0);
                         },
                         {"stack", "[2, 3]", "[2, 4]"}),
       fails_on<ShapeError>({1, 1, 1, 1, 1, 1, 1, 2},
                            [](Vars x) {
                              return stack({x[0], x[0]});
                            },
                            {"stack", "9 axes"}),
       fails_on<ShapeError>({2, 3}, [](Vars x) { return stack({x[0]}, 3); }, {"stack", "axis 3", "3 axes"})},
      {"take", taken({5}, {3}, 0), taken({5}, {}, 0), taken({3, 4}, {6}, 1), taken({3, 4}, {2, 2}, 0),
       taken({3, 4}, {2, 2}, -1), taken({2, 3, 2, 2}, {2}, 1), taken({5}, {0}, 0),
       fails<DTypeError>({real({3}), real({2})}, [](Vars x) { return take(x[0], x[1], 0); }, {"take", "float64"}),
       fails<ShapeError>({real({3, 1, 1, 1, 1}), integer({1, 1, 1, 1, 1}, 0, 1)},
                         [](Vars x) { return take(x[0], x[1], 0); }, {"take", "9 axes", "[3, 1, 1, 1, 1]"}),
       fails<ShapeError>({real({3}), integer({2}, 0, 1)}, [](Vars x) { return take(x[0], x[1], 1); },
                         {"take", "axis 1", "1 axes"})},
      {"take_along_axis", taken_along({5}, {3}, 0), taken_along({3, 4}, {3, 2}, 1), taken_along({3, 4}, {5, 4}, 0),
       taken_along({2, 3, 2, 2}, {2, 3, 2, 1}, -1), taken_along({2, 3, 2}, {2, 4, 2}, 1),
       taken_along({3, 4}, {1, 2}, 1), taken_along({1, 4}, {3, 2}, -1), taken_along({2, 3, 1}, {1, 2, 2}, 1),
       fails<DTypeError>({real({3}), real({3})}, [](Vars x) { return take_along_axis(x[0], x[1], 0); },
                         {"take_along_axis", "float64"}),
       fails<ShapeError>({real({3, 4}), integer({2, 4}, 0, 1)}, [](Vars x) { return take_along_axis(x[0], x[1], 1); },
                         {"take_along_axis", "[3, 4]", "[2, 4]"})},
  };
}

}  // namespace xtape::test
