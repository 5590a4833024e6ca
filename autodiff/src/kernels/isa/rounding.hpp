// Rounding to integers on batches, zeros keeping their sign: SSE2 has no instruction for it.
#pragma once

#include "kernels/isa/exp_log.hpp"

namespace xtape::detail::XTAPE_ISA {

/// The nearest integer, ties to even.
template <class V>
inline V round_lane(const V& x) {
  const V whole(ConstantsOf<V>::kFromInteger);  // from here on, all numbers are integers
  const V size = xs::abs(x);
  const V rounded = (size + whole) - whole;
  return xs::select(size < whole, rounded | (x & V(typename V::value_type(-0.0))), x);
}

template <class V>
inline V floor_lane(const V& x) {
  const V nearest = round_lane(x);
  return xs::select(nearest > x, nearest - V(1), nearest);
}

template <class V>
inline V ceil_lane(const V& x) {
  const V nearest = round_lane(x);
  return xs::select(nearest < x, nearest + V(1), nearest) | (x & V(typename V::value_type(-0.0)));
}

template <class V>
inline V trunc_lane(const V& x) {
  return floor_lane(xs::abs(x)) | (x & V(typename V::value_type(-0.0)));
}

}  // namespace xtape::detail::XTAPE_ISA
