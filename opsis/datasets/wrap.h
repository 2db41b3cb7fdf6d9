// wrap_dataset_for_transforms_v2: which of its targets a data set gives.
#pragma once

#include <initializer_list>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include "opsis/datasets/celeba.h"
#include "opsis/datasets/cityscapes.h"
#include "opsis/datasets/coco.h"
#include "opsis/datasets/kitti.h"
#include "opsis/datasets/views.h"
#include "opsis/datasets/voc.h"
#include "opsis/datasets/widerface.h"

namespace opsis::inline v1::datasets {

/// Names of targets: none given for those that torchvision gives by default, "all" for all there are, or a list.
class TargetKeys {
 public:
  TargetKeys() = default;
  TargetKeys(const char* all) : TargetKeys(std::string(all)) {}  // NOLINT
  /// Throws ValueError for another word than "all".
  OPSIS_API TargetKeys(const std::string& all);                                                                 // NOLINT
  TargetKeys(std::initializer_list<std::string> keys) : keys_(keys) {}                                          // NOLINT
  TargetKeys(const std::vector<std::string>& keys) : keys_(std::set<std::string>(keys.begin(), keys.end())) {}  // NOLINT

  bool given() const { return all_ || keys_.has_value(); }
  /// The keys that are meant. Throws ValueError for one that is not available.
  OPSIS_API std::set<std::string> resolved(const std::set<std::string>& available,
                                           const std::set<std::string>& by_default) const;

 private:
  bool all_ = false;
  std::optional<std::set<std::string>> keys_;
};

/// The objects of an instance mask of Cityscapes, one by one.
/// Shapes   masks (N, H, W) bool; labels (N): the number of the class, of the mask's type
struct CityscapesObjects {
  Mask masks{};
  torch::Tensor labels{};
  auto fields() { return std::tie(masks, labels); }
};

/// Sorted by number. A number from 1000 on is one object of class number / 1000; a smaller one is all there is of that class.
/// Throws   ValueError for a mask that is not (1, H, W)
/// Differs  masks have no side of 1; masks of uint16, as the files have them, are taken, where the wrapper fails
/// Source   the wrapper of Cityscapes' target "instance" in torchvision.datasets.wrap_dataset_for_transforms_v2
OPSIS_API CityscapesObjects cityscapes_objects(const Mask& instance);

/// A street of a wrapped Cityscapes, with those targets that the data set was asked for.
/// Shapes   semantic (1, H, W) uint8
struct CityscapesTargets {
  Image image;
  std::optional<CityscapesObjects> instance{};
  std::optional<Mask> semantic{};
  auto fields() { return std::tie(image, instance, semantic); }
};

/// A face of a wrapped CelebA: as CelebAExample, but that its box is one to transforms too.
/// Shapes   boxes (1, 4) XYXY int64, said to lie on the picture that is given, as torchvision's wrapper says
struct CelebATargets {
  Image image;
  torch::Tensor attr{};
  int64_t identity = 0;
  BoundingBoxes boxes{};
  KeyPoints landmarks{};
  auto fields() { return std::tie(image, attr, identity, boxes, landmarks); }
};

namespace detail {

// The examples of a data set when it is wrapped.
template <class D>
struct WrappedExample {
  using Type = typename D::Example;
};
template <>
struct WrappedExample<Cityscapes> {
  using Type = CityscapesTargets;
};
template <>
struct WrappedExample<CelebA> {
  using Type = CelebATargets;
};

// Those whose examples become others, before their transforms.
OPSIS_API std::shared_ptr<const Dataset<CityscapesTargets>> with_targets(const Cityscapes& streets);
OPSIS_API std::shared_ptr<const Dataset<CelebATargets>> with_targets(const CelebA& faces);

// What the wrappers of torchvision know of a data set: the targets that can be asked for, and how an example is rid of others.
struct DetectedTargets {
  std::set<std::string> available, by_default;
  std::string annotation;  // the key of the whole annotation; empty where keys are those of the annotation's objects
};
OPSIS_API const DetectedTargets& targets_of(const CocoDetection&);
OPSIS_API const DetectedTargets& targets_of(const VOCDetection&);
OPSIS_API const DetectedTargets& targets_of(const Kitti&);
OPSIS_API void keep_targets(Detected& example, const std::set<std::string>& keys, const DetectedTargets& targets);

OPSIS_API std::set<std::string> face_targets(const TargetKeys& keys);
OPSIS_API void keep_targets(WIDERFaceExample& example, const std::set<std::string>& keys);

[[noreturn]] OPSIS_API void refuse_target_keys();

}  // namespace detail

/// The data set as transforms are to have it, and of four with the targets that are asked for and the others left empty: boxes
/// (none), labels, masks, an annotation. Most examples of Opsis have tv_tensors by themselves, so that without `target_keys` the
/// data set itself gives what torchvision's wrapped one does. But
///     Cityscapes      gives CityscapesTargets: in place of the mask of instances the masks and classes of its objects
///     CelebA          gives CelebATargets: the box is a BoundingBoxes
/// and the keys are
///     CocoDetection   boxes, labels, masks, image_id; in the annotation: segmentation, area, iscrowd, image_id, bbox and
///                     category_id. By default boxes, labels and image_id; masks are there when the data set was opened with
///                     .masks = true
///     VOCDetection    boxes, labels; annotation. By default boxes and labels
///     Kitti           boxes, labels; in the annotation: type, truncated, occluded, alpha, bbox, dimensions, location and
///                     rotation_y. By default boxes and labels
///     WIDERFace       bbox, blur, expression, illumination, occlusion, pose, invalid. By default all
/// Throws   ValueError for a key that is none of these, for keys of another data set, and for a Cityscapes with polygon or color
///          among its targets; get as the data set's
/// Differs  of the four with keys, transforms that the data set has were applied before keys are left out, with the same result;
///          a wrapped CelebA has all targets, where torchvision's refuses attr and landmarks; Caltech101's annotation and
///          SBDataset's boundaries, which torchvision refuses, and sets that it does not wrap, are given back as they are; masks
///          of Cityscapes' objects have no side of 1
/// Source   torchvision.datasets.wrap_dataset_for_transforms_v2
template <class D>
std::shared_ptr<const Dataset<typename detail::WrappedExample<D>::Type>> wrap_dataset_for_transforms_v2(
    D dataset, const TargetKeys& target_keys = {}) {
  if constexpr (requires { detail::targets_of(dataset); }) {
    const auto& targets = detail::targets_of(dataset);
    auto keys = target_keys.resolved(targets.available, targets.by_default);
    MappedDataset wrapped(std::move(dataset), [keys = std::move(keys), &targets](Detected example) {
      detail::keep_targets(example, keys, targets);
      return example;
    });
    return std::make_shared<const decltype(wrapped)>(std::move(wrapped));
  } else if constexpr (std::is_same_v<D, WIDERFace>) {
    MappedDataset wrapped(std::move(dataset), [keys = detail::face_targets(target_keys)](WIDERFaceExample example) {
      detail::keep_targets(example, keys);
      return example;
    });
    return std::make_shared<const decltype(wrapped)>(std::move(wrapped));
  } else if constexpr (requires { detail::with_targets(dataset); }) {
    if (target_keys.given()) detail::refuse_target_keys();
    return detail::with_targets(dataset);
  } else {
    if (target_keys.given()) detail::refuse_target_keys();
    return std::make_shared<const D>(std::move(dataset));
  }
}

}  // namespace opsis::inline v1::datasets
