#include "opsis/core/check.h"
#include "opsis/io/dicom_reader.h"

namespace opsis::inline v1::io {

DicomContent read_dicom_content(Bytes, uint64_t) {
  raise<NotBuiltError>("read_dicom: built without DCMTK; configure with -DOPSIS_DICOM=ON, as a shared library");
}

}  // namespace opsis::inline v1::io
