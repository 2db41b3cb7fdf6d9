#include "opsis/transforms/geometry.h"

#include "opsis/core/check.h"
#include "opsis/transforms/functional/flip.h"
#include "opsis/transforms/put_back.h"
#include "opsis/transforms/repr.h"

namespace opsis::inline v1::transforms {

Resize::Resize(torch::IntArrayRef size, ResizeOptions options) : size_(size.vec()), options_(options) {
  OPSIS_CHECK(size_.size() <= 2, "Resize: size must have 1 or 2 numbers, got {}", size_.size());
  OPSIS_CHECK(!size_.empty() || options_.max_size, "Resize: without a size, max_size must be given");
}

Value Resize::transform(const Value& value) const {
  return apply_kernel(value, [&](const auto& v) { return functional::resize(v, size_, options_); });
}

Value Resize::inverse(const Value& value, Size source) const {
  return apply_kernel(value, [&](const auto& v) {
    return functional::resize(v, {source.height, source.width},
                              {.interpolation = options_.interpolation, .antialias = options_.antialias});
  });
}

detail::PixelSteps Resize::pixel_steps(Size canvas) const {
  const auto size = detail::resized_size(canvas, size_, options_.max_size);
  return {{detail::ResizeStep{size, options_.interpolation, options_.antialias}}};
}

std::string Resize::repr() const {
  return detail::repr("Resize", {{"size", size_.empty() ? "" : detail::python(size_)},
                                 {"interpolation", std::string(to_string(options_.interpolation))},
                                 {"max_size", detail::python(options_.max_size)},
                                 {"antialias", detail::python(options_.antialias)}});
}

std::string Fills::repr() const {
  if (per_kind_) return {};
  const auto text = fills_.others->repr();
  return text == "None" ? std::string() : text;
}

Json json_of(const Fills& fills) {
  return fills.per_kind_ ? detail::to_json(fills.fills_) : detail::to_json(*fills.fills_.others);
}

void read_json(const Json& json, Fills& fills) {
  if (json.is_object()) {
    PerKind<Fill> kinds;
    detail::from_json(json, kinds, detail::Members::Some);
    kinds.fields([&](std::string_view name, std::optional<Fill>& fill) {
      const auto* const named = json.find(name);
      if (named && named->is_null()) fill.emplace();  // no fill, which is not to leave the kind to the others
    });
    fills = Fills(std::move(kinds));
  } else {
    Fill fill;
    read_json(json, fill);
    fills = Fills(std::move(fill));
  }
}

std::string code_of(const Fills& fills) {
  return fills.per_kind_ ? "PerKind<Fill>" + detail::to_code(fills.fills_) : code_of(*fills.fills_.others);
}

Pad::Pad(int64_t padding, PadOptions options) : padding_{padding}, single_(true), options_(std::move(options)) {}

Pad::Pad(std::vector<int64_t> padding, PadOptions options) : padding_(std::move(padding)), options_(std::move(options)) {
  detail::borders("Pad", padding_);
}

Value Pad::transform(const Value& value) const {
  const auto fill = options_.fill[value];
  return apply_kernel(value, [&](const auto& v) { return functional::pad(v, padding_, fill, options_.padding_mode); });
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
