#include "opsis/models/detection/mask_rcnn.h"

#include <torch/nn/init.h>
#include <torch/nn/modules/conv.h>

#include "opsis/core/check.h"
#include "opsis/models/detection/builders.h"
#include "opsis/models/initialise.h"
#include "opsis/ops/activation.h"

namespace opsis::inline v1::models::detection {
namespace mask_rcnn {

constexpr int64_t kChannels = 256;

BranchOptions branch(BranchOptions mask, int64_t channels, std::optional<int64_t> num_classes) {
  OPSIS_CHECK(num_classes || mask.predictor, "MaskRCNN: it needs num_classes or a mask predictor");
  OPSIS_CHECK(!num_classes || !mask.predictor, "MaskRCNN: num_classes must be left out when there is a mask predictor, got {}",
              *num_classes);
  if (!mask.roi_pool) mask.roi_pool = MultiScaleRoIAlign({"0", "1", "2", "3"}, 14, 2);
  if (!mask.head) mask.head = MaskRCNNHeads(channels, std::vector<int64_t>(4, kChannels), 1);
  if (!mask.predictor) mask.predictor = MaskRCNNPredictor(kChannels, kChannels, *num_classes);
  return mask;
}

}  // namespace mask_rcnn

MaskRCNNHeadsImpl::MaskRCNNHeadsImpl(int64_t in_channels, const std::vector<int64_t>& layers, int64_t dilation,
                                     const NormLayer& norm_layer) {
  for (const auto channels : layers) {
    append(ops::Conv2dNormActivation(in_channels, channels,
                                     {.padding = dilation, .norm_layer = norm_layer, .dilation = dilation}));
    in_channels = channels;
  }
  for (const auto& module : modules(/*include_self=*/false)) {
    if (auto* conv = module->as<torch::nn::Conv2d>()) models::detail::kaiming_fan_out(*conv);
  }
}

MaskRCNNPredictorImpl::MaskRCNNPredictorImpl(int64_t in_channels, int64_t dim_reduced, int64_t num_classes) {
  using torch::nn::ConvTranspose2d;
  append("conv5_mask", ConvTranspose2d(torch::nn::ConvTranspose2dOptions(in_channels, dim_reduced, 2).stride(2)));
  append("relu", ops::relu());
  append("mask_fcn_logits", torch::nn::Conv2d(torch::nn::Conv2dOptions(dim_reduced, num_classes, 1)));
  for (auto& parameter : named_parameters()) {
    if (parameter.key().ends_with("weight")) torch::nn::init::kaiming_normal_(parameter.value(), 0, torch::kFanOut);
  }
}

MaskRCNNImpl::MaskRCNNImpl(const Backbone& backbone, std::optional<int64_t> num_classes, const RCNNParts& parts,
                           BranchOptions mask)
    : FasterRCNNImpl("MaskRCNN", backbone, num_classes, parts,
                     mask_rcnn::branch(std::move(mask), backbone.out_channels(), num_classes), {}) {}

MaskRCNN maskrcnn_resnet50_fpn(std::optional<MaskRCNN_ResNet50_FPN_Weights> weights,
                               MaskRCNNOptions<ResNet50_Weights> options) {
  constexpr std::string_view name = "maskrcnn_resnet50_fpn";
  const bool is_trained = detail::settle_weights(name, weights, options, 91);
  const auto backbone = detail::resnet50_backbone(name, options, is_trained);
  const MaskRCNN model(backbone, options.num_classes, detail::parts_of(options), options.mask);
  return detail::without_eps(detail::filled(model, weights, options), weights, MaskRCNN_ResNet50_FPN_Weights::COCO_V1);
}

MaskRCNN maskrcnn_resnet50_fpn_v2(std::optional<MaskRCNN_ResNet50_FPN_V2_Weights> weights,
                                  MaskRCNNOptions<ResNet50_Weights, false> options) {
  constexpr std::string_view name = "maskrcnn_resnet50_fpn_v2";
  const bool is_trained = detail::settle_weights(name, weights, options, 91);
  const auto backbone = detail::resnet50_v2_backbone(name, options, is_trained);
  const auto parts = detail::v2_parts(detail::parts_of(options), backbone.out_channels());
  if (!options.mask.head) {
    options.mask.head =
        MaskRCNNHeads(backbone.out_channels(), std::vector<int64_t>(4, mask_rcnn::kChannels), 1, ops::batch_norm_2d());
  }
  return detail::filled(MaskRCNN(backbone, options.num_classes, parts, options.mask), weights, options);
}

}  // namespace opsis::inline v1::models::detection
