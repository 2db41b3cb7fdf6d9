// The header of a NIfTI file: what the voxels are and where they lie in space. No tensors. docs/formats/nifti.md has the
// layout.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "opsis/core/api.h"
#include "opsis/core/limits.h"
#include "opsis/io/bytes.h"

namespace opsis::inline v1::io {

enum class NiftiType : int {
  UInt8 = 2,
  Int16 = 4,
  Int32 = 8,
  Float32 = 16,
  Float64 = 64,
  Int8 = 256,
  UInt16 = 512,
  UInt32 = 768,
  Int64 = 1024,
  UInt64 = 1280,
};

struct NiftiHeader {
  bool big_endian = false;
  int version = 1;
  NiftiType type = NiftiType::UInt8;
  size_t width = 1;             ///< bytes of a voxel
  std::vector<int64_t> shape;   ///< 1 to 7 sides, that which varies fastest first
  std::vector<double> spacing;  ///< as many: of the first three millimetres or what space_units says, of the fourth time
  bool scales = false;          ///< a value is slope * voxel + intercept; else the voxel
  double slope = 1, intercept = 0;
  std::array<double, 16> affine{};  ///< row after row: from (i, j, k, 1) to (x, y, z, 1), right, front and up in millimetres
  std::string_view space_units, time_units;
  std::string description;
  size_t offset = 0, size = 0;  ///< where the voxels are in the file, which has them

  int64_t voxels() const { return static_cast<int64_t>(size / width); }
};

/// Reads the header of a file that is not compressed: NIfTI-1 or 2, of either byte order, with its voxels in the same file.
/// Throws   DecodeError for what is none, is cut short, has voxels of another type, or goes over limits.image_bytes as float64
OPSIS_API NiftiHeader read_nifti_header(Bytes file, const Limits& limits = {});
/// The same of a pair, .hdr and .img: offset and size are those of the voxels in the second.
OPSIS_API NiftiHeader read_nifti_header(Bytes header, Bytes voxels, const Limits& limits = {});

}  // namespace opsis::inline v1::io
