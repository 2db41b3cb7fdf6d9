// Tensors of a file that is mapped, for who copies them into a model. For Opsis's own sources.
#pragma once

#include <torch/nn/module.h>

#include <filesystem>
#include <functional>
#include <memory>

#include "opsis/core/limits.h"
#include "opsis/hub/state_dict.h"
#include "opsis/io/file.h"

namespace opsis::inline v1::hub::detail {

/// What load_state_dict_file gives, and the file in which the tensors lie.
struct MappedState {
  std::shared_ptr<const io::MappedFile> file;
  StateDict tensors;
};

MappedState map_state_dict_file(const std::filesystem::path& path, const Limits& limits);

/// Those of a safetensors file.
/// Throws   DecodeError without the file's name
StateDict map_safetensors(std::shared_ptr<const io::MappedFile> file, const Limits& limits);

/// load_state_dict, which tells of each tensor of the state dict that it was copied.
LoadReport load_state_dict(torch::nn::Module& module, const StateDict& state, bool strict,
                           const std::function<void(const torch::Tensor& source)>& copied);

}  // namespace opsis::inline v1::hub::detail
