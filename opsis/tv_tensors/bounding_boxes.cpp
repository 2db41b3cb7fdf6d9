#include "opsis/tv_tensors/bounding_boxes.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <string>

#include "opsis/core/check.h"
#include "opsis/tv_tensors/print.h"

namespace opsis::inline v1::tv_tensors {
namespace {

struct FormatRow {
  std::string_view name;
  int64_t numbers;
  bool rotated;
};

// In the order of the enumeration.
constexpr std::array<FormatRow, 6> formats{{
    {"XYXY", 4, false},
    {"XYWH", 4, false},
    {"CXCYWH", 4, false},
    {"XYWHR", 5, true},
    {"CXCYWHR", 5, true},
    {"XYXYXYXY", 8, true},
}};

const FormatRow& row(BoundingBoxFormat format) { return formats.at(static_cast<size_t>(format)); }

}  // namespace

int64_t box_numbers(BoundingBoxFormat format) { return row(format).numbers; }
bool is_rotated_bounding_format(BoundingBoxFormat format) { return row(format).rotated; }
std::string_view to_string(BoundingBoxFormat format) { return row(format).name; }

BoundingBoxFormat bounding_box_format(std::string_view name) {
  std::string upper(name);
  std::transform(upper.begin(), upper.end(), upper.begin(), [](unsigned char c) { return std::toupper(c); });
  for (size_t i = 0; i < formats.size(); ++i) {
    if (formats[i].name == upper) return static_cast<BoundingBoxFormat>(i);
  }
  raise<ValueError>("bounding_box_format: must be XYXY, XYWH, CXCYWH, XYWHR, CXCYWHR or XYXYXYXY, got \"{}\"", name);
}

std::string_view to_string(ClampingMode mode) {
  switch (mode) {
    case ClampingMode::None: return "none";
    case ClampingMode::Soft: return "soft";
    case ClampingMode::Hard: return "hard";
  }
  return {};
}

std::ostream& operator<<(std::ostream& out, BoundingBoxFormat format) { return out << to_string(format); }
std::ostream& operator<<(std::ostream& out, ClampingMode mode) { return out << to_string(mode); }

BoundingBoxes::BoundingBoxes(torch::Tensor tensor, BoundingBoxFormat format, Size canvas_size, ClampingMode clamping_mode)
    : data(std::move(tensor)), format(format), canvas_size(canvas_size), clamping_mode(clamping_mode) {
  const auto numbers = box_numbers(format);
  OPSIS_CHECK(data.defined(), "BoundingBoxes: the tensor must be (N, {}), got an undefined one", numbers);
  if (data.dim() == 1) data = data.unsqueeze(0);
  OPSIS_CHECK(data.dim() == 2, "BoundingBoxes: the tensor must be (N, {}) or ({}), got {}", numbers, numbers,
              detail::shape(data));
  OPSIS_CHECK(data.size(1) == numbers, "BoundingBoxes: {} needs {} numbers a box, got {}", format, numbers,
              detail::shape(data));
  OPSIS_CHECK(!is_rotated_bounding_format(format) || data.is_floating_point(),
              "BoundingBoxes: rotated boxes must be floating point, got {}", data.scalar_type());
}

BoundingBoxes wrap(torch::Tensor data, const BoundingBoxes& like, BoundingBoxesMetadata changed) {
  return BoundingBoxes(std::move(data), changed.format.value_or(like.format), changed.canvas_size.value_or(like.canvas_size),
                       changed.clamping_mode.value_or(like.clamping_mode));
}

std::ostream& operator<<(std::ostream& out, const BoundingBoxes& boxes) {
  return detail::print(
      out, "BoundingBoxes", boxes.data,
      text("format={}, canvas_size={}, clamping_mode={}", boxes.format, boxes.canvas_size, boxes.clamping_mode));
}

}  // namespace opsis::inline v1::tv_tensors
