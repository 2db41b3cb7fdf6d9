#include "opsis/models/load_weights.h"

#include <torch/nn/modules/conv.h>

#include <algorithm>
#include <functional>
#include <unordered_set>

#include "opsis/core/check.h"
#include "opsis/hub/cache.h"
#include "opsis/hub/checkpoint.h"
#include "opsis/hub/container.h"
#include "opsis/hub/download.h"
#include "opsis/hub/mapped_state.h"
#include "opsis/hub/safetensors.h"
#include "opsis/hub/state_dict.h"
#include "opsis/io/file.h"
#include "opsis/models/mnasnet.h"
#include "opsis/models/renames.h"
#include "opsis/models/task.h"
#include "opsis/models/vision_transformer.h"
#include "opsis/tv_tensors/print.h"

namespace opsis::inline v1::models {
namespace weights_files {

constexpr std::string_view file_scheme = "file://";

// Not so when it is there but may not be read: reading it says why.
bool is_absent(const std::filesystem::path& file) {
  std::error_code ignored;
  return std::filesystem::status(file, ignored).type() == std::filesystem::file_type::not_found;
}

// Gives tensors with names of old today's, if the model has those.
void rename(hub::StateDict& state, const torch::nn::Module& model) {
  std::unordered_set<std::string> wanted;
  for (auto& [name, tensor] : hub::state_dict(model)) wanted.insert(std::move(name));
  for (auto& [name, tensor] : state) {
    if (wanted.contains(name)) continue;
    if (auto today = detail::renamed(name); today && wanted.contains(*today)) name = std::move(*today);
  }
}

// Puts the model's own heads in place of the checkpoint's.
void keep_heads(hub::StateDict& state, const torch::nn::Module& model) {
  auto heads = detail::heads_of(model);
  // A segmentation model that was trained without an auxiliary classifier has none to keep.
  constexpr std::string_view aux = "aux_classifier";
  const auto of_aux = [&](const auto& entry) { return entry.first.starts_with(aux); };
  if (std::none_of(state.begin(), state.end(), of_aux)) heads.emplace_back(aux);
  const auto in_head = [&](const auto& entry) {
    return std::any_of(heads.begin(), heads.end(), [&](const auto& head) { return entry.first.starts_with(head + "."); });
  };
  std::erase_if(state, in_head);
  for (auto& entry : hub::state_dict(model)) {
    if (in_head(entry)) state.push_back(std::move(entry));
  }
}

void adapt_input(hub::StateDict& state, const torch::nn::Module& model) {
  for (const auto& module : model.named_modules("", /*include_self=*/false)) {
    const auto* of_images = module.value()->as<torch::nn::Conv2d>();
    const auto* of_clips = module.value()->as<torch::nn::Conv3d>();
    if (!of_images && !of_clips) continue;
    const auto& filters = of_images ? of_images->weight : of_clips->weight;
    for (auto& [name, tensor] : state) {
      if (name == module.key() + ".weight" && tensor.dim() == filters.dim()) tensor = adapt_filters(tensor, filters.size(1));
    }
    return;
  }
}

// A MNASNet of the first version, whose stem had the same width at every alpha. torchvision knows it by a version beside the
// tensors, which not every container has; the shapes say it too.
bool has_first_stem(const hub::StateDict& state) {
  const auto leads_to = [&](std::string_view wanted, int64_t channels) {
    return std::any_of(state.begin(), state.end(), [&](const auto& entry) {
      return entry.first == wanted && entry.second.dim() == 4 && entry.second.size(0) == channels;
    });
  };
  return leads_to("layers.0.weight", 32) && leads_to("layers.6.weight", 16);
}

void resample_positions(hub::StateDict& state, const torch::nn::Module& model) {
  if (const auto* vit = dynamic_cast<const VisionTransformerImpl*>(&model)) {
    state = interpolate_embeddings(vit->image_size, vit->patch_size, state);
  }
}

// Fills the model with tensors that may be of an older checkpoint.
hub::LoadReport load(torch::nn::Module& model, hub::StateDict& state, const LoadOptions& allowed, bool strict,
                     const std::function<void(const torch::Tensor& source)>& copied) {
  rename(state, model);
  auto* mnasnet = dynamic_cast<MNASNetImpl*>(&model);
  const auto own_layers = mnasnet ? mnasnet->layers : Sequential(nullptr);
  if (mnasnet && has_first_stem(state)) mnasnet->use_first_stem();
  try {
    if (allowed.new_head) keep_heads(state, model);
    if (allowed.adapt_input) adapt_input(state, model);
    if (allowed.resample_positions) resample_positions(state, model);
    return hub::detail::load_state_dict(model, state, strict, copied);
  } catch (const ValueError&) {
    if (mnasnet) mnasnet->layers = mnasnet->replace_module("layers", own_layers);
    throw;
  }
}

}  // namespace weights_files

std::filesystem::path weights_file(const Weights& weights) {
  if (weights.url.starts_with(weights_files::file_scheme)) return weights.url.substr(weights_files::file_scheme.size());
  auto cached = hub::cached_checkpoint(weights.url);
  if (!weights_files::is_absent(cached)) return cached;
  hub::DownloadOptions options{.sha256 = std::string(weights.sha256)};
  if (options.sha256.empty() && hub::hash_in_name(cached.filename().string()).empty()) {
    options.check = [](const std::filesystem::path& content) {
      const auto format = hub::checkpoint_format(io::MappedFile(content).bytes());
      format == hub::CheckpointFormat::Safetensors ? void(hub::load_safetensors(content)) : void(hub::load(content));
    };
  }
  return hub::fetch(std::string(weights.url), std::move(options));
}

void load_weights(torch::nn::Module& model, const Weights& weights, const LoadOptions& allowed) {
  load_weights(model, weights_file(weights), allowed);
}

void load_weights(torch::nn::Module& model, const std::filesystem::path& file, const LoadOptions& allowed) {
  if (weights_files::is_absent(file)) raise<NotFoundError>("load_weights: {} is not there", file.string());
  auto mapped = hub::detail::map_state_dict_file(file, {});
  // A page of the file is not needed once it was copied: at no time is the model in memory twice.
  const auto in_file = mapped.file->bytes();
  try {
    weights_files::load(model, mapped.tensors, allowed, /*strict=*/true, [&](const torch::Tensor& source) {
      const auto* begin = static_cast<const uint8_t*>(source.const_data_ptr());
      if (begin < in_file.data() || begin >= in_file.data() + in_file.size() || !source.is_contiguous()) return;
      mapped.file->forget({begin, source.nbytes()});
    });
  } catch (const ValueError& error) {
    const auto place = text("load_weights: {} does not fit {}: ", file.string(), model.name());
    if (const auto* misfit = dynamic_cast<const hub::StateDictError*>(&error)) {
      throw hub::StateDictError(place, misfit->report());
    }
    raise_because<ValueError>(error, "{}", place);
  }
}

hub::LoadReport load_state_dict(torch::nn::Module& model, hub::StateDict state, bool strict) {
  return weights_files::load(model, state, {}, strict, {});
}

torch::Tensor adapt_filters(const torch::Tensor& filters, int64_t channels) {
  OPSIS_CHECK((filters.dim() == 4 || filters.dim() == 5) && filters.size(1) > 0,
              "adapt_filters: filters must be (out, channels, kH, kW) or (out, channels, kT, kH, kW), got {}",
              opsis::detail::shape(filters));
  OPSIS_CHECK(channels > 0, "adapt_filters: channels must be positive, got {}", channels);
  const auto old = filters.size(1);
  if (channels == old) return filters;
  std::vector<int64_t> along_channels(static_cast<size_t>(filters.dim()), 1);
  along_channels[1] = channels;
  if (channels < old) return (filters.sum(1, /*keepdim=*/true) / channels).repeat(along_channels);
  const auto source = torch::arange(channels, filters.device()).remainder(old);
  const auto copies = torch::bincount(source, {}, old).index_select(0, source);
  return filters.index_select(1, source) / copies.view(along_channels).to(filters.scalar_type());
}

}  // namespace opsis::inline v1::models
