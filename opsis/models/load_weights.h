// Bringing a checkpoint into a model.
#pragma once

#include <torch/nn/module.h>

#include <filesystem>

#include "opsis/core/api.h"
#include "opsis/models/weights.h"

namespace opsis::inline v1::models {

/// Fills the model with the entry's tensors. The checkpoint is read from where its "file://" url says, else from PyTorch's own
/// cache (hub::checkpoints_folder()) under the last part of its url, where hub::fetch brings it when it is not there.
/// Throws   what hub::download throws when it cannot be had; ValueError when its names or shapes are not the model's, which is
///          then unchanged; DecodeError when it is not a sound checkpoint
OPSIS_API void load_weights(torch::nn::Module& model, const Weights& weights);

/// Likewise from a file: a state_dict saved by torch.save, or safetensors.
OPSIS_API void load_weights(torch::nn::Module& model, const std::filesystem::path& file);

/// Where the entry's checkpoint is on this machine, brought there by hub::fetch if need be.
/// Throws   what hub::download throws
OPSIS_API std::filesystem::path weights_file(const Weights& weights);

}  // namespace opsis::inline v1::models
