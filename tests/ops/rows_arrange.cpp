// Rows of the ops that arrange elements anew: axes moved, elements repeated, padded, split.
#include <algorithm>
#include <numeric>
#include <optional>

#include "ops/arranging.hpp"

namespace xtape::test {

namespace {

Tensor with_shape(const Tensor& x, const Shape& shape) { return {x.dtype, shape, x.elements}; }

/// Axis i of the result is axis `axes[i]` of x.
Row::Part permuting(const Shape& shape, const Build& build, const std::vector<std::size_t>& axes) {
  Shape result = shape;
  for (std::size_t i = 0; i < axes.size(); ++i) result[i] = shape[axes[i]];
  return moving(shape, build, result, [=](const Index& index) {
    Index source(index.size());
    for (std::size_t i = 0; i < axes.size(); ++i) source[axes[i]] = index[i];
    return source;
  });
}

Row::Part flipping(const Shape& shape, const std::vector<int>& axes) {
  return moving(
      shape, [=](Vars x) { return flip(x[0], axes.empty() ? Axes() : Axes(axes)); }, shape,
      [=](Index index) {
        for (std::size_t i = 0; i < index.size(); ++i) {
          const bool turned =
              axes.empty() || std::ranges::any_of(axes, [&](int axis) { return from_start(axis, index.size()) == i; });
          if (turned) index[i] = shape[i] - 1 - index[i];
        }
        return index;
      });
}

Row::Part rolling(const Shape& shape, std::int64_t shift, std::optional<int> axis) {
  const Build build = [=](Vars x) { return roll(x[0], shift, axis); };
  if (!axis)
    return sample({real(shape)}, build, [=](Tensors x) {
      Tensor result = x[0];
      const std::int64_t n = std::ssize(result.elements);
      for (std::int64_t i = 0; i < n; ++i)
        result.elements[static_cast<std::size_t>((((i + shift) % n) + n) % n)] =
            x[0].elements[static_cast<std::size_t>(i)];
      return result;
    });
  return moving(shape, build, shape, [=](Index index) {
    const std::size_t at = from_start(*axis, shape.rank());
    index[at] = (((index[at] - shift) % shape[at]) + shape[at]) % shape[at];
    return index;
  });
}

Row::Part rolling_axes(const Shape& shape, std::vector<std::int64_t> shifts, std::vector<int> axes) {
  return moving(
      shape, [=](Vars x) { return roll(x[0], shifts, axes); }, shape,
      [=](Index index) {
        for (std::size_t i = 0; i < axes.size(); ++i) {
          const std::size_t at = from_start(axes[i], shape.rank());
          const std::int64_t moved = index[at] - shifts[shifts.size() == 1 ? 0 : i];
          index[at] = ((moved % shape[at]) + shape[at]) % shape[at];
        }
        return index;
      });
}

Row::Part tiling(const Shape& shape, std::vector<std::int64_t> repetitions, const Shape& result) {
  return moving(
      shape, [=](Vars x) { return tile(x[0], repetitions); }, result,
      [=](const Index& index) {
        Index source;
        for (std::size_t i = 0; i < shape.rank(); ++i)
          source.push_back(index[index.size() - shape.rank() + i] % shape[i]);
        return source;
      });
}

Row::Part repeating(const Shape& shape, std::int64_t times, int axis) {
  const std::size_t at = from_start(axis, shape.rank());
  Shape result = shape;
  result[at] *= times;
  return moving(
      shape, [=](Vars x) { return repeat(x[0], times, axis); }, result,
      [=](Index index) {
        index[at] /= times;
        return index;
      });
}

/// Elements where x has none: by NumPy's rules for one position at a time.
std::optional<std::int64_t> position_beside(std::int64_t position, std::int64_t extent, PadMode mode) {
  while (position < 0 || position >= extent) {
    if (mode == PadMode::constant) return std::nullopt;
    if (mode == PadMode::edge || extent == 1) return position < 0 ? 0 : extent - 1;
    position = position < 0 ? -position : 2 * (extent - 1) - position;
  }
  return position;
}

Row::Part padding(const Shape& shape, const PadWidths& widths, PadMode mode, double value = 0,
                  Kind kind = Kind::floating) {
  return sample(
      {Input{shape, kind, 0, 1}}, [=](Vars x) { return pad(x[0], widths, mode, value); },
      [=](Tensors x) {
        Shape result = shape;
        for (std::size_t i = 0; i < shape.rank(); ++i) {
          const auto& [before, after] = widths[widths.size() == 1 ? 0 : i];
          result[i] += before + after;
        }
        return filled(x[0].dtype, result, [&](Index index) {
          for (std::size_t i = 0; i < shape.rank(); ++i) {
            const auto source = position_beside(index[i] - widths[widths.size() == 1 ? 0 : i].first, shape[i], mode);
            if (!source) return static_cast<Real>(value);
            index[i] = *source;
          }
          return at(x[0], index);
        });
      });
}

/// One of the parts of a split, which begins at `first`.
Row::Part part_of(const Shape& shape, const Build& build, int axis, std::int64_t first, std::int64_t extent) {
  const std::size_t along = from_start(axis, shape.rank());
  Shape result = shape;
  result[along] = extent;
  return moving(shape, build, result, [=](Index index) {
    index[along] += first;
    return index;
  });
}

constexpr std::int64_t kHuge = INT64_MAX;

Build moves(std::vector<int> source, std::vector<int> destination) {
  return [=](Vars x) { return moveaxis(x[0], source, destination); };
}
Build swaps(int a, int b) {
  return [=](Vars x) { return swapaxes(x[0], a, b); };
}
Build nth_part(int parts, int axis, std::size_t which) {
  return [=](Vars x) { return split(x[0], parts, axis).at(which); };
}
Build part_between(std::vector<std::int64_t> positions, int axis, std::size_t which) {
  return [=](Vars x) { return split(x[0], positions, axis).at(which); };
}
Build pads(PadWidths widths, PadMode mode = PadMode::constant, double value = 0) {
  return [=](Vars x) { return pad(x[0], widths, mode, value); };
}
Build repeats(std::vector<std::int64_t> times, std::optional<int> axis) {
  return [=](Vars x) { return repeat(x[0], times, axis); };
}

std::vector<Row> axis_rows() {
  return {
      {"permute",
       permuting({2, 3, 4},
                 [](Vars x) {
                   return permute(x[0], {2, 0, 1});
                 },
                 {2, 0, 1}),
       permuting({2, 3},
                 [](Vars x) {
                   return permute(x[0], {-1, 0});
                 },
                 {1, 0})},
      {"moveaxis", permuting({2, 3, 4}, moves({0}, {2}), {1, 2, 0}), permuting({2, 3, 4}, moves({-1}, {0}), {2, 0, 1}),
       permuting({2, 3, 4, 5}, moves({0, 1}, {-1, -2}), {2, 3, 1, 0}), permuting({2, 3}, moves({}, {}), {0, 1}),
       permuting({2, 3}, [](Vars x) { return moveaxis(x[0], 0, 1); }, {1, 0}),
       permuting({0, 3}, moves({0}, {1}), {1, 0}),
       fails_on<ShapeError>({2, 3}, moves({0}, {2}), {"moveaxis", "axis 2", "2 axes"}),
       fails_on<ShapeError>({2, 3}, moves({0, -2}, {0, 1}), {"moveaxis", "axis -2", "twice"}),
       fails_on<ShapeError>({2, 3}, moves({0, 1}, {1, 1}), {"moveaxis", "axis 1", "twice"}),
       fails_on<ShapeError>({2, 3}, moves({0, 1}, {1}), {"moveaxis", "2 axes to move", "1 destinations"})},
      {"swapaxes", permuting({2, 3, 4}, swaps(0, 2), {2, 1, 0}), permuting({2, 3, 4}, swaps(-1, 1), {0, 2, 1}),
       permuting({2, 3}, swaps(1, 1), {0, 1}),
       fails_on<ShapeError>({2, 3}, swaps(0, 2), {"swapaxes", "axis 2", "2 axes"})},
      {"ravel",
       sample(
           {real({2, 3})}, [](Vars x) { return ravel(x[0]); }, [](Tensors x) { return with_shape(x[0], {6}); }),
       sample(
           {real({})}, [](Vars x) { return ravel(x[0]); }, [](Tensors x) { return with_shape(x[0], {1}); }),
       sample(
           {real({2, 0})}, [](Vars x) { return ravel(x[0]); }, [](Tensors x) { return with_shape(x[0], {0}); })},
      {"flip", flipping({5}, {}), flipping({2, 3}, {}), flipping({2, 3, 4}, {1}), flipping({2, 3, 4}, {0, -1}),
       flipping({2, 0}, {}), flipping({}, {}),
       fails_on<ShapeError>({2}, [](Vars x) { return flip(x[0], 1); }, {"flip", "axis 1", "1 axes"})},
      {"roll", rolling({5}, 2, 0), rolling({5}, -1, 0), rolling({5}, 12, -1), rolling({5}, 0, 0), rolling({5}, 5, 0),
       rolling({2, 3}, 1, 0), rolling({2, 3}, -2, 1), rolling({2, 3}, 2, {}), rolling({2, 3, 2}, -5, {}),
       sample(
           {real({2, 0})}, [](Vars x) { return roll(x[0], 1, 1); }, [](Tensors x) { return x[0]; }),
       rolling_axes({3, 4}, {1, -1}, {0, 1}), rolling_axes({3, 4}, {2}, {0, -1}), rolling_axes({5}, {1, 2}, {0, 0}),
       rolling_axes({2, 3}, {}, {}),
       fails_on<ShapeError>({2}, [](Vars x) { return roll(x[0], 1, 1); }, {"roll", "axis 1", "1 axes"}),
       fails_on<ShapeError>({2, 3},
                            [](Vars x) {
                              return roll(x[0], {1, 2, 3}, {0, 1});
                            },
                            {"roll", "3 shifts", "2 axes", "[2, 3]"})},
  };
}

std::vector<Row> copy_rows() {
  constexpr auto edge = PadMode::edge, reflect = PadMode::reflect, constant = PadMode::constant;
  return {
      {"tile", tiling({3}, {2}, {6}), tiling({2, 3}, {2, 1}, {4, 3}), tiling({2, 3}, {1, 2}, {2, 6}),
       tiling({2, 3}, {3, 2}, {6, 6}), tiling({2, 3}, {2}, {2, 6}), tiling({3}, {2, 2}, {2, 6}),
       tiling({}, {2, 3}, {2, 3}), tiling({2, 3}, {}, {2, 3}), tiling({2, 3}, {0, 2}, {0, 6}),
       tiling({2, 0}, {2, 2}, {4, 0}),
       fails_on<ValueError>({2, 3},
                            [](Vars x) {
                              return tile(x[0], {2, -1});
                            },
                            {"tile", "[2, -1]"}),
       fails_on<ShapeError>({2, 3}, [](Vars x) { return tile(x[0], {kHuge}); }, {"tile", "[2, 3]", "axis 1"})},
      {"repeat", repeating({3}, 2, 0), repeating({2, 3}, 3, 0), repeating({2, 3}, 2, 1), repeating({2, 3, 2}, 2, -2),
       repeating({2, 3}, 1, 0),
       moving(
           {2, 3}, [](Vars x) { return repeat(x[0], 0, 1); }, {2, 0}, [](Index i) { return i; }),
       moving(
           {2, 3}, [](Vars x) { return repeat(x[0], 2); }, {12},
           [](const Index& i) {
             return Index{i[0] / 6, i[0] / 2 % 3};
           }),
       moving({2, 3}, repeats({2, 0, 1}, 1), {2, 3},
              [](const Index& i) {
                return Index{i[0], i[1] < 2 ? 0 : 2};
              }),
       moving({2, 2}, repeats({1, 0, 2, 1}, {}), {4},
              [](const Index& i) {
                return i[0] == 0 ? Index{0, 0} : i[0] < 3 ? Index{1, 0} : Index{1, 1};
              }),
       fails_on<ValueError>({2, 3}, [](Vars x) { return repeat(x[0], -1); }, {"repeat", "[-1]"}),
       fails_on<ValueError>({2}, repeats({1, -2}, 0), {"repeat", "[1, -2]"}),
       fails_on<ShapeError>({2, 3}, [](Vars x) { return repeat(x[0], kHuge, 0); }, {"repeat", "[2, 3]", "axis 0"}),
       fails_on<ShapeError>({2}, repeats({1, kHuge}, 0), {"repeat", "[2]", "axis 0"}),
       fails_on<ShapeError>({2, 3}, repeats({1, 2}, 1), {"repeat", "2 numbers", "axis 1", "[2, 3]"}),
       fails_on<ShapeError>({2, 3}, repeats({1, 2}, 2), {"repeat", "axis 2", "2 axes"})},
      {"pad",
       padding({3}, {{2, 1}}, constant),
       padding({2, 3}, {{1, 0}, {0, 2}}, constant),
       padding({2, 3}, {{1, 2}}, constant, 1.5),
       padding({2, 0}, {{0, 1}, {1, 1}}, constant, -1),
       padding({2, 3}, {{1, 1}}, constant, 1, Kind::integer),
       padding({2, 3}, {{1, 1}}, constant, 1, Kind::boolean),
       padding({2, 3}, {{1, 1}}, constant, 0, Kind::boolean),
       padding({2, 3}, {{0, 0}}, constant),
       padding({}, {}, constant),
       padding({3}, {{2, 4}}, edge),
       padding({2, 3}, {{1, 0}, {2, 2}}, edge),
       padding({4}, {{3, 2}}, reflect),
       padding({2, 3}, {{1, 1}, {2, 1}}, reflect),
       padding({3}, {{7, 8}}, reflect),
       padding({1}, {{2, 3}}, reflect),
       padding({2, 0}, {{1, 1}, {0, 0}}, edge),
       fails_on<ValueError>({2, 3}, pads({{1, -1}}), {"pad", "1 and -1"}),
       fails_on<ShapeError>({2, 3}, pads({{1, 1}, {1, 1}, {0, 0}}), {"pad", "3 pairs", "[2, 3]"}),
       fails_on<ShapeError>({2, 0}, pads({{1, 1}}, edge), {"pad", "axis 1", "[2, 0]"}),
       fails_on<ShapeError>({2}, pads({{kHuge, kHuge}}), {"pad", "axis 0 of [2]", std::to_string(kHuge)}),
       fails_on<ShapeError>({2}, pads({{kHuge, 1}}, edge), {"pad", "axis 0 of [2]"}),
       fails_on<ShapeError>({2, 2}, pads({{1, 1 << 30}}, reflect), {"pad", "[2, 2]", "too many elements"}),
       fails<DTypeError>({integer({2}, 0, 3)}, pads({{1, 1}}, constant, 0.5), {"pad", "0.5", "int64"})},
      {"split", part_of({6}, nth_part(3, 0, 0), 0, 0, 2), part_of({6}, nth_part(3, 0, 2), 0, 4, 2),
       part_of({2, 4}, nth_part(2, -1, 1), 1, 2, 2), part_of({6}, nth_part(1, 0, 0), 0, 0, 6),
       part_of({7}, part_between({3, 5}, 0, 0), 0, 0, 3), part_of({7}, part_between({3, 5}, 0, 1), 0, 3, 2),
       part_of({7}, part_between({3, 5}, 0, 2), 0, 5, 2), part_of({2, 5}, part_between({2}, 1, 1), 1, 2, 3),
       part_of({7}, part_between({3, 9}, 0, 2), 0, 0, 0), part_of({7}, part_between({-2}, 0, 1), 0, 5, 2),
       part_of({7}, part_between({}, 0, 0), 0, 0, 7),
       part_of(
           {7}, [](Vars x) { return split(x[0], {2}).at(1); }, 0, 2, 5),
       fails_on<ValueError>({2, 5}, nth_part(2, 1, 0), {"split", "axis 1", "[2, 5]", "2 equal parts"}),
       fails_on<ValueError>({2, 5}, nth_part(0, 1, 0), {"split", "0 equal parts"}),
       fails_on<ShapeError>({2, 5}, nth_part(2, 2, 0), {"split", "axis 2", "2 axes"})},
  };
}

}  // namespace

std::vector<Row> arrange_rows() {
  std::vector<Row> result;
  for (auto family : {axis_rows, copy_rows, index_rows})
    for (Row& row : family()) result.push_back(std::move(row));
  return result;
}

}  // namespace xtape::test
