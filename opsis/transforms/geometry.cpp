#include "opsis/transforms/geometry.h"

#include "opsis/core/check.h"
#include "opsis/transforms/functional/flip.h"
#include "opsis/transforms/repr.h"

namespace opsis::inline v1::transforms {

Resize::Resize(torch::IntArrayRef size, ResizeOptions options) : size_(size.vec()), options_(options) {
  OPSIS_CHECK(size_.size() <= 2, "Resize: size must have 1 or 2 numbers, got {}", size_.size());
  OPSIS_CHECK(!size_.empty() || options_.max_size, "Resize: without a size, max_size must be given");
}

Value Resize::transform(const Value& value) const {
  return apply_kernel(value, [&](const auto& v) { return functional::resize(v, size_, options_); });
}

std::string Resize::repr() const {
  return detail::repr("Resize", {{"size", size_.empty() ? "" : detail::python(size_)},
                                 {"interpolation", std::string(to_string(options_.interpolation))},
                                 {"max_size", options_.max_size ? detail::python(*options_.max_size) : ""},
                                 {"antialias", detail::python(options_.antialias)}});
}

std::string Fills::repr() const {
  if (per_kind_) return {};
  const auto text = fills_.others->repr();
  return text == "None" ? std::string() : text;
}

Pad::Pad(int64_t padding, PadOptions options) : padding_{padding}, single_(true), options_(std::move(options)) {}

Pad::Pad(std::vector<int64_t> padding, PadOptions options) : padding_(std::move(padding)), options_(std::move(options)) {
  detail::borders("Pad", padding_);
}

Value Pad::transform(const Value& value) const {
  const auto fill = options_.fill[value];
  return apply_kernel(value, [&](const auto& v) { return functional::pad(v, padding_, fill, options_.padding_mode); });
}

std::string Pad::repr() const {
  return detail::repr("Pad", {{"padding", single_ ? detail::python(padding_[0]) : detail::python(padding_)},
                              {"fill", options_.fill.repr()},
                              {"padding_mode", std::string(to_string(options_.padding_mode))}});
}

RandomHorizontalFlip::RandomHorizontalFlip(double p) : Sometimes("RandomHorizontalFlip", p) {}

Value RandomHorizontalFlip::transform(const Value& value) const {
  return apply_kernel(value, [](const auto& v) { return functional::horizontal_flip(v); });
}

std::string RandomHorizontalFlip::repr() const {
  return detail::repr("RandomHorizontalFlip", {{"p", detail::python(probability())}});
}

RandomVerticalFlip::RandomVerticalFlip(double p) : Sometimes("RandomVerticalFlip", p) {}

Value RandomVerticalFlip::transform(const Value& value) const {
  return apply_kernel(value, [](const auto& v) { return functional::vertical_flip(v); });
}

std::string RandomVerticalFlip::repr() const {
  return detail::repr("RandomVerticalFlip", {{"p", detail::python(probability())}});
}

}  // namespace opsis::inline v1::transforms
