# opsis_embed(<out-variable> <symbol> <file>)
# Writes a source that holds the bytes of a file as
#     namespace opsis::inline v1::embedded { extern const unsigned char <symbol>[]; extern const size_t <symbol>_size; }
# and appends its path to <out-variable>. Plain C++, so that it works with every compiler, cross build and ccache.
function(opsis_embed out symbol file)
  set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${file})
  file(READ ${file} bytes HEX)
  string(LENGTH "${bytes}" digits)
  math(EXPR size "${digits} / 2")
  string(REGEX REPLACE "(................................)" "\\1\n" bytes "${bytes}")
  string(REGEX REPLACE "([0-9a-f][0-9a-f])" "0x\\1," bytes "${bytes}")
  get_filename_component(name ${file} NAME)
  set(source ${CMAKE_CURRENT_BINARY_DIR}/embedded/${symbol}.cpp)
  file(CONFIGURE OUTPUT ${source} @ONLY CONTENT
"// Made by cmake/Embed.cmake from @name@.
#include <cstddef>
namespace opsis::inline v1::embedded {
extern const unsigned char @symbol@[];
extern const size_t @symbol@_size;
const unsigned char @symbol@[] = {
@bytes@};
const size_t @symbol@_size = @size@;
}  // namespace opsis::inline v1::embedded
")
  set(${out} ${${out}} ${source} PARENT_SCOPE)
endfunction()
