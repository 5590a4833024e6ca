// Bools, which are bytes, to masks as wide as the elements that they select, and back. GCC 12 takes vectors shorter
// than a register apart for this, so the x86 sets have it by hand.
#pragma once

#include <cstddef>
#include <cstdint>

#if defined(__x86_64__)
#include <immintrin.h>
#endif

namespace xtape::detail::XTAPE_ISA {

#if defined(__x86_64__)

template <std::size_t Bytes>
[[gnu::always_inline]] inline __m128i load_bytes(const void* bytes) {
  if constexpr (Bytes > 8) return _mm_loadu_si128(static_cast<const __m128i*>(bytes));
  long long word = 0;  // rather than a part of a vector in memory, which the load would have to wait for
  __builtin_memcpy(&word, bytes, Bytes < 8 ? Bytes : 8);
  return _mm_cvtsi64_si128(word);
}

/// 0 and 1 as integers of the size of `Mask`'s elements.
template <class Mask, std::size_t Width, class Bytes>
[[gnu::always_inline]] inline Mask widened(const Bytes& bools) {
  constexpr std::size_t kSize = sizeof(Mask) / Width;
  const __m128i bytes = load_bytes<Width>(&bools);
  if constexpr (kSize == 1) return bools;
#if defined(__AVX512F__)
  else if constexpr (kSize == 8) return (Mask)_mm512_cvtepi8_epi64(bytes);
  else return (Mask)_mm512_cvtepi8_epi32(bytes);
#elif defined(__AVX2__)
  else if constexpr (kSize == 8) return (Mask)_mm256_cvtepi8_epi64(bytes);
  else return (Mask)_mm256_cvtepi8_epi32(bytes);
#else
  const __m128i zero = _mm_setzero_si128();
  const __m128i integers = _mm_unpacklo_epi16(_mm_unpacklo_epi8(bytes, zero), zero);
  if constexpr (kSize == 8) return (Mask)_mm_unpacklo_epi32(integers, zero);
  else if constexpr (kSize == 4) return (Mask)integers;
#endif
}

#if defined(__AVX2__) && !defined(__AVX512F__)
/// The lower halves of two registers' elements, in order.
template <std::size_t Size>
[[gnu::always_inline]] inline __m128i packed(__m256i mask) {
  const __m128i low = _mm256_castsi256_si128(mask), high = _mm256_extracti128_si256(mask, 1);
  if constexpr (Size == 8) return (__m128i)_mm_shuffle_ps((__m128)low, (__m128)high, _MM_SHUFFLE(2, 0, 2, 0));
  else return _mm_packs_epi32(low, high);
}
#endif

/// A comparison's 0 and -1 as bytes 0 and -1.
template <class Bytes, std::size_t Width, class Mask>
[[gnu::always_inline]] inline Bytes narrowed(const Mask& mask) {
  constexpr std::size_t kSize = sizeof(Mask) / Width;
  __m128i bytes;
  if constexpr (kSize == 1) return mask;
#if defined(__AVX512F__)
  else if constexpr (kSize == 8) bytes = _mm512_cvtepi64_epi8((__m512i)mask);
  else bytes = _mm512_cvtepi32_epi8((__m512i)mask);
#else
#if defined(__AVX2__)
  else bytes = packed<kSize>((__m256i)mask);
#else
  else if constexpr (kSize == 8) bytes = _mm_shuffle_epi32((__m128i)mask, _MM_SHUFFLE(2, 0, 2, 0));
  else bytes = (__m128i)mask;
#endif
  if constexpr (kSize == 8 || sizeof(Mask) == 16) bytes = _mm_packs_epi32(bytes, bytes);
  bytes = _mm_packs_epi16(bytes, bytes);
#endif
  Bytes result;
  __builtin_memcpy(&result, &bytes, sizeof(result));
  return result;
}

#else

template <class Mask, std::size_t Width, class Bytes>
inline Mask widened(const Bytes& bools) {
  return __builtin_convertvector(bools, Mask);
}
template <class Bytes, std::size_t Width, class Mask>
inline Bytes narrowed(const Mask& mask) {
  return __builtin_convertvector(mask, Bytes);
}

#endif

}  // namespace xtape::detail::XTAPE_ISA
