#include "opsis/core/check.h"
#include "opsis/io/mat.h"

namespace opsis::inline v1::io {

MatArray read_mat(const std::filesystem::path&, const std::string&, const Limits&) {
  raise<NotBuiltError>("read_mat: built without matio; configure with -DOPSIS_MAT=ON");
}

}  // namespace opsis::inline v1::io
