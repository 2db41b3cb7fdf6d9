#include "opsis/models/detection/ssd.h"

#include <torch/nn/init.h>
#include <torch/nn/modules/container/modulelist.h>
#include <torch/nn/modules/conv.h>
#include <torch/nn/modules/pooling.h>

#include <array>
#include <limits>

#include "opsis/core/check.h"
#include "opsis/models/detection/builders.h"
#include "opsis/models/detection/rows.h"
#include "opsis/ops/activation.h"
#include "opsis/ops/boxes.h"

namespace opsis::inline v1::models::detection {
namespace ssd {

using torch::Tensor;
using torch::nn::Conv2d;
using torch::nn::Conv2dOptions;
namespace init = torch::nn::init;

void begin(const torch::nn::Module& module) {
  for (const auto& below : module.modules()) {
    auto* conv = below->as<Conv2d>();
    if (!conv) continue;
    init::xavier_uniform_(conv->weight);
    if (conv->bias.defined()) init::zeros_(conv->bias);
  }
}

std::vector<Layer> convolutions(const std::vector<int64_t>& in_channels, const std::vector<int64_t>& num_anchors,
                                int64_t columns) {
  std::vector<Conv2d> made;
  for (size_t i = 0; i < in_channels.size(); ++i) {
    made.emplace_back(Conv2dOptions(in_channels[i], columns * num_anchors[i], 3).padding(1));
  }
  for (const auto& conv : made) begin(*conv);
  return {made.begin(), made.end()};
}

TransformOptions transform_of(TransformOptions options, Size size) {
  OPSIS_CHECK(options.min_size.empty() && !options.max_size, "SSD: images are brought to {}; leave out min_size and max_size",
              size);
  options.min_size = {std::min(size.height, size.width)};
  options.max_size = std::max(size.height, size.width);
  options.size_divisible = 1;
  options.fixed_size = size;
  return options;
}

std::shared_ptr<OneStageHeadImpl> head_of(const Backbone& backbone, const DefaultBoxGenerator& anchors, Size size,
                                          int64_t num_classes, const TransformOptions& transform, const SSDParts& parts) {
  if (parts.head) return parts.head;
  const auto channels = retrieve_out_channels(backbone, size, transform.image_mean ? std::ssize(*transform.image_mean) : 3);
  const auto counts = anchors.num_anchors_per_location();
  OPSIS_CHECK(channels.size() == counts.size(), "SSD: the backbone must give a map for each of {} lists of ratios, got {}",
              counts.size(), channels.size());
  return SSDHead(channels, counts, num_classes).ptr();
}

// What gives the scores of a map: the layer, or the last one in it.
std::string last_layer_of(const std::string& name, const torch::nn::Module& layer) {
  const auto below = layer.named_children();
  return below.is_empty() ? name : name + "." + below.back().key();
}

// A block behind the network: fewer channels, then a convolution that makes the map smaller.
Sequential extra_block(int64_t in, int64_t between, int64_t out, int64_t kernel, int64_t stride = 1, int64_t padding = 0) {
  return Sequential(std::vector<Layer>{Conv2d(Conv2dOptions(in, between, 1)), ops::relu(),
                                       Conv2d(Conv2dOptions(between, out, kernel).stride(stride).padding(padding)),
                                       ops::relu()});
}

// In place of VGG's linear layers; the first sees far, by holes.
Sequential last_convolutions() {
  return Sequential(std::vector<Layer>{torch::nn::MaxPool2d(torch::nn::MaxPool2dOptions(3).stride(1).padding(1)),
                                       Conv2d(Conv2dOptions(512, 1024, 3).padding(6).dilation(6)), ops::relu(),
                                       Conv2d(Conv2dOptions(1024, 1024, 1)), ops::relu()});
}

// Where a network's poolings are among its layers.
std::vector<size_t> poolings(const SequentialImpl& layers) {
  std::vector<size_t> places;
  for (size_t i = 0; i < layers.size(); ++i) {
    if (layers[i].module()->as<torch::nn::MaxPool2d>()) places.push_back(i);
  }
  return places;
}

}  // namespace ssd

using torch::Tensor;

SSDScoringHeadImpl::SSDScoringHeadImpl(std::vector<Layer> layers, int64_t num_columns)
    : torch::nn::Module("SSDScoringHead"), module_list(std::move(layers)), num_columns_(num_columns) {
  const auto list = register_module("module_list", torch::nn::ModuleList());
  for (const auto& layer : module_list) list->push_back(layer.module());
}

Tensor SSDScoringHeadImpl::forward(const std::vector<Tensor>& feature_maps) {
  OPSIS_CHECK(feature_maps.size() == module_list.size(), "SSDScoringHead: there must be a map for each of {} layers, got {}",
              module_list.size(), feature_maps.size());
  std::vector<Tensor> rows;
  for (size_t i = 0; i < feature_maps.size(); ++i)
    rows.push_back(detail::rows_of(module_list[i](feature_maps[i]), num_columns_));
  return torch::cat(rows, 1);
}

SSDHeadImpl::SSDHeadImpl(const std::vector<int64_t>& in_channels, const std::vector<int64_t>& num_anchors, int64_t num_classes)
    : OneStageHeadImpl("SSDHead") {
  auto classification = ssd::convolutions(in_channels, num_anchors, num_classes);
  set(std::move(classification), ssd::convolutions(in_channels, num_anchors, 4), num_classes);
}

void SSDHeadImpl::set(std::vector<Layer> classification, std::vector<Layer> regression, int64_t num_classes) {
  classification_head = register_module("classification_head", SSDScoringHead(std::move(classification), num_classes));
  regression_head = register_module("regression_head", SSDScoringHead(std::move(regression), 4));
}

HeadOutputs SSDHeadImpl::forward(const std::vector<Tensor>& feature_maps) {
  auto boxes = regression_head->forward(feature_maps);
  return {classification_head->forward(feature_maps), std::move(boxes)};
}

std::vector<std::string> SSDHeadImpl::class_layers() const {
  std::vector<std::string> names;
  for (size_t i = 0; i < classification_head->module_list.size(); ++i) {
    const auto name = text("classification_head.module_list.{}", i);
    names.push_back(ssd::last_layer_of(name, *classification_head->module_list[i].module()));
  }
  return names;
}

SSDImpl::SSDImpl(Backbone given, DefaultBoxGenerator anchors, Size size, int64_t classes, const TransformOptions& sizes,
                 const ThresholdOptions& chosen, const SSDParts& parts)
    : OneStageDetectorImpl("SSD", given, ssd::head_of(given, anchors, size, classes, sizes, parts),
                           ssd::transform_of(sizes, size), DetectionThresholds{0.01, 0.45, 200, 400}.but(chosen), classes),
      anchor_generator(std::move(anchors)),
      proposal_matcher{parts.iou_thresh},
      neg_to_pos_ratio((1 - parts.positive_fraction) / parts.positive_fraction) {
  OPSIS_CHECK(parts.positive_fraction > 0 && parts.positive_fraction <= 1, "SSD: positive_fraction must be in (0, 1], got {}",
              parts.positive_fraction);
}

Tensor SSDImpl::anchors(Size canvas, const std::vector<Tensor>& feature_maps) const {
  return anchor_generator(canvas, feature_maps);
}

std::vector<int64_t> SSDImpl::anchors_per_location() const { return anchor_generator.num_anchors_per_location(); }

DetectionLosses SSDImpl::losses_of(const HeadOutputs& outputs, const Tensor& anchors, const std::vector<int64_t>&,
                                   const std::vector<DetectionTarget>& targets) const {
  models::detail::check_no_label_is_negative(name(), targets);
  const auto matches = detail::matched(proposal_matcher, anchors, targets);
  std::vector<Tensor> box_losses, classes;
  int64_t found = 0;
  for (size_t i = 0; i < targets.size(); ++i) {
    const auto& target = targets[i];
    const auto finds = (matches[i] >= 0).nonzero().squeeze(1);
    const auto which = matches[i].index_select(0, finds);
    found += finds.size(0);
    const auto codes = outputs.bbox_regression[static_cast<int64_t>(i)].index_select(0, finds);
    const auto wanted = box_coder.encode_single(target.boxes.index_select(0, which), anchors.index_select(0, finds));
    box_losses.push_back(torch::smooth_l1_loss(codes, wanted, at::Reduction::Sum));
    classes.push_back(torch::zeros_like(matches[i]).index_copy_(0, finds, target.labels.index_select(0, which)));
  }
  const auto wanted = torch::stack(classes);
  const auto losses = torch::cross_entropy_loss(outputs.cls_logits.flatten(0, 1), wanted.flatten(), {}, at::Reduction::None)
                          .view(wanted.sizes());

  // Of the background only the anchors that are most wrong are learned from, so many to each that finds something.
  const auto finds = wanted > 0;
  const auto quota = neg_to_pos_ratio * finds.sum(1, /*keepdim=*/true);
  const auto wrongest =
      losses.detach().masked_fill(finds, -std::numeric_limits<double>::infinity()).argsort(1, /*descending=*/true);
  const auto rank = torch::empty_like(wrongest).scatter_(
      1, wrongest, torch::arange(wrongest.size(1), wrongest.options()).expand_as(wrongest));
  const auto learned = losses.masked_select(finds).sum() + losses.masked_select(rank < quota).sum();
  const auto count = std::max<int64_t>(1, found);
  return {{"bbox_regression", torch::stack(box_losses).sum() / count}, {"classification", learned / count}};
}

Detection SSDImpl::found_in(const HeadOutputs& outputs, const Tensor& anchors, const std::vector<int64_t>&, Size size) const {
  const auto boxes = ops::clip_boxes_to_image(box_coder.decode_single(outputs.bbox_regression, anchors), size);
  const auto scores = outputs.cls_logits.softmax(1).t().contiguous();
  detail::Candidates candidates;
  for (int64_t label = 1; label < scores.size(0); ++label) {
    const auto [best, places] = detail::Candidates::best(scores[label], thresholds);
    candidates.append(boxes.index_select(0, places), best, torch::full_like(places, label));
  }
  return candidates.suppressed(thresholds);
}

SSDFeatureExtractorVGGImpl::SSDFeatureExtractorVGGImpl(const VGG& network, bool highres, int64_t trainable_layers)
    : torch::nn::Module("SSDFeatureExtractorVGG") {
  const auto& layers = *network->features;
  const auto pools = ssd::poolings(layers);
  OPSIS_CHECK(pools.size() == 5, "SSDFeatureExtractorVGG: the network must have 5 poolings, got {}", pools.size());
  OPSIS_CHECK(trainable_layers >= 0 && trainable_layers <= 5,
              "SSDFeatureExtractorVGG: trainable layers must be in [0, 5], got {}", trainable_layers);
  const std::array<size_t, 5> stages{0, pools[0], pools[1], pools[2], pools[3]};
  const auto learns_from = trainable_layers == 0 ? layers.size() : stages[static_cast<size_t>(5 - trainable_layers)];
  for (size_t i = 0; i < learns_from; ++i) detail::stop_learning(*layers[i].module());
  layers[pools[2]].module()->as<torch::nn::MaxPool2d>()->options.ceil_mode(true);  // 75 -> 38, as in the paper

  scale_weight = register_parameter("scale_weight", torch::full({512}, 20.0));
  Sequential until_conv4_3, until_conv5_3;
  for (size_t i = 0; i < pools[3]; ++i) until_conv4_3->append(layers[i]);
  for (size_t i = pools[3]; i + 1 < layers.size(); ++i) until_conv5_3->append(layers[i]);
  features = register_module("features", until_conv4_3);

  extra = {ssd::extra_block(1024, 256, 512, 3, 2, 1), ssd::extra_block(512, 128, 256, 3, 2, 1),
           ssd::extra_block(256, 128, 256, 3), ssd::extra_block(256, 128, 256, 3)};
  if (highres) extra.push_back(ssd::extra_block(256, 128, 256, 4));
  for (const auto& block : extra) ssd::begin(*block);
  const auto last = ssd::last_convolutions();
  ssd::begin(*last);
  until_conv5_3->append(last);
  extra.insert(extra.begin(), until_conv5_3);
  const auto list = register_module("extra", torch::nn::ModuleList());
  for (const auto& block : extra) list->push_back(block.ptr());
}

FeatureMaps SSDFeatureExtractorVGGImpl::forward(Tensor images) {
  auto x = features(std::move(images));
  const auto length = x.norm(2, 1, /*keepdim=*/true).clamp_min(1e-12);
  FeatureMaps maps{{"0", scale_weight.view({1, -1, 1, 1}) * (x / length)}};
  for (auto& block : extra) {
    x = block(x);
    maps.emplace_back(std::to_string(maps.size()), x);
  }
  return maps;
}

SSD ssd300_vgg16(std::optional<SSD300_VGG16_Weights> weights, SSD300Options options) {
  constexpr std::string_view name = "ssd300_vgg16";
  // As VGG's features were trained: in [0, 255].
  const detail::Pixels pixels{{0.48235, 0.45882, 0.40784}, {1.0 / 255, 1.0 / 255, 1.0 / 255}};
  const bool is_trained = detail::settle_weights(name, weights, options, 91, pixels);
  const auto layers = detail::valid_trainable_layers(name, is_trained, options.trainable_backbone_layers, 5, 4);
  const Backbone backbone =
      SSDFeatureExtractorVGG(vgg16(options.weights_backbone, {.in_channels = options.in_channels}), /*highres=*/false, layers);
  const DefaultBoxGenerator anchors({{2}, {2, 3}, {2, 3}, {2, 3}, {2}, {2}},
                                    {.scales = {0.07, 0.15, 0.33, 0.51, 0.69, 0.87, 1.05}, .steps = {8, 16, 32, 64, 100, 300}});
  const SSD model(backbone, anchors, Size{300, 300}, *options.num_classes, options.transform, options.thresholds,
                  options.parts);
  return detail::filled(model, weights, options);
}

}  // namespace opsis::inline v1::models::detection
