// A DICOM file's content, by the module that links DCMTK, which is loaded when the first is read. No tensors.
#pragma once

#include "opsis/core/api.h"
#include "opsis/io/bytes.h"
#include "opsis/io/dicom_content.h"

namespace opsis::inline v1::io {

/// Throws   DecodeError with the reason; NotBuiltError in a build without DCMTK; NotFoundError where the module cannot be loaded
OPSIS_API DicomContent read_dicom_content(Bytes bytes, uint64_t most_bytes);

}  // namespace opsis::inline v1::io
