// The names of one table of kernels in all builds of its file.
#pragma once

#include "kernels/kernel.hpp"

/// Declares the table of each build.
/// XTAPE_ALL_SETS puts them into one ByInstructionSet; on machines that have none of these sets, all are the baseline.
#if defined(__x86_64__)
#define XTAPE_DECLARE_KERNELS(TYPE, NAME) \
  namespace xtape::detail::isa_baseline { \
  extern const TYPE NAME;                 \
  }                                       \
  namespace xtape::detail::isa_avx2 {     \
  extern const TYPE NAME;                 \
  }                                       \
  namespace xtape::detail::isa_avx512 {   \
  extern const TYPE NAME;                 \
  }
#define XTAPE_ALL_SETS(NAME)                                    \
  {                                                             \
    { &isa_baseline::NAME, &isa_avx2::NAME, &isa_avx512::NAME } \
  }
#else
#define XTAPE_DECLARE_KERNELS(TYPE, NAME) \
  namespace xtape::detail::isa_baseline { \
  extern const TYPE NAME;                 \
  }
#define XTAPE_ALL_SETS(NAME)                                          \
  {                                                                   \
    { &isa_baseline::NAME, &isa_baseline::NAME, &isa_baseline::NAME } \
  }
#endif
