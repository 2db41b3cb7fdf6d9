#include "opsis/models/detection/rpn.h"

#include <torch/torch.h>

#include <algorithm>

#include "opsis/core/check.h"
#include "opsis/models/detection/matcher.h"
#include "opsis/models/detection/rows.h"
#include "opsis/ops/boxes.h"
#include "opsis/ops/conv_norm_activation.h"
#include "opsis/ops/nms.h"

namespace opsis::inline v1::models::detection {
namespace proposing {

using torch::Tensor;

constexpr double kMinSize = 1e-3;  // of a proposal's sides

std::vector<Tensor> by_anchor(const std::vector<Tensor>& maps, int64_t numbers) {
  std::vector<Tensor> found;
  for (const auto& map : maps) found.push_back(detail::rows_of(map, numbers));
  return found;
}

struct Learning {
  Tensor labels;   // (anchors): 1 for something, 0 for nothing, -1 for what nothing can be said of
  Tensor targets;  // (anchors, 4): the box that is there, or any
};

Learning assigned(const Tensor& boxes, const Tensor& anchors, const Matcher& match) {
  if (boxes.size(0) == 0)
    return {torch::zeros({anchors.size(0)}, boxes.options().dtype(torch::kFloat32)), torch::zeros_like(anchors)};
  const auto target = match(ops::box_iou(boxes, anchors));
  const auto label = torch::where(target == Matcher::BETWEEN_THRESHOLDS, -1.0, (target >= 0).to(torch::kFloat32));
  return {label.to(torch::kFloat32), boxes.index_select(0, target.clamp_min(0))};
}

}  // namespace proposing

using torch::Tensor;

RPNHeadImpl::RPNHeadImpl(int64_t in_channels, int64_t num_anchors, int64_t conv_depth) : torch::nn::Module("RPNHead") {
  namespace init = torch::nn::init;
  using torch::nn::Conv2d;
  using torch::nn::Conv2dOptions;
  ops::Sequential convs;
  for (int64_t i = 0; i < conv_depth; ++i) {
    convs->append(ops::Conv2dNormActivation(in_channels, in_channels, {.norm_layer = nullptr}));
  }
  conv = register_module("conv", convs);
  cls_logits = register_module("cls_logits", Conv2d(Conv2dOptions(in_channels, num_anchors, 1)));
  bbox_pred = register_module("bbox_pred", Conv2d(Conv2dOptions(in_channels, num_anchors * 4, 1)));
  for (const auto& module : modules(/*include_self=*/false)) {
    if (auto* layer = module->as<Conv2d>()) {
      init::normal_(layer->weight, 0, 0.01);
      init::constant_(layer->bias, 0);
    }
  }
}

AnchorPredictions RPNHeadImpl::forward(const std::vector<Tensor>& maps) {
  AnchorPredictions found;
  for (const auto& map : maps) {
    const auto seen = conv(map);
    found.objectness.push_back(cls_logits(seen));
    found.deltas.push_back(bbox_pred(seen));
  }
  return found;
}

RegionProposalNetworkImpl::RegionProposalNetworkImpl(RPNOptions given)
    : torch::nn::Module("RegionProposalNetwork"), options(std::move(given)) {
  OPSIS_CHECK(options.anchor_generator && options.head, "RegionProposalNetwork: it needs an anchor generator and a head");
  detail::check_iou_thresholds("RegionProposalNetwork", options.fg_iou_thresh, options.bg_iou_thresh);
  head = register_module("head", options.head);
}

RegionProposalNetworkImpl::Output RegionProposalNetworkImpl::forward(const ImageList& images, const FeatureMaps& named_maps,
                                                                     const std::vector<DetectionTarget>& targets) {
  std::vector<Tensor> maps;
  for (const auto& [name, map] : named_maps) maps.push_back(map);
  const auto found = head->forward(maps);
  const auto anchors = (*options.anchor_generator)(images.canvas(), maps);
  Output output{proposals(found, anchors, images.image_sizes), {}};
  if (is_training()) output.losses = losses(found, anchors, targets);
  return output;
}

std::vector<Tensor> RegionProposalNetworkImpl::propose(const ImageList& images, const AnchorPredictions& found) const {
  return proposals(found, (*options.anchor_generator)(images.canvas(), found.objectness), images.image_sizes);
}

// Each anchor counts by itself, so only those that are kept are moved.
std::vector<Tensor> RegionProposalNetworkImpl::proposals(const AnchorPredictions& found, const Tensor& anchors,
                                                         const std::vector<Size>& image_sizes) const {
  const torch::NoGradGuard no_grad;
  const auto before_nms = is_training() ? options.pre_nms_top_n_train : options.pre_nms_top_n_test.value_or(1000);
  const auto after_nms = is_training() ? options.post_nms_top_n_train : options.post_nms_top_n_test.value_or(1000);

  const auto logits = proposing::by_anchor(found.objectness, 1);
  std::vector<Tensor> best_numbers, best_logits, best_levels;
  int64_t first = 0;
  for (size_t level = 0; level < logits.size(); ++level) {
    const auto count = logits[level].size(1);
    const auto [values, numbers] = logits[level].squeeze(2).topk(std::min(before_nms, count), 1);
    best_logits.push_back(values);
    best_numbers.push_back(numbers + first);
    best_levels.push_back(torch::full({values.size(1)}, static_cast<int64_t>(level), numbers.options()));
    first += count;
  }
  const auto scores = torch::cat(best_logits, 1).sigmoid(), numbers = torch::cat(best_numbers, 1);
  const auto levels = torch::cat(best_levels), deltas = torch::cat(proposing::by_anchor(found.deltas, 4), 1);

  std::vector<Tensor> proposals;
  for (size_t i = 0; i < image_sizes.size(); ++i) {
    const auto image = static_cast<int64_t>(i);
    const auto moved =
        box_coder_.decode_single(deltas[image].index_select(0, numbers[image]), anchors.index_select(0, numbers[image]));
    const auto boxes = ops::clip_boxes_to_image(moved, image_sizes[i]);
    auto keep = ops::remove_small_boxes(boxes, proposing::kMinSize);
    keep = keep.index({scores[image].index_select(0, keep) >= options.score_thresh.value_or(0)});
    const auto kept = boxes.index_select(0, keep);
    const auto best =
        ops::batched_nms(kept, scores[image].index_select(0, keep), levels.index_select(0, keep), options.nms_thresh);
    proposals.push_back(kept.index_select(0, best.slice(0, 0, after_nms)));
  }
  return proposals;
}

DetectionLosses RegionProposalNetworkImpl::losses(const AnchorPredictions& found, const Tensor& anchors,
                                                  const std::vector<DetectionTarget>& targets) const {
  const Matcher match{
      .high_threshold = options.fg_iou_thresh, .low_threshold = options.bg_iou_thresh, .allow_low_quality_matches = true};
  const BalancedPositiveNegativeSampler sample{.batch_size_per_image = options.batch_size_per_image,
                                               .positive_fraction = options.positive_fraction};
  std::vector<Tensor> all_labels, all_codes, positive, negative;
  for (const auto& target : targets) {
    const auto [labels, boxes] = proposing::assigned(target.boxes, anchors, match);
    all_labels.push_back(labels);
    all_codes.push_back(box_coder_.encode_single(boxes, anchors));
    const auto [of_positive, of_negative] = sample(labels);
    positive.push_back(of_positive);
    negative.push_back(of_negative);
  }
  const auto positives = torch::cat(positive).nonzero().squeeze(1);
  const auto sampled = torch::cat({positives, torch::cat(negative).nonzero().squeeze(1)});
  const auto logits = torch::cat(proposing::by_anchor(found.objectness, 1), 1).flatten();
  const auto deltas = torch::cat(proposing::by_anchor(found.deltas, 4), 1).reshape({-1, 4});

  const auto box_loss =
      torch::smooth_l1_loss(deltas.index({positives}), torch::cat(all_codes).index({positives}), at::Reduction::Sum, 1.0 / 9) /
      sampled.numel();
  const auto objectness_loss =
      torch::binary_cross_entropy_with_logits(logits.index({sampled}), torch::cat(all_labels).index({sampled}));
  return {{"loss_objectness", objectness_loss}, {"loss_rpn_box_reg", box_loss}};
}

}  // namespace opsis::inline v1::models::detection
