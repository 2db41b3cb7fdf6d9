#include "opsis/models/detection/backbones.h"

#include <torch/torch.h>

#include <algorithm>
#include <array>

#include "opsis/core/check.h"
#include "opsis/hub/state_dict.h"
#include "opsis/ops/frozen_batch_norm.h"

namespace opsis::inline v1::models::detection {
namespace backbones {

constexpr int64_t kChannels = 256;  // of the maps that detectors look at

// Each of the returned layers under its number in the list: "0", "1", ...
ReturnLayers numbered(const std::vector<std::string>& layers) {
  ReturnLayers found;
  for (const auto& layer : layers) found.emplace_back(layer, std::to_string(found.size()));
  return found;
}

// Python counts the versions of its state.
class FPNImpl final : public ops::FeaturePyramidNetworkImpl, public hub::Versioned {
 public:
  using FeaturePyramidNetworkImpl::FeaturePyramidNetworkImpl;
};

}  // namespace backbones

using torch::Tensor;

Backbone::Backbone(Layer layer, int64_t out_channels)
    : module_(layer.module()),
      forward_([layer](Tensor images) {
        return FeatureMaps{{"0", layer(std::move(images))}};
      }),
      out_channels_(out_channels) {}

BackboneWithFPNImpl::BackboneWithFPNImpl(const NamedLayers& layers, const ReturnLayers& return_layers,
                                         const std::vector<int64_t>& in_channels_list, int64_t channels,
                                         const FPNOptions& options)
    : torch::nn::Module("BackboneWithFPN"), out_channels(channels) {
  body = register_module("body", IntermediateLayerGetter(layers, return_layers));
  const auto extra_blocks = options.extra_blocks ? options.extra_blocks : ops::LastLevelMaxPool().ptr();
  const ops::FeaturePyramidNetworkOptions how{.extra_blocks = extra_blocks, .norm_layer = options.norm_layer};
  const std::shared_ptr<ops::FeaturePyramidNetworkImpl> pyramid =
      std::make_shared<backbones::FPNImpl>(in_channels_list, channels, how);
  fpn = register_module("fpn", ops::FeaturePyramidNetwork(pyramid));
}

FeatureMaps BackboneWithFPNImpl::forward(Tensor images) {
  FeatureMaps maps;
  for (const auto& map : body(std::move(images))) maps.emplace_back(map.key(), map.value());
  return fpn(maps);
}

BackboneWithFPN resnet_fpn_backbone(const ResNet& network, int64_t trainable_layers, const FPNOptions& options) {
  constexpr std::array<std::string_view, 5> layers{"layer4", "layer3", "layer2", "layer1", "conv1"};
  OPSIS_CHECK(trainable_layers >= 0 && trainable_layers <= 5, "resnet_fpn_backbone: trainable layers must be in [0, 5], got {}",
              trainable_layers);
  const auto learns = [&](std::string_view name) {
    const auto below = [&](std::string_view layer) { return name.starts_with(layer); };
    return std::any_of(layers.begin(), layers.begin() + trainable_layers, below) || (trainable_layers == 5 && below("bn1"));
  };
  for (auto& parameter : network->named_parameters()) {
    if (!learns(parameter.key())) parameter.value().set_requires_grad(false);
  }

  const auto returned = options.returned_layers.empty() ? std::vector<int64_t>{1, 2, 3, 4} : options.returned_layers;
  const auto channels = network->fc->options.in_features() / 8;  // of layer1
  std::vector<std::string> names;
  std::vector<int64_t> in_channels;
  for (const auto layer : returned) {
    OPSIS_CHECK(layer >= 1 && layer <= 4, "resnet_fpn_backbone: returned layers must be in [1, 4], got {}", layer);
    names.push_back("layer" + std::to_string(layer));
    in_channels.push_back(channels << (layer - 1));
  }
  return BackboneWithFPN(network->layers(), backbones::numbered(names), in_channels, backbones::kChannels, options);
}

BackboneWithFPN mobilenet_fpn_backbone(const MobileNetV3& network, int64_t trainable_layers, const FPNOptions& options) {
  detail::keep_learning(network, trainable_layers);
  const auto& stages = network->stages();
  const auto count = static_cast<int64_t>(stages.size());
  const auto returned = options.returned_layers.empty() ? std::vector<int64_t>{count - 2, count - 1} : options.returned_layers;
  std::vector<std::string> names;
  std::vector<int64_t> in_channels;
  for (const auto number : returned) {
    OPSIS_CHECK(number >= 0 && number < count, "mobilenet_fpn_backbone: returned layers must be in [0, {}], got {}", count - 1,
                number);
    const auto& stage = stages[static_cast<size_t>(number)];
    names.push_back(std::to_string(stage.position));
    in_channels.push_back(stage.channels);
  }
  return BackboneWithFPN(layers_of(*network->features), backbones::numbered(names), in_channels, backbones::kChannels, options);
}

Backbone mobilenet_backbone(const MobileNetV3& network, int64_t trainable_layers) {
  using torch::nn::Conv2d;
  detail::keep_learning(network, trainable_layers);
  const Conv2d fewer(torch::nn::Conv2dOptions(network->stages().back().channels, backbones::kChannels, 1));
  return {Sequential(std::vector<Layer>{network->features, fewer}), backbones::kChannels};
}

void overwrite_eps(torch::nn::Module& module, double eps) {
  for (const auto& below : module.modules()) {
    if (auto* norm = below->as<ops::FrozenBatchNorm2d>()) norm->eps = eps;
  }
}

std::vector<int64_t> retrieve_out_channels(const Backbone& backbone, Size size, int64_t in_channels) {
  const torch::NoGradGuard no_grad;
  auto& module = *backbone.module();
  const bool was_training = module.is_training();
  module.eval();
  const auto like = module.parameters().at(0).options().requires_grad(false);
  std::vector<int64_t> channels;
  const auto image = torch::zeros({1, in_channels, size.height, size.width}, like);
  for (const auto& [name, map] : backbone(image)) channels.push_back(map.size(1));
  module.train(was_training);
  return channels;
}

namespace detail {

int64_t valid_trainable_layers(std::string_view owner, bool is_trained, std::optional<int64_t> wanted, int64_t all,
                               int64_t usual) {
  const auto layers = is_trained ? wanted.value_or(usual) : all;
  OPSIS_CHECK(layers >= 0 && layers <= all, "{}: trainable_backbone_layers must be in [0, {}], got {}", owner, all, layers);
  return layers;
}

void stop_learning(torch::nn::Module& module) {
  for (auto& parameter : module.parameters()) parameter.set_requires_grad(false);
}

void keep_learning(const MobileNetV3& network, int64_t trainable_layers) {
  const auto& stages = network->stages();
  const auto all = static_cast<int64_t>(stages.size());
  OPSIS_CHECK(trainable_layers >= 0 && trainable_layers <= all,
              "mobilenet_backbone: trainable layers must be in [0, {}], got {}", all, trainable_layers);
  const auto& features = *network->features;
  const auto learns_from =
      trainable_layers == 0 ? features.size() : stages[static_cast<size_t>(all - trainable_layers)].position;
  for (size_t i = 0; i < learns_from; ++i) stop_learning(*features[i].module());
}

}  // namespace detail
}  // namespace opsis::inline v1::models::detection
