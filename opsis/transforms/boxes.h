// Transforms of boxes and key points alone: their format, their canvas, and taking out what is not worth keeping.
#pragma once

#include <concepts>
#include <optional>
#include <span>
#include <string>
#include <tuple>
#include <type_traits>
#include <utility>

#include "opsis/core/api.h"
#include "opsis/transforms/functional/boxes.h"
#include "opsis/transforms/functional/sanitize.h"
#include "opsis/transforms/transform.h"

namespace opsis::inline v1::transforms {

/// Boxes in another format; the rest passes through.
///     ConvertBoundingBoxFormat(BoundingBoxFormat::XYWH)(boxes)
/// Throws   as functional::convert_bounding_box_format
/// Source   torchvision.transforms.v2.ConvertBoundingBoxFormat
class OPSIS_API ConvertBoundingBoxFormat final : public Fixed<ConvertBoundingBoxFormat> {
 public:
  explicit ConvertBoundingBoxFormat(BoundingBoxFormat format) : format_(format) {}

  Value transform(const Value& value) const;
  auto arguments() const { return std::tuple(argument<"format">(format_)); }
  std::string repr() const override;

 private:
  BoundingBoxFormat format_;
};

/// Boxes cut at their canvas, as their clamping_mode says or the one named here; the rest passes through.
/// Source   torchvision.transforms.v2.ClampBoundingBoxes
class OPSIS_API ClampBoundingBoxes final : public Fixed<ClampBoundingBoxes> {
 public:
  explicit ClampBoundingBoxes(std::optional<ClampingMode> clamping_mode = {}) : clamping_mode_(clamping_mode) {}

  Value transform(const Value& value) const;
  auto arguments() const { return std::tuple(argument<"clamping_mode">(clamping_mode_)); }
  std::string repr() const override;

 private:
  std::optional<ClampingMode> clamping_mode_;
};

/// Key points brought onto the pixels of their canvas; the rest passes through.
/// Source   torchvision.transforms.v2.ClampKeyPoints
class OPSIS_API ClampKeyPoints final : public Fixed<ClampKeyPoints> {
 public:
  Value transform(const Value& value) const;
  auto arguments() const { return std::tuple(); }
  std::string repr() const override;
};

/// How boxes are cut by the transforms to come; nothing is cut by this one.
///     Compose{SetClampingMode(ClampingMode::None), RandomCrop(224), ClampBoundingBoxes(ClampingMode::Hard)}
/// Source   torchvision.transforms.v2.SetClampingMode
class OPSIS_API SetClampingMode final : public Fixed<SetClampingMode> {
 public:
  explicit SetClampingMode(ClampingMode clamping_mode) : clamping_mode_(clamping_mode) {}

  Value transform(const Value& value) const;
  auto arguments() const { return std::tuple(argument<"clamping_mode">(clamping_mode_)); }
  std::string repr() const override;

 private:
  ClampingMode clamping_mode_;
};

/// What SanitizeBoundingBoxes and SanitizeKeyPoints found: (N) boolean.
struct SanitizeParams {
  torch::Tensor valid;

  template <class Visitor>
  void fields(Visitor&& visit) {
    visit("valid", valid);
  }
};

namespace detail {

// Throws ValueError, in the words of `where`, unless there is a label for each of `count`.
OPSIS_API void check_labels(std::string_view where, const torch::Tensor& labels, int64_t count);
// Those of what is valid.
// Throws   as check_labels
OPSIS_API torch::Tensor valid_labels(std::string_view where, const torch::Tensor& labels, const torch::Tensor& valid);

template <class Sanitizer, class Sample, class LabelsOf>
Sample sanitize_with_labels(std::string_view where, const Sanitizer& sanitizer, Sample sample, const LabelsOf& labels_of) {
  torch::Tensor valid;
  const auto sanitize = [&](std::span<Value> values) {
    const auto params = sanitizer.make_params(std::span<const Value>(values));
    valid = params.valid;
    change(sanitizer, values, params);
  };
  sample = apply_to<Sample>(sanitizer, sanitize, std::move(sample));
  Leaves leaves;  // what it took out by itself
  if constexpr (requires { sanitizer.rows_of_boxes(std::span<Value>(), SanitizeParams()); }) collect(leaves, sample);
  const auto take_along = [&](torch::Tensor& labels) {
    if (!leaves.has_per_box(labels)) labels = valid_labels(where, labels, valid);
  };
  auto&& labels = labels_of(sample);
  if constexpr (std::is_same_v<std::remove_cvref_t<decltype(labels)>, torch::Tensor>) {
    take_along(labels);
  } else {
    std::apply([&](auto&... tensor) { (take_along(tensor), ...); }, labels);
  }
  return sample;
}

}  // namespace detail

/// Takes out boxes that are too small and those that reach beyond their canvas, and of masks (N, H, W), one for each box, those
/// that go with them. To be called at the end of a pipeline, and always after RandomIoUCrop. Labels go along when the sample names
/// them by per_box(), as datasets::Detected does, or the call:
///     auto per_box() { return std::tie(labels, iscrowd, area); }   // of a struct of yours, beside fields()
///     sample = sanitize(std::move(sample), [](auto& s) -> auto& { return s.labels; });
///     sample = sanitize(std::move(sample), [](auto& s) { return std::tie(s.labels, s.iscrowd, s.area); });
/// Key points stay as they are unless they are named so, as s.points.data.
/// Throws   ValueError when min_size or min_area is below 1; and, applied, when the sample has no boxes or not a label for each
/// Differs  torchvision looks for an entry that is called labels, and fails without one; here labels are named, and none need be.
///          Masks that are not one for each box pass through, as there; so do boxes of another struct that are not as many as
///          the first, and what goes with them
/// Source   torchvision.transforms.v2.SanitizeBoundingBoxes
class OPSIS_API SanitizeBoundingBoxes final : public Drawing<SanitizeBoundingBoxes> {
 public:
  explicit SanitizeBoundingBoxes(functional::SanitizeOptions options = {});

  using Params = SanitizeParams;
  Params make_params(std::span<const Value> values) const;
  Value transform(const Value& value, const Params& params) const;
  /// Takes along what goes with boxes by per_box().
  void rows_of_boxes(std::span<Value> values, const Params& params) const;
  auto arguments() const { return std::tuple(options_); }
  std::string repr() const override;

  using Transform::operator();
  template <class Sample, class LabelsOf>
  requires std::invocable<const LabelsOf&, Sample&> Sample operator()(Sample sample, const LabelsOf& labels_of) const {
    return detail::sanitize_with_labels("SanitizeBoundingBoxes", *this, std::move(sample), labels_of);
  }

 private:
  functional::SanitizeOptions options_;
};

/// Takes out key points that are not on their canvas; of groups (N, ..., 2) only those stay that are there whole. Labels go along
/// when they are named, as SanitizeBoundingBoxes has them.
/// Throws   ValueError, applied, when the sample has no key points or not a label for each
/// Source   torchvision.transforms.v2.SanitizeKeyPoints
class OPSIS_API SanitizeKeyPoints final : public Drawing<SanitizeKeyPoints> {
 public:
  using Params = SanitizeParams;
  Params make_params(std::span<const Value> values) const;
  Value transform(const Value& value, const Params& params) const;
  Value inverse(const Value& value, const Params&, Size) const { return value; }  // those that stayed did not move
  auto arguments() const { return std::tuple(); }
  std::string repr() const override;

  using Transform::operator();
  template <class Sample, class LabelsOf>
  requires std::invocable<const LabelsOf&, Sample&> Sample operator()(Sample sample, const LabelsOf& labels_of) const {
    return detail::sanitize_with_labels("SanitizeKeyPoints", *this, std::move(sample), labels_of);
  }
};

}  // namespace opsis::inline v1::transforms
