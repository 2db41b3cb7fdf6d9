// Between tensors and packed pictures, which are here what PIL images are to torchvision.
#pragma once

#include <torch/types.h>

#include <optional>
#include <type_traits>

#include "opsis/core/api.h"
#include "opsis/io/packed_image.h"
#include "opsis/tv_tensors.h"

namespace opsis::inline v1::transforms::functional {

/// The samples as they are, channels first.
///     pil_to_tensor(PackedImage(frame, {480, 640}, PackedMode::RGB))   // (3, 480, 640), uint8
/// Shapes   -> (C, H, W), channels last in memory
/// Types    the mode's: uint8; bool of BILEVEL, uint16 of I16, int32 of I, float32 of F
/// Memory   always new
/// Throws   ValueError for a picture without pixels' memory
/// Source   torchvision.transforms.v2.functional.pil_to_tensor, and the one of torchvision.transforms.functional
OPSIS_API torch::Tensor pil_to_tensor(const PackedImage& picture);

/// pil_to_tensor, scaled from [0, 255] to [0, 1] where samples have 8 bits or one.
/// Shapes   -> (C, H, W), channels first in memory
/// Types    torch's default type; int32 of I and float32 of F, unscaled; of I16 its bits as int16, unscaled, as in torchvision
/// Throws   as pil_to_tensor
/// Source   torchvision.transforms.v2.functional.to_tensor, and the one of torchvision.transforms.functional
OPSIS_API torch::Tensor to_tensor(const PackedImage& picture);

/// An image as a packed picture. The mode, if it is not given, is L, LA, RGB or RGBA by the number of channels; one channel of
/// int16 is I16, of int32 I, of float32 F when the mode F is given. All other floating point is scaled from [0, 1] to [0, 255]
/// and cut.
///     const auto picture = to_pil_image(image);
///     show(picture.bytes().data(), picture.size(), to_string(picture.mode));
/// Shapes   (H, W) or (1 to 4, H, W)
/// Throws   ValueError for other shapes; for a mode that is not for so many channels of this type: L, I16, I or F for one, LA
///          for two, RGB, YCbCr or HSV for three, RGBA, CMYK or RGBX for four; for types that no mode has, bfloat16 among them
/// Differs  channels that are not uint8 are refused also when a mode is given, where torchvision reads the first bytes of them
/// Source   torchvision.transforms.v2.functional.to_pil_image, and the one of torchvision.transforms.functional
OPSIS_API PackedImage to_pil_image(const torch::Tensor& image, std::optional<PackedMode> mode = {});
OPSIS_API PackedImage to_pil_image(const Image& image, std::optional<PackedMode> mode = {});

/// pil_to_tensor as an Image.
/// Source   torchvision.transforms.v2.functional.to_image, of PIL images
OPSIS_API Image to_image(const PackedImage& picture);

/// Whether a value is a tensor and no image, video, mask, boxes or key points.
/// Source   torchvision.transforms.v2.functional.is_pure_tensor
template <class T>
constexpr bool is_pure_tensor(const T&) {
  return std::is_same_v<T, torch::Tensor>;
}

}  // namespace opsis::inline v1::transforms::functional
