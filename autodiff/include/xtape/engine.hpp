// Settings and statistics of the engine that all tapes share: plan cache, memory pool, threads, instruction set.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace xtape {

/// The number of threads that one evaluation may use, the caller's included; by default the machine's, or the
/// environment variable XTAPE_THREADS. Results do not depend on it, bit for bit. Throws ValueError below 1.
void set_num_threads(int threads);
int num_threads();

/// The instruction set that the kernels use: "baseline", "avx2" or "avx512", the best that the machine has. The
/// environment variable XTAPE_ISA names a lower one.
std::string_view instruction_set();

/// Prints to stderr, for each evaluation: plan cache hit or miss, loops, instructions, bytes before and after reuse.
/// Also on when the environment variable XTAPE_REPORT is 1.
void set_plan_report(bool on);

struct PlanCacheStatistics {
  std::uint64_t hits = 0;
  std::uint64_t misses = 0;
  std::size_t plans = 0;     ///< held now
  std::size_t capacity = 0;  ///< the least recently used plan beyond it is dropped
};
PlanCacheStatistics plan_cache_statistics();

/// Of buffers over 4 KiB; smaller ones are not counted.
struct MemoryStatistics {
  std::size_t in_use = 0;  ///< bytes of Arrays and running plans
  std::size_t pooled = 0;  ///< bytes kept for reuse
};
MemoryStatistics memory_statistics();
/// Gives the pooled memory back to the system.
void release_memory();

}  // namespace xtape
