#include "opsis/datasets/wrap.h"

#include <ATen/ops/_unique2.h>
#include <ATen/ops/eq.h>
#include <ATen/ops/stack.h>
#include <ATen/ops/where.h>

#include <algorithm>

#include "opsis/core/check.h"
#include "opsis/core/listed.h"

namespace opsis::inline v1::datasets {

TargetKeys::TargetKeys(const std::string& all) : all_(true) {
  OPSIS_CHECK(all == "all", "wrap_dataset_for_transforms_v2: target_keys must be \"all\" or a list of keys, got \"{}\"", all);
}

std::set<std::string> TargetKeys::resolved(const std::set<std::string>& available,
                                           const std::set<std::string>& by_default) const {
  if (all_) return available;
  if (!keys_) return by_default;
  for (const auto& key : *keys_) {
    OPSIS_CHECK(available.contains(key), "wrap_dataset_for_transforms_v2: target_keys must be among {}, got \"{}\"",
                listed(available), key);
  }
  return *keys_;
}

namespace detail {

const DetectedTargets& targets_of(const CocoDetection&) {
  static const DetectedTargets targets{
      {"segmentation", "area", "iscrowd", "image_id", "bbox", "category_id", "boxes", "masks", "labels"},
      {"image_id", "boxes", "labels"},
      ""};
  return targets;
}

const DetectedTargets& targets_of(const VOCDetection&) {
  static const DetectedTargets targets{{"annotation", "boxes", "labels"}, {"boxes", "labels"}, "annotation"};
  return targets;
}

const DetectedTargets& targets_of(const Kitti&) {
  static const DetectedTargets targets{
      {"type", "truncated", "occluded", "alpha", "bbox", "dimensions", "location", "rotation_y", "boxes", "labels"},
      {"boxes", "labels"},
      ""};
  return targets;
}

void keep_targets(Detected& example, const std::set<std::string>& keys, const DetectedTargets& targets) {
  const auto whole = targets.annotation.empty() ? Json() : example.annotation;
  Json::List objects;
  if (targets.annotation.empty() && example.annotation.is_list()) {
    for (const auto& object : example.annotation.items()) {
      Json::Object kept;
      for (const auto& [key, value] : object.members()) {
        // The number of the image is a field of the example by itself.
        if (keys.contains(key) && key != "image_id") kept.emplace_back(key, value);
      }
      if (!kept.empty()) objects.emplace_back(std::move(kept));
    }
  }
  example.annotation = keys.contains(targets.annotation) ? whole : objects.empty() ? Json() : Json(std::move(objects));
  if (!keys.contains("boxes")) example.boxes = {};
  if (!keys.contains("labels")) example.labels = torch::Tensor();
  if (!keys.contains("masks")) example.masks.reset();
  if (!keys.contains("image_id")) example.image_id = -1;
}

std::set<std::string> face_targets(const TargetKeys& keys) {
  static const std::set<std::string> available{"bbox", "blur", "expression", "illumination", "occlusion", "pose", "invalid"};
  return keys.resolved(available, available);
}

void keep_targets(WIDERFaceExample& example, const std::set<std::string>& keys) {
  if (!keys.contains("bbox")) example.boxes = {};
  const std::pair<const char*, torch::Tensor*> attributes[] = {{"blur", &example.blur},
                                                               {"expression", &example.expression},
                                                               {"illumination", &example.illumination},
                                                               {"occlusion", &example.occlusion},
                                                               {"pose", &example.pose},
                                                               {"invalid", &example.invalid}};
  for (const auto& [key, attribute] : attributes) {
    if (!keys.contains(key)) *attribute = torch::Tensor();
  }
}

void refuse_target_keys() {
  raise<ValueError>(
      "wrap_dataset_for_transforms_v2: target_keys is for CocoDetection, VOCDetection, Kitti and WIDERFace; this data set has "
      "none");
}

std::shared_ptr<const Dataset<CityscapesTargets>> with_targets(const Cityscapes& streets) {
  for (const auto& target : streets.target_type()) {
    OPSIS_CHECK(target == "instance" || target == "semantic",
                "wrap_dataset_for_transforms_v2: target_type of Cityscapes must be instance and semantic alone, got {}",
                target);
  }
  // An object that transforms move out of the picture stays, with an empty mask, as torchvision's does.
  MappedDataset wrapped(streets.untransformed(), [pipeline = streets.transforms()](CityscapesExample street) {
    CityscapesTargets out{.image = std::move(street.image), .semantic = std::move(street.semantic)};
    if (street.instance) out.instance = cityscapes_objects(*street.instance);
    return pipeline(std::move(out));
  });
  return std::make_shared<const decltype(wrapped)>(std::move(wrapped));
}

std::shared_ptr<const Dataset<CelebATargets>> with_targets(const CelebA& faces) {
  MappedDataset wrapped(faces.untransformed(), [pipeline = faces.transforms()](CelebAExample face) {
    const Size size{face.image.data.size(-2), face.image.data.size(-1)};
    CelebATargets out{.image = std::move(face.image), .attr = face.attr, .identity = face.identity};
    out.boxes = BoundingBoxes(face.boxes, BoundingBoxFormat::XYXY, size);
    out.landmarks = std::move(face.landmarks);
    return pipeline(std::move(out));
  });
  return std::make_shared<const decltype(wrapped)>(std::move(wrapped));
}

}  // namespace detail

CityscapesObjects cityscapes_objects(const Mask& instance) {
  OPSIS_CHECK(instance.data.dim() == 3 && instance.data.size(0) == 1,
              "cityscapes_objects: the mask must be (1, H, W), got {} sides", instance.data.dim());
  // Masks may be uint16, for which LibTorch has few kernels.
  const auto data = instance.data.squeeze(0).to(torch::kInt32);
  const auto numbers = std::get<0>(at::_unique2(data));
  const auto labels = at::where(numbers >= 1000, numbers.div(1000, "floor"), numbers);
  return {Mask(numbers.view({-1, 1, 1}) == data), labels.to(instance.data.scalar_type())};
}

}  // namespace opsis::inline v1::datasets
