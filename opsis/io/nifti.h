// Volumes of medical images in NIfTI's files.
#pragma once

#include <torch/types.h>

#include <filesystem>
#include <string>
#include <vector>

#include "opsis/core/api.h"
#include "opsis/core/limits.h"
#include "opsis/io/bytes.h"

namespace opsis::inline v1::io {

/// A volume, or a series of them, and where it lies in space.
/// Shapes   data (I, J, K, ...): as nibabel has it, with the first side running fastest in memory; affine (4, 4)
/// Types    data float64, or with options.scaled = false what the file has; affine float64
/// Units    spacing in space_units ("mm", "meter", "micron", "unknown"), from the fourth side on in time_units ("sec", "msec",
///          ...)
struct NiftiImage {
  torch::Tensor data;
  torch::Tensor affine;  ///< from voxels (i, j, k, 1) to (x, y, z, 1): right, front, up
  std::vector<double> spacing{};
  double slope = 1, intercept = 0;  ///< of a voxel's value, which data has when options.scaled
  std::string space_units{}, time_units{}, description{};
};

struct NiftiOptions {
  bool scaled = true;  ///< float64, with slope and intercept; else the voxels as they stand in the file
  Limits limits{};  ///< image_bytes: of the voxels as float64, and with 64 MiB more of the file once decompressed; file_bytes
};

/// A file of NIfTI-1 or 2, .nii or .nii.gz (by content), or a pair of them, .hdr and .img, both also as .gz, of which either is
/// named; of either byte order, with voxels of 8 to 64 bits: whole numbers with and without a sign, float32, float64.
///     const auto scan = io::read_nifti("t1.nii.gz");     // or "t1.hdr"
///     scan.data;      // (256, 256, 170) float64
///     scan.spacing;   // {1, 1, 1.2}
/// Affine   the file's sform if it has one, else its qform, else of the spacing alone, as nibabel takes them
/// Throws   IoError for a file that cannot be read; DecodeError for what is none, is damaged, has other voxels or goes over a
///          limit; NotBuiltError for .nii.gz in a build without libdeflate
/// Source   nibabel.load(path).get_fdata()
OPSIS_API NiftiImage read_nifti(const std::filesystem::path& path, const NiftiOptions& options = {});
/// The same of a file's bytes; not of a pair.
OPSIS_API NiftiImage decode_nifti(Bytes bytes, const NiftiOptions& options = {});

}  // namespace opsis::inline v1::io
