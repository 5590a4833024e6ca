// OpenBLAS's own thread setting.
#pragma once

namespace xtape::detail {

/// OpenBLAS's own threads would be a second pool that fights with ours, and their number would change the bits. The
/// setting is process-wide, and made at the first call; XTAPE_KEEP_BLAS_THREADS=1 leaves it alone.
void use_one_blas_thread();

}  // namespace xtape::detail
