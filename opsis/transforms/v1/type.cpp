#include "opsis/transforms/v1/type.h"

#include "opsis/core/check.h"
#include "opsis/transforms/repr.h"
#include "opsis/transforms/v1/change_pixels.h"
#include "opsis/transforms/v1/functional.h"

namespace opsis::inline v1::transforms::v1 {
namespace {

Value refuse_pixels(std::string_view where, const Value& value, std::string_view way_out) {
  const bool pixels = std::holds_alternative<Image>(value) || std::holds_alternative<Video>(value);
  OPSIS_CHECK(!pixels, "{}: {}", where, way_out);
  return value;
}

}  // namespace

Value ConvertImageDtype::transform(const Value& value) const {
  return detail::change_pixels(value,
                               [&](const torch::Tensor& image) { return functional::convert_image_dtype(image, dtype_); });
}

Normalize::Normalize(std::vector<double> mean, std::vector<double> std, NormalizeOptions options)
    : mean_(std::move(mean)), std_(std::move(std)), options_(options) {}

Value Normalize::transform(const Value& value) const {
  return detail::change_pixels(value,
                               [&](const torch::Tensor& image) { return functional::normalize(image, mean_, std_, options_); });
}

std::string Normalize::repr() const {
  return detail::repr("Normalize", {{"mean", detail::python(mean_)}, {"std", detail::python(std_)}});
}

Value ToTensor::transform(const Value& value) const {
  return refuse_pixels("ToTensor", value, "it is for packed pictures; ConvertImageDtype(torch::kFloat32) scales tensors");
}

Value PILToTensor::transform(const Value& value) const {
  return refuse_pixels("PILToTensor", value, "it is for packed pictures; this one is a tensor already");
}

Value ToPILImage::transform(const Value& value) const {
  return refuse_pixels("ToPILImage", value, "a pipeline holds no packed pictures; call it on what the pipeline gives");
}

std::string ToPILImage::repr() const {
  return detail::repr("ToPILImage", {{"mode", mode_ ? std::string(to_string(*mode_)) : ""}});
}

}  // namespace opsis::inline v1::transforms::v1
