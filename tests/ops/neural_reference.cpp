#include "ops/neural_reference.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

#include "ops/reference.hpp"

namespace xtape::test {

namespace {

using Place = std::int64_t;

constexpr Real kInfinity = std::numeric_limits<Real>::infinity();

Tensor zeros(DType dtype, const Shape& shape) {
  return {dtype, shape, std::vector<Real>(static_cast<std::size_t>(shape.size()))};
}

Real& element(Tensor& x, Place a, Place b, Place c, Place d) {
  return x.elements.at(static_cast<std::size_t>(((a * x.shape[1] + b) * x.shape[2] + c) * x.shape[3] + d));
}

bool inside(const Tensor& x, Place row, Place column) {
  return row >= 0 && row < x.shape[2] && column >= 0 && column < x.shape[3];
}

void add_bias(Tensor& y, const Tensor* bias) {
  Odometer i(y.shape);
  for (Real& e : y.elements) {
    if (bias != nullptr) e += bias->elements.at(static_cast<std::size_t>(i.at[1]));
    i.next();
  }
}

/// How many windows start before the end of the input or of the padding before it, and end in the padded input.
Place count(Place extent, Place kernel, Place stride, Place padding, Place dilation, bool ceil_mode) {
  const Place reach = dilation * (kernel - 1) + 1;
  Place windows = 0;
  for (Place start = -padding; start + reach <= extent + padding; start += stride) ++windows;
  const Place next = windows * stride - padding;
  const bool overhangs = next - stride + reach < extent + padding;
  return windows + (ceil_mode && overhangs && next < extent ? 1 : 0);
}

/// The places that a window of pooling covers, which may lie outside the image.
template <class Visit>
void visit_window(const Spatial& how, const std::vector<Place>& window, const Visit& visit) {
  for (Place i = 0; i < how.kernel.height; ++i)
    for (Place j = 0; j < how.kernel.width; ++j)
      visit(window[2] * how.stride.height + i * how.dilation.height - how.padding.height,
            window[3] * how.stride.width + j * how.dilation.width - how.padding.width);
}

template <class PoolOne>
Tensor pooled(const Tensor& x, const Spatial& how, const PoolOne& pool_one) {
  const Place rows =
      count(x.shape[2], how.kernel.height, how.stride.height, how.padding.height, how.dilation.height, how.ceil_mode);
  const Place columns =
      count(x.shape[3], how.kernel.width, how.stride.width, how.padding.width, how.dilation.width, how.ceil_mode);
  Tensor y = zeros(x.dtype, {x.shape[0], x.shape[1], rows, columns});
  Odometer window(y.shape);
  for (Real& e : y.elements) {
    e = pool_one(window.at);
    window.next();
  }
  return y;
}

}  // namespace

Tensor convolved(const Tensor& x, const Tensor& weight, const Tensor* bias, const Spatial& how) {
  const Place of_group = weight.shape[1], per_group = weight.shape[0] / how.groups;
  const Place rows =
      count(x.shape[2], weight.shape[2], how.stride.height, how.padding.height, how.dilation.height, false);
  const Place columns =
      count(x.shape[3], weight.shape[3], how.stride.width, how.padding.width, how.dilation.width, false);
  Tensor y = zeros(x.dtype, {x.shape[0], weight.shape[0], rows, columns});
  Odometer out(y.shape);
  for (Real& e : y.elements) {
    for (Place c = 0; c < of_group; ++c)
      for (Place i = 0; i < weight.shape[2]; ++i)
        for (Place j = 0; j < weight.shape[3]; ++j) {
          const Place row = out.at[2] * how.stride.height + i * how.dilation.height - how.padding.height;
          const Place column = out.at[3] * how.stride.width + j * how.dilation.width - how.padding.width;
          const Place channel = out.at[1] / per_group * of_group + c;
          if (inside(x, row, column)) e += at(x, {out.at[0], channel, row, column}) * at(weight, {out.at[1], c, i, j});
        }
    out.next();
  }
  add_bias(y, bias);
  return y;
}

Tensor transpose_convolved(const Tensor& x, const Tensor& weight, const Tensor* bias, const Spatial& how) {
  const Place per_group = weight.shape[1], of_group = weight.shape[0] / how.groups;
  const Place rows = (x.shape[2] - 1) * how.stride.height - 2 * how.padding.height +
                     how.dilation.height * (weight.shape[2] - 1) + how.output_padding.height + 1;
  const Place columns = (x.shape[3] - 1) * how.stride.width - 2 * how.padding.width +
                        how.dilation.width * (weight.shape[3] - 1) + how.output_padding.width + 1;
  Tensor y = zeros(x.dtype, {x.shape[0], per_group * how.groups, rows, columns});
  Odometer in(x.shape);
  for (Real e : x.elements) {
    for (Place c = 0; c < per_group; ++c)
      for (Place i = 0; i < weight.shape[2]; ++i)
        for (Place j = 0; j < weight.shape[3]; ++j) {
          const Place row = in.at[2] * how.stride.height + i * how.dilation.height - how.padding.height;
          const Place column = in.at[3] * how.stride.width + j * how.dilation.width - how.padding.width;
          const Place channel = in.at[1] / of_group * per_group + c;
          if (inside(y, row, column)) element(y, in.at[0], channel, row, column) += e * at(weight, {in.at[1], c, i, j});
        }
    in.next();
  }
  add_bias(y, bias);
  return y;
}

Tensor max_pooled(const Tensor& x, const Spatial& how) {
  return pooled(x, how, [&](const std::vector<Place>& window) {
    Real largest = -kInfinity;
    visit_window(how, window, [&](Place row, Place column) {
      if (inside(x, row, column)) largest = std::max(largest, at(x, {window[0], window[1], row, column}));
    });
    return largest;
  });
}

Tensor average_pooled(const Tensor& x, const Spatial& how) {
  return pooled(x, how, [&](const std::vector<Place>& window) {
    Real sum = 0, elements = 0;
    visit_window(how, window, [&](Place row, Place column) {
      if (inside(x, row, column)) sum += at(x, {window[0], window[1], row, column});
      const bool padded = row < x.shape[2] + how.padding.height && column < x.shape[3] + how.padding.width;
      elements += inside(x, row, column) || (how.count_include_pad && padded) ? 1 : 0;
    });
    return sum / elements;
  });
}

Tensor attended(const Tensor& query, const Tensor& key, const Tensor& value, const Tensor* mask, Real scale) {
  const Place keys = key.shape[1], width = query.shape[2];
  Tensor y = zeros(query.dtype, {query.shape[0], query.shape[1], value.shape[2]});
  Odometer out(y.shape);
  for (Real& e : y.elements) {
    const Place batch = out.at[0], place = out.at[1];
    Real total = 0;
    for (Place k = 0; k < keys; ++k) {
      Real score = mask == nullptr ? 0 : at(*mask, {place, k});
      for (Place i = 0; i < width; ++i) score += scale * at(query, {batch, place, i}) * at(key, {batch, k, i});
      total += std::exp(score);
      e += std::exp(score) * at(value, {batch, k, out.at[2]});
    }
    e = total == 0 ? 0 : e / total;
    out.next();
  }
  return y;
}

}  // namespace xtape::test
