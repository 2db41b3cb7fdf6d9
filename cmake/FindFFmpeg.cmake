# FFmpeg::FFmpeg: the headers of FFmpeg 5.1 to 7, of libraries that come in a package each and without one for CMake. They are
# loaded when the first video is opened (opsis/io/media_stream.cpp says why), so nothing is linked.
include(FindPackageHandleStandardArgs)
find_path(FFmpeg_INCLUDE_DIR libavformat/avformat.h)
find_path(FFmpeg_SWRESAMPLE_INCLUDE_DIR libswresample/swresample.h)
find_path(FFmpeg_SWSCALE_INCLUDE_DIR libswscale/swscale.h)
find_package_handle_standard_args(FFmpeg DEFAULT_MSG FFmpeg_INCLUDE_DIR FFmpeg_SWRESAMPLE_INCLUDE_DIR
  FFmpeg_SWSCALE_INCLUDE_DIR)
mark_as_advanced(FFmpeg_INCLUDE_DIR FFmpeg_SWRESAMPLE_INCLUDE_DIR FFmpeg_SWSCALE_INCLUDE_DIR)
if(FFmpeg_FOUND AND NOT TARGET FFmpeg::FFmpeg)
  add_library(FFmpeg::FFmpeg INTERFACE IMPORTED)
  target_include_directories(FFmpeg::FFmpeg INTERFACE ${FFmpeg_INCLUDE_DIR})
endif()
