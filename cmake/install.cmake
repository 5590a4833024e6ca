# Headers, libraries, the CMake package and xtape.pc.

include(GNUInstallDirs)
include(CMakePackageConfigHelpers)

set(package_dir ${CMAKE_INSTALL_LIBDIR}/cmake/xtape)
set(generated_dir ${PROJECT_BINARY_DIR}/package)

install(TARGETS xtape xtape_autodiff xtape_optim xtape_models EXPORT xtapeTargets)
install(EXPORT xtapeTargets NAMESPACE xtape:: DESTINATION ${package_dir})
install(DIRECTORY autodiff/include/ optim/include/ models/include/ ${PROJECT_BINARY_DIR}/autodiff/include/
  DESTINATION ${CMAKE_INSTALL_INCLUDEDIR} FILES_MATCHING PATTERN "*.hpp")

configure_package_config_file(cmake/xtapeConfig.cmake.in ${generated_dir}/xtapeConfig.cmake
  INSTALL_DESTINATION ${package_dir} NO_SET_AND_CHECK_MACRO NO_CHECK_REQUIRED_COMPONENTS_MACRO)
write_basic_package_version_file(${generated_dir}/xtapeConfigVersion.cmake COMPATIBILITY SameMinorVersion)
install(FILES ${generated_dir}/xtapeConfig.cmake ${generated_dir}/xtapeConfigVersion.cmake
  cmake/xtapeDependencies.cmake DESTINATION ${package_dir})

# A static library hands its own dependencies to whoever links it.
get_filename_component(openblas_dir "${XTAPE_OPENBLAS_LIBRARY}" DIRECTORY)
get_filename_component(sleef_dir "${XTAPE_SLEEF_LIBRARY}" DIRECTORY)
set(pkgconfig_private "-L${openblas_dir} -lopenblas -L${sleef_dir} -lsleef -ltbb -pthread")
if(BUILD_SHARED_LIBS)
  set(pkgconfig_public "")
else()
  set(pkgconfig_public " ${pkgconfig_private} -lstdc++ -lm")
  set(pkgconfig_private "")
endif()
string(REGEX REPLACE "[^/]+" ".." up_from_libdir "${CMAKE_INSTALL_LIBDIR}")
configure_file(cmake/xtape.pc.in ${generated_dir}/xtape.pc @ONLY)
install(FILES ${generated_dir}/xtape.pc DESTINATION ${CMAKE_INSTALL_LIBDIR}/pkgconfig)
