# Finds LibTorch and makes the imported target opsis_libtorch.
#
# LibTorch's own TorchConfig.cmake, as the wheels carry it, demands a CUDA toolkit even from a program that uses the CPU
# only. Two libraries and a folder of headers are all that is needed, so they are found here by hand.
#
# Looked for in this order: OPSIS_LIBTORCH (variable or environment), CMAKE_PREFIX_PATH (likewise), the project's .venv,
# OPSIS_LIBTORCH_LAST (set by the installed package: what Opsis was built with).

set(OPSIS_LIBTORCH "" CACHE PATH "Root of a LibTorch: the folder that holds include/ and lib/")

set(_roots ${OPSIS_LIBTORCH} $ENV{OPSIS_LIBTORCH})
string(REPLACE ":" ";" _environment_prefixes "$ENV{CMAKE_PREFIX_PATH}")
foreach(prefix ${CMAKE_PREFIX_PATH} ${_environment_prefixes})
  list(APPEND _roots ${prefix} ${prefix}/torch)
endforeach()
file(GLOB _venv ${CMAKE_CURRENT_LIST_DIR}/../.venv/lib/python3*/site-packages/torch)
list(APPEND _roots ${_venv} ${OPSIS_LIBTORCH_LAST})

# Not cached: a LibTorch that moved must be found again.
unset(_torch_root)
foreach(root ${_roots})
  if(EXISTS ${root}/include/ATen/ATen.h AND (EXISTS ${root}/lib/libtorch_cpu.so OR EXISTS ${root}/lib/libtorch_cpu.dylib))
    get_filename_component(_torch_root ${root} ABSOLUTE)
    break()
  endif()
endforeach()
if(NOT _torch_root)
  message(FATAL_ERROR "LibTorch was not found in: ${_roots}\n"
    "Run scripts/setup, or configure with -DOPSIS_LIBTORCH=<folder that holds include/ and lib/>.")
endif()

set(_version "unknown")
if(EXISTS ${_torch_root}/include/torch/headeronly/version.h)
  file(STRINGS ${_torch_root}/include/torch/headeronly/version.h _lines REGEX "^  \"[0-9]")
  string(REGEX MATCH "[0-9]+\\.[0-9]+\\.[0-9]+" _version "${_lines}")
endif()
if(NOT opsis_FIND_QUIETLY)
  message(STATUS "LibTorch ${_version} in ${_torch_root}")
endif()
set(OPSIS_LIBTORCH_ROOT ${_torch_root})
set(OPSIS_LIBTORCH_VERSION ${_version})

if(NOT TARGET opsis_libtorch)
  add_library(opsis_libtorch INTERFACE IMPORTED)
  target_include_directories(opsis_libtorch SYSTEM INTERFACE
    ${_torch_root}/include ${_torch_root}/include/torch/csrc/api/include)
  target_link_directories(opsis_libtorch INTERFACE ${_torch_root}/lib)
  # The wheel's libraries name CUDA's run-time ones, which they find beside themselves; the linker need not.
  target_link_libraries(opsis_libtorch INTERFACE
    ${_torch_root}/lib/${CMAKE_SHARED_LIBRARY_PREFIX}torch_cpu${CMAKE_SHARED_LIBRARY_SUFFIX}
    ${_torch_root}/lib/${CMAKE_SHARED_LIBRARY_PREFIX}c10${CMAKE_SHARED_LIBRARY_SUFFIX})
  target_link_options(opsis_libtorch INTERFACE LINKER:--allow-shlib-undefined LINKER:-rpath,${_torch_root}/lib)
endif()
