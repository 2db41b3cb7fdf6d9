# `cmake --install` : headers, library, tool, and the package that find_package(opsis) reads.
include(GNUInstallDirs)
include(CMakePackageConfigHelpers)
set(package_dir ${CMAKE_INSTALL_LIBDIR}/cmake/opsis)

install(TARGETS opsis EXPORT opsisTargets
  LIBRARY DESTINATION ${CMAKE_INSTALL_LIBDIR}
  ARCHIVE DESTINATION ${CMAKE_INSTALL_LIBDIR}
  INCLUDES DESTINATION ${CMAKE_INSTALL_INCLUDEDIR})
if(TARGET opsis_whole)
  install(TARGETS opsis_whole EXPORT opsisTargets)
endif()
if(TARGET opsis_torchvision_ops)
  set_target_properties(opsis_torchvision_ops PROPERTIES INSTALL_RPATH $ORIGIN)
  install(TARGETS opsis_torchvision_ops EXPORT opsisTargets LIBRARY DESTINATION ${CMAKE_INSTALL_LIBDIR})
endif()
if(TARGET opsis_dicom)
  install(TARGETS opsis_dicom LIBRARY DESTINATION ${CMAKE_INSTALL_LIBDIR})
endif()
if(TARGET opsis_cuda)
  set_target_properties(opsis_cuda PROPERTIES INSTALL_RPATH "$ORIGIN;${OPSIS_LIBTORCH_ROOT}/lib")
  install(TARGETS opsis_cuda EXPORT opsisTargets LIBRARY DESTINATION ${CMAKE_INSTALL_LIBDIR})
  list(APPEND OPSIS_COMPONENTS cuda)
endif()
if(TARGET opsis_cli)
  # The tool finds the library beside its own folder, wherever the two are moved.
  set_target_properties(opsis_cli PROPERTIES INSTALL_RPATH $ORIGIN/../${CMAKE_INSTALL_LIBDIR} EXPORT_NAME cli)
  install(TARGETS opsis_cli EXPORT opsisTargets RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR})
  list(APPEND OPSIS_COMPONENTS cli)
endif()
install(EXPORT opsisTargets NAMESPACE opsis:: DESTINATION ${package_dir})

# Every header but those that only the library's own sources read.
install(DIRECTORY ${PROJECT_SOURCE_DIR}/opsis DESTINATION ${CMAKE_INSTALL_INCLUDEDIR}
  FILES_MATCHING PATTERN *.h PATTERN pch.h EXCLUDE PATTERN media_stream.h EXCLUDE)

set(package_components ${OPSIS_COMPONENTS})
file(GLOB package_finders ${CMAKE_CURRENT_LIST_DIR}/Find*.cmake)
if(BUILD_SHARED_LIBS)
  set(package_static FALSE)
else()
  set(package_static TRUE)
endif()
configure_package_config_file(${CMAKE_CURRENT_LIST_DIR}/opsisConfig.cmake.in ${PROJECT_BINARY_DIR}/package/opsisConfig.cmake
  INSTALL_DESTINATION ${package_dir} NO_SET_AND_CHECK_MACRO NO_CHECK_REQUIRED_COMPONENTS_MACRO)
write_basic_package_version_file(${PROJECT_BINARY_DIR}/package/opsisConfigVersion.cmake COMPATIBILITY SameMajorVersion)
install(FILES
  ${PROJECT_BINARY_DIR}/package/opsisConfig.cmake
  ${PROJECT_BINARY_DIR}/package/opsisConfigVersion.cmake
  ${CMAKE_CURRENT_LIST_DIR}/LibTorch.cmake
  ${package_finders}
  DESTINATION ${package_dir})
install(FILES ${PROJECT_SOURCE_DIR}/LICENSE ${PROJECT_SOURCE_DIR}/NOTICE DESTINATION ${CMAKE_INSTALL_DOCDIR})
