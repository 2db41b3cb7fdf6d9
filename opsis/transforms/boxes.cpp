#include "opsis/transforms/boxes.h"

#include "opsis/core/check.h"
#include "opsis/transforms/kinds.h"
#include "opsis/transforms/repr.h"
#include "opsis/tv_tensors/print.h"

namespace opsis::inline v1::transforms {
Value ConvertBoundingBoxFormat::transform(const Value& value) const {
  return apply_kernel<BoundingBoxes>(
      value, [&](const auto& boxes) { return functional::convert_bounding_box_format(boxes, format_); });
}

std::string ConvertBoundingBoxFormat::repr() const {
  return detail::repr("ConvertBoundingBoxFormat", {{"format", "BoundingBoxFormat." + std::string(to_string(format_))}});
}

Value ClampBoundingBoxes::transform(const Value& value) const {
  return apply_kernel<BoundingBoxes>(
      value, [&](const auto& boxes) { return functional::clamp_bounding_boxes(boxes, clamping_mode_); });
}

std::string ClampBoundingBoxes::repr() const {
  std::string mode = "auto";
  if (clamping_mode_) mode = *clamping_mode_ == ClampingMode::None ? "" : to_string(*clamping_mode_);
  return detail::repr("ClampBoundingBoxes", {{"clamping_mode", mode}});
}

Value ClampKeyPoints::transform(const Value& value) const {
  return apply_kernel<KeyPoints>(value, [](const auto& points) { return functional::clamp_keypoints(points); });
}

std::string ClampKeyPoints::repr() const { return "ClampKeyPoints()"; }

Value SetClampingMode::transform(const Value& value) const {
  return apply_kernel<BoundingBoxes>(value, [&](BoundingBoxes boxes) {
    boxes.clamping_mode = clamping_mode_;
    return boxes;
  });
}

std::string SetClampingMode::repr() const {
  const bool none = clamping_mode_ == ClampingMode::None;
  return detail::repr("SetClampingMode", {{"clamping_mode", none ? "" : std::string(to_string(clamping_mode_))}});
}

void detail::check_labels(std::string_view where, const torch::Tensor& labels, int64_t count) {
  OPSIS_CHECK(labels.defined() && labels.dim() > 0 && labels.size(0) == count,
              "{}: there must be a label for each of {}, got {}", where, count, opsis::detail::shape(labels));
}

torch::Tensor detail::valid_labels(std::string_view where, const torch::Tensor& labels, const torch::Tensor& valid) {
  check_labels(where, labels, valid.size(0));
  return labels.index({valid});
}

SanitizeBoundingBoxes::SanitizeBoundingBoxes(functional::SanitizeOptions options) : options_(options) {
  OPSIS_CHECK(options.min_size >= 1, "SanitizeBoundingBoxes: min_size must be at least 1, got {}", options.min_size);
  OPSIS_CHECK(options.min_area >= 1, "SanitizeBoundingBoxes: min_area must be at least 1, got {}", options.min_area);
}

SanitizeParams SanitizeBoundingBoxes::make_params(std::span<const Value> values) const {
  const auto& boxes = detail::first_of<BoundingBoxes>("SanitizeBoundingBoxes", "bounding boxes", values);
  return {functional::sanitize_bounding_boxes(boxes, options_).valid};
}

Value SanitizeBoundingBoxes::transform(const Value& value, const Params& params) const {
  return apply_kernel<BoundingBoxes, Mask>(value, [&](const auto& held) {
    // One for each box, or something else. torchvision tells them apart by the first dimension alone.
    return held.data.size(0) == params.valid.size(0) ? wrap(held.data.index({params.valid}), held) : held;
  });
}

void SanitizeBoundingBoxes::rows_of_boxes(std::span<Value> values, const Params& params) const {
  const auto all = params.valid.size(0);
  for (auto& value : values) {
    const auto* const custom = std::get_if<Custom>(&value);
    const auto* const named = custom ? custom->get<detail::PerBox>() : nullptr;
    if (!named || !named->rows.defined()) continue;
    const auto* const boxes = named->boxes < values.size() ? std::get_if<BoundingBoxes>(&values[named->boxes]) : nullptr;
    const auto count = boxes && boxes->data.defined() ? boxes->data.size(0) : all;
    detail::check_labels("SanitizeBoundingBoxes", named->rows, count);
    // Where transform() leaves the boxes alone, so does this what goes with them.
    if (count == all) value = Custom(detail::PerBox{named->rows.index({params.valid}), named->boxes});
  }
}

std::string SanitizeBoundingBoxes::repr() const {
  return detail::repr("SanitizeBoundingBoxes",
                      {{"min_size", detail::python(options_.min_size)}, {"min_area", detail::python(options_.min_area)}});
}

SanitizeParams SanitizeKeyPoints::make_params(std::span<const Value> values) const {
  return {functional::sanitize_keypoints(detail::first_of<KeyPoints>("SanitizeKeyPoints", "key points", values)).valid};
}

Value SanitizeKeyPoints::transform(const Value& value, const Params& params) const {
  return apply_kernel<KeyPoints>(value, [&](const auto& points) {
    OPSIS_CHECK(points.data.size(0) == params.valid.size(0),
                "SanitizeKeyPoints: all key points must be as many as the first, "
                "{}, got {}",
                params.valid.size(0), points.data.size(0));
    return wrap(points.data.index({params.valid}), points);
  });
}

std::string SanitizeKeyPoints::repr() const { return "SanitizeKeyPoints()"; }

}  // namespace opsis::inline v1::transforms
