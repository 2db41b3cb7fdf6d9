// What is read of a DICOM file: numbers as they stand in it. Between libopsis and the module that links DCMTK; no tensors.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace opsis::inline v1::io {

struct DicomContent {
  int64_t rows = 0, columns = 0, frames = 1, samples = 1;
  int64_t bits_allocated = 8, bits_stored = 8, high_bit = 7;
  bool is_signed = false;
  bool by_plane = false;    ///< RGB as three planes a frame, not as three samples a pixel
  std::string photometric;  ///< "MONOCHROME2", "RGB", ...
  double slope = 1, intercept = 0;
  std::vector<double> window_centers, window_widths;
  std::vector<double> spacing, orientation, position;  ///< 2, 6 and 3 numbers, or none
  std::string modality, patient_id, series_uid;
  int64_t palette_first = 0,
          palette_bits = 8;          ///< of PALETTE COLOR: the number that the first color has, and what counts of one
  bool palette_wide = false;         ///< a color has 16 bits in the file
  std::vector<uint16_t> palette[3];  ///< as many numbers each
  std::vector<uint8_t> pixels;       ///< decompressed; samples of 16 bits in the machine's order
};

/// The module's one function: false with the reason in `error`, which is never empty then. `most_bytes` is what the pixels may
/// take.
extern "C" bool opsis_read_dicom(const uint8_t* bytes, uint64_t size, uint64_t most_bytes, DicomContent* out,
                                 std::string* error);

}  // namespace opsis::inline v1::io
