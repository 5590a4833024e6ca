// Matrix products on AVX-512, which OpenBLAS does not use on machines newer than itself. A block of b is packed into
// panels of three vectors' width and stays in the L2 cache; eight rows of a at a time are packed beside it and stay in
// the L1 cache while all panels stream by. A tile of eight rows and three vectors of c is summed up in registers.
#include "kernels/gemm_kernel.hpp"

#include "kernels/lanes.hpp"

namespace xtape::detail::XTAPE_ISA {

constexpr std::int64_t kRows = 8;         // of a tile
constexpr std::size_t kMostParts = 3;     // vectors in a tile's row: with 8 rows 24 sums, of 32 registers
constexpr std::int64_t kDepth = 256;      // at most so many products are summed up in registers
constexpr std::int64_t kPanels = 11;      // of a block of b, which takes half of the L2 cache
constexpr std::int64_t kBlockRows = 64;   // of a, packed at once
constexpr std::int64_t kFewRows = 128;    // for which b's rows are read as they are
constexpr std::int64_t kFewColumns = 16;  // of a product that is computed as its transpose if it is deep
constexpr std::int64_t kFewPanels = 8;    // for which a's rows are read as they are
constexpr std::int64_t kBlockDepth = 64;  // of a product with the rows of a loop's block, after which come the next

template <class T>
constexpr std::int64_t kLanes = kVectorBytes / sizeof(T);
template <class T>
constexpr std::int64_t kPanelWidth = kLanes<T>* static_cast<std::int64_t>(kMostParts);
template <class T>
constexpr std::int64_t kBlockColumns = kPanels* kPanelWidth<T>;
/// Where the transpose of a product begins in the scratch memory.
template <class T>
constexpr std::int64_t kTurned = (kBlockRows + kBlockColumns<T>)*kDepth;
static_assert((kTurned<double> + kFewColumns * kBlockColumns<double>)*sizeof(double) <= kGemmScratch);
static_assert((kTurned<float> + kFewColumns * kBlockColumns<float>)*sizeof(float) <= kGemmScratch);

template <class T>
using Eight = Vector<T, 8>;

template <class T, int... Element>
[[gnu::always_inline]] inline Eight<T> mixed(const Eight<T>& a, const Eight<T>& b) {
  return __builtin_shufflevector(a, b, Element...);
}

/// to[p * stride + i] = from[i * row + p] for i, p < 8.
template <class T>
[[gnu::always_inline]] inline void transpose_eight(const T* from, std::int64_t row, T* to, std::int64_t stride) {
  Eight<T> x[8], y[8];
#pragma GCC unroll 8
  for (int i = 0; i < 8; ++i) x[i] = load<Eight<T>>(from + i * row);
#pragma GCC unroll 8
  for (int i = 0; i < 8; i += 2) {
    y[i] = mixed<T, 0, 8, 2, 10, 4, 12, 6, 14>(x[i], x[i + 1]);
    y[i + 1] = mixed<T, 1, 9, 3, 11, 5, 13, 7, 15>(x[i], x[i + 1]);
  }
#pragma GCC unroll 8
  for (int i = 0; i < 8; i += i % 4 == 1 ? 3 : 1) {
    x[i] = mixed<T, 0, 1, 8, 9, 4, 5, 12, 13>(y[i], y[i + 2]);
    x[i + 2] = mixed<T, 2, 3, 10, 11, 6, 7, 14, 15>(y[i], y[i + 2]);
  }
#pragma GCC unroll 8
  for (int i = 0; i < 4; ++i) {
    y[i] = mixed<T, 0, 1, 2, 3, 8, 9, 10, 11>(x[i], x[i + 4]);
    y[i + 4] = mixed<T, 4, 5, 6, 7, 12, 13, 14, 15>(x[i], x[i + 4]);
  }
#pragma GCC unroll 8
  for (int i = 0; i < 8; ++i) __builtin_memcpy(to + i * stride, &y[i], sizeof(y[i]));
}

/// Of rows of b or of a transposed: to[p * width + i] = from[p * along + i] for i < count and 0 from there to width.
template <class T>
void pack_straight(const T* from, std::int64_t along, std::int64_t count, std::int64_t width, std::int64_t depth,
                   T* to) {
  for (std::int64_t p = 0; p < depth; ++p, from += along, to += width) {
    std::int64_t i = 0;
    for (; i + 8 <= count; i += 8) __builtin_memcpy(to + i, from + i, 8 * sizeof(T));
    for (; i < count; ++i) to[i] = from[i];
    for (; i < width; ++i) to[i] = 0;
  }
}

/// The same for to[p * width + i] = from[i * across + p].
template <class T>
void pack_turned(const T* from, std::int64_t across, std::int64_t count, std::int64_t width, std::int64_t depth,
                 T* to) {
  const std::int64_t whole = count / 8 * 8, deep = depth / 8 * 8;
  for (std::int64_t i = 0; i < whole; i += 8)
    for (std::int64_t p = 0; p < deep; p += 8)
      transpose_eight(from + i * across + p, across, to + p * width + i, width);
  for (std::int64_t p = 0; p < depth; ++p) {
    T* row = to + p * width;
    for (std::int64_t i = p < deep ? whole : 0; i < count; ++i) row[i] = from[i * across + p];
    for (std::int64_t i = count; i < width; ++i) row[i] = 0;
  }
}

/// Where a tile goes: so many columns of it are part of the product. It is added to what is there already.
template <class T>
struct Target {
  T* data;
  std::int64_t leading, columns;
  bool add;
};

template <class T, std::size_t Rows, std::size_t Parts>
[[gnu::always_inline]] inline void store(const xs::batch<T>* sums, const Target<T>& c) {
  using V = xs::batch<T>;
  constexpr std::size_t kWidth = Parts * V::size;
  alignas(64) T edge[Rows * kWidth];
  const bool whole = c.columns == kWidth;
#pragma GCC unroll 8
  for (std::size_t i = 0; i < Rows; ++i)
#pragma GCC unroll 3
    for (std::size_t part = 0; part < Parts; ++part) {
      T* to = (whole ? c.data + static_cast<std::int64_t>(i) * c.leading : edge + i * kWidth) + part * V::size;
      const V& sum = sums[i * Parts + part];
      (whole && c.add ? V::load_unaligned(to) + sum : sum).store_unaligned(to);
    }
  if (whole) return;
  for (std::size_t i = 0; i < Rows; ++i) {
    T* to = c.data + static_cast<std::int64_t>(i) * c.leading;
    const T* sum = edge + i * kWidth;
    std::int64_t j = 0;
    for (; j + 8 <= c.columns; j += 8) {
      Eight<T> eight = load<Eight<T>>(sum + j);
      if (c.add) eight = load<Eight<T>>(to + j) + eight;
      __builtin_memcpy(to + j, &eight, sizeof(eight));
    }
    for (; j < c.columns; ++j) to[j] = c.add ? to[j] + sum[j] : sum[j];
  }
}

/// Columns of a block of b, in vectors that are filled up.
template <class T>
struct Panel {
  const T* data;
  std::int64_t step;  ///< from one row to the next
  std::int64_t columns;
};

/// What will be read from memory next: two lines are fetched for each step of a tile's depth.
struct Ahead {
  std::uintptr_t address;
  std::uintptr_t step;                      ///< 0 if nothing is to be fetched
  std::uintptr_t end = ~std::uintptr_t{0};  ///< beyond, what is needed later would push out what is needed first

  void fetch() {
    __builtin_prefetch(reinterpret_cast<const void*>(address));
    __builtin_prefetch(reinterpret_cast<const void*>(address + kLine));
    address += step;
  }
  static constexpr std::uintptr_t kLine = 64;
};

/// The sums over `depth` of rows of a times a panel, in registers.
template <class T, std::size_t Rows, std::size_t Parts, std::size_t... Sum, std::size_t... Part>
[[gnu::always_inline]] inline void tile(Factor<T> a, Panel<T> b, std::int64_t depth, Ahead ahead, const Target<T>& c,
                                        std::index_sequence<Sum...>, std::index_sequence<Part...>) {
  using V = xs::batch<T>;
  V sums[] = {(static_cast<void>(Sum), V(T{0}))...};
  for (std::int64_t p = 0; p < depth; ++p, a.data += a.column, b.data += b.step) {
    const V right[] = {V::load_unaligned(b.data + Part * V::size)...};
    ahead.fetch();
    ((sums[Sum] = xs::fma(V(a.data[static_cast<std::int64_t>(Sum / Parts) * a.row]), right[Sum % Parts], sums[Sum])),
     ...);
  }
  store<T, Rows, Parts>(sums, c);
}

template <class T, std::size_t Rows, std::size_t Parts>
[[gnu::flatten]] void tile(const Factor<T>& a, const Panel<T>& b, std::int64_t depth, const Ahead& ahead,
                           const Target<T>& c) {
  tile<T, Rows, Parts>(a, b, depth, ahead, c, std::make_index_sequence<Rows * Parts>{},
                       std::make_index_sequence<Parts>{});
}

template <class T>
using Tile = void (*)(const Factor<T>& a, const Panel<T>& b, std::int64_t depth, const Ahead& ahead,
                      const Target<T>& c);

/// By the number of vectors in a tile's row.
template <class T, std::size_t Rows>
constexpr Tile<T> kTiles[] = {&tile<T, Rows, 1>, &tile<T, Rows, 2>, &tile<T, Rows, 3>};

template <class T>
Tile<T> tile_for(std::int64_t rows, std::int64_t columns) {
  const auto vectors = static_cast<std::size_t>((columns - 1) / kLanes<T>);
  return rows == 8   ? kTiles<T, 8>[vectors]
         : rows == 6 ? kTiles<T, 6>[vectors]
         : rows == 5 ? kTiles<T, 5>[vectors]
         : rows == 4 ? kTiles<T, 4>[vectors]
         : rows == 3 ? kTiles<T, 3>[vectors]
         : rows == 2 ? kTiles<T, 2>[vectors]
                     : kTiles<T, 1>[vectors];
}

/// Of the next tile, of as many as there are: two alike are better than a whole one and a rest, which would wait for
/// its few sums.
constexpr std::int64_t rows_of_tile(std::int64_t rest, bool packed) {
  if (packed || rest > 12) return rest >= kRows ? kRows : rest >= 4 ? 4 : rest >= 2 ? 2 : 1;
  return rest > 8 ? (rest + 1) / 2 : rest == 7 ? 4 : rest;
}

/// A panel of b's first columns: b itself where that will do, or packed to `to`.
template <class T>
Panel<T> panel_of(const Factor<T>& b, std::int64_t columns, std::int64_t depth, bool few_rows, T* to) {
  const std::int64_t width = (columns + kLanes<T> - 1) / kLanes<T> * kLanes<T>;
  const bool straight = b.column == 1;
  if (straight && few_rows && columns == width) return {b.data, b.row, columns};
  if (straight) pack_straight(b.data, b.row, columns, width, depth, to);
  else pack_turned(b.data, b.column, columns, width, depth, to);
  return {to, width, columns};
}

/// Groups of eight rows of a, one after the other.
template <class T>
void pack_groups(const Factor<T>& a, std::int64_t groups, std::int64_t depth, T* to) {
  if (a.row == 1) {  // in the order of memory
    for (std::int64_t p = 0; p < depth; ++p)
      for (std::int64_t i = 0; i < groups; ++i)
        __builtin_memcpy(to + (i * depth + p) * kRows, a.data + p * a.column + i * kRows, kRows * sizeof(T));
  } else {
    for (std::int64_t i = 0; i < groups; ++i)
      pack_turned(a.data + i * kRows * a.row, a.row, kRows, kRows, depth, to + i * kRows * depth);
  }
}

/// One product: the whole, or what remains of it from some row, column or depth on.
template <class T>
struct Product {
  Factor<T> a, b;
  T* c;
  std::int64_t leading, m, n, k;
  bool add = false;  ///< to what is in c already

  Product rows_from(std::int64_t i) const {
    return {{a.data + i * a.row, a.row, a.column}, b, c + i * leading, leading, m - i, n, k, add};
  }
  Product columns_from(std::int64_t j) const {
    return {a, {b.data + j * b.column, b.row, b.column}, c + j, leading, m, n - j, k, add};
  }
  Product depth_from(std::int64_t p) const {
    return {{a.data + p * a.column, a.row, a.column},
            {b.data + p * b.row, b.row, b.column},
            c,
            leading,
            m,
            n,
            k - p,
            p > 0};
  }
};

constexpr std::int64_t least(std::int64_t a, std::int64_t b) { return a < b ? a : b; }

/// `rows` of a times all panels.
template <class T>
void multiply_rows(const Product<T>& x, const Factor<T>& a, std::int64_t rows, const Panel<T>* panels, Ahead& ahead) {
  for (std::int64_t j = 0; j < x.n; j += kPanelWidth<T>, ++panels) {
    const Tile<T> function = tile_for<T>(rows, panels->columns);
    function(a, *panels, x.k, ahead, {x.c + j, x.leading, panels->columns, x.add});
    ahead.address += static_cast<std::uintptr_t>(x.k) * ahead.step;
    if (ahead.address >= ahead.end) ahead.step = 0;
  }
}

/// Up to kBlockRows rows of a times all panels.
template <class T>
void multiply_block(const Product<T>& x, bool packs, const Panel<T>* panels, Ahead& ahead, T* packed) {
  if (packs) pack_groups(x.a, x.m / kRows, x.k, packed);
  for (std::int64_t i = 0, rows; i < x.m; i += rows) {
    const std::int64_t rest = x.m - i;
    rows = rows_of_tile(rest, packs);
    const Product<T> here = x.rows_from(i);
    const bool is_packed = packs && rows == kRows;
    multiply_rows(here, is_packed ? Factor<T>{packed + i * x.k, 1, kRows} : here.a, rows, panels, ahead);
  }
}

/// What a product with few columns or few rows streams from memory, if that is in order.
template <class T>
Ahead ahead_of(const Product<T>& x, bool deep, const Panel<T>& first) {
  const auto at = [](const T* data) { return reinterpret_cast<std::uintptr_t>(data); };
  const auto block = static_cast<std::uintptr_t>(x.k * x.n) * sizeof(T);
  const bool streams = deep || (x.k <= kBlockDepth && x.m <= 2 * kFewColumns);
  if (streams && first.data == x.b.data && x.b.row == x.n)
    return {at(x.b.data) + block, 2 * Ahead::kLine, at(x.b.data) + 2 * block};
  if (!deep && x.n <= kPanelWidth<T> && x.a.column == 1 && x.a.row == x.k)
    return {at(x.a.data) + static_cast<std::uintptr_t>(2 * kRows * x.k) * sizeof(T), kRows * sizeof(T)};
  return {at(x.a.data), 0};
}

/// At most kDepth deep and kPanels wide. Whether a factor is packed decides the speed only.
template <class T>
void multiply(const Product<T>& x, bool deep, T* scratch) {
  T* packed = scratch + (x.n + kLanes<T> - 1) / kLanes<T> * kLanes<T> * x.k;
  Panel<T> panels[kPanels];
  for (std::int64_t j = 0; j < x.n; j += kPanelWidth<T>)
    panels[j / kPanelWidth<T>] =
        panel_of(x.columns_from(j).b, least(x.n - j, kPanelWidth<T>), x.k, x.m <= kFewRows, scratch + j * x.k);
  const bool strided = x.a.row == 1 && deep;  // a's columns would come from memory eight elements at a time
  Ahead ahead = ahead_of(x, deep, panels[0]);
  for (std::int64_t i = 0; i < x.m; i += kBlockRows) {
    Product<T> block = x.rows_from(i);
    block.m = least(block.m, kBlockRows);
    multiply_block(block, x.n > kFewPanels * kPanelWidth<T> || strided, panels, ahead, packed);
  }
}

template <class T>
void multiply_all(const Product<T>& whole, T* scratch) {
  const std::int64_t depths = (whole.k + kDepth - 1) / kDepth, depth = (whole.k + depths - 1) / depths;
  for (std::int64_t j = 0; j < whole.n; j += kBlockColumns<T>)
    for (std::int64_t p = 0; p < whole.k; p += depth) {
      Product<T> block = whole.columns_from(j).depth_from(p);
      block.n = least(block.n, kBlockColumns<T>);
      block.k = least(block.k, depth);
      multiply(block, depths > 1, scratch);
    }
}

/// A product with few columns by that of the transposes, which reads what is stored as a's columns in the order of
/// memory.
template <class T>
void multiply_turned(const Product<T>& x, T* scratch) {
  T* turned = scratch + kTurned<T>;
  for (std::int64_t i = 0; i < x.m; i += kBlockColumns<T>) {
    const Product<T> here = x.rows_from(i);
    const std::int64_t m = least(here.m, kBlockColumns<T>);
    const Factor<T> left{x.b.data, x.b.column, x.b.row}, right{here.a.data, here.a.column, here.a.row};
    multiply_all<T>({left, right, turned, m, x.n, m, x.k}, scratch);
    for (std::int64_t row = 0; row < m; ++row)
      for (std::int64_t j = 0; j < x.n; ++j) here.c[row * x.leading + j] = turned[j * m + row];
  }
}

template <class T>
void gemm(const Factor<T>& a, const Factor<T>& b, T* c, std::int64_t leading, std::int64_t m, std::int64_t n,
          std::int64_t k, std::byte* scratch) {
  const bool turns = a.row == 1 && n <= kFewColumns && n < m && k > kDepth;
  (turns ? &multiply_turned<T> : &multiply_all<T>)({a, b, c, leading, m, n, k}, reinterpret_cast<T*>(scratch));
}

extern constinit const GemmKernels gemm_kernels;
#if defined(__AVX512F__)
constinit const GemmKernels gemm_kernels = {&gemm<float>, &gemm<double>};
#else
constinit const GemmKernels gemm_kernels = {nullptr, nullptr};
#endif

}  // namespace xtape::detail::XTAPE_ISA
