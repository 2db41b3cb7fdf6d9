#include "opsis/transforms/five_crop.h"

#include <ATen/ops/stack.h>

#include "opsis/core/check.h"
#include "opsis/transforms/per_kind.h"
#include "opsis/transforms/repr.h"
#include "opsis/transforms/settings.h"

namespace opsis::inline v1::transforms {
namespace {

template <class Kernel>
Value stack_crops(std::string_view where, const Value& value, const Kernel& kernel) {
  OPSIS_CHECK(!std::holds_alternative<BoundingBoxes>(value) && !std::holds_alternative<Mask>(value),
              "{}: the sample must have neither boxes nor masks, got {}", where, kind_name(value));
  return apply_kernel<Image, Video>(value, [&](const auto& pixels) {
    const auto crops = kernel(pixels.data);
    return wrap(at::stack(torch::TensorList(crops.data(), crops.size()), 0), pixels);
  });
}

[[noreturn]] void refuse_to_join(std::string_view where) {
  raise<ValueError>("{}: has no inverse, for its crops overlap", where);
}

}  // namespace

FiveCrop::FiveCrop(torch::IntArrayRef size) : size_(detail::size_of_numbers("FiveCrop", size)) {}

Value FiveCrop::transform(const Value& value) const {
  return stack_crops("FiveCrop", value, [&](const torch::Tensor& pixels) {
    return functional::five_crop(pixels, {size_.height, size_.width});
  });
}

Value FiveCrop::inverse(const Value&, Size) const { refuse_to_join("FiveCrop"); }

std::string FiveCrop::repr() const { return detail::repr("FiveCrop", {{"size", detail::python(size_)}}); }

TenCrop::TenCrop(torch::IntArrayRef size, bool vertical_flip)
    : size_(detail::size_of_numbers("TenCrop", size)), vertical_flip_(vertical_flip) {}

Value TenCrop::transform(const Value& value) const {
  return stack_crops("TenCrop", value, [&](const torch::Tensor& pixels) {
    return functional::ten_crop(pixels, {size_.height, size_.width}, vertical_flip_);
  });
}

Value TenCrop::inverse(const Value&, Size) const { refuse_to_join("TenCrop"); }

std::string TenCrop::repr() const {
  return detail::repr("TenCrop", {{"size", detail::python(size_)}, {"vertical_flip", detail::python(vertical_flip_)}});
}

}  // namespace opsis::inline v1::transforms
