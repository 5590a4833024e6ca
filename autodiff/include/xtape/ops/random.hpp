// Random numbers, keyed and counter-based: element i of a draw follows from the key and i alone, by Philox 4x32-10
// (Salmon, Moraes, Dror and Shaw, Parallel Random Numbers: As Easy as 1, 2, 3, 2011). So they are the same bits for any
// number of threads, any instruction set, compiler and C library. The same key gives the same numbers again: take one
// key for each draw, by fold_in.
//
//     Key key{.seed = 1};
//     Array w = normal(fold_in(key, 0), {784, 100}, 0, 0.1);
//     Var h = dropout(x, 0.5, fold_in(key, step));  // on a tape the key is an input: another key is no other plan
#pragma once

#include <cstdint>

#include <xtape/operand.hpp>

namespace xtape {

/// Where random numbers come from. The streams of one seed have no place of the generator in common.
struct Key {
  std::uint64_t seed = 0;
  std::uint64_t stream = 0;

  friend bool operator==(const Key&, const Key&) = default;
};

/// A key derived from another one: a new seed from the key, and a stream of its own for each number.
Key fold_in(Key key, std::uint64_t number);
/// What a key is on a tape: int64 (2), the bits of seed and stream. Ops take a Key itself as well.
Array to_array(Key key);

template <>
struct ArrayConversion<Key> {
  static Array convert(const Key& key) { return to_array(key); }
};

// ---- Arrays. A dtype that is not floating throws DTypeError, parameters out of range throw ValueError.

/// low + (high - low) u with u a multiple of 2^-53 in [0, 1), rounded down to one of 2^-24 for float32; below high even
/// where that rounds to it.
Array uniform(Key key, const Shape& shape, double low = 0, double high = 1, DType dtype = DType::float64);
/// By inversion (Wichura, Algorithm AS 241, 1988), to 1e-15 relative; |z| <= 8.3. For float32 the same number rounded.
Array normal(Key key, const Shape& shape, double mean = 0, double stddev = 1, DType dtype = DType::float64);
/// Normal numbers given that they lie in [low, high], by inversion; either may be infinite. Throws ValueError if they
/// are more than 37 stddev off on one side.
Array truncated_normal(Key key, const Shape& shape, double mean = 0, double stddev = 1, double low = -2,
                       double high = 2, DType dtype = DType::float64);
/// True with probability p; boolean.
Array bernoulli(Key key, const Shape& shape, double p);
/// 0 ... size - 1 in random order, int64: the shuffle of Fisher and Yates.
Array permutation(Key key, std::int64_t size);

// ---- On a tape. The key is a Key or int64 (2); no gradient flows to it, nor through the draw.

/// As `uniform` in [0, 1), of the shape and dtype of x, whose values do not matter.
Var uniform_like(const Operand& x, const Operand& key);
/// As `normal` of mean 0 and stddev 1; mean + stddev * normal_like(mean, key) carries gradients.
Var normal_like(const Operand& x, const Operand& key);
/// True with probability p, elementwise; boolean.
Var bernoulli(const Operand& p, const Operand& key);
/// In training each element is 0 with probability p, else x / (1 - p); otherwise x. p is a number in [0, 1] or a 0-d
/// Var.
Var dropout(const Operand& x, const Operand& p, const Operand& key, bool training = true);

}  // namespace xtape
