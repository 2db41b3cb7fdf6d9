#include "opsis/core/check.h"
#include "opsis/io/mat.h"

namespace opsis::inline v1::io {

MatArray parse_mat(Bytes, const std::string&, const Limits&) {
  raise<NotBuiltError>("read_mat: built without zlib; configure with -DOPSIS_MAT=ON");
}

MatArray read_mat(const std::filesystem::path&, const std::string& name, const Limits& limits) {
  return parse_mat({}, name, limits);
}

}  // namespace opsis::inline v1::io
