#include "opsis/models/detection/fcos.h"

#include <torch/nn/init.h>
#include <torch/nn/modules/activation.h>
#include <torch/nn/modules/normalization.h>

#include <cmath>
#include <limits>

#include "opsis/core/check.h"
#include "opsis/models/detection/builders.h"
#include "opsis/models/detection/rows.h"
#include "opsis/ops/activation.h"
#include "opsis/ops/losses.h"

namespace opsis::inline v1::models::detection {
namespace fcos {

using torch::Tensor;
using torch::nn::Conv2d;
using torch::nn::Conv2dOptions;
namespace init = torch::nn::init;

Sequential tower(int64_t channels, const FCOSHeadOptions& options) {
  const auto norm = [&] {
    return options.norm_layer ? options.norm_layer(channels) : Layer(torch::nn::GroupNorm(32, channels));
  };
  Sequential layers;
  for (int64_t i = 0; i < options.num_convs; ++i) {
    layers->append(Conv2d(Conv2dOptions(channels, channels, 3).padding(1)));
    layers->append(norm());
    layers->append(ops::relu());
  }
  return layers;
}

void begin(torch::nn::Conv2dImpl& conv, double bias = 0) {
  init::normal_(conv.weight, 0, 0.01);
  init::constant_(conv.bias, bias);
}

void begin(SequentialImpl& tower) {
  for (const auto& layer : tower.children()) {
    if (auto* conv = layer->as<torch::nn::Conv2d>()) begin(*conv);
  }
}

Conv2d last(int64_t in, int64_t out) { return Conv2d(Conv2dOptions(in, out, 3).padding(1)); }

AnchorGenerator anchors_of(const FCOSParts& parts) {
  if (!parts.anchor_generator) {
    return AnchorGenerator({{8}, {16}, {32}, {64}, {128}}, std::vector<std::vector<double>>(5, {1}));
  }
  const auto count = parts.anchor_generator->num_anchors_per_location().at(0);
  OPSIS_CHECK(count == 1, "FCOS: anchor_generator must give one anchor for each place, got {}", count);
  return *parts.anchor_generator;
}

std::shared_ptr<OneStageHeadImpl> head_of(const FCOSParts& parts, int64_t channels, int64_t num_classes) {
  if (parts.head) return parts.head;
  return FCOSHead(channels, anchors_of(parts).num_anchors_per_location().at(0), num_classes).ptr();
}

// The target of each anchor: the smallest of those in whose middle it stands and whose size is its map's business; -1 for none.
Tensor matched(const Tensor& boxes, const Tensor& anchors, const std::vector<int64_t>& levels, double radius) {
  if (boxes.numel() == 0) return torch::full({anchors.size(0)}, -1, anchors.options().dtype(torch::kInt64));
  const auto first = [](const Tensor& b) { return b.slice(1, 0, 2); };
  const auto second = [](const Tensor& b) { return b.slice(1, 2, 4); };
  const auto centers = (first(boxes) + second(boxes)) / 2, places = (first(anchors) + second(anchors)) / 2;
  const auto sides = (anchors.select(1, 2) - anchors.select(1, 0)).unsqueeze(1);
  const auto off_center = (places.unsqueeze(1) - centers.unsqueeze(0)).abs_().amax(2);
  auto fits = off_center < radius * sides;

  const auto place = places.unsqueeze(1);
  const auto distances = torch::cat({place - first(boxes).unsqueeze(0), second(boxes).unsqueeze(0) - place}, 2);
  fits = fits.logical_and_(distances.amin(2) > 0);  // inside

  auto least = sides * 4, most = sides * 8;
  least.slice(0, 0, levels.front()).fill_(0);
  most.slice(0, most.size(0) - levels.back()).fill_(std::numeric_limits<double>::infinity());
  const auto farthest = distances.amax(2);
  fits = fits.logical_and_(farthest > least).logical_and_(farthest < most);

  auto extent = second(boxes) - first(boxes);
  if (extent.scalar_type() == torch::kFloat16) extent = extent.to(torch::kFloat32);  // which has 1e8
  const auto smallness = 1e8 - extent.select(1, 0) * extent.select(1, 1);
  const auto [value, which] = (fits.to(torch::kFloat32) * smallness.unsqueeze(0)).max(1);
  return torch::where(value < 1e-5, -1, which);
}

}  // namespace fcos

using torch::Tensor;

FCOSClassificationHeadImpl::FCOSClassificationHeadImpl(int64_t in_channels, int64_t num_anchors, int64_t num_classes,
                                                       const FCOSHeadOptions& options)
    : torch::nn::Module("FCOSClassificationHead"), num_classes_(num_classes) {
  conv = register_module("conv", fcos::tower(in_channels, options));
  fcos::begin(*conv);
  cls_logits = register_module("cls_logits", fcos::last(in_channels, num_anchors * num_classes));
  fcos::begin(*cls_logits, -std::log((1 - options.prior_probability) / options.prior_probability));
}

Tensor FCOSClassificationHeadImpl::forward(const std::vector<Tensor>& feature_maps) {
  std::vector<Tensor> rows;
  for (const auto& map : feature_maps) rows.push_back(detail::rows_of(cls_logits(conv(map)), num_classes_));
  return torch::cat(rows, 1);
}

FCOSRegressionHeadImpl::FCOSRegressionHeadImpl(int64_t in_channels, int64_t num_anchors, const FCOSHeadOptions& options)
    : torch::nn::Module("FCOSRegressionHead") {
  conv = register_module("conv", fcos::tower(in_channels, options));
  bbox_reg = register_module("bbox_reg", fcos::last(in_channels, num_anchors * 4));
  bbox_ctrness = register_module("bbox_ctrness", fcos::last(in_channels, num_anchors));
  fcos::begin(*bbox_reg);
  fcos::begin(*bbox_ctrness);
  fcos::begin(*conv);
}

std::pair<Tensor, Tensor> FCOSRegressionHeadImpl::forward(const std::vector<Tensor>& feature_maps) {
  std::vector<Tensor> boxes, centerness;
  for (const auto& map : feature_maps) {
    const auto seen = conv(map);
    boxes.push_back(detail::rows_of(bbox_reg(seen).relu(), 4));
    centerness.push_back(detail::rows_of(bbox_ctrness(seen), 1));
  }
  return {torch::cat(boxes, 1), torch::cat(centerness, 1)};
}

FCOSHeadImpl::FCOSHeadImpl(int64_t in_channels, int64_t num_anchors, int64_t num_classes, const FCOSHeadOptions& options)
    : OneStageHeadImpl("FCOSHead") {
  classification_head =
      register_module("classification_head", FCOSClassificationHead(in_channels, num_anchors, num_classes, options));
  regression_head = register_module("regression_head", FCOSRegressionHead(in_channels, num_anchors, options));
}

HeadOutputs FCOSHeadImpl::forward(const std::vector<Tensor>& feature_maps) {
  auto logits = classification_head->forward(feature_maps);
  auto [boxes, centerness] = regression_head->forward(feature_maps);
  return {std::move(logits), std::move(boxes), std::move(centerness)};
}

std::vector<std::string> FCOSHeadImpl::class_layers() const { return {"classification_head.cls_logits"}; }

FCOSImpl::FCOSImpl(Backbone given, int64_t classes, const TransformOptions& sizes, const ThresholdOptions& chosen,
                   const FCOSParts& parts)
    : OneStageDetectorImpl("FCOS", given, fcos::head_of(parts, given.out_channels(), classes), sizes,
                           DetectionThresholds{0.2, 0.6, 100, 1000}.but(chosen), classes),
      anchor_generator(fcos::anchors_of(parts)),
      center_sampling_radius(parts.center_sampling_radius) {}

Tensor FCOSImpl::anchors(Size canvas, const std::vector<Tensor>& feature_maps) const {
  return anchor_generator(canvas, feature_maps);
}

std::vector<int64_t> FCOSImpl::anchors_per_location() const { return anchor_generator.num_anchors_per_location(); }

DetectionLosses FCOSImpl::losses_of(const HeadOutputs& outputs, const Tensor& anchors, const std::vector<int64_t>& levels,
                                    const std::vector<DetectionTarget>& targets) const {
  std::vector<Tensor> found, classes, boxes;  // of the places that find something
  for (const auto& target : targets) {
    const auto matches = fcos::matched(target.boxes, anchors, levels, center_sampling_radius);
    found.push_back(matches >= 0);
    // A place finds nothing where the label of its box is below 0.
    if (target.labels.size(0) > 0) {
      found.back() = found.back() & (target.labels.index_select(0, matches.clamp_min(0)) >= 0);
    }
    const auto which = matches.masked_select(found.back());
    classes.push_back(target.labels.index_select(0, which));
    boxes.push_back(target.boxes.index_select(0, which));
  }
  const auto finds = torch::stack(found).nonzero().unbind(1);  // image, anchor
  const auto pick = [&](const Tensor& output) { return output.index({finds[0], finds[1]}); };
  const auto count = std::max<int64_t>(1, finds[0].size(0));

  auto wanted = torch::zeros_like(outputs.cls_logits, outputs.cls_logits.options().requires_grad(false));
  wanted.index_put_({finds[0], finds[1], torch::cat(classes)}, torch::ones({}, wanted.options()));
  const auto wanted_boxes = torch::cat(boxes), places = anchors.index_select(0, finds[1]);
  const auto sides = box_coder.encode(places, wanted_boxes);
  // 1 in the middle of the box, 0 at its edge: the nearer side to the farther one, across and down.
  const auto balance = [&](int64_t one, int64_t other) {
    const auto a = sides.select(1, one), b = sides.select(1, other);
    return torch::minimum(a, b) / torch::maximum(a, b);
  };
  const auto centerness = (balance(0, 2) * balance(1, 3)).sqrt();

  return {{"classification", ops::sigmoid_focal_loss(outputs.cls_logits, wanted, 0.25, 2, "sum") / count},
          {"bbox_regression",
           ops::generalized_box_iou_loss(box_coder.decode(pick(outputs.bbox_regression), places), wanted_boxes, "sum") / count},
          {"bbox_ctrness", torch::binary_cross_entropy_with_logits(pick(outputs.bbox_ctrness.squeeze(2)), centerness, {}, {},
                                                                   at::Reduction::Sum) /
                               count}};
}

Detection FCOSImpl::found_in(const HeadOutputs& outputs, const Tensor& anchors, const std::vector<int64_t>& levels,
                             Size size) const {
  const auto score = [&](int64_t begin, int64_t count) {
    return (outputs.cls_logits.narrow(0, begin, count).sigmoid() * outputs.bbox_ctrness.narrow(0, begin, count).sigmoid())
        .sqrt();
  };
  const auto decode = [&](const Tensor& places) {
    return box_coder.decode(outputs.bbox_regression.index_select(0, places), anchors.index_select(0, places));
  };
  return detail::found_on(levels, score, decode, thresholds, size);
}

FCOS fcos_resnet50_fpn(std::optional<FCOS_ResNet50_FPN_Weights> weights, FCOSOptions options) {
  constexpr std::string_view name = "fcos_resnet50_fpn";
  const bool is_trained = detail::settle_weights(name, weights, options, 91);
  const auto backbone = detail::resnet50_p3_to_p7(name, options, detail::backbone_norm(is_trained), is_trained, 256);
  const FCOS model(backbone, *options.num_classes, options.transform, options.thresholds, options.parts);
  return detail::filled(model, weights, options);
}

}  // namespace opsis::inline v1::models::detection
