// Files as tensors of bytes.
#pragma once

#include <torch/types.h>

#include <filesystem>

#include "opsis/core/api.h"
#include "opsis/core/limits.h"

namespace opsis::inline v1::io {

/// The bytes of a file.
/// Shapes   -> (bytes)
/// Types    uint8
/// Throws   IoError with the path and the system's reason, also for an empty file; DecodeError over limits.file_bytes
/// Source   torchvision.io.read_file
OPSIS_API torch::Tensor read_file(const std::filesystem::path& path, const Limits& limits = {});

/// Writes bytes under a temporary name and renames it, so that no half of a file is ever seen under the name.
/// Shapes   data (bytes)
/// Types    uint8
/// Throws   ValueError for another tensor, IoError with the path and the system's reason
/// Differs  torchvision writes into the final name
/// Source   torchvision.io.write_file
OPSIS_API void write_file(const std::filesystem::path& path, const torch::Tensor& data);

}  // namespace opsis::inline v1::io
