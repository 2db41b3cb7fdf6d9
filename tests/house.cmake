# Tests of the house itself: what a stranger builds against Opsis, its headers, its documents.

set(consumers ${CMAKE_BINARY_DIR}/consumers)
set(like_here
  -DCMAKE_BUILD_TYPE=${CMAKE_BUILD_TYPE} -DCMAKE_CXX_COMPILER=${CMAKE_CXX_COMPILER} -DOPSIS_LIBTORCH=${OPSIS_LIBTORCH_ROOT})
if(OPSIS_MOLD)
  list(APPEND like_here -DCMAKE_EXE_LINKER_FLAGS=-fuse-ld=mold -DCMAKE_SHARED_LINKER_FLAGS=-fuse-ld=mold)
endif()

# Installed: the package as find_package(opsis) sees it, from a folder that is not the one it was built in.
if(OPSIS_INSTALL AND NOT OPSIS_SANITIZE)
  add_test(NAME house.install
    COMMAND ${CMAKE_COMMAND} --install ${CMAKE_BINARY_DIR} --prefix ${consumers}/prefix)
  set_tests_properties(house.install PROPERTIES FIXTURES_SETUP installed)
  list(JOIN OPSIS_COMPONENTS "$<SEMICOLON>" components)
  add_test(NAME house.InstalledOpsisIsFoundAndLinked
    COMMAND ${CMAKE_CTEST_COMMAND} --build-and-test ${CMAKE_CURRENT_SOURCE_DIR}/consumers/installed ${consumers}/installed
      --build-generator Ninja --build-noclean --build-options ${like_here} -DCMAKE_PREFIX_PATH=${consumers}/prefix
      "-DCOMPONENTS=${components}" --test-command consumer)
  set_tests_properties(house.InstalledOpsisIsFoundAndLinked PROPERTIES FIXTURES_REQUIRED installed
    PASS_REGULAR_EXPRESSION "BoundingBoxes: XYXY needs 4 numbers a box, got .1, 3." FAIL_REGULAR_EXPRESSION "warning:" TIMEOUT 300)
endif()

# Vendored: the sources as a part of another project.
if(NOT OPSIS_SANITIZE)
  add_test(NAME house.VendoredOpsisIsBuiltAndLinked
    COMMAND ${CMAKE_CTEST_COMMAND} --build-and-test ${CMAKE_CURRENT_SOURCE_DIR}/consumers/vendored ${consumers}/vendored
      --build-generator Ninja --build-noclean --build-target consumer --build-options ${like_here}
      -DOPSIS_SOURCE_DIR=${PROJECT_SOURCE_DIR} -DCMAKE_UNITY_BUILD=ON "-DCMAKE_CXX_COMPILER_LAUNCHER=${vendored_launcher}"
      --test-command consumer)
  set_tests_properties(house.VendoredOpsisIsBuiltAndLinked PROPERTIES
    PASS_REGULAR_EXPRESSION "BoundingBoxes: XYXY needs 4 numbers a box, got .1, 3." FAIL_REGULAR_EXPRESSION "warning:" TIMEOUT 600)
endif()

# Every public header compiles alone. With clang, which reads LibTorch's headers twice as fast as g++.
add_test(NAME house.EachHeaderCompilesAlone
  COMMAND ${OPSIS_PYTHON} ${PROJECT_SOURCE_DIR}/scripts/check_headers --torch ${OPSIS_LIBTORCH_ROOT}
    --work ${CMAKE_BINARY_DIR}/headers)
set_tests_properties(house.EachHeaderCompilesAlone PROPERTIES TIMEOUT 300 ENVIRONMENT "PYTHONDONTWRITEBYTECODE=1" PROCESSORS 2)
