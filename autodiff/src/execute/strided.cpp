#include "execute/strided.hpp"

#include <algorithm>
#include <cassert>
#include <cstring>

namespace xtape::detail {

namespace {

template <class T>
void copy_run(T* to, const T* from, std::int64_t stride, std::int64_t n) {
  if (stride == 1) {
    std::memcpy(to, from, static_cast<std::size_t>(n) * sizeof(T));
  } else if (stride == 0) {
    std::fill_n(to, n, *from);
  } else {
    for (std::int64_t i = 0; i < n; ++i) to[i] = from[i * stride];
  }
}

/// Walks a view from a row-major index on, one run of the innermost axis after the other.
template <class T>
void load(T* to, const T* base, const View& view, const Shape& space, std::int64_t begin, std::int64_t n) {
  const std::size_t rank = space.rank();
  std::int64_t position[Shape::kMaxRank] = {};
  const T* from = base + view.offset;
  for (std::size_t axis = rank; axis-- > 0;) {
    position[axis] = begin % space[axis];
    begin /= space[axis];
    from += position[axis] * view.strides[axis];
  }
  const std::size_t last = rank - 1;
  while (true) {
    const std::int64_t run = std::min(n, space[last] - position[last]);
    copy_run(to, from, view.strides[last], run);
    to += run;
    n -= run;
    if (n == 0) return;
    from -= position[last] * view.strides[last];
    position[last] = 0;
    for (std::size_t axis = last; axis-- > 0;) {
      from += view.strides[axis];
      if (++position[axis] < space[axis]) break;
      from -= space[axis] * view.strides[axis];
      position[axis] = 0;
    }
  }
}

template <class T>
void load_as(std::byte* to, const std::byte* base, const View& view, const Shape& space, std::int64_t begin,
             std::size_t n) {
  load(reinterpret_cast<T*>(to), reinterpret_cast<const T*>(base), view, space, begin, static_cast<std::int64_t>(n));
}

template <class T>
void take(std::byte* to, const std::byte* from, const std::int64_t* places, std::size_t n) {
  for (std::size_t i = 0; i < n; ++i) reinterpret_cast<T*>(to)[i] = reinterpret_cast<const T*>(from)[places[i]];
}

}  // namespace

void load_strided(std::byte* to, const std::byte* base, std::size_t element_size, const View& view, const Shape& space,
                  std::int64_t begin, std::size_t n) {
  switch (element_size) {
    case 1:
      return load_as<std::uint8_t>(to, base, view, space, begin, n);
    case 4:
      return load_as<std::uint32_t>(to, base, view, space, begin, n);
    default:
      return load_as<std::uint64_t>(to, base, view, space, begin, n);
  }
}

void load_taken(std::byte* to, const std::byte* from, const std::int64_t* places, std::size_t element_size,
                std::size_t n) {
  switch (element_size) {
    case 1:
      return take<std::uint8_t>(to, from, places, n);
    case 4:
      return take<std::uint32_t>(to, from, places, n);
    default:
      return take<std::uint64_t>(to, from, places, n);
  }
}

RowMatrix rows_read(const RowsRead& matrix, DType dtype, Bases bases, std::int64_t begin) {
  const bool in_order = matrix.places == kNoNode;
  const auto offset = static_cast<std::size_t>(matrix.offset + (in_order ? begin * matrix.leading : 0));
  const auto* places = in_order ? nullptr : reinterpret_cast<const std::int64_t*>(bases[matrix.places]) + begin;
  return {bases[matrix.value] + offset * size_of(dtype), matrix.leading, matrix.columns, places};
}

void load_rows(std::byte* to, const Loop::Load& load, Bases bases, std::int64_t begin, std::size_t n) {
  const RowMatrix rows = rows_read(load.matrix, load.dtype, bases, begin);
  assert(load.rows != nullptr || rows.places != nullptr);
  if (load.rows == nullptr) return load_taken(to, rows.data, rows.places, size_of(load.dtype), n);
  const auto offset = static_cast<std::size_t>(load.access.view.offset) * size_of(load.dtype);
  load.rows->dots(rows, bases[load.access.base] + offset, to, static_cast<std::int64_t>(n));
}

}  // namespace xtape::detail
