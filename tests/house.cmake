# Tests of the house itself: what a stranger builds against Opsis, its headers, its documents.

find_program(OPSIS_CLANG clang++ REQUIRED)
set(consumers ${CMAKE_BINARY_DIR}/consumers)
set(linker)
if(OPSIS_MOLD)
  set(linker -DCMAKE_EXE_LINKER_FLAGS=-fuse-ld=mold -DCMAKE_SHARED_LINKER_FLAGS=-fuse-ld=mold)
endif()

# Projects of a stranger's: two find an installed Opsis, one holds its sources. A sanitized library cannot be linked into
# a program that is not.
if(OPSIS_INSTALL AND NOT OPSIS_SANITIZE)
  # The project of that name in consumers/, built against the Opsis that a fixture puts into a folder, and run.
  function(opsis_consumer test project fixture prefix says)
    add_test(NAME ${test}
      COMMAND ${CMAKE_CTEST_COMMAND} --build-and-test ${CMAKE_CURRENT_SOURCE_DIR}/consumers/${project}
        ${consumers}/${project}_${prefix}
        --build-generator Ninja --build-noclean
        --build-options ${linker} -DCMAKE_BUILD_TYPE=Release -DCMAKE_CXX_COMPILER=${CMAKE_CXX_COMPILER}
          -DCMAKE_PREFIX_PATH=${consumers}/${prefix} ${ARGN}
        --test-command consumer)
    set_tests_properties(${test} PROPERTIES FIXTURES_REQUIRED ${fixture} TIMEOUT 300
      PASS_REGULAR_EXPRESSION "${says}" FAIL_REGULAR_EXPRESSION "warning:")
  endfunction()

  # The package as find_package(opsis) sees it, from a folder that is not the one it was built in.
  add_test(NAME house.install COMMAND ${CMAKE_COMMAND} --install ${CMAKE_BINARY_DIR} --prefix ${consumers}/prefix)
  set_tests_properties(house.install PROPERTIES FIXTURES_SETUP installed)
  set(consumer_says "Mirror..: 2\n.*BoundingBoxes: XYXY needs 4 numbers a box, got .1, 3.*operator by its name: found")
  list(JOIN OPSIS_COMPONENTS "$<SEMICOLON>" components)
  opsis_consumer(house.InstalledOpsisIsFoundAndLinked installed installed prefix "${consumer_says}" "-DCOMPONENTS=${components}")

  # torchvision's operators by themselves, for a program that otherwise knows LibTorch alone.
  if(TARGET opsis_torchvision_ops)
    opsis_consumer(house.TorchvisionOpsAreLinkedAlone torchvision_ops installed prefix "kept: 2 of 3")
  endif()

  if(TARGET opsis_cli)
    add_test(NAME house.InstalledToolRuns COMMAND ${consumers}/prefix/bin/opsis models "resnet1*")
    set_tests_properties(house.InstalledToolRuns PROPERTIES FIXTURES_REQUIRED installed PASS_REGULAR_EXPRESSION "resnet152")
  endif()

  # The sources as a part of another project. The library is built a second time for this, so it is built as it is not built
  # above: by clang, static, for debugging (but without what a debugger reads, for time) and without anything optional, whose absence
  # must be told by name.
  list(TRANSFORM OPSIS_PARTS REPLACE "(.+)" "-DOPSIS_\\1=OFF" OUTPUT_VARIABLE without_parts)
  add_test(NAME house.VendoredOpsisIsStaticAndBare
    COMMAND ${CMAKE_CTEST_COMMAND} --build-and-test ${CMAKE_CURRENT_SOURCE_DIR}/consumers/vendored ${consumers}/vendored
      --build-generator Ninja --build-noclean --build-target consumer
      --build-options ${linker} -DCMAKE_CXX_COMPILER=${OPSIS_CLANG} -DCMAKE_UNITY_BUILD=ON -DBUILD_SHARED_LIBS=OFF
        -DCMAKE_BUILD_TYPE=Debug -DCMAKE_CXX_FLAGS_DEBUG=-O0
        ${without_parts} -DOPSIS_INSTALL=ON -DOPSIS_SOURCE_DIR=${PROJECT_SOURCE_DIR} -DOPSIS_LIBTORCH=${OPSIS_LIBTORCH_ROOT}
      --test-command consumer)
  string(CONCAT not_built
    "decode_jpeg: built without libjpeg; configure with -DOPSIS_JPEG=ON\n"
    "decode_png: built without libpng; configure with -DOPSIS_PNG=ON\n"
    "encode_jpeg: built without libjpeg; configure with -DOPSIS_JPEG=ON\n"
    "encode_png: built without libpng; configure with -DOPSIS_PNG=ON\n"
    "decode_gif: built without giflib; configure with -DOPSIS_GIF=ON\n"
    "encode_gif: built without giflib; configure with -DOPSIS_GIF=ON\n"
    "decode_webp: built without libwebp; configure with -DOPSIS_WEBP=ON\n"
    "encode_webp: built without libwebp; configure with -DOPSIS_WEBP=ON\n"
    "decode_avif: built without libavif; configure with -DOPSIS_AVIF=ON\n"
    "encode_avif: built without libavif; configure with -DOPSIS_AVIF=ON\n"
    "decode_heic: built without libheif; configure with -DOPSIS_HEIC=ON\n"
    "decode_tiff: built without libtiff; configure with -DOPSIS_TIFF=ON\n"
    "encode_tiff: built without libtiff; configure with -DOPSIS_TIFF=ON\n"
    "VideoDecoder: built without FFmpeg; configure with -DOPSIS_VIDEO=ON\n"
    "AudioDecoder: built without FFmpeg; configure with -DOPSIS_VIDEO=ON\n"
    "read_dicom: built without DCMTK; configure with -DOPSIS_DICOM=ON, as a shared library\n"
    "read_mat: built without zlib; configure with -DOPSIS_MAT=ON\n"
    "Hdf5Array: built without zlib; configure with -DOPSIS_HDF5=ON\n"
    "inflate: built without libdeflate; configure with -DOPSIS_DEFLATE=ON\n"
    "Digest: built without libcrypto; configure with -DOPSIS_CRYPTO=ON\n"
    "download: built without libcurl; configure with -DOPSIS_CURL=ON, or fetch https://localhost/weights.pth and put it at "
    "absent/weights.pth\n"
    "extract_archive: built without libarchive; configure with -DOPSIS_ARCHIVE=ON\n"
    "parse_voc_xml: built without pugixml; configure with -DOPSIS_XML=ON\n"
    "CocoFile: built without simdjson; configure with -DOPSIS_SIMDJSON=ON\n"
    "[a-z_]*: built without FreeType; configure with -DOPSIS_FREETYPE=ON\n"
    "optimized\n"
    "BoundingBoxes")
  set_tests_properties(house.VendoredOpsisIsStaticAndBare PROPERTIES TIMEOUT 1500 PROCESSORS 2
    FIXTURES_SETUP vendored PASS_REGULAR_EXPRESSION "${not_built}" FAIL_REGULAR_EXPRESSION "warning:")

  # The same archive as a package: what it was linked with is found by whoever finds it, and it is linked whole there too.
  add_test(NAME house.install_static COMMAND ${CMAKE_COMMAND} --install ${consumers}/vendored/opsis --prefix ${consumers}/static)
  set_tests_properties(house.install_static PROPERTIES FIXTURES_REQUIRED vendored FIXTURES_SETUP installed_static)
  opsis_consumer(house.InstalledStaticOpsisIsFoundAndLinked installed installed_static static "${consumer_says}")
endif()

# Everything that parses foreign bytes, fuzzed for a little while from small pictures of the oracle's. Plain sources only.
if(NOT OPSIS_SANITIZE)
  add_test(NAME house.FuzzersFindNothing
    COMMAND ${CMAKE_CTEST_COMMAND} --build-and-test ${PROJECT_SOURCE_DIR} ${CMAKE_BINARY_DIR}/fuzz
      --build-generator Ninja --build-noclean --build-target opsis_fuzzers
      --build-options -DCMAKE_CXX_COMPILER=${OPSIS_CLANG} -DCMAKE_BUILD_TYPE=Release -DCMAKE_UNITY_BUILD=ON
        "-DCMAKE_CXX_FLAGS_RELEASE=-O1 -g1 -march=native -DHWY_COMPILE_ONLY_STATIC"
        -DOPSIS_SANITIZE=address,undefined -DOPSIS_FUZZERS=ON -DOPSIS_TESTS=OFF -DOPSIS_EXAMPLES=OFF -DOPSIS_CLI=OFF
        -DOPSIS_LIBTORCH=${OPSIS_LIBTORCH_ROOT}
      --test-command ${PROJECT_SOURCE_DIR}/scripts/fuzz ${CMAKE_BINARY_DIR}/fuzz "" ${OPSIS_ORACLE_DIR})
  set_tests_properties(house.FuzzersFindNothing PROPERTIES FIXTURES_REQUIRED oracle TIMEOUT 2400 PROCESSORS 2
    FAIL_REGULAR_EXPRESSION "warning:")
endif()

# With clang, which reads LibTorch's headers twice as fast as g++.
add_test(NAME house.EachHeaderCompilesAlone
  COMMAND ${OPSIS_PYTHON} ${PROJECT_SOURCE_DIR}/scripts/check_headers --torch ${OPSIS_LIBTORCH_ROOT}
    --work ${CMAKE_BINARY_DIR}/headers)
set_tests_properties(house.EachHeaderCompilesAlone PROPERTIES TIMEOUT 900 PROCESSORS 2)

# The kernels for the instruction set that no machine of ours has.
add_test(NAME house.KernelsCompileForArm COMMAND ${PROJECT_SOURCE_DIR}/scripts/check_neon)
set_tests_properties(house.KernelsCompileForArm PROPERTIES TIMEOUT 600 PROCESSORS 2 SKIP_RETURN_CODE 77)

# What of torchvision's names Opsis has: the table in docs/ must be what `make coverage` would write, and may only grow.
opsis_program(opsis_names ${CMAKE_CURRENT_SOURCE_DIR}/coverage/list_names.cpp)
target_link_libraries(opsis_names PRIVATE nlohmann_json::nlohmann_json)
add_test(NAME house.CoverageTableIsCurrent
  COMMAND ${OPSIS_PYTHON} ${PROJECT_SOURCE_DIR}/scripts/coverage --names $<TARGET_FILE:opsis_names>
    --check ${PROJECT_SOURCE_DIR}/docs/coverage.md)
set_tests_properties(house.CoverageTableIsCurrent PROPERTIES ENVIRONMENT "PYTHONDONTWRITEBYTECODE=1")

# The table of models likewise.
opsis_program(opsis_model_list ${CMAKE_CURRENT_SOURCE_DIR}/coverage/list_models.cpp)
target_link_libraries(opsis_model_list PRIVATE nlohmann_json::nlohmann_json)
add_test(NAME house.ModelsTableIsCurrent
  COMMAND ${OPSIS_PYTHON} ${PROJECT_SOURCE_DIR}/scripts/models --list $<TARGET_FILE:opsis_model_list>
    --check ${PROJECT_SOURCE_DIR}/docs/models.md)
set_tests_properties(house.ModelsTableIsCurrent PROPERTIES ENVIRONMENT "PYTHONDONTWRITEBYTECODE=1")

# The demo keeps its promises, whatever the last bits of this machine's sums.
if(TARGET opsis_demo AND NOT OPSIS_SANITIZE)
  add_test(NAME house.DemoReadsDigitsTheSameEachTime
    COMMAND ${CMAKE_CURRENT_SOURCE_DIR}/demo_test.sh $<TARGET_FILE:opsis_demo> ${CMAKE_BINARY_DIR}/demo)
  # COST: begun first, so that no core waits for it at the end.
  set_tests_properties(house.DemoReadsDigitsTheSameEachTime PROPERTIES COST 50 TIMEOUT 600 ENVIRONMENT "${quiet_threads}"
    PASS_REGULAR_EXPRESSION "the demo does the same each time")
endif()

# The example that draws shapes learns to find more than nine of ten in a few minutes; tests/cli/shapes_test.cpp has it in small.
if(TARGET opsis_shapes AND NOT OPSIS_SANITIZE)
  add_test(NAME house.ShapesAreFoundWithAnAP50Above90 COMMAND opsis_shapes ${CMAKE_BINARY_DIR}/shapes)
  set_tests_properties(house.ShapesAreFoundWithAnAP50Above90 PROPERTIES LABELS slow COST 80 TIMEOUT 900
    ENVIRONMENT "${quiet_threads}"
    PASS_REGULAR_EXPRESSION "not seen:\nAP +[0-9.]+\nAP50 +(0[.]9[0-9]+|1[.]0)")
endif()

add_test(NAME house.SetupSaysWhatItShould COMMAND ${CMAKE_CURRENT_SOURCE_DIR}/setup_test.sh ${PROJECT_SOURCE_DIR})
set_tests_properties(house.SetupSaysWhatItShould PROPERTIES PASS_REGULAR_EXPRESSION "setup says what it should" TIMEOUT 120)

# The program that the README shows is a real one.
add_test(NAME house.ReadmeShowsTheExample
  COMMAND ${OPSIS_PYTHON} ${PROJECT_SOURCE_DIR}/scripts/check_docs)
if(TARGET opsis_readme AND NOT OPSIS_SANITIZE)
  file(MAKE_DIRECTORY ${CMAKE_BINARY_DIR}/readme)
  add_test(NAME house.ReadmesProgramRuns COMMAND opsis_readme WORKING_DIRECTORY ${CMAKE_BINARY_DIR}/readme)
  set_tests_properties(house.ReadmesProgramRuns PROPERTIES TIMEOUT 300 ENVIRONMENT "${quiet_threads}"
    PASS_REGULAR_EXPRESSION "right: [4-9][0-9.]* %")
endif()
