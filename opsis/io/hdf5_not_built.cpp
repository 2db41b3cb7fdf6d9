#include "opsis/core/check.h"
#include "opsis/io/hdf5.h"

namespace opsis::inline v1::io {

Hdf5Array::Hdf5Array(const std::filesystem::path&, const std::string&, const Limits&) {
  raise<NotBuiltError>("Hdf5Array: built without zlib; configure with -DOPSIS_HDF5=ON");
}

Hdf5Array::Hdf5Array(Bytes, const std::string&, const Limits&) : Hdf5Array(std::filesystem::path(), "") {}

std::vector<uint8_t> Hdf5Array::rows(int64_t, int64_t) const { return {}; }
std::vector<int64_t> Hdf5Array::integers(int64_t, int64_t) const { return {}; }

}  // namespace opsis::inline v1::io
