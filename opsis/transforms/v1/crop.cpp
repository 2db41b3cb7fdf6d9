#include "opsis/transforms/v1/crop.h"

#include "opsis/core/check.h"
#include "opsis/core/random.h"
#include "opsis/transforms/put_back.h"
#include "opsis/transforms/query.h"
#include "opsis/transforms/repr.h"
#include "opsis/transforms/v1/change_pixels.h"
#include "opsis/transforms/v1/functional.h"

namespace opsis::inline v1::transforms::v1 {
namespace {

using torch::Tensor;

Size one_or_two(std::string_view where, torch::IntArrayRef size) {
  OPSIS_CHECK(size.size() == 1 || size.size() == 2, "{}: size must have 1 or 2 numbers, got {}", where, size.size());
  return {size.front(), size.back()};
}

std::string tuple_of(Size size) { return detail::python_tuple(size.height, size.width); }

// What is added on either side when there are fewer pixels than wanted.
int64_t missing(bool pads, int64_t there, int64_t wanted) { return pads ? std::max<int64_t>(wanted - there, 0) : 0; }

std::string padding_of(const std::vector<int64_t>& padding) {
  if (padding.empty()) return "None";
  return padding.size() == 1 ? detail::python(padding[0]) : detail::python(padding);
}

}  // namespace

CenterCrop::CenterCrop(torch::IntArrayRef size) : size_(one_or_two("CenterCrop", size)) {}

Value CenterCrop::transform(const Value& value) const {
  return detail::change_pixels(value, [&](const Tensor& image) {
    return functional::center_crop(image, {size_.height, size_.width});
  });
}

Value CenterCrop::inverse(const Value& value, Size source) const {
  const auto region = detail::center_region_of_pixels(source, size_);
  return detail::put_back(value, region.left, region.top, source);
}

std::string CenterCrop::repr() const { return detail::repr("CenterCrop", {{"size", tuple_of(size_)}}); }

Pad::Pad(int64_t padding, PadOptions options) : padding_{padding}, single_(true), options_(std::move(options)) {}

Pad::Pad(std::vector<int64_t> padding, PadOptions options) : padding_(std::move(padding)), options_(std::move(options)) {
  detail::borders("Pad", padding_);
}

Value Pad::transform(const Value& value) const {
  return detail::change_pixels(value, [&](const Tensor& image) {
    return functional::pad(image, padding_, options_.fill[value], options_.padding_mode);
  });
}

Value Pad::inverse(const Value& value, Size source) const {
  const auto b = detail::borders("Pad", padding_);
  return detail::put_back(value, -b.left, -b.top, source);
}

std::string Pad::repr() const {
  return detail::repr("Pad", {{"padding", single_ ? detail::python(padding_[0]) : detail::python(padding_)},
                              {"fill", options_.fill.repr()},
                              {"padding_mode", std::string(to_string(options_.padding_mode))}});
}

RandomCrop::RandomCrop(torch::IntArrayRef size, RandomCropOptions options)
    : size_(one_or_two("RandomCrop", size)), options_(std::move(options)) {
  if (!options_.padding.empty()) detail::borders("RandomCrop", options_.padding);
}

RandomCrop::Params RandomCrop::make_params(std::span<const Value> values) const {
  auto canvas = query_size("RandomCrop", values);
  if (!options_.padding.empty()) {
    const auto b = detail::borders("RandomCrop", options_.padding);
    canvas = {canvas.height + b.top + b.bottom, canvas.width + b.left + b.right};
  }
  canvas.width += 2 * missing(options_.pad_if_needed, canvas.width, size_.width);
  canvas.height += 2 * missing(options_.pad_if_needed, canvas.height, size_.height);
  if (canvas.height < size_.height || canvas.width < size_.width) {
    raise_with<ValueError>(WayOut::PadIfNeeded, "pass .pad_if_needed = true",
                           "RandomCrop: the size {} must not exceed the (padded) image's, got {}", size_, canvas);
  }
  if (canvas == size_) return {0, 0, size_.height, size_.width};
  const auto top = random::integer(0, canvas.height - size_.height + 1);  // before left: a call's arguments have no order
  return {top, random::integer(0, canvas.width - size_.width + 1), size_.height, size_.width};
}

Value RandomCrop::transform(const Value& value, const Params& params) const {
  return detail::change_pixels(value, [&](Tensor image) {
    const auto pad = [&](torch::IntArrayRef padding) {
      image = functional::pad(image, padding, options_.fill[value], options_.padding_mode);
    };
    if (!options_.padding.empty()) pad(options_.padding);
    const auto wide = missing(options_.pad_if_needed, image.size(-1), size_.width);
    if (wide > 0) pad({wide, 0});
    const auto high = missing(options_.pad_if_needed, image.size(-2), size_.height);
    if (high > 0) pad({0, high});
    return functional::crop(image, params);
  });
}

Value RandomCrop::inverse(const Value& value, const Params& params, Size source) const {
  const auto b = options_.padding.empty() ? detail::Borders{} : detail::borders("RandomCrop", options_.padding);
  const auto wide = missing(options_.pad_if_needed, source.width + b.left + b.right, size_.width);
  const auto high = missing(options_.pad_if_needed, source.height + b.top + b.bottom, size_.height);
  return detail::put_back(value, params.left - b.left - wide, params.top - b.top - high, source);
}

std::string RandomCrop::repr() const {
  return detail::repr("RandomCrop", {{"size", tuple_of(size_)}, {"padding", padding_of(options_.padding)}});
}

FiveCrop::FiveCrop(torch::IntArrayRef size) : size_(one_or_two("FiveCrop", size)) {}

Value FiveCrop::transform(const Value& value) const {
  return transforms::FiveCrop({size_.height, size_.width}).transform(value);
}

Value FiveCrop::inverse(const Value& value, Size source) const {
  return transforms::FiveCrop({size_.height, size_.width}).inverse(value, source);
}

std::string FiveCrop::repr() const { return detail::repr("FiveCrop", {{"size", tuple_of(size_)}}); }

TenCrop::TenCrop(torch::IntArrayRef size, bool vertical_flip)
    : size_(one_or_two("TenCrop", size)), vertical_flip_(vertical_flip) {}

Value TenCrop::transform(const Value& value) const {
  return transforms::TenCrop({size_.height, size_.width}, vertical_flip_).transform(value);
}

Value TenCrop::inverse(const Value& value, Size source) const {
  return transforms::TenCrop({size_.height, size_.width}, vertical_flip_).inverse(value, source);
}

std::string TenCrop::repr() const {
  return detail::repr("TenCrop", {{"size", tuple_of(size_)}, {"vertical_flip", detail::python(vertical_flip_)}});
}

}  // namespace opsis::inline v1::transforms::v1
