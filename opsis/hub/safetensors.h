// Tensors in the safetensors format: https://github.com/huggingface/safetensors
#pragma once

#include <filesystem>
#include <map>
#include <string>

#include "opsis/core/api.h"
#include "opsis/core/limits.h"
#include "opsis/hub/state_dict.h"

namespace opsis::inline v1::hub {

/// All tensors of a file, in the order of its header. The file is mapped: a tensor costs memory only where it is touched, is
/// writable (writing copies the page, the file stays), and keeps the mapping alive.
/// Throws   IoError when the file cannot be read, DecodeError when it is not a sound safetensors file
OPSIS_API StateDict load_safetensors(const std::filesystem::path& path, const Limits& limits = {});

/// Writes tensors in their order. Views and other layouts are written as plain memory, tensors of other devices from the CPU.
/// The file gets its name only when all of it is on the disk.
/// Throws   ValueError for a name that stands twice or is not UTF-8, an undefined or sparse tensor, or a dtype that the format
///          lacks; IoError when writing fails
OPSIS_API void save_safetensors(const std::filesystem::path& path, const StateDict& tensors,
                                const std::map<std::string, std::string>& metadata = {});

}  // namespace opsis::inline v1::hub
