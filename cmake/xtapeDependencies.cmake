# OpenBLAS and SLEEF, which come without a CMake package everywhere, as imported targets. Used by the build and, once
# installed, by find_package(xtape).
#
# OpenBLAS by name: FindBLAS may settle for the slow reference BLAS. Its pthread build is preferred, as an OpenMP
# runtime would be a second pool of threads.

find_library(XTAPE_OPENBLAS_LIBRARY NAMES openblas PATH_SUFFIXES openblas-pthread)
find_library(XTAPE_SLEEF_LIBRARY NAMES sleef)
mark_as_advanced(XTAPE_OPENBLAS_LIBRARY XTAPE_SLEEF_LIBRARY)

foreach(name OPENBLAS SLEEF)
  if(NOT XTAPE_${name}_LIBRARY)
    message(FATAL_ERROR "xtape: ${name} was not found; set XTAPE_${name}_LIBRARY")
  endif()
  string(TOLOWER ${name} target)
  if(NOT TARGET xtape::${target})
    add_library(xtape::${target} UNKNOWN IMPORTED)
    set_target_properties(xtape::${target} PROPERTIES IMPORTED_LOCATION "${XTAPE_${name}_LIBRARY}")
  endif()
endforeach()
