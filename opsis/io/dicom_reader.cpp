#include "opsis/io/dicom_reader.h"

#include <dlfcn.h>

#include <filesystem>
#include <vector>

#include "opsis/core/check.h"

namespace opsis::inline v1::io {
namespace {

// The module lies beside libopsis; else where the system looks for libraries. Never closed: DCMTK has its own at exit.
auto load_dicom_module() {
  std::vector<std::string> places{OPSIS_DICOM_MODULE};
  Dl_info self{};
  if (dladdr(reinterpret_cast<const void*>(&read_dicom_content), &self) && self.dli_fname) {
    places.insert(places.begin(), (std::filesystem::path(self.dli_fname).parent_path() / OPSIS_DICOM_MODULE).string());
  }
  for (const auto& place : places) {
    void* const handle = dlopen(place.c_str(), RTLD_NOW | RTLD_LOCAL);
    if (void* const address = handle ? dlsym(handle, "opsis_read_dicom") : nullptr) {
      return reinterpret_cast<decltype(&opsis_read_dicom)>(address);
    }
  }
  const char* const reason = dlerror();
  raise<NotFoundError>("read_dicom: {} cannot be loaded: {}", OPSIS_DICOM_MODULE, reason ? reason : "it is another file");
}

}  // namespace

DicomContent read_dicom_content(Bytes bytes, uint64_t most_bytes) {
  static const auto read = load_dicom_module();
  DicomContent out;
  std::string error;
  if (!read(bytes.data(), bytes.size(), most_bytes, &out, &error)) raise<DecodeError>("read_dicom: {}", error);
  return out;
}

}  // namespace opsis::inline v1::io
