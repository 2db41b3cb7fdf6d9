// Bringing a checkpoint into a model.
#pragma once

#include <torch/nn/module.h>
#include <torch/types.h>

#include <filesystem>

#include "opsis/core/api.h"
#include "opsis/hub/state_dict.h"
#include "opsis/models/weights.h"

namespace opsis::inline v1::models {

/// What of a checkpoint may differ from the model. Without these every name and shape must fit; with them all else still must.
/// Builders set them by what they are asked for: resnet50(weights, {.num_classes = 10, .in_channels = 1}).
struct LoadOptions {
  /// The head (head(), and auxiliary ones) stays as it was initialised, whatever the checkpoint has for it.
  bool new_head = false;
  /// The filters of the first convolution are brought to the model's number of channels by adapt_filters.
  bool adapt_input = false;
  /// A ViT's position embeddings are resampled to its image size, as interpolate_embeddings does.
  bool resample_positions = false;
};

/// Fills the model with the entry's tensors. The checkpoint is read from where its "file://" url says, else from PyTorch's own
/// cache (hub::checkpoints_folder()) under the last part of its url, where hub::fetch brings it when it is not there.
/// Throws   what hub::download throws when it cannot be had; ValueError when its names or shapes are not the model's, which is
///          then unchanged; DecodeError when it is not a sound checkpoint
/// Differs  it and the builders that call it have no `progress`: progress::set_reporter says who hears of a download, with
///          nullptr nobody
OPSIS_API void load_weights(torch::nn::Module& model, const Weights& weights, const LoadOptions& allowed = {});

/// Likewise from a file: a state_dict saved by torch.save, or safetensors.
OPSIS_API void load_weights(torch::nn::Module& model, const std::filesystem::path& file, const LoadOptions& allowed = {});

/// Likewise tensors that are in memory, of a file that was changed for one: names of older checkpoints are taken for today's,
/// and a MNASNet takes the stem of its first version, with layers that no optimizer knows. hub::load_state_dict takes names as they are.
///     auto state = hub::load_state_dict_file("densenet121-a639ec97.pth");  // "features.denseblock1.denselayer1.norm.1.weight"
///     models::load_state_dict(*model, state);
/// Strict: throws unless every name and shape fits, and then has changed nothing; not strict: copies what fits, reports the
/// rest.
/// Throws   hub::StateDictError when strict and it does not fit
/// Differs  renames whatever the state's versions say, since only names tell them in safetensors, and densenet's as well, for
///          which torchvision has its builder alone
/// Source   load_state_dict of torchvision's models
OPSIS_API hub::LoadReport load_state_dict(torch::nn::Module& model, hub::StateDict state, bool strict = true);

/// Filters for another number of channels, so that an image which is the same in every channel is answered as before:
/// - 1 or 2 channels: each has the sum of the old filters, divided by the number of channels;
/// - more: the old filters are repeated in their order, each divided by the number of times it is there.
/// Shapes   (out, old channels, kH, kW) -> (out, channels, kH, kW), of clips (out, old channels, kT, kH, kW) likewise
/// Throws   ValueError when channels is not positive or the filters do not have 4 or 5 dimensions
OPSIS_API torch::Tensor adapt_filters(const torch::Tensor& filters, int64_t channels);

/// Where the entry's checkpoint is on this machine, brought there by hub::fetch if need be. Where neither the entry nor its url
/// tells a hash, what comes must be a checkpoint that can be read.
/// Throws   what hub::download throws
OPSIS_API std::filesystem::path weights_file(const Weights& weights);

}  // namespace opsis::inline v1::models
