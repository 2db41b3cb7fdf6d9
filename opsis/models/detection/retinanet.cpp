#include "opsis/models/detection/retinanet.h"

#include <torch/nn/init.h>
#include <torch/nn/modules/normalization.h>

#include <cmath>

#include "opsis/core/check.h"
#include "opsis/models/detection/builders.h"
#include "opsis/models/detection/matcher.h"
#include "opsis/models/detection/rows.h"
#include "opsis/ops/boxes.h"
#include "opsis/ops/conv_norm_activation.h"
#include "opsis/ops/losses.h"

namespace opsis::inline v1::models::detection {
namespace retinanet {

using torch::Tensor;
using torch::nn::Conv2d;
using torch::nn::Conv2dOptions;
namespace init = torch::nn::init;

Sequential tower(int64_t channels, const NormLayer& norm) {
  Sequential layers;
  for (int i = 0; i < 4; ++i) layers->append(ops::Conv2dNormActivation(channels, channels, {.norm_layer = norm}));
  return layers;
}

void begin(Conv2d& conv, double bias = 0) {
  init::normal_(conv->weight, 0, 0.01);
  init::constant_(conv->bias, bias);
}

void begin(Sequential& tower) {
  for (const auto& module : tower->modules()) {
    const auto* conv = module->as<Conv2d>();
    if (!conv) continue;
    init::normal_(conv->weight, 0, 0.01);
    if (conv->bias.defined()) init::zeros_(conv->bias);
  }
}

AnchorGenerator default_anchors() {
  std::vector<std::vector<double>> sizes;
  for (const auto size : {32, 64, 128, 256, 512}) {
    sizes.push_back({1.0 * size, std::trunc(size * std::pow(2.0, 1.0 / 3)), std::trunc(size * std::pow(2.0, 2.0 / 3))});
  }
  return AnchorGenerator(sizes, std::vector<std::vector<double>>(sizes.size(), {0.5, 1, 2}));
}

AnchorGenerator anchors_of(const RetinaNetParts& parts) {
  return parts.anchor_generator ? *parts.anchor_generator : default_anchors();
}

std::shared_ptr<OneStageHeadImpl> head_of(const RetinaNetParts& parts, int64_t channels, int64_t num_classes) {
  if (parts.head) return parts.head;
  return RetinaNetHead(channels, anchors_of(parts).num_anchors_per_location().at(0), num_classes).ptr();
}

Tensor loss_of_boxes(BoxLoss kind, const BoxCoder& coder, const Tensor& anchors, const Tensor& targets, const Tensor& codes) {
  switch (kind) {
    case BoxLoss::L1: return torch::l1_loss(codes, coder.encode_single(targets, anchors), at::Reduction::Sum);
    case BoxLoss::SMOOTH_L1: return torch::smooth_l1_loss(codes, coder.encode_single(targets, anchors), at::Reduction::Sum);
    case BoxLoss::CIOU: return ops::complete_box_iou_loss(coder.decode_single(codes, anchors), targets, "sum");
    case BoxLoss::DIOU: return ops::distance_box_iou_loss(coder.decode_single(codes, anchors), targets, "sum");
    case BoxLoss::GIOU: break;
  }
  return ops::generalized_box_iou_loss(coder.decode_single(codes, anchors), targets, "sum");
}

}  // namespace retinanet

using torch::Tensor;

RetinaNetClassificationHeadImpl::RetinaNetClassificationHeadImpl(int64_t in_channels, int64_t num_anchors, int64_t num_classes,
                                                                 double prior_probability, const NormLayer& norm_layer)
    : torch::nn::Module("RetinaNetClassificationHead"), num_classes_(num_classes) {
  conv = register_module("conv", retinanet::tower(in_channels, norm_layer));
  retinanet::begin(conv);
  cls_logits = register_module(
      "cls_logits", torch::nn::Conv2d(torch::nn::Conv2dOptions(in_channels, num_anchors * num_classes, 3).padding(1)));
  retinanet::begin(cls_logits, -std::log((1 - prior_probability) / prior_probability));
}

Tensor RetinaNetClassificationHeadImpl::forward(const std::vector<Tensor>& feature_maps) {
  std::vector<Tensor> rows;
  for (const auto& map : feature_maps) rows.push_back(detail::rows_of(cls_logits(conv(map)), num_classes_));
  return torch::cat(rows, 1);
}

RetinaNetRegressionHeadImpl::RetinaNetRegressionHeadImpl(int64_t in_channels, int64_t num_anchors, const NormLayer& norm_layer)
    : torch::nn::Module("RetinaNetRegressionHead") {
  conv = register_module("conv", retinanet::tower(in_channels, norm_layer));
  bbox_reg =
      register_module("bbox_reg", torch::nn::Conv2d(torch::nn::Conv2dOptions(in_channels, num_anchors * 4, 3).padding(1)));
  retinanet::begin(bbox_reg);
  retinanet::begin(conv);
}

Tensor RetinaNetRegressionHeadImpl::forward(const std::vector<Tensor>& feature_maps) {
  std::vector<Tensor> rows;
  for (const auto& map : feature_maps) rows.push_back(detail::rows_of(bbox_reg(conv(map)), 4));
  return torch::cat(rows, 1);
}

RetinaNetHeadImpl::RetinaNetHeadImpl(int64_t in_channels, int64_t num_anchors, int64_t num_classes, const NormLayer& norm_layer)
    : OneStageHeadImpl("RetinaNetHead") {
  classification_head = register_module("classification_head",
                                        RetinaNetClassificationHead(in_channels, num_anchors, num_classes, 0.01, norm_layer));
  regression_head = register_module("regression_head", RetinaNetRegressionHead(in_channels, num_anchors, norm_layer));
}

HeadOutputs RetinaNetHeadImpl::forward(const std::vector<Tensor>& feature_maps) {
  auto logits = classification_head->forward(feature_maps);
  return {std::move(logits), regression_head->forward(feature_maps)};
}

std::vector<std::string> RetinaNetHeadImpl::class_layers() const { return {"classification_head.cls_logits"}; }

RetinaNetImpl::RetinaNetImpl(Backbone given, int64_t classes, const TransformOptions& sizes, const ThresholdOptions& chosen,
                             const RetinaNetParts& parts)
    : OneStageDetectorImpl("RetinaNet", given, retinanet::head_of(parts, given.out_channels(), classes), sizes,
                           DetectionThresholds{0.05, 0.5, 300, 1000}.but(chosen), classes),
      anchor_generator(retinanet::anchors_of(parts)),
      proposal_matcher(parts.proposal_matcher.value_or(Matcher{
          .high_threshold = parts.fg_iou_thresh, .low_threshold = parts.bg_iou_thresh, .allow_low_quality_matches = true})),
      box_loss(parts.box_loss.value_or(BoxLoss::L1)) {
  detail::check_iou_thresholds("RetinaNet", proposal_matcher.high_threshold, proposal_matcher.low_threshold);
}

Tensor RetinaNetImpl::anchors(Size canvas, const std::vector<Tensor>& feature_maps) const {
  return anchor_generator(canvas, feature_maps);
}

std::vector<int64_t> RetinaNetImpl::anchors_per_location() const { return anchor_generator.num_anchors_per_location(); }

DetectionLosses RetinaNetImpl::losses_of(const HeadOutputs& outputs, const Tensor& anchors, const std::vector<int64_t>&,
                                         const std::vector<DetectionTarget>& targets) const {
  models::detail::check_no_label_is_negative(name(), targets);
  const auto matches = detail::matched(proposal_matcher, anchors, targets);
  Tensor classification, regression;
  const auto add = [](Tensor& total, const Tensor& loss) { total = total.defined() ? total + loss : loss; };
  for (size_t i = 0; i < targets.size(); ++i) {
    const auto logits = outputs.cls_logits[static_cast<int64_t>(i)], codes = outputs.bbox_regression[static_cast<int64_t>(i)];
    const auto finds = (matches[i] >= 0).nonzero().squeeze(1);
    const auto which = matches[i].index_select(0, finds);
    const auto count = std::max<int64_t>(1, finds.size(0));

    auto wanted = torch::zeros_like(logits, logits.options().requires_grad(false));
    wanted.index_put_({finds, targets[i].labels.index_select(0, which)}, torch::ones({}, wanted.options()));
    const auto judged = (matches[i] != Matcher::BETWEEN_THRESHOLDS).nonzero().squeeze(1);
    add(classification,
        ops::sigmoid_focal_loss(logits.index_select(0, judged), wanted.index_select(0, judged), 0.25, 2, "sum") / count);
    add(regression, retinanet::loss_of_boxes(box_loss, box_coder, anchors.index_select(0, finds),
                                             targets[i].boxes.index_select(0, which), codes.index_select(0, finds)) /
                        count);
  }
  const auto images = static_cast<int64_t>(targets.size());
  return {{"classification", classification / images}, {"bbox_regression", regression / images}};
}

Detection RetinaNetImpl::found_in(const HeadOutputs& outputs, const Tensor& anchors, const std::vector<int64_t>& levels,
                                  Size size) const {
  const auto score = [&](int64_t begin, int64_t count) { return outputs.cls_logits.narrow(0, begin, count).sigmoid(); };
  const auto decode = [&](const Tensor& places) {
    return box_coder.decode_single(outputs.bbox_regression.index_select(0, places), anchors.index_select(0, places));
  };
  return detail::found_on(levels, score, decode, thresholds, size);
}

RetinaNet retinanet_resnet50_fpn(std::optional<RetinaNet_ResNet50_FPN_Weights> weights, RetinaNetOptions options) {
  constexpr std::string_view name = "retinanet_resnet50_fpn";
  const bool is_trained = detail::settle_weights(name, weights, options, 91);
  const auto backbone = detail::resnet50_p3_to_p7(name, options, detail::backbone_norm(is_trained), is_trained, 256);
  const RetinaNet model(backbone, *options.num_classes, options.transform, options.thresholds, options.parts);
  return detail::without_eps(detail::filled(model, weights, options), weights, RetinaNet_ResNet50_FPN_Weights::COCO_V1);
}

RetinaNet retinanet_resnet50_fpn_v2(std::optional<RetinaNet_ResNet50_FPN_V2_Weights> weights, RetinaNetV2Options options) {
  constexpr std::string_view name = "retinanet_resnet50_fpn_v2";
  const bool is_trained = detail::settle_weights(name, weights, options, 91);
  const auto backbone = detail::resnet50_p3_to_p7(name, options, {}, is_trained, 2048);
  auto& parts = options.parts;
  if (!parts.head) {
    const NormLayer group_norm = [](int64_t channels) { return torch::nn::GroupNorm(32, channels); };
    const auto anchors = retinanet::anchors_of(parts).num_anchors_per_location().at(0);
    parts.head = RetinaNetHead(backbone.out_channels(), anchors, *options.num_classes, group_norm).ptr();
  }
  if (!parts.box_loss) parts.box_loss = BoxLoss::GIOU;
  const RetinaNet model(backbone, *options.num_classes, options.transform, options.thresholds, parts);
  return detail::filled(model, weights, options);
}

}  // namespace opsis::inline v1::models::detection
