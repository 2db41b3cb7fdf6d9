#include "opsis/transforms/type.h"

#include "opsis/core/check.h"
#include "opsis/transforms/repr.h"

namespace opsis::inline v1::transforms {

// One type is for pixels alone, as in torchvision.
ToDtype::ToDtype(torch::ScalarType dtype, ToDtypeOptions options)
    : ToDtype(PerKind<MaybeDtype>{.image = dtype, .video = dtype, .others = unchanged}, options) {
  one_ = true;
}

ToDtype::ToDtype(PerKind<MaybeDtype> dtypes, ToDtypeOptions options) : dtypes_(dtypes), options_(options) {}

Value ToDtype::transform(const Value& value) const {
  const auto& dtype = dtypes_[value];
  OPSIS_CHECK(dtype, "ToDtype: no type is named for {}; name it, or pass .others = unchanged", kind_name(value));
  if (!*dtype) return value;
  return apply_kernel(value, [&](const auto& v) { return functional::to_dtype(v, **dtype, options_); });
}

std::string ToDtype::repr() const { return detail::repr("ToDtype", {{"scale", detail::python(options_.scale)}}); }

Normalize::Normalize(std::vector<double> mean, std::vector<double> std, NormalizeOptions options)
    : mean_(std::move(mean)), std_(std::move(std)), options_(options) {}

Value Normalize::transform(const Value& value) const {
  return apply_kernel<Image, Video>(value,
                                    [&](const auto& pixels) { return functional::normalize(pixels, mean_, std_, options_); });
}

std::string Normalize::repr() const {
  return detail::repr(
      "Normalize",
      {{"mean", detail::python(mean_)}, {"std", detail::python(std_)}, {"inplace", detail::python(options_.inplace)}});
}

Value ConvertImageDtype::transform(const Value& value) const {
  return apply_kernel(value, [&](const auto& v) { return functional::to_dtype(v, dtype_, {.scale = true}); });
}

std::string ConvertImageDtype::repr() const { return "ConvertImageDtype()"; }

Value ToImage::transform(const Value& value) const {
  return apply_kernel<Image>(value, [](const auto& image) { return functional::to_image(image.data); });
}

std::string ToImage::repr() const { return "ToImage()"; }

std::string ToPureTensor::repr() const { return "ToPureTensor()"; }

}  // namespace opsis::inline v1::transforms
