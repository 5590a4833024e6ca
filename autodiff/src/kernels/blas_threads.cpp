#include "kernels/blas_threads.hpp"

#include <cblas.h>

#include <cstdlib>
#include <cstring>

namespace xtape::detail {

void use_one_blas_thread() {
  static const bool once = [] {
    const char* keep = std::getenv("XTAPE_KEEP_BLAS_THREADS");
    if (keep == nullptr || std::strcmp(keep, "1") != 0) openblas_set_num_threads(1);
    return true;
  }();
  static_cast<void>(once);
}

}  // namespace xtape::detail
