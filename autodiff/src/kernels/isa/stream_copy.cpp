// Writing to memory past the caches, a vector at a time: the widest that there is, for a line that comes in one piece
// need not wait for its rest.
#include "kernels/lanes.hpp"

namespace xtape::detail::XTAPE_ISA {

#if defined(__AVX512F__)
using Line = __m512i;
inline void stream(Line* to, Line line) { _mm512_stream_si512(to, line); }
#elif defined(__AVX2__)
using Line = __m256i;
inline void stream(Line* to, Line line) { _mm256_stream_si256(to, line); }
#elif defined(__SSE2__)
using Line = __m128i;
inline void stream(Line* to, Line line) { _mm_stream_si128(to, line); }
#endif

#if defined(__SSE2__)

static void copy(std::byte* to, const std::byte* from, std::size_t bytes) {
  const std::size_t misaligned = reinterpret_cast<std::uintptr_t>(to) % sizeof(Line);
  const std::size_t head = (sizeof(Line) - misaligned) % sizeof(Line);
  if (head > bytes) return static_cast<void>(__builtin_memcpy(to, from, bytes));
  __builtin_memcpy(to, from, head);
  std::size_t i = head;
  for (; i + sizeof(Line) <= bytes; i += sizeof(Line)) {
    Line line;
    __builtin_memcpy(&line, from + i, sizeof line);
    stream(reinterpret_cast<Line*>(to + i), line);
  }
  __builtin_memcpy(to + i, from + i, bytes - i);
}

static void finish() { _mm_sfence(); }

#else

static void copy(std::byte* to, const std::byte* from, std::size_t bytes) { __builtin_memcpy(to, from, bytes); }
static void finish() {}

#endif

extern constinit const StreamKernels stream_kernels;
constinit const StreamKernels stream_kernels = {&copy, &finish};

}  // namespace xtape::detail::XTAPE_ISA
