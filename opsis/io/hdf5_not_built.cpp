#include "opsis/core/check.h"
#include "opsis/io/hdf5_object.h"

namespace opsis::inline v1::io {

Hdf5Array::Hdf5Array(const std::filesystem::path&, const std::string&, const Limits&) {
  raise<NotBuiltError>("Hdf5Array: built without zlib; configure with -DOPSIS_HDF5=ON");
}

Hdf5Array::Hdf5Array(Bytes, const std::string&, const Limits&) : Hdf5Array(std::filesystem::path(), "") {}

std::vector<uint8_t> Hdf5Array::rows(int64_t, int64_t) const { return {}; }
std::vector<int64_t> Hdf5Array::integers(int64_t, int64_t) const { return {}; }

namespace detail {

Hdf5Object::Hdf5Object(Bytes, const Limits&) { Hdf5Array(Bytes(), ""); }

std::optional<Hdf5Object> Hdf5Object::find(const std::string&) const { return {}; }
std::vector<std::pair<std::string, Hdf5Object>> Hdf5Object::children() const { return {}; }
bool Hdf5Object::is_array() const { return false; }
std::optional<std::string> Hdf5Object::text(const std::string&) const { return {}; }
std::optional<int64_t> Hdf5Object::integer(const std::string&) const { return {}; }
std::pair<Hdf5Array, Hdf5Type> Hdf5Object::array() const { return {Hdf5Array(Bytes(), ""), Hdf5Type::WholeNumbers}; }

}  // namespace detail
}  // namespace opsis::inline v1::io
