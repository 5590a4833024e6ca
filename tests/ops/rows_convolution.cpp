// Rows of convolution and pooling.
#include <cmath>

#include "ops/neural_reference.hpp"
#include "ops/reference.hpp"
#include "ops/row.hpp"

namespace xtape::test {

namespace {

using Vars = std::span<const Var>;
using Tensors = std::span<const Tensor>;

Tensor with_shape(const Tensor& x, const Shape& shape) { return {x.dtype, shape, x.elements}; }

std::optional<Operand> third(Vars x) { return x.size() > 2 ? std::optional<Operand>(x[2]) : std::nullopt; }
const Tensor* third(Tensors x) { return x.size() > 2 ? &x[2] : nullptr; }

Input image(const Shape& shape) { return real(shape, -1, 1); }

std::vector<Input> images(const std::vector<Shape>& shapes) {
  std::vector<Input> result;
  for (const Shape& shape : shapes) result.push_back(image(shape));
  return result;
}

// ---- Convolution

/// Shapes of x, of weight and perhaps of bias.
Row::Part conv(const std::vector<Shape>& shapes, const Spatial& how = {}) {
  return sample(
      images(shapes),
      [=](Vars x) { return conv2d(x[0], x[1], third(x), how.stride, how.padding, how.dilation, how.groups); },
      [=](Tensors x) { return convolved(x[0], x[1], third(x), how); });
}

Row::Part conv_transpose(const std::vector<Shape>& shapes, const Spatial& how = {}) {
  return sample(
      images(shapes),
      [=](Vars x) {
        return conv_transpose2d(x[0], x[1], third(x), how.stride, how.padding, how.output_padding, how.groups,
                                how.dilation);
      },
      [=](Tensors x) { return transpose_convolved(x[0], x[1], third(x), how); });
}

/// (a, b, c) as (a, b, 1, c).
Tensor one_row(const Tensor& x) { return with_shape(x, {x.shape[0], x.shape[1], 1, x.shape[2]}); }
Tensor without_row(const Tensor& x) { return with_shape(x, {x.shape[0], x.shape[1], x.shape[3]}); }

/// The same for one axis: the widths of `how` count.
Row::Part line_conv(const std::vector<Shape>& shapes, const Spatial& how = {}) {
  return sample(
      images(shapes),
      [=](Vars x) {
        return conv1d(x[0], x[1], third(x), how.stride.width, how.padding.width, how.dilation.width, how.groups);
      },
      [=](Tensors x) { return without_row(convolved(one_row(x[0]), one_row(x[1]), third(x), how)); });
}

Row::Part line_conv_transpose(const std::vector<Shape>& shapes, const Spatial& how = {}) {
  return sample(
      images(shapes),
      [=](Vars x) {
        return conv_transpose1d(x[0], x[1], third(x), how.stride.width, how.padding.width, how.output_padding.width,
                                how.groups, how.dilation.width);
      },
      [=](Tensors x) { return without_row(transpose_convolved(one_row(x[0]), one_row(x[1]), third(x), how)); });
}

/// As many zeros around x as Padding::same asks for, or one more before it, and then without the first place.
Tensor same_convolved(Tensors x, const Pair& dilation, std::int64_t groups) {
  const Pair added(dilation.height * (x[1].shape[2] - 1), dilation.width * (x[1].shape[3] - 1));
  const Pair half((added.height + 1) / 2, (added.width + 1) / 2);
  const Tensor all = convolved(x[0], x[1], third(x), {.padding = half, .dilation = dilation, .groups = groups});
  const Shape shape{x[0].shape[0], x[1].shape[0], x[0].shape[2], x[0].shape[3]};
  return gathered(all, shape, [&](const Index& i) {
    return Index{i[0], i[1], i[2] + added.height % 2, i[3] + added.width % 2};
  });
}

Row::Part conv_same(const std::vector<Shape>& shapes, const Pair& dilation = 1, std::int64_t groups = 1) {
  return sample(
      images(shapes), [=](Vars x) { return conv2d(x[0], x[1], third(x), 1, Padding::same, dilation, groups); },
      [=](Tensors x) { return same_convolved(x, dilation, groups); });
}

Row conv2d_row() {
  const Build plain = [](Vars x) { return conv2d(x[0], x[1]); };
  return {
      "conv2d",
      conv({{2, 3, 5, 4}, {2, 3, 3, 2}, {2}}),
      conv({{1, 1, 3, 3}, {1, 1, 1, 1}}),
      conv({{2, 3, 2, 3}, {4, 3, 1, 1}, {4}}),
      conv({{2, 3, 3, 4}, {2, 3, 1, 1}}, {.stride = 2}),
      conv({{1, 2, 5, 6}, {3, 2, 3, 3}, {3}}, {.padding = 1}),
      conv({{1, 2, 6, 7}, {2, 2, 3, 2}}, {.stride = {2, 3}, .padding = {1, 2}}),
      conv({{1, 2, 7, 6}, {1, 2, 3, 2}}, {.dilation = {2, 3}}),
      conv({{2, 2, 6, 5}, {2, 2, 2, 3}, {2}}, {.stride = {1, 2}, .padding = {3, 2}, .dilation = {3, 2}}),
      conv({{2, 4, 4, 3}, {6, 2, 2, 2}, {6}}, {.padding = {0, 1}, .groups = 2}),
      conv({{1, 3, 4, 4}, {6, 1, 3, 3}}, {.stride = 2, .padding = 1, .groups = 3}),
      conv({{1, 2, 1, 2}, {1, 2, 3, 4}}, {.padding = {3, 4}}),  // windows that see nothing but padding
      conv({{0, 2, 4, 4}, {3, 2, 3, 3}, {3}}, {.padding = 1}),
      conv({{2, 2, 4, 4}, {0, 2, 3, 3}}),
      conv_same({{2, 2, 4, 5}, {3, 2, 3, 2}, {3}}),
      conv_same({{1, 4, 3, 2}, {2, 2, 4, 2}}, {1, 3}, 2),
      conv_same({{1, 2, 3, 2}, {2, 2, 1, 1}}),
      sample(
          images({{1, 2, 4, 4}, {3, 2, 2, 2}}), [](Vars x) { return conv2d(x[0], x[1], {}, 2, Padding::valid); },
          [](Tensors x) { return convolved(x[0], x[1], nullptr, {.stride = 2}); }),
      large_sample(
          images({{2, 4, 12, 13}, {8, 4, 3, 3}, {8}}), [](Vars x) { return conv2d(x[0], x[1], x[2], 1, 1); },
          [](Tensors x) { return convolved(x[0], x[1], &x[2], {.padding = 1}); }),
      sample(
          images({{3, 4, 4}, {2, 3, 2, 2}, {2}}), [](Vars x) { return conv2d(x[0], x[1], x[2]); },
          [](Tensors x) {
            return with_shape(convolved(with_shape(x[0], {1, 3, 4, 4}), x[1], &x[2], {}), {2, 3, 3});
          }),
      sample(images({{2, 1, 2, 3, 3}, {2, 2, 2, 2}}), plain,
             [](Tensors x) {
               return with_shape(convolved(with_shape(x[0], {2, 2, 3, 3}), x[1], nullptr, {}), {2, 1, 2, 2, 2});
             }),
      fails<ShapeError>(images({{1, 2, 3, 3}, {1, 2, 5, 2}}),
                        [](Vars x) {
                          return conv2d(x[0], x[1], {}, 1, {0, 1});
                        },
                        {"conv2d", "a kernel of 5", "does not fit into 3", "[1, 2, 3, 3]"}),
      fails<ShapeError>(images({{1, 2, 4, 4}, {1, 2, 2, 2}}),
                        [](Vars x) {
                          return conv2d(x[0], x[1], {}, 1, 0, {1, 4});
                        },
                        {"conv2d", "a kernel of 2 with dilation 4", "[1, 2, 4, 4]"}),
      fails<ShapeError>(images({{1, 3, 4, 4}, {1, 2, 2, 2}}), plain,
                        {"conv2d", "x has 3 channels, weight takes 2", "[1, 3, 4, 4]", "[1, 2, 2, 2]"}),
      fails<ShapeError>(images({{4, 4}, {1, 2, 2, 2}}), plain, {"conv2d", "[4, 4]", "3 axes"}),
      fails<ShapeError>(images({{1, 2, 4, 4}, {2, 2, 2}}), plain, {"conv2d", "[2, 2, 2]", "4 axes"}),
      fails<ShapeError>(images({{1, 4, 4, 4}, {3, 2, 2, 2}}), [](Vars x) { return conv2d(x[0], x[1], {}, 1, 0, 1, 2); },
                        {"conv2d", "[3, 2, 2, 2]", "2 groups"}),
      fails<ShapeError>(images({{1, 2, 4, 4}, {3, 2, 2, 2}, {2}}), [](Vars x) { return conv2d(x[0], x[1], x[2]); },
                        {"conv2d", "bias is [2]", "[3]"}),
      fails<ValueError>(images({{1, 2, 4, 4}, {3, 2, 2, 2}}),
                        [](Vars x) {
                          return conv2d(x[0], x[1], {}, {1, 0});
                        },
                        {"conv2d", "stride is 0"}),
      fails<ValueError>(images({{1, 2, 4, 4}, {3, 2, 2, 2}}), [](Vars x) { return conv2d(x[0], x[1], {}, 1, -1); },
                        {"conv2d", "padding is -1"}),
      fails<ValueError>(images({{1, 2, 4, 4}, {3, 2, 2, 2}}), [](Vars x) { return conv2d(x[0], x[1], {}, 1, 0, 0); },
                        {"conv2d", "dilation is 0"}),
      fails<ValueError>(images({{1, 2, 4, 4}, {3, 2, 2, 2}}), [](Vars x) { return conv2d(x[0], x[1], {}, 1, 0, 1, 0); },
                        {"conv2d", "groups is 0"}),
      fails<ShapeError>(images({{1, 2, 4, 4}, {0, 2, 2, 2}}),
                        [](Vars x) { return conv2d(x[0], x[1], {}, 1, 0, 1, INT64_MAX); },
                        {"conv2d", "[0, 2, 2, 2] is not divisible"}),
      fails<ValueError>(images({{1, 2, 4, 4}, {3, 2, 2, 2}}),
                        [](Vars x) {
                          return conv2d(x[0], x[1], {}, {1, 2}, Padding::same);
                        },
                        {"conv2d", "Padding::same", "the stride is 1 by 2"}),
      fails<DTypeError>({integer({1, 2, 4, 4}, 0, 3), integer({3, 2, 2, 2}, 0, 3)}, plain, {"conv2d", "int64"}),
      fails<DTypeError>({real({1, 2, 4, 4}), integer({3, 2, 2, 2}, 0, 3)}, plain, {"conv2d", "float64", "int64"})};
}

Row conv1d_row() {
  return {"conv1d",
          sample(
              images({{2, 3, 5}, {2, 3, 4}, {2}}), [](Vars x) { return conv1d(x[0], x[1], x[2], 1, Padding::same, 2); },
              [](Tensors x) {
                return without_row(same_convolved(std::vector<Tensor>{one_row(x[0]), one_row(x[1]), x[2]}, {1, 2}, 1));
              }),
          line_conv({{2, 3, 5}, {2, 3, 3}, {2}}),
          line_conv({{1, 2, 7}, {3, 2, 1}}),
          line_conv({{2, 2, 7}, {2, 2, 3}, {2}}, {.stride = 2, .padding = {0, 2}}),
          line_conv({{1, 4, 8}, {4, 2, 2}}, {.stride = 3, .padding = {0, 1}, .dilation = {1, 3}, .groups = 2}),
          line_conv({{0, 2, 4}, {1, 2, 3}}),
          sample(
              images({{3, 4}, {2, 3, 2}}), [](Vars x) { return conv1d(x[0], x[1]); },
              [](Tensors x) {
                const Tensor y = convolved(with_shape(x[0], {1, 3, 1, 4}), one_row(x[1]), nullptr, {});
                return with_shape(y, {2, 3});
              }),
          fails<ShapeError>(images({{1, 2, 3}, {1, 2, 5}}), [](Vars x) { return conv1d(x[0], x[1]); },
                            {"conv1d", "a kernel of 5", "[1, 2, 3]"}),
          fails<ShapeError>(images({{3}, {1, 2, 5}}), [](Vars x) { return conv1d(x[0], x[1]); },
                            {"conv1d", "[3]", "2 axes"})};
}

Row conv_transpose2d_row() {
  const Build plain = [](Vars x) { return conv_transpose2d(x[0], x[1]); };
  return {"conv_transpose2d",
          conv_transpose({{2, 3, 3, 2}, {3, 2, 3, 2}, {2}}),
          conv_transpose({{1, 2, 3, 3}, {2, 3, 1, 1}}),
          conv_transpose({{1, 2, 3, 4}, {2, 2, 3, 3}, {2}}, {.stride = 2, .padding = 1}),
          conv_transpose({{1, 2, 2, 3}, {2, 1, 2, 3}}, {.stride = {3, 2}, .output_padding = {2, 1}}),
          conv_transpose({{1, 2, 4, 3}, {2, 2, 3, 2}}, {.padding = {2, 1}, .dilation = {2, 3}}),
          conv_transpose({{2, 4, 2, 3}, {4, 3, 2, 2}, {6}}, {.stride = {1, 2}, .groups = 2, .output_padding = {0, 1}}),
          conv_transpose({{1, 2, 2, 2}, {2, 1, 2, 2}}, {.dilation = 2, .output_padding = 1}),
          conv_transpose({{0, 2, 3, 3}, {2, 1, 2, 2}}),
          sample(images({{3, 2, 2}, {3, 2, 2, 2}}), plain,
                 [](Tensors x) {
                   return with_shape(transpose_convolved(with_shape(x[0], {1, 3, 2, 2}), x[1], nullptr, {}), {2, 3, 3});
                 }),
          fails<ShapeError>(images({{1, 3, 4, 4}, {2, 3, 2, 2}}), plain,
                            {"conv_transpose2d", "x has 3 channels, weight takes 2", "[1, 3, 4, 4]", "[2, 3, 2, 2]"}),
          fails<ShapeError>(images({{1, 3, 4, 4}, {3, 2, 2, 2}}),
                            [](Vars x) { return conv_transpose2d(x[0], x[1], {}, 1, 0, 0, 2); },
                            {"conv_transpose2d", "[3, 2, 2, 2]", "2 groups"}),
          fails<ShapeError>(images({{1, 2, 1, 1}, {2, 3, 2, 2}}),
                            [](Vars x) { return conv_transpose2d(x[0], x[1], {}, 1, 1); },
                            {"conv_transpose2d", "no place is left", "[1, 2, 1, 1]", "[2, 3, 2, 2]"}),
          fails<ShapeError>(images({{1, 2, 4, 4}, {2, 3, 2, 2}, {2}}),
                            [](Vars x) { return conv_transpose2d(x[0], x[1], x[2]); },
                            {"conv_transpose2d", "bias is [2]", "[3]"}),
          fails<ValueError>(images({{1, 2, 4, 4}, {2, 3, 2, 2}}),
                            [](Vars x) {
                              return conv_transpose2d(x[0], x[1], {}, 2, 0, {1, 2});
                            },
                            {"conv_transpose2d", "output_padding is 2", "stride 2"}),
          fails<ValueError>(images({{1, 2, 4, 4}, {2, 3, 2, 2}}),
                            [](Vars x) { return conv_transpose2d(x[0], x[1], {}, 0); },
                            {"conv_transpose2d", "stride is 0"})};
}

Row conv_transpose1d_row() {
  return {"conv_transpose1d", line_conv_transpose({{2, 3, 4}, {3, 2, 3}, {2}}),
          line_conv_transpose({{1, 4, 3}, {4, 1, 2}}, {.stride = {1, 3}, .padding = {0, 1}, .groups = 2}),
          line_conv_transpose({{1, 2, 3}, {2, 2, 3}}, {.stride = {1, 2}, .dilation = {1, 3}, .output_padding = {0, 2}}),
          fails<ShapeError>(images({{1, 3, 4}, {2, 3, 2}}), [](Vars x) { return conv_transpose1d(x[0], x[1]); },
                            {"conv_transpose1d", "[1, 3, 4]", "[2, 3, 2]"})};
}

// ---- Pooling

Row::Part max_pool(const Shape& shape, const Spatial& how) {
  return sample(
      {real(shape)},
      [=](Vars x) { return max_pool2d(x[0], how.kernel, how.stride, how.padding, how.dilation, how.ceil_mode); },
      [=](Tensors x) { return max_pooled(x[0], how); });
}

Row::Part avg_pool(const Shape& shape, const Spatial& how) {
  return sample(
      {real(shape)},
      [=](Vars x) {
        return avg_pool2d(x[0], how.kernel, how.stride, how.padding, how.ceil_mode, how.count_include_pad);
      },
      [=](Tensors x) { return average_pooled(x[0], how); });
}

Row::Part line_max_pool(const Shape& shape, const Spatial& how) {
  return sample(
      {real(shape)},
      [=](Vars x) {
        return max_pool1d(x[0], how.kernel.width, how.stride.width, how.padding.width, how.dilation.width,
                          how.ceil_mode);
      },
      [=](Tensors x) { return without_row(max_pooled(one_row(x[0]), how)); });
}

Row::Part line_avg_pool(const Shape& shape, const Spatial& how) {
  return sample(
      {real(shape)},
      [=](Vars x) {
        return avg_pool1d(x[0], how.kernel.width, how.stride.width, how.padding.width, how.ceil_mode,
                          how.count_include_pad);
      },
      [=](Tensors x) { return without_row(average_pooled(one_row(x[0]), how)); });
}

/// What all of them refuse.
Row::Part pooling_failures(const std::function<Var(const Var&, std::int64_t, std::int64_t, std::int64_t)>& pool) {
  return [=](Row& row) {
    const auto call = [=](std::int64_t kernel, std::int64_t stride, std::int64_t padding) {
      return [=](Vars x) { return pool(x[0], kernel, stride, padding); };
    };
    for (const Row::Part& part :
         {fails<ShapeError>({real({3, 3})}, call(6, 1, 1),
                            {row.name, "a kernel of 6", "does not fit into 3", "[3, 3]"}),
          fails<ShapeError>({real({})}, call(1, 1, 0), {row.name, "[]"}),
          fails<ValueError>({real({3, 3})}, call(3, 1, 2), {row.name, "the padding is 2", "half of a window of 3"}),
          fails<ValueError>({real({3, 3})}, call(0, 1, 0), {row.name, "the kernel size is 0"}),
          fails<ValueError>({real({3, 3})}, call(2, 0, 0), {row.name, "the stride is 0"}),
          fails<DTypeError>({integer({3, 3}, 0, 5)}, call(2, 1, 0), {row.name, "int64"})})
      part(row);
  };
}

std::vector<Row> pooling_rows() {
  return {
      {"max_pool2d", max_pool({2, 3, 4, 6}, {.stride = 2, .kernel = 2}),
       max_pool({1, 2, 5, 6}, {.stride = {2, 1}, .kernel = {3, 2}}),
       max_pool({1, 2, 5, 4}, {.stride = 2, .padding = 1, .kernel = 3}),
       max_pool({1, 1, 7, 6}, {.stride = {1, 2}, .padding = {1, 2}, .dilation = {2, 3}, .kernel = {3, 2}}),
       max_pool({1, 2, 5, 6}, {.stride = {3, 2}, .kernel = 2, .ceil_mode = true}),
       max_pool({1, 1, 5, 5}, {.stride = 3, .padding = 1, .kernel = 2, .ceil_mode = true}),
       max_pool({1, 2, 3, 2}, {.stride = {2, 3}, .kernel = {4, 4}, .ceil_mode = true}),  // over the end at once
       max_pool({0, 2, 4, 4}, {.stride = 2, .kernel = 2}),
       sample(
           {real({4, 4})}, [](Vars x) { return max_pool2d(x[0], 2); },
           [](Tensors x) {
             const Tensor y = max_pooled(with_shape(x[0], {1, 1, 4, 4}), {.stride = 2, .kernel = 2});
             return with_shape(y, {2, 2});
           }),
       sample(
           {real({1, 2, 1, 1, 1, 3, 4, 2})}, [](Vars x) { return max_pool2d(x[0], 2); },
           [](Tensors x) {
             const Tensor y = max_pooled(with_shape(x[0], {2, 3, 4, 2}), {.stride = 2, .kernel = 2});
             return with_shape(y, {1, 2, 1, 1, 1, 3, 2, 1});
           }),
       pooling_failures([](const Var& x, auto... how) { return max_pool2d(x, Pair(how)...); })},
      {"max_pool1d", line_max_pool({2, 3, 7}, {.stride = {1, 2}, .kernel = {1, 3}}),
       line_max_pool({1, 2, 7}, {.stride = {1, 2}, .padding = {0, 1}, .dilation = {1, 2}, .kernel = {1, 3}}),
       line_max_pool({1, 2, 6}, {.stride = {1, 4}, .kernel = {1, 3}, .ceil_mode = true}),
       pooling_failures([](const Var& x, auto... how) { return max_pool1d(x, how...); })},
      {"avg_pool2d", avg_pool({2, 3, 4, 6}, {.stride = 2, .kernel = 2}),
       avg_pool({1, 2, 5, 6}, {.stride = {2, 1}, .kernel = {3, 2}}),
       avg_pool({1, 2, 5, 4}, {.stride = 2, .padding = 1, .kernel = 3}),
       avg_pool({1, 2, 5, 4}, {.stride = 2, .padding = 1, .kernel = 3, .count_include_pad = false}),
       avg_pool({1, 1, 5, 6}, {.stride = {3, 4}, .padding = {1, 0}, .kernel = 3, .ceil_mode = true}),
       avg_pool({1, 1, 5, 6},
                {.stride = {3, 4}, .padding = {1, 0}, .kernel = 3, .ceil_mode = true, .count_include_pad = false}),
       avg_pool({1, 2, 3, 2}, {.stride = {2, 3}, .kernel = {4, 4}, .ceil_mode = true}),
       avg_pool({2, 0, 4, 4}, {.stride = 2, .padding = 1, .kernel = 2}),
       sample(
           {real({4, 4})},
           [](Vars x) {
             return avg_pool2d(x[0], {2, 4});
           },
           [](Tensors x) {
             const Spatial how{.stride = {2, 4}, .kernel = {2, 4}};
             return with_shape(average_pooled(with_shape(x[0], {1, 1, 4, 4}), how), {2, 1});
           }),
       pooling_failures([](const Var& x, auto... how) { return avg_pool2d(x, Pair(how)...); })},
      {"avg_pool1d", line_avg_pool({2, 3, 7}, {.stride = {1, 2}, .kernel = {1, 3}}),
       line_avg_pool({1, 2, 7}, {.stride = {1, 2}, .padding = {0, 1}, .kernel = {1, 3}}),
       line_avg_pool(
           {1, 2, 6},
           {.stride = {1, 4}, .padding = {0, 1}, .kernel = {1, 3}, .ceil_mode = true, .count_include_pad = false}),
       pooling_failures([](const Var& x, auto... how) { return avg_pool1d(x, how...); })},
  };
}

}  // namespace

std::vector<Row> convolution_rows() {
  std::vector<Row> rows{conv1d_row(), conv2d_row(), conv_transpose1d_row(), conv_transpose2d_row()};
  for (Row& row : pooling_rows()) rows.push_back(std::move(row));
  return rows;
}

}  // namespace xtape::test
