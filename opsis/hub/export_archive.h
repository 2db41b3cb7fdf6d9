// What torch.export.save writes, taken apart: a program as JSON and the tensors that it needs. models::ExportedProgram runs it.
// docs/formats/pt2.md says what the file holds.
#pragma once

#include <torch/types.h>

#include <filesystem>

#include "opsis/core/api.h"
#include "opsis/core/json.h"
#include "opsis/core/limits.h"
#include "opsis/hub/state_dict.h"

namespace opsis::inline v1::hub {

struct ExportArchive {
  Json program;         ///< its graph, signature and the version of the format, as the file has them
  StateDict weights;    ///< parameters and persistent buffers
  StateDict constants;  ///< the other buffers, and tensors that the model's code made
};

/// Reads an archive of torch.export.save of PyTorch 2.9 or newer. The file is mapped, as by hub::load: tensors cost memory
/// where they are touched, writing to them leaves the file alone, and those that shared memory share it again. They are on the
/// device that they were on.
/// Throws   IoError when the file cannot be read; DecodeError when it is not such an archive, is damaged, goes over a limit
///          (its JSON over limits.program_bytes) or holds what only Python can make; ValueError for a device that is not there
/// Source   torch.export.load, torch/export/pt2_archive
OPSIS_API ExportArchive read_export_archive(const std::filesystem::path& path, const Limits& limits = {});

namespace detail {
/// Types, memory formats and layouts by the numbers that exported programs have for them.
/// Throws   DecodeError for other numbers
OPSIS_API torch::ScalarType exported_type(int64_t number);
OPSIS_API torch::MemoryFormat exported_memory_format(int64_t number);
OPSIS_API torch::Layout exported_layout(int64_t number);
/// A device as JSON has it: {"type": "cuda", "index": 0}.
OPSIS_API torch::Device exported_device(const Json& device);
}  // namespace detail

}  // namespace opsis::inline v1::hub
