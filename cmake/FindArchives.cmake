# Archives::Archives: libarchive, and zlib, which holds gzip to its checksums, where libarchive does not.
include(FindPackageHandleStandardArgs)
find_package(LibArchive QUIET)
find_package(ZLIB QUIET)
find_package_handle_standard_args(Archives DEFAULT_MSG LibArchive_FOUND ZLIB_FOUND)
if(Archives_FOUND AND NOT TARGET Archives::Archives)
  add_library(Archives::Archives INTERFACE IMPORTED)
  target_link_libraries(Archives::Archives INTERFACE LibArchive::LibArchive ZLIB::ZLIB)
endif()
