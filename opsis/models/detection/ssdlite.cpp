#include "opsis/models/detection/ssdlite.h"

#include <torch/nn/init.h>
#include <torch/nn/modules/container/modulelist.h>
#include <torch/nn/modules/conv.h>

#include <algorithm>

#include "opsis/core/check.h"
#include "opsis/hub/checkpoint.h"
#include "opsis/models/detection/builders.h"
#include "opsis/ops/activation.h"
#include "opsis/ops/conv_norm_activation.h"

namespace opsis::inline v1::models::detection {
namespace ssdlite {

using ops::Conv2dNormActivation;
using torch::Tensor;
using torch::nn::Conv2d;
using torch::nn::Conv2dOptions;
namespace init = torch::nn::init;

const ActivationLayer relu6 = [] { return ops::relu6(); };

void begin(const torch::nn::Module& module) {
  for (const auto& below : module.modules()) {
    auto* conv = below->as<Conv2d>();
    if (!conv) continue;
    init::normal_(conv->weight, 0, 0.03);
    if (conv->bias.defined()) init::zeros_(conv->bias);
  }
}

std::vector<Layer> predictions(const std::vector<int64_t>& in_channels, const std::vector<int64_t>& num_anchors,
                               int64_t columns, const NormLayer& norm) {
  std::vector<Sequential> blocks;
  for (size_t i = 0; i < in_channels.size(); ++i) {
    const auto in = in_channels[i];
    const Conv2dNormActivation each_channel(in, in, {.groups = in, .norm_layer = norm, .activation_layer = relu6});
    blocks.emplace_back(std::vector<Layer>{each_channel, Conv2d(Conv2dOptions(in, columns * num_anchors[i], 1))});
  }
  for (const auto& block : blocks) begin(*block);
  return {blocks.begin(), blocks.end()};
}

Sequential extra_block(int64_t in, int64_t out, const NormLayer& norm) {
  const auto between = out / 2;
  const auto pointwise = [&](int64_t from, int64_t to) {
    return Conv2dNormActivation(from, to, {.kernel_size = 1, .norm_layer = norm, .activation_layer = relu6});
  };
  Sequential layers;
  layers->append(pointwise(in, between));
  layers->append(
      Conv2dNormActivation(between, between, {.stride = 2, .groups = between, .norm_layer = norm, .activation_layer = relu6}));
  layers->append(pointwise(between, out));
  return layers;
}

std::vector<Sequential> registered(torch::nn::Module& parent, const std::string& name, std::vector<Sequential> blocks) {
  const auto list = parent.register_module(name, torch::nn::ModuleList());
  for (const auto& block : blocks) list->push_back(block.ptr());
  return blocks;
}

}  // namespace ssdlite

using torch::Tensor;

SSDLiteHeadImpl::SSDLiteHeadImpl(const std::vector<int64_t>& in_channels, const std::vector<int64_t>& num_anchors,
                                 int64_t num_classes, const NormLayer& norm_layer)
    : SSDHeadImpl("SSDLiteHead") {
  auto classification = ssdlite::predictions(in_channels, num_anchors, num_classes, norm_layer);
  set(std::move(classification), ssdlite::predictions(in_channels, num_anchors, 4, norm_layer), num_classes);
}

SSDLiteFeatureExtractorMobileNetImpl::SSDLiteFeatureExtractorMobileNetImpl(const MobileNetV3& network, int64_t trainable_layers,
                                                                           const NormLayer& norm_layer, double width_mult,
                                                                           int64_t min_depth)
    : torch::nn::Module("SSDLiteFeatureExtractorMobileNet") {
  detail::keep_learning(network, trainable_layers);
  const auto& layers = *network->features;
  const auto& stages = network->stages();
  const auto c4 = stages.at(stages.size() - 2).position;
  // The first map is what the last stage's first block expands to, so the block is taken apart.
  const auto children = layers[c4].module()->named_children();
  const auto* found = children.find("block");
  const auto* block = found ? dynamic_cast<const SequentialImpl*>(found->get()) : nullptr;
  OPSIS_CHECK(block && block->size() > 1,
              "SSDLiteFeatureExtractorMobileNet: layer {} of the network must be an inverted residual", c4);
  Sequential before, after, rest;
  for (size_t i = 0; i < c4; ++i) before->append(layers[i]);
  before->append((*block)[0]);
  for (size_t i = 1; i < block->size(); ++i) rest->append(std::to_string(i), (*block)[i]);  // they keep their names
  after->append(rest);
  for (size_t i = c4 + 1; i < layers.size(); ++i) after->append(layers[i]);
  features = ssdlite::registered(*this, "features", {before, after});

  const auto depth = [&](int64_t channels) {
    return std::max(min_depth, static_cast<int64_t>(static_cast<double>(channels) * width_mult));
  };
  std::vector<Sequential> blocks;
  auto in = stages.back().channels;
  for (const auto channels : {512, 256, 256, 128}) {
    blocks.push_back(ssdlite::extra_block(in, depth(channels), norm_layer));
    in = depth(channels);
  }
  for (const auto& made : blocks) ssdlite::begin(*made);
  extra = ssdlite::registered(*this, "extra", std::move(blocks));
}

FeatureMaps SSDLiteFeatureExtractorMobileNetImpl::forward(Tensor x) {
  FeatureMaps maps;
  for (auto* blocks : {&features, &extra}) {
    for (auto& block : *blocks) {
      x = block(x);
      maps.emplace_back(std::to_string(maps.size()), x);
    }
  }
  return maps;
}

SSD ssdlite320_mobilenet_v3_large(std::optional<SSDLite320_MobileNet_V3_Large_Weights> weights, SSDLiteOptions options) {
  constexpr std::string_view name = "ssdlite320_mobilenet_v3_large";
  const detail::Pixels pixels{{0.5, 0.5, 0.5}, {0.5, 0.5, 0.5}};  // in [-1, 1]
  const bool is_trained = detail::settle_weights(name, weights, options, 91, pixels);
  const auto layers = detail::valid_trainable_layers(name, is_trained, options.trainable_backbone_layers, 6, 6);
  auto& parts = options.parts;
  const auto norm = parts.norm_layer ? parts.norm_layer : ops::batch_norm_2d(0.001, 0.03);
  const bool reduced_tail = parts.reduced_tail.value_or(!options.weights_backbone);
  const auto network = mobilenet_v3_large(
      options.weights_backbone, {.norm_layer = norm, .reduced_tail = reduced_tail, .in_channels = options.in_channels});
  if (!options.weights_backbone) ssdlite::begin(*network);
  const Backbone backbone = SSDLiteFeatureExtractorMobileNet(network, layers, norm);
  const Size size{320, 320};
  const DefaultBoxGenerator anchors(std::vector<std::vector<double>>(6, {2, 3}), {.min_ratio = 0.2, .max_ratio = 0.95});
  if (!parts.head) {
    parts.head = SSDLiteHead(retrieve_out_channels(backbone, size, options.in_channels), anchors.num_anchors_per_location(),
                             *options.num_classes, norm)
                     .ptr();
  }
  auto& thresholds = options.thresholds;
  if (!thresholds.score_thresh) thresholds.score_thresh = 0.001;
  if (!thresholds.nms_thresh) thresholds.nms_thresh = 0.55;
  if (!thresholds.detections_per_img) thresholds.detections_per_img = 300;
  if (!thresholds.topk_candidates) thresholds.topk_candidates = 300;
  const SSD model(backbone, anchors, size, *options.num_classes, options.transform, thresholds, parts);
  return detail::filled(model, weights, options);
}

std::optional<bool> detail::has_reduced_tail(const std::filesystem::path& checkpoint) {
  if (std::error_code ignored; !std::filesystem::exists(checkpoint, ignored)) return {};  // load_weights says so
  for (const auto& [name, tensor] : hub::load_state_dict_file(checkpoint)) {
    if (name == "backbone.extra.0.0.0.weight" && tensor.dim() == 4) return tensor.size(1) < 960;
  }
  return {};
}

}  // namespace opsis::inline v1::models::detection
