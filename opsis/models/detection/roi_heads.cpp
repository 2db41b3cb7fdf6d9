#include "opsis/models/detection/roi_heads.h"

#include <torch/torch.h>

#include "opsis/core/check.h"
#include "opsis/models/detection/keypoints.h"
#include "opsis/models/detection/masks.h"
#include "opsis/models/detection/matcher.h"
#include "opsis/models/detection/rows.h"
#include "opsis/models/initialise.h"
#include "opsis/ops/activation.h"
#include "opsis/ops/boxes.h"
#include "opsis/ops/conv_norm_activation.h"
#include "opsis/ops/nms.h"
#include "opsis/tv_tensors/print.h"

namespace opsis::inline v1::models::detection {
namespace regions {

using torch::Tensor;

constexpr double kMinSize = 1e-2;  // of a found box's sides

// What each region is: a target's class, 0 for the background, -1 for what nothing can be said of; and whose it is, or 0.
std::pair<Tensor, Tensor> assigned(const Tensor& regions, const Tensor& boxes, const Tensor& classes, const Matcher& match) {
  if (boxes.size(0) == 0) {
    const auto none = torch::zeros({regions.size(0)}, classes.options());
    return {none, none};
  }
  const auto number = match(ops::box_iou(boxes, regions));
  const auto matched = number.clamp_min(0);
  auto labels = classes.index_select(0, matched);
  labels = torch::where(number == Matcher::BELOW_LOW_THRESHOLD, 0, labels);
  return {torch::where(number == Matcher::BETWEEN_THRESHOLDS, -1, labels), matched};
}

// The boxes of the targets, or a box of zeros for background to look at.
Tensor boxes_or_zeros(const Tensor& boxes) { return boxes.size(0) > 0 ? boxes : torch::zeros({1, 4}, boxes.options()); }

DetectionLosses box_losses(const BoxPredictions& found, const std::vector<Tensor>& all_labels,
                           const std::vector<Tensor>& all_codes) {
  const auto labels = torch::cat(all_labels), codes = torch::cat(all_codes);
  const auto positive = (labels > 0).nonzero().squeeze(1);
  const auto of_classes = found.box_regression.reshape({labels.size(0), found.box_regression.size(-1) / 4, 4});
  const auto box_loss = torch::smooth_l1_loss(of_classes.index({positive, labels.index({positive})}), codes.index({positive}),
                                              at::Reduction::Sum, 1.0 / 9);
  return {{"loss_classifier", torch::nn::functional::cross_entropy(found.class_logits, labels)},
          {"loss_box_reg", box_loss / labels.numel()}};
}

template <class Member>
std::vector<Tensor> each(const std::vector<DetectionTarget>& targets, Member member) {
  std::vector<Tensor> found;
  for (const auto& target : targets) found.push_back(target.*member);
  return found;
}

void check_given(std::string_view what, const std::vector<Tensor>& tensors) {
  for (size_t i = 0; i < tensors.size(); ++i) {
    OPSIS_CHECK(tensors[i].defined(), "RoIHeads: every target must have {}, image {} has none", what, i);
  }
}

}  // namespace regions

using torch::Tensor;

TwoMLPHeadImpl::TwoMLPHeadImpl(int64_t in_channels, int64_t representation_size) : torch::nn::Module("TwoMLPHead") {
  fc6 = register_module("fc6", torch::nn::Linear(in_channels, representation_size));
  fc7 = register_module("fc7", torch::nn::Linear(representation_size, representation_size));
}

Tensor TwoMLPHeadImpl::forward(Tensor x) { return torch::relu(fc7(torch::relu(fc6(x.flatten(1))))); }

FastRCNNConvFCHeadImpl::FastRCNNConvFCHeadImpl(std::array<int64_t, 3> input_size, const std::vector<int64_t>& conv_layers,
                                               const std::vector<int64_t>& fc_layers, const ops::NormLayer& norm_layer) {
  auto features = input_size[0];
  for (const auto channels : conv_layers) {
    append(ops::Conv2dNormActivation(features, channels, {.norm_layer = norm_layer}));
    features = channels;
  }
  append(torch::nn::Flatten());
  features *= input_size[1] * input_size[2];
  for (const auto channels : fc_layers) {
    append(torch::nn::Linear(features, channels));
    append(ops::relu());
    features = channels;
  }
  for (const auto& module : modules(/*include_self=*/false)) {
    if (auto* conv = module->as<torch::nn::Conv2d>()) models::detail::kaiming_fan_out(*conv);
  }
}

FastRCNNPredictorImpl::FastRCNNPredictorImpl(int64_t in_channels, int64_t num_classes)
    : torch::nn::Module("FastRCNNPredictor") {
  cls_score = register_module("cls_score", torch::nn::Linear(in_channels, num_classes));
  bbox_pred = register_module("bbox_pred", torch::nn::Linear(in_channels, num_classes * 4));
}

BoxPredictions FastRCNNPredictorImpl::forward(Tensor x) {
  // torchvision looks at maps alone; of all else what is behind L is strung out.
  OPSIS_CHECK(x.dim() >= 2 && (x.dim() != 4 || (x.size(2) == 1 && x.size(3) == 1)),
              "FastRCNNPredictor: features must be (L, C), (L, C, 1) or (L, C, 1, 1), got {}", opsis::detail::shape(x));
  x = x.flatten(1);
  return {cls_score(x), bbox_pred(x)};
}

RoIHeadsImpl::RoIHeadsImpl(BoxOptions box, BranchOptions mask, BranchOptions keypoint)
    : torch::nn::Module("RoIHeads"), options(std::move(box)), box_coder_{.weights = options.reg_weights} {
  OPSIS_CHECK(options.roi_pool && options.head && options.predictor, "RoIHeads: boxes need a pool, a head and a predictor");
  detail::check_iou_thresholds("RoIHeads", options.fg_iou_thresh, options.bg_iou_thresh);
  const auto add = [&](const std::string& name, const BranchOptions& branch, MultiScaleRoIAlign& pool, ops::Layer& head,
                       ops::Layer& predictor) {
    OPSIS_CHECK(!branch.roi_pool.is_empty() == bool(branch.head) && bool(branch.head) == bool(branch.predictor),
                "RoIHeads: {} needs a pool, a head and a predictor, or none of them", name);
    if (!branch.head) return;
    pool = register_module(name + "_roi_pool", branch.roi_pool);
    head = register_layer(*this, name + "_head", branch.head);
    predictor = register_layer(*this, name + "_predictor", branch.predictor);
  };
  box_roi_pool = register_module("box_roi_pool", options.roi_pool);
  box_head = register_layer(*this, "box_head", options.head);
  box_predictor = register_module("box_predictor", options.predictor);
  add("mask", mask, mask_roi_pool, mask_head, mask_predictor);
  add("keypoint", keypoint, keypoint_roi_pool, keypoint_head, keypoint_predictor);
}

RoIHeadsImpl::Samples RoIHeadsImpl::select(const std::vector<Tensor>& proposals,
                                           const std::vector<DetectionTarget>& targets) const {
  const Matcher match{.high_threshold = options.fg_iou_thresh, .low_threshold = options.bg_iou_thresh};
  const BalancedPositiveNegativeSampler sample{.batch_size_per_image = options.batch_size_per_image,
                                               .positive_fraction = options.positive_fraction};
  Samples samples;
  std::vector<Tensor> wanted;
  for (size_t i = 0; i < targets.size(); ++i) {
    // The targets themselves are proposed too.
    const auto boxes = targets[i].boxes.to(proposals[i].scalar_type());
    const auto regions = torch::cat({proposals[i], boxes});
    const auto [labels, matched] = regions::assigned(regions, boxes, targets[i].labels, match);
    const auto [positive, negative] = sample(labels);
    const auto taken = positive.logical_or(negative).nonzero().squeeze(1);
    samples.boxes.push_back(regions.index_select(0, taken));
    samples.labels.push_back(labels.index_select(0, taken));
    samples.matched.push_back(matched.index_select(0, taken));
    wanted.push_back(regions::boxes_or_zeros(boxes).index_select(0, samples.matched.back()));
  }
  samples.codes = box_coder_.encode(wanted, samples.boxes);
  return samples;
}

RoIHeadsImpl::Samples RoIHeadsImpl::positives(const Samples& samples) const {
  Samples found;
  for (size_t i = 0; i < samples.boxes.size(); ++i) {
    const auto positive = (samples.labels[i] > 0).nonzero().squeeze(1);
    found.boxes.push_back(samples.boxes[i].index_select(0, positive));
    found.matched.push_back(samples.matched[i].index_select(0, positive));
  }
  return found;
}

std::vector<Detection> RoIHeadsImpl::boxes(const BoxPredictions& predictions, const std::vector<Tensor>& proposals,
                                           const std::vector<Size>& image_sizes) const {
  const auto of_each = detail::row_counts(proposals);
  const auto boxes = box_coder_.decode(predictions.box_regression, proposals).split_with_sizes(of_each);
  const auto scores = torch::softmax(predictions.class_logits, -1).split_with_sizes(of_each);
  std::vector<Detection> found;
  for (size_t i = 0; i < proposals.size(); ++i) {
    // Every class of every region by itself, but for the background.
    const auto sure = scores[i].slice(1, 1).greater(options.score_thresh).nonzero().unbind(1);
    Detection all{.boxes = ops::clip_boxes_to_image(boxes[i].slice(1, 1).index({sure[0], sure[1]}), image_sizes[i]),
                  .scores = scores[i].slice(1, 1).index({sure[0], sure[1]}),
                  .labels = sure[1] + 1};
    const auto take = [&](const Tensor& numbers) {
      for (auto* part : {&all.boxes, &all.scores, &all.labels}) *part = part->index_select(0, numbers);
    };
    take(ops::remove_small_boxes(all.boxes, regions::kMinSize));
    take(ops::batched_nms(all.boxes, all.scores, all.labels, options.nms_thresh).slice(0, 0, options.detections_per_img));
    found.push_back(std::move(all));
  }
  return found;
}

RoIHeadsImpl::Output RoIHeadsImpl::forward(const FeatureMaps& maps, const std::vector<Tensor>& proposals,
                                           const std::vector<Size>& image_sizes, const std::vector<DetectionTarget>& targets) {
  using regions::each;
  const bool training = is_training();
  const auto samples = training ? select(proposals, targets) : Samples{.boxes = proposals};
  const auto predictions = box_predictor->forward(box_head(box_roi_pool(maps, samples.boxes, image_sizes)));

  Output output;
  std::vector<Tensor> boxes, matched;  // of the things: of what is learnt from, or of what was found
  if (training) {
    models::detail::check_labels("RoIHeads", targets, predictions.class_logits.size(1));
    output.losses = regions::box_losses(predictions, samples.labels, samples.codes);
    auto things = positives(samples);
    boxes = std::move(things.boxes);
    matched = std::move(things.matched);
  } else {
    output.found = this->boxes(predictions, proposals, image_sizes);
    for (const auto& of_image : output.found) boxes.push_back(of_image.boxes);
  }

  if (mask_head) {
    const auto logits = mask_predictor(mask_head(mask_roi_pool(maps, boxes, image_sizes)));
    if (training) {
      const auto masks = each(targets, &DetectionTarget::masks);
      regions::check_given("masks", masks);
      output.losses.append("loss_mask", mask_loss(logits, boxes, masks, each(targets, &DetectionTarget::labels), matched));
    } else {
      std::vector<Tensor> labels;
      for (const auto& of_image : output.found) labels.push_back(of_image.labels);
      const auto masks = mask_probabilities(logits, torch::cat(labels)).split_with_sizes(detail::row_counts(boxes));
      for (size_t i = 0; i < masks.size(); ++i) output.found[i].masks = masks[i];
    }
  }

  if (keypoint_head) {
    const auto logits = keypoint_predictor(keypoint_head(keypoint_roi_pool(maps, boxes, image_sizes)));
    if (training) {
      const auto keypoints = each(targets, &DetectionTarget::keypoints);
      regions::check_given("keypoints", keypoints);
      for (size_t i = 0; i < keypoints.size(); ++i) {
        OPSIS_CHECK(keypoints[i].size(1) == logits.size(1), "RoIHeads: there must be {} key points, got {} in image {}",
                    logits.size(1), keypoints[i].size(1), i);
      }
      output.losses.append("loss_keypoint", keypoint_loss(logits, boxes, keypoints, matched));
    } else {
      const auto maps_of_each = logits.split_with_sizes(detail::row_counts(boxes));
      for (size_t i = 0; i < boxes.size(); ++i) {
        std::tie(output.found[i].keypoints, output.found[i].keypoints_scores) =
            heatmaps_to_keypoints(maps_of_each[i], boxes[i]);
      }
    }
  }
  return output;
}

}  // namespace opsis::inline v1::models::detection
