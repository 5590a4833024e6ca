// Reductions of segments that arrive in pieces. Element j of a long segment goes to lane j mod 4W of four vectors of
// W; after each leaf of 1,024 elements these are added to the total. So rounding depends on the segment's length only,
// and errors grow with the leaf and not with the segment. Short segments are taken from left to right.
#include "kernels/lanes.hpp"

namespace xtape::detail::XTAPE_ISA {

/// NaN if either is.
struct Max {
  template <class T>
  static constexpr T identity = static_cast<T>(-__builtin_inf());
  [[gnu::always_inline]] static auto of(const auto& a, const auto& b) { return ((a > b) | (a != a)) ? a : b; }
};
template <>
inline constexpr std::int64_t Max::identity<std::int64_t> = INT64_MIN;

/// NaN if either is.
struct Min {
  template <class T>
  static constexpr T identity = static_cast<T>(__builtin_inf());
  [[gnu::always_inline]] static auto of(const auto& a, const auto& b) { return ((a < b) | (a != a)) ? a : b; }
};
template <>
inline constexpr std::int64_t Min::identity<std::int64_t> = INT64_MAX;

struct All {
  template <class T>
  static constexpr T identity = 1;
  [[gnu::always_inline]] static Bool of(Bool a, Bool b) { return static_cast<Bool>(a & b); }
  [[gnu::always_inline]] static auto of(const auto& a, const auto& b) { return a & b; }
};

template <class T>
inline constexpr bool kFloating = false;
template <>
inline constexpr bool kFloating<float> = true;
template <>
inline constexpr bool kFloating<double> = true;

template <class Op>
inline constexpr bool kIsSum = false;
template <>
inline constexpr bool kIsSum<Sum> = true;

template <class T, class Op>
struct Segments {
  static constexpr std::int64_t kShort = 64, kLeaf = 1024;
  static constexpr std::int64_t kWidth = kVectorBytes / sizeof(T), kGroup = 4 * kWidth;
  static constexpr bool kCompensated = kFloating<T> && kIsSum<Op>;
  using V = Vector<T, kVectorBytes / sizeof(T)>;

  static V at(const void* vectors, std::int64_t i = 0) { return load<V>(static_cast<const T*>(vectors) + i * kWidth); }
  static void put(void* vectors, const V& vector, std::int64_t i = 0) {
    __builtin_memcpy(static_cast<T*>(vectors) + i * kWidth, &vector, sizeof(V));
  }
  static V identity() { return V{} + Op::template identity<T>; }

  static void begin(SegmentState& state) {
    state.position = 0;
    for (std::int64_t i = 0; i < 4; ++i) put(state.accumulators, identity(), i);
    put(state.total, identity());
    put(state.compensation, V{});
  }

  /// Adds the leaf to the total and starts another.
  static void flush(SegmentState& state) {
    const V leaf = Op::of(Op::of(at(state.accumulators, 0), at(state.accumulators, 1)),
                          Op::of(at(state.accumulators, 2), at(state.accumulators, 3)));
    const V total = at(state.total);
    const V sum = Op::of(total, leaf);
    if constexpr (kCompensated) {  // Knuth's two-sum
      const V part = sum - total;
      put(state.compensation, at(state.compensation) + ((total - (sum - part)) + (leaf - part)));
    }
    put(state.total, sum);
    for (std::int64_t i = 0; i < 4; ++i) put(state.accumulators, identity(), i);
  }

  static void accumulate(SegmentState& state, const T* x, std::int64_t groups) {
    V a = at(state.accumulators, 0), b = at(state.accumulators, 1);
    V c = at(state.accumulators, 2), d = at(state.accumulators, 3);
    for (std::int64_t i = 0; i < groups; ++i, x += kGroup) {
      a = Op::of(a, at(x, 0));
      b = Op::of(b, at(x, 1));
      c = Op::of(c, at(x, 2));
      d = Op::of(d, at(x, 3));
    }
    put(state.accumulators, a, 0);
    put(state.accumulators, b, 1);
    put(state.accumulators, c, 2);
    put(state.accumulators, d, 3);
  }

  /// Whole groups, from the position `start`, a multiple of a group.
  static void add_groups(SegmentState& state, std::int64_t start, const T* x, std::int64_t groups) {
    while (groups > 0) {
      const std::int64_t left = (kLeaf - start % kLeaf) / kGroup;
      const std::int64_t now = groups < left ? groups : left;
      accumulate(state, x, now);
      if (now == left) flush(state);
      start += now * kGroup;
      x += now * kGroup;
      groups -= now;
    }
  }

  static void hold(SegmentState& state, std::int64_t held, const T* x, std::int64_t n) {
    __builtin_memcpy(reinterpret_cast<T*>(state.carry) + held, x, static_cast<std::size_t>(n) * sizeof(T));
  }

  /// Takes n elements of the present segment.
  static void absorb(SegmentState& state, const T* x, std::int64_t n) {
    std::int64_t start = state.position;
    state.position += n;
    if (const std::int64_t held = start % kGroup; held > 0) {
      const std::int64_t fill = n < kGroup - held ? n : kGroup - held;
      hold(state, held, x, fill);
      if (held + fill < kGroup) return;
      add_groups(state, start - held, reinterpret_cast<const T*>(state.carry), 1);
      start += fill;
      x += fill;
      n -= fill;
    }
    add_groups(state, start, x, n / kGroup);
    hold(state, 0, x + n / kGroup * kGroup, n % kGroup);
  }

  static V finished(const SegmentState& state) {
    const V total = at(state.total);
    if constexpr (kCompensated) {
      const V compensation = at(state.compensation);
      return compensation == compensation ? total + compensation : total;  // NaN beside an infinite total
    } else {
      return total;
    }
  }

  static void put_result(SegmentState& state, T result) {
    __builtin_memcpy(state.output, &result, sizeof(T));
    state.output += sizeof(T);
  }

  static void finish(SegmentState& state) {
    if (const std::int64_t held = state.position % kGroup; held > 0) {
      T* carry = reinterpret_cast<T*>(state.carry);
      for (std::int64_t i = held; i < kGroup; ++i) carry[i] = Op::template identity<T>;
      accumulate(state, carry, 1);
    }
    if (state.position % kLeaf != 0) flush(state);
    put_result(state, across<Op, T, kVectorBytes / sizeof(T)>(finished(state)));
    begin(state);
  }

  static T over(T result, const T* x, std::int64_t n) {
    for (std::int64_t i = 0; i < n; ++i) result = Op::of(result, x[i]);
    return result;
  }

  static void feed_short(SegmentState& state, const T* x, std::int64_t n) {
    T open;
    __builtin_memcpy(&open, state.accumulators, sizeof(T));
    const std::int64_t length = state.length, wanted = length - state.position;
    if (n >= wanted) {
      put_result(state, over(open, x, wanted));
      x += wanted;
      n -= wanted;
      for (; n >= length; x += length, n -= length) put_result(state, over(Op::template identity<T>, x, length));
      open = Op::template identity<T>;
      state.position = 0;
    }
    open = over(open, x, n);
    state.position += n;
    __builtin_memcpy(state.accumulators, &open, sizeof(T));
  }

  static void feed(SegmentState& state, const void* elements, std::size_t count) {
    const T* x = static_cast<const T*>(elements);
    std::int64_t n = static_cast<std::int64_t>(count);
    if (state.length < kShort) return feed_short(state, x, n);
    while (n > 0) {
      const std::int64_t wanted = state.length - state.position;
      const std::int64_t now = n < wanted ? n : wanted;
      absorb(state, x, now);
      if (now == wanted) finish(state);
      x += now;
      n -= now;
    }
  }

  template <class W>
  [[gnu::always_inline]] static W combined(const T* result, const T* x, std::size_t n, std::size_t rows) {
    W over_rows = load<W>(result);
    for (std::size_t row = 0; row < rows; ++row, x += n) over_rows = Op::of(over_rows, load<W>(x));
    return over_rows;
  }

  /// By vectors no wider than a row. The last reaches back over columns that get the same results again.
  template <std::size_t Width>
  static void combine_by(T* result, const T* x, std::size_t n, std::size_t rows) {
    if constexpr (Width == 1) {
      for (std::size_t row = 0; n > 0 && row < rows; ++row) *result = Op::of(*result, x[row]);
    } else {
      if (n < Width) return combine_by<Width / 2>(result, x, n, rows);
      using W = Vector<T, Width>;
      const std::size_t last = n - Width;
      const W of_last = combined<W>(result + last, x + last, n, rows);
      for (std::size_t i = 0; i < last; i += Width) {
        const W of_these = combined<W>(result + i, x + i, n, rows);
        __builtin_memcpy(result + i, &of_these, sizeof(W));
      }
      __builtin_memcpy(result + last, &of_last, sizeof(W));
    }
  }

  static void combine(void* accumulator, const void* x, std::size_t n, std::size_t rows) {
    combine_by<static_cast<std::size_t>(kWidth)>(static_cast<T*>(accumulator), static_cast<const T*>(x), n, rows);
  }

  static void clear(void* elements, std::size_t n) {
    T* x = static_cast<T*>(elements);
    for (std::size_t i = 0; i < n; ++i) x[i] = Op::template identity<T>;
  }

  static consteval ReductionKernel kernel() { return {&begin, &feed, &combine, &clear}; }
};

template <class Op>
consteval ReductionKernels numeric_reduction() {
  return {.float32 = Segments<float, Op>::kernel(),
          .float64 = Segments<double, Op>::kernel(),
          .int64 = Segments<std::int64_t, Op>::kernel()};
}

extern constinit const ReductionKernels sum_reduction, max_reduction, min_reduction, all_reduction;
constinit const ReductionKernels sum_reduction = numeric_reduction<Sum>();
constinit const ReductionKernels max_reduction = numeric_reduction<Max>();
constinit const ReductionKernels min_reduction = numeric_reduction<Min>();
constinit const ReductionKernels all_reduction = {.boolean = Segments<Bool, All>::kernel()};

}  // namespace xtape::detail::XTAPE_ISA
