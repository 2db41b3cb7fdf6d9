#include "opsis/models/detection/model.h"

#include <ATen/autocast_mode.h>

#include "opsis/core/check.h"
#include "opsis/core/nearest.h"
#include "opsis/tv_tensors/print.h"

namespace opsis::inline v1::models {
namespace detection_model {

using opsis::detail::shape;
using torch::Tensor;

// The batch is of the first image's type, to which the others are brought.
void check_type(const DetectionModel& model, const Tensor& first) {
  const auto parameters = model.parameters();
  if (parameters.empty()) return;
  const auto& own = parameters.front();
  if ((own.is_cpu() || own.is_cuda()) && at::autocast::is_autocast_enabled(own.device().type())) return;
  OPSIS_CHECK(first.scalar_type() == own.scalar_type() && first.device() == own.device(),
              "{}: images must be {} on {}, as the model is, got {} on {} as image 0", model.name(), own.scalar_type(),
              own.device(), first.scalar_type(), first.device());
}

void check_images(std::string_view model, const std::vector<Tensor>& images) {
  OPSIS_CHECK(!images.empty(), "{}: there must be an image", model);
  for (size_t i = 0; i < images.size(); ++i) {
    OPSIS_CHECK(images[i].defined() && images[i].dim() == 3, "{}: images must be (3, H, W), got {} as image {}", model,
                images[i].defined() ? shape(images[i]) : "nothing", i);
    OPSIS_CHECK(images[i].is_floating_point(), "{}: images must be floating point in [0, 1], got {} as image {}", model,
                images[i].scalar_type(), i);
    OPSIS_CHECK(images[i].device() == images[0].device(),
                "{}: images must be on one device, got {} as image 0 and {} as image {}", model, images[0].device(),
                images[i].device(), i);
    OPSIS_CHECK(images[i].size(1) > 0 && images[i].size(2) > 0, "{}: images must have pixels, got {} as image {}", model,
                shape(images[i]), i);
  }
}

// The first box of which it is true.
int64_t first(const Tensor& boxes_that) { return boxes_that.nonzero()[0][0].item<int64_t>(); }

void check_boxes(std::string_view model, const Tensor& boxes, size_t image) {
  OPSIS_CHECK(boxes.defined() && boxes.dim() == 2 && boxes.size(1) == 4,
              "{}: boxes must be (N, 4), got {} as the boxes of image {}", model, boxes.defined() ? shape(boxes) : "nothing",
              image);
  if (boxes.size(0) == 0) return;
  // Compared, for a difference of unsigned numbers is never negative.
  const auto has_sides = (boxes.slice(1, 2, 4) > boxes.slice(1, 0, 2)).all(1);
  const auto bad = has_sides.logical_and(torch::isfinite(boxes).all(1)).logical_not();
  if (!bad.any().item<bool>()) return;
  const auto index = first(bad);
  const auto box = boxes[index].to(torch::kCPU, torch::kFloat64);
  raise<ValueError>("{}: boxes must have positive height and width, got [{}, {}, {}, {}] as box {} of image {}", model,
                    box[0].item<double>(), box[1].item<double>(), box[2].item<double>(), box[3].item<double>(), index, image);
}

// "labels must be `rule`", when any is bad.
void refuse_labels(const Tensor& labels, const Tensor& bad, size_t image, std::string_view model, std::string_view rule) {
  if (!bad.any().item<bool>()) return;
  const auto index = first(bad);
  raise<ValueError>("{}: labels must be {}, got {} as label {} of image {}", model, rule, labels[index].item<int64_t>(), index,
                    image);
}

// One thing of each box, if they are given.
void check_count(std::string_view model, std::string_view what, const Tensor& things, int64_t boxes, size_t image) {
  OPSIS_CHECK(things.size(0) == boxes, "{}: there must be as many {} as boxes, got {} and {} in image {}", model, what,
              things.size(0), boxes, image);
}

void check_target(std::string_view model, const Tensor& image, const DetectionTarget& target, size_t i) {
  for (const auto* part : {&target.boxes, &target.labels, &target.masks, &target.keypoints}) {
    OPSIS_CHECK(!part->defined() || part->device() == image.device(),
                "{}: what is to be found must be on the image's device, got {} and {} as image {}", model, part->device(),
                image.device(), i);
  }
  check_boxes(model, target.boxes, i);
  const auto count = target.boxes.size(0);
  const auto& [boxes, labels, masks, keypoints] = target;
  OPSIS_CHECK(labels.defined() && labels.dim() == 1, "{}: labels must be (N), got {} as the labels of image {}", model,
              labels.defined() ? shape(labels) : "nothing", i);
  OPSIS_CHECK(labels.scalar_type() == torch::kInt64, "{}: labels must be int64, got {} in image {}", model,
              labels.scalar_type(), i);
  check_count(model, "labels", labels, count, i);
  if (masks.defined()) {
    OPSIS_CHECK(masks.dim() == 3 && masks.size(1) == image.size(1) && masks.size(2) == image.size(2),
                "{}: masks must be (N, {}, {}), of the image's size, got {} as the masks of image {}", model, image.size(1),
                image.size(2), shape(masks), i);
    check_count(model, "masks", masks, count, i);
  }
  if (keypoints.defined()) {
    OPSIS_CHECK(keypoints.dim() == 3 && keypoints.size(2) == 3,
                "{}: keypoints must be (N, K, 3), got {} as the key points of image {}", model, shape(keypoints), i);
    OPSIS_CHECK(keypoints.scalar_type() == torch::kFloat32, "{}: keypoints must be float32, got {} in image {}", model,
                keypoints.scalar_type(), i);
    check_count(model, "keypoints", keypoints, count, i);
  }
}

}  // namespace detection_model

torch::Tensor DetectionLosses::sum() const {
  OPSIS_CHECK(!entries_.empty(), "DetectionLosses: there are none to sum up");
  auto total = entries_.front().second;
  for (size_t i = 1; i < entries_.size(); ++i) total = total + entries_[i].second;
  return total;
}

const torch::Tensor& DetectionLosses::operator[](std::string_view name) const {
  std::vector<std::string_view> known;
  for (const auto& [own, loss] : entries_) {
    if (own == name) return loss;
    known.push_back(own);
  }
  raise<NotFoundError>("DetectionLosses: there is no loss \"{}\"{}", name, did_you_mean(name, known));
}

DetectionModel::~DetectionModel() = default;

std::vector<Detection> DetectionModel::forward(std::vector<torch::Tensor> images) {
  return forward(std::move(images), [this](torch::Tensor batch) { return network(std::move(batch)); });
}

torch::Tensor DetectionModel::boxes_of(const torch::Tensor& batch) {
  OPSIS_CHECK(batch.defined() && batch.dim() == 4, "{}: a batch must be (N, 3, H, W), got {}", name(),
              batch.defined() ? opsis::detail::shape(batch) : "nothing");
  std::vector<torch::Tensor> boxes;
  for (auto& found : forward(batch.unbind())) boxes.push_back(std::move(found.boxes));
  return torch::cat(boxes);
}

ops::FeatureMaps DetectionModel::network(torch::Tensor) {
  raise<ValueError>("{}: it has no network apart from what makes boxes", name());
}

std::vector<Detection> DetectionModel::forward(std::vector<torch::Tensor> images, const Network& network) {
  OPSIS_CHECK(!is_training(), "{}: it is training; call eval() to detect, or losses(images, targets) to train", name());
  detection_model::check_images(name(), images);
  detection_model::check_type(*this, images[0]);
  return detect(images, network);
}

DetectionLosses DetectionModel::losses(std::vector<torch::Tensor> images, std::vector<DetectionTarget> targets) {
  OPSIS_CHECK(is_training(), "{}: losses are of training; call train() first", name());
  detection_model::check_images(name(), images);
  detection_model::check_type(*this, images[0]);
  OPSIS_CHECK(images.size() == targets.size(), "{}: there must be a target for each image, got {} images and {} targets",
              name(), images.size(), targets.size());
  for (size_t i = 0; i < images.size(); ++i) detection_model::check_target(name(), images[i], targets[i], i);
  return learn(images, targets);
}

void detail::check_labels(std::string_view model, const std::vector<DetectionTarget>& targets, int64_t num_classes) {
  for (size_t i = 0; i < targets.size(); ++i) {
    detection_model::refuse_labels(targets[i].labels, targets[i].labels >= num_classes, i, model,
                                   text("less than num_classes = {}", num_classes));
  }
}

void detail::check_no_label_is_negative(std::string_view model, const std::vector<DetectionTarget>& targets) {
  for (size_t i = 0; i < targets.size(); ++i) {
    detection_model::refuse_labels(targets[i].labels, targets[i].labels < 0, i, model, "at least 0");
  }
}

}  // namespace opsis::inline v1::models
