// Medical images in DICOM's files. By DCMTK.
#pragma once

#include <torch/types.h>

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "opsis/core/api.h"
#include "opsis/core/limits.h"
#include "opsis/io/bytes.h"
#include "opsis/tv_tensors/image.h"

namespace opsis::inline v1::io {

/// Values from center - width / 2 to center + width / 2, about, become the grays from black to white.
struct DicomWindow {
  double center = 0, width = 1;
};

/// What a pixel's number is.
enum class DicomValues {
  Stored,    ///< as the file has it: uint8, int8, uint16 or int16
  Rescaled,  ///< slope * stored + intercept, of a CT Hounsfield's units; the colors of a palette: float64
  Windowed,  ///< those in [0, 1], white high (of MONOCHROME1 too): float64. Colors are divided by their largest number
};

struct DicomOptions {
  DicomValues values = DicomValues::Rescaled;
  std::optional<DicomWindow> window{};  ///< of Windowed; else the file's first, else from the least value to the largest
  Limits limits{};                      ///< image_bytes: of the pixels as float64; file_bytes
};

/// One picture or several, and where it lies in the patient.
/// Shapes   data (C, H, W), of several frames (T, C, H, W); C is 1, or 3 of RGB and of the colors of a palette
/// Units    spacing, between rows and between columns, and position in millimetres
struct DicomImage {
  tv_tensors::Image data;
  std::vector<double> spacing{};      ///< 2 numbers, or none where the file does not say; so the next two
  std::vector<double> orientation{};  ///< 6: the direction of a row, then of a column, in the patient
  std::vector<double> position{};     ///< 3: of the first pixel
  double slope = 1, intercept = 0;
  std::optional<DicomWindow> window{};  ///< the file's first, if its width is 1 or more
  std::string photometric{}, modality{}, patient_id{}, series_uid{};
};

/// A DICOM file with pixels of 8 or 16 bits: MONOCHROME1, MONOCHROME2, PALETTE COLOR or RGB (YBR of a JPEG is turned into it),
/// one frame or many, as they are or compressed by RLE, JPEG (with loss and without) or JPEG-LS. Not by JPEG 2000.
///     const auto slice = io::read_dicom("slice.dcm");
///     const auto shown = io::read_dicom("slice.dcm", {.values = io::DicomValues::Windowed, .window = {{40, 400}}});
/// Throws   IoError for a file that cannot be read; DecodeError for what is none, is damaged, has other pixels or goes over a
///          limit; NotBuiltError in a build without DCMTK; NotFoundError where libopsis_dicom cannot be loaded
/// Source   pydicom: pixel_array, apply_modality_lut, apply_voi_lut, apply_color_lut
OPSIS_API DicomImage read_dicom(const std::filesystem::path& path, const DicomOptions& options = {});
/// The same of a file's bytes.
OPSIS_API DicomImage decode_dicom(Bytes bytes, const DicomOptions& options = {});

}  // namespace opsis::inline v1::io
