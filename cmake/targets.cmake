# How xtape's own targets are compiled. Nothing of it reaches a consumer but the language standard and the headers.

find_package(TBB REQUIRED CONFIG)
find_path(XTAPE_OPENBLAS_INCLUDE_DIR NAMES openblas_config.h PATH_SUFFIXES openblas-pthread openblas REQUIRED)
find_path(XTAPE_SLEEF_INCLUDE_DIR NAMES sleef.h REQUIRED)
find_path(XTAPE_XSIMD_INCLUDE_DIR NAMES xsimd/xsimd.hpp REQUIRED)
find_path(XTAPE_XTENSOR_INCLUDE_DIR NAMES xtensor/xtensor_config.hpp xtensor/core/xtensor_config.hpp REQUIRED)
find_path(XTAPE_XTENSOR_BLAS_INCLUDE_DIR NAMES xtensor-blas/xlinalg.hpp REQUIRED)
find_path(XTAPE_RANDOM123_INCLUDE_DIR NAMES Random123/philox.h REQUIRED)
find_path(XTAPE_JSON_INCLUDE_DIR NAMES nlohmann/json.hpp REQUIRED)
mark_as_advanced(XTAPE_OPENBLAS_INCLUDE_DIR XTAPE_SLEEF_INCLUDE_DIR XTAPE_XSIMD_INCLUDE_DIR XTAPE_XTENSOR_INCLUDE_DIR
  XTAPE_XTENSOR_BLAS_INCLUDE_DIR XTAPE_RANDOM123_INCLUDE_DIR XTAPE_JSON_INCLUDE_DIR)
set(xtape_private_includes ${XTAPE_OPENBLAS_INCLUDE_DIR} ${XTAPE_SLEEF_INCLUDE_DIR} ${XTAPE_XSIMD_INCLUDE_DIR}
  ${XTAPE_XTENSOR_INCLUDE_DIR} ${XTAPE_XTENSOR_BLAS_INCLUDE_DIR} ${XTAPE_RANDOM123_INCLUDE_DIR}
  ${XTAPE_JSON_INCLUDE_DIR})

file(STRINGS "${XTAPE_OPENBLAS_INCLUDE_DIR}/openblas_config.h" openblas_version REGEX "define OPENBLAS_VERSION ")
string(REGEX MATCH "[0-9]+\\.[0-9.]+" openblas_version "${openblas_version}")
file(REAL_PATH "${XTAPE_OPENBLAS_LIBRARY}" openblas_path)
message(STATUS "xtape ${PROJECT_VERSION}: OpenBLAS ${openblas_version}: ${openblas_path}")

set(xtape_warnings -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wno-sign-conversion)
if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
  list(APPEND xtape_warnings -Wno-restrict)  # GCC 12 sees overlaps in std::string's operator+ (its bug 105651)
endif()
if(XTAPE_WERROR)
  list(APPEND xtape_warnings -Werror)
endif()

# Options for a target of our own: library, test, example or benchmark.
function(xtape_own_target target)
  target_compile_features(${target} PRIVATE cxx_std_20)
  target_compile_options(${target} PRIVATE ${xtape_warnings})
  set_target_properties(${target} PROPERTIES CXX_EXTENSIONS OFF)
endfunction()

# Options for library code. Without contraction a product and a sum round alike on every machine; an fma is written.
function(xtape_library_options target)
  xtape_own_target(${target})
  target_compile_options(${target} PRIVATE -ffp-contract=off)
  set_target_properties(${target} PROPERTIES POSITION_INDEPENDENT_CODE ON)
endfunction()

# The library xtape_<name>, alias xtape::<name>, from all sources below src/ but those in `excluded` (a regex).
function(xtape_add_library name excluded)
  file(GLOB_RECURSE sources CONFIGURE_DEPENDS src/*.cpp)
  if(excluded)
    list(FILTER sources EXCLUDE REGEX "${excluded}")
  endif()
  add_library(xtape_${name} ${sources})
  add_library(xtape::${name} ALIAS xtape_${name})
  xtape_library_options(xtape_${name})
  target_compile_features(xtape_${name} PUBLIC cxx_std_20)
  target_include_directories(xtape_${name}
    PUBLIC $<BUILD_INTERFACE:${CMAKE_CURRENT_SOURCE_DIR}/include> $<INSTALL_INTERFACE:include>
    PRIVATE src)
  set_target_properties(xtape_${name} PROPERTIES
    EXPORT_NAME ${name} VERSION ${PROJECT_VERSION} SOVERSION ${PROJECT_VERSION_MAJOR}.${PROJECT_VERSION_MINOR})
endfunction()
