#include "opsis/models/detection/keypoint_rcnn.h"

#include <torch/nn/init.h>
#include <torch/torch.h>

#include "opsis/core/check.h"
#include "opsis/models/detection/builders.h"
#include "opsis/models/initialise.h"
#include "opsis/ops/activation.h"

namespace opsis::inline v1::models::detection {
namespace keypoint_rcnn {

constexpr int64_t kChannels = 512;

BranchOptions branch(BranchOptions keypoint, int64_t channels, std::optional<int64_t> num_keypoints) {
  OPSIS_CHECK(!num_keypoints || !keypoint.predictor,
              "KeypointRCNN: num_keypoints must be left out when there is a predictor of key points, got {}", *num_keypoints);
  if (!keypoint.roi_pool) keypoint.roi_pool = MultiScaleRoIAlign({"0", "1", "2", "3"}, 14, 2);
  if (!keypoint.head) keypoint.head = KeypointRCNNHeads(channels, std::vector<int64_t>(8, kChannels));
  if (!keypoint.predictor) keypoint.predictor = KeypointRCNNPredictor(kChannels, num_keypoints.value_or(17));
  return keypoint;
}

RCNNParts sized(RCNNParts parts) {
  if (parts.transform.min_size.empty()) parts.transform.min_size = {640, 672, 704, 736, 768, 800};
  return parts;
}

}  // namespace keypoint_rcnn

KeypointRCNNHeadsImpl::KeypointRCNNHeadsImpl(int64_t in_channels, const std::vector<int64_t>& layers) {
  for (const auto channels : layers) {
    append(torch::nn::Conv2d(torch::nn::Conv2dOptions(in_channels, channels, 3).padding(1)));
    append(ops::relu());
    in_channels = channels;
  }
  for (const auto& module : modules(/*include_self=*/false)) {
    if (auto* conv = module->as<torch::nn::Conv2d>()) models::detail::kaiming_fan_out(*conv);
  }
}

KeypointRCNNPredictorImpl::KeypointRCNNPredictorImpl(int64_t in_channels, int64_t num_keypoints)
    : torch::nn::Module("KeypointRCNNPredictor") {
  using torch::nn::ConvTranspose2d;
  kps_score_lowres =
      register_module("kps_score_lowres",
                      ConvTranspose2d(torch::nn::ConvTranspose2dOptions(in_channels, num_keypoints, 4).stride(2).padding(1)));
  torch::nn::init::kaiming_normal_(kps_score_lowres->weight, 0, torch::kFanOut);
  torch::nn::init::constant_(kps_score_lowres->bias, 0);
}

torch::Tensor KeypointRCNNPredictorImpl::forward(torch::Tensor x) {
  const auto coarse = kps_score_lowres(std::move(x));
  return torch::upsample_bilinear2d(coarse, {coarse.size(2) * 2, coarse.size(3) * 2}, /*align_corners=*/false);
}

KeypointRCNNImpl::KeypointRCNNImpl(const Backbone& backbone, std::optional<int64_t> num_classes, const RCNNParts& parts,
                                   BranchOptions keypoint, std::optional<int64_t> num_keypoints)
    : FasterRCNNImpl("KeypointRCNN", backbone, num_classes, keypoint_rcnn::sized(parts), {},
                     keypoint_rcnn::branch(std::move(keypoint), backbone.out_channels(), num_keypoints)) {}

KeypointRCNN keypointrcnn_resnet50_fpn(std::optional<KeypointRCNN_ResNet50_FPN_Weights> weights,
                                       KeypointRCNNOptions<ResNet50_Weights> options) {
  constexpr std::string_view name = "keypointrcnn_resnet50_fpn";
  if (weights) detail::settle(weights->name, "num_keypoints", options.num_keypoints, std::ssize(weights->keypoint_names));
  const bool is_trained = detail::settle_weights(name, weights, options, 2);
  const auto backbone = detail::resnet50_backbone(name, options, is_trained);
  const KeypointRCNN model(backbone, options.num_classes, detail::parts_of(options), options.keypoint, options.num_keypoints);
  return detail::without_eps(detail::filled(model, weights, options), weights, KeypointRCNN_ResNet50_FPN_Weights::COCO_V1);
}

}  // namespace opsis::inline v1::models::detection
