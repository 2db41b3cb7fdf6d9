// What CLEVR's files of scenes tell, which are hundreds of megabytes. No tensors. For the library's own sources.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <unordered_map>

#include "opsis/core/api.h"

namespace opsis::inline v1::datasets {

/// How many objects each picture shows, by the picture's name.
/// Throws   IoError when the file cannot be read; DecodeError, with the path, when it is no such file
OPSIS_API std::unordered_map<std::string, int64_t> clevr_objects(const std::filesystem::path& scenes);

}  // namespace opsis::inline v1::datasets
