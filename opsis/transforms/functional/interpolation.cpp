#include "opsis/transforms/functional/interpolation.h"

#include <ATen/core/dispatch/Dispatcher.h>
#include <ATen/ops/_upsample_bicubic2d_aa.h>
#include <ATen/ops/_upsample_bilinear2d_aa.h>
#include <ATen/ops/_upsample_nearest_exact2d.h>
#include <ATen/ops/upsample_bicubic2d.h>
#include <ATen/ops/upsample_bilinear2d.h>
#include <ATen/ops/upsample_nearest2d.h>

#include <array>

#include "opsis/core/check.h"
#include "opsis/core/nearest.h"

namespace opsis::inline v1::transforms {
namespace {

// In the order of InterpolationMode.
constexpr std::array<std::string_view, 7> interpolation_names{"nearest", "nearest-exact", "bilinear", "bicubic",
                                                              "box",     "hamming",       "lanczos"};

// By its name, which the LibTorch of a user may be too old to know.
at::Tensor lanczos(std::string_view where, const at::Tensor& images, at::IntArrayRef size, bool align_corners) {
  static const auto found = c10::Dispatcher::singleton().findSchema({"aten::_upsample_lanczos2d_aa", ""});
  if (!found) raise<NotBuiltError>("{}: this LibTorch has no lanczos; 2.15 has", where);
  using Signature = at::Tensor(const at::Tensor&, c10::SymIntArrayRef, bool, std::optional<double>, std::optional<double>);
  static const auto op = found->typed<Signature>();
  return op.call(images, c10::fromIntArrayRefSlow(size), align_corners, std::nullopt, std::nullopt);
}

}  // namespace

std::string_view to_string(InterpolationMode mode) { return interpolation_names.at(static_cast<size_t>(mode)); }

InterpolationMode interpolation_mode(std::string_view name) {
  for (size_t i = 0; i < interpolation_names.size(); ++i) {
    if (interpolation_names[i] == name) return static_cast<InterpolationMode>(i);
  }
  raise<ValueError>("interpolation_mode: no mode is named \"{}\"{}", name, did_you_mean(name, interpolation_names));
}

std::ostream& operator<<(std::ostream& out, InterpolationMode mode) { return out << to_string(mode); }

std::string detail::enum_name(InterpolationMode mode) {
  constexpr std::array<std::string_view, 7> names{"NEAREST", "NEAREST_EXACT", "BILINEAR", "BICUBIC",
                                                  "BOX",     "HAMMING",       "LANCZOS"};
  return "InterpolationMode." + std::string(names.at(static_cast<size_t>(mode)));
}

torch::Tensor detail::interpolate(std::string_view where, const torch::Tensor& images, Size size, InterpolationMode mode,
                                  bool antialias) {
  OPSIS_CHECK(size.height > 0 && size.width > 0, "{}: the new size must be positive, got {}", where, size);
  const std::array<int64_t, 2> to{size.height, size.width};
  constexpr bool align_corners = false;
  switch (mode) {
    case InterpolationMode::NEAREST: return at::upsample_nearest2d(images, to);
    case InterpolationMode::NEAREST_EXACT: return at::_upsample_nearest_exact2d(images, to);
    case InterpolationMode::BILINEAR:
      return antialias ? at::_upsample_bilinear2d_aa(images, to, align_corners)
                       : at::upsample_bilinear2d(images, to, align_corners);
    case InterpolationMode::BICUBIC:
      return antialias ? at::_upsample_bicubic2d_aa(images, to, align_corners)
                       : at::upsample_bicubic2d(images, to, align_corners);
    case InterpolationMode::LANCZOS:
      OPSIS_CHECK(antialias, "{}: lanczos needs antialias", where);
      return lanczos(where, images, to, align_corners);
    case InterpolationMode::BOX:
    case InterpolationMode::HAMMING: break;
  }
  raise<ValueError>("{}: {} is not there for tensors; take bilinear, bicubic, lanczos, nearest or nearest-exact", where, mode);
}

}  // namespace opsis::inline v1::transforms
