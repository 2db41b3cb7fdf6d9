// How pixels between pixels are found.
#pragma once

#include <torch/types.h>

#include <ostream>
#include <string>
#include <string_view>

#include "opsis/core/api.h"
#include "opsis/core/size.h"

namespace opsis::inline v1::transforms {

/// Source   torchvision.transforms.v2.InterpolationMode
enum class InterpolationMode {
  NEAREST,        ///< the pixel whose corner is nearest, as OpenCV and older programs round
  NEAREST_EXACT,  ///< the pixel whose centre is nearest
  BILINEAR,
  BICUBIC,
  BOX,      ///< of Pillow only: refused for tensors, as in torchvision
  HAMMING,  ///< of Pillow only: refused for tensors, as in torchvision
  LANCZOS,  ///< on the CPU, with antialias
};

/// "nearest", "nearest-exact", "bilinear", ... ; the reverse throws ValueError for another word.
OPSIS_API std::string_view to_string(InterpolationMode mode);
OPSIS_API InterpolationMode interpolation_mode(std::string_view name);
OPSIS_API std::ostream& operator<<(std::ostream& out, InterpolationMode mode);

namespace detail {

/// "InterpolationMode.BILINEAR", as Python prints the enumeration.
std::string enum_name(InterpolationMode mode);

/// (N, C, H, W) -> (N, C, size.height, size.width) by the ATen kernel that torch.nn.functional.interpolate would call.
/// antialias concerns BILINEAR, BICUBIC and LANCZOS; `where` begins the messages.
torch::Tensor interpolate(std::string_view where, const torch::Tensor& images, Size size, InterpolationMode mode,
                          bool antialias);

}  // namespace detail
}  // namespace opsis::inline v1::transforms
