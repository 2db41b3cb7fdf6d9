#include "opsis/models/detection/faster_rcnn.h"

#include "opsis/core/check.h"
#include "opsis/models/detection/builders.h"

namespace opsis::inline v1::models::detection {
namespace faster_rcnn {

constexpr int64_t kRepresentation = 1024;  // numbers that tell of a region

// Modules are made in torchvision's order, which is that of the draws.
RegionProposalNetwork proposal_network(RPNOptions options, int64_t channels) {
  OPSIS_CHECK(channels > 0, "FasterRCNN: the backbone must say how many channels its maps have");
  if (!options.anchor_generator) options.anchor_generator = detail::pyramid_anchors();
  if (!options.head) options.head = RPNHead(channels, options.anchor_generator->num_anchors_per_location().at(0));
  return RegionProposalNetwork(std::move(options));
}

BoxOptions box_parts(BoxOptions options, int64_t channels, std::optional<int64_t> num_classes) {
  OPSIS_CHECK(num_classes || options.predictor, "FasterRCNN: it needs num_classes or a box predictor");
  OPSIS_CHECK(!num_classes || !options.predictor,
              "FasterRCNN: num_classes must be left out when there is a box predictor, got {}", *num_classes);
  OPSIS_CHECK(!num_classes || *num_classes > 0, "FasterRCNN: num_classes must be positive, for there is the background, got {}",
              *num_classes);
  if (!options.roi_pool) options.roi_pool = MultiScaleRoIAlign({"0", "1", "2", "3"}, 7, 2);
  if (!options.head) {
    const auto resolution = (*options.roi_pool->output_size)[0];
    options.head = TwoMLPHead(channels * resolution * resolution, kRepresentation);
  }
  if (!options.predictor) options.predictor = FastRCNNPredictor(kRepresentation, *num_classes);
  return options;
}

template <class W>
FasterRCNN on_mobilenet(std::string_view owner, const std::optional<W>& weights,
                        FasterRCNNOptions<MobileNet_V3_Large_Weights> options) {
  const bool is_trained = detail::settle_weights(owner, weights, options, 91);
  const auto layers = detail::valid_trainable_layers(owner, is_trained, options.trainable_backbone_layers, 6, 3);
  const auto network = mobilenet_v3_large(
      options.weights_backbone, {.norm_layer = detail::backbone_norm(is_trained), .in_channels = options.in_channels});
  const Backbone backbone = mobilenet_fpn_backbone(network, layers);
  if (!options.rpn.anchor_generator) {
    const std::vector<double> sizes{32, 64, 128, 256, 512}, ratios{0.5, 1, 2};
    options.rpn.anchor_generator = AnchorGenerator({sizes, sizes, sizes}, {ratios, ratios, ratios});
  }
  if (!options.rpn.score_thresh) options.rpn.score_thresh = 0.05;
  return detail::filled(FasterRCNN(backbone, options.num_classes, detail::parts_of(options)), weights, options);
}

}  // namespace faster_rcnn

FasterRCNNImpl::FasterRCNNImpl(const Backbone& backbone, std::optional<int64_t> num_classes, const RCNNParts& parts)
    : FasterRCNNImpl("FasterRCNN", backbone, num_classes, parts, {}, {}) {}

// In braces, which are evaluated in their order.
FasterRCNNImpl::FasterRCNNImpl(std::string name, const Backbone& backbone, std::optional<int64_t> num_classes,
                               const RCNNParts& parts, BranchOptions mask, BranchOptions keypoint)
    : GeneralizedRCNNImpl{std::move(name), backbone, faster_rcnn::proposal_network(parts.rpn, backbone.out_channels()),
                          RoIHeads(faster_rcnn::box_parts(parts.box, backbone.out_channels(), num_classes), std::move(mask),
                                   std::move(keypoint)),
                          GeneralizedRCNNTransform(parts.transform)} {}

namespace detail {

AnchorGenerator pyramid_anchors() {
  const std::vector<double> ratios{0.5, 1, 2};
  return AnchorGenerator({{32}, {64}, {128}, {256}, {512}}, {ratios, ratios, ratios, ratios, ratios});
}

RCNNParts v2_parts(RCNNParts parts, int64_t channels) {
  if (!parts.rpn.anchor_generator) parts.rpn.anchor_generator = pyramid_anchors();
  if (!parts.rpn.head) {
    parts.rpn.head = RPNHead(channels, parts.rpn.anchor_generator->num_anchors_per_location().at(0), /*conv_depth=*/2);
  }
  if (!parts.box.head) {
    parts.box.head = FastRCNNConvFCHead({channels, 7, 7}, {256, 256, 256, 256}, {1024}, ops::batch_norm_2d());
  }
  return parts;
}

}  // namespace detail

FasterRCNN fasterrcnn_resnet50_fpn(std::optional<FasterRCNN_ResNet50_FPN_Weights> weights,
                                   FasterRCNNOptions<ResNet50_Weights> options) {
  constexpr std::string_view name = "fasterrcnn_resnet50_fpn";
  const bool is_trained = detail::settle_weights(name, weights, options, 91);
  const auto backbone = detail::resnet50_backbone(name, options, is_trained);
  const FasterRCNN model(backbone, options.num_classes, detail::parts_of(options));
  return detail::without_eps(detail::filled(model, weights, options), weights, FasterRCNN_ResNet50_FPN_Weights::COCO_V1);
}

FasterRCNN fasterrcnn_resnet50_fpn_v2(std::optional<FasterRCNN_ResNet50_FPN_V2_Weights> weights,
                                      FasterRCNNOptions<ResNet50_Weights, false> options) {
  constexpr std::string_view name = "fasterrcnn_resnet50_fpn_v2";
  const bool is_trained = detail::settle_weights(name, weights, options, 91);
  const auto backbone = detail::resnet50_v2_backbone(name, options, is_trained);
  const auto parts = detail::v2_parts(detail::parts_of(options), backbone.out_channels());
  return detail::filled(FasterRCNN(backbone, options.num_classes, parts), weights, options);
}

FasterRCNN fasterrcnn_mobilenet_v3_large_fpn(std::optional<FasterRCNN_MobileNet_V3_Large_FPN_Weights> weights,
                                             FasterRCNNOptions<MobileNet_V3_Large_Weights> options) {
  return faster_rcnn::on_mobilenet("fasterrcnn_mobilenet_v3_large_fpn", weights, std::move(options));
}

FasterRCNN fasterrcnn_mobilenet_v3_large_320_fpn(std::optional<FasterRCNN_MobileNet_V3_Large_320_FPN_Weights> weights,
                                                 FasterRCNNOptions<MobileNet_V3_Large_Weights> options) {
  if (options.transform.min_size.empty()) options.transform.min_size = {320};
  if (!options.transform.max_size) options.transform.max_size = 640;
  if (!options.rpn.pre_nms_top_n_test) options.rpn.pre_nms_top_n_test = 150;
  if (!options.rpn.post_nms_top_n_test) options.rpn.post_nms_top_n_test = 150;
  return faster_rcnn::on_mobilenet("fasterrcnn_mobilenet_v3_large_320_fpn", weights, std::move(options));
}

}  // namespace opsis::inline v1::models::detection
