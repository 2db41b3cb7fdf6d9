// torchvision's first functional, on tensors: what gives v2's bytes and refuses what v2 refuses is v2's, the rest is its own.
#pragma once

#include <torch/types.h>

#include <vector>

#include "opsis/core/api.h"
#include "opsis/transforms/functional/affine.h"
#include "opsis/transforms/functional/blur.h"
#include "opsis/transforms/functional/color.h"
#include "opsis/transforms/functional/crop.h"
#include "opsis/transforms/functional/dimensions.h"
#include "opsis/transforms/functional/elastic.h"
#include "opsis/transforms/functional/erase.h"
#include "opsis/transforms/functional/five_crop.h"
#include "opsis/transforms/functional/flip.h"
#include "opsis/transforms/functional/packed.h"
#include "opsis/transforms/functional/pad.h"
#include "opsis/transforms/functional/perspective.h"
#include "opsis/transforms/functional/resize.h"
#include "opsis/transforms/functional/rotate.h"
#include "opsis/transforms/functional/type.h"

namespace opsis::inline v1::transforms::v1::functional {

using transforms::InterpolationMode;
using transforms::functional::Dimensions;
using transforms::functional::erase;
using transforms::functional::five_crop;
using transforms::functional::get_dimensions;
using transforms::functional::get_image_num_channels;
using transforms::functional::get_image_size;
using transforms::functional::hflip;
using transforms::functional::pil_to_tensor;
using transforms::functional::Region;
using transforms::functional::ResizedCropOptions;
using transforms::functional::ten_crop;
using transforms::functional::to_pil_image;
using transforms::functional::to_tensor;
using transforms::functional::vflip;

/// As transforms::functional::resize, but every type other than float32 and float64, uint8 too, goes by way of float32.
/// Shapes   (C, H, W) or (N, C, H, W)
/// Throws   ValueError for other shapes, for a size that has not 1 or 2 numbers, and for LANCZOS too
/// Memory   the input itself when it has the size already, whatever its shape
/// Source   torchvision.transforms.functional.resize
OPSIS_API torch::Tensor resize(const torch::Tensor& image, torch::IntArrayRef size, const ResizeOptions& options = {});

/// As those of transforms::functional; (H, W) may grow too, and an empty image.
/// Source   torchvision.transforms.functional.crop and center_crop
OPSIS_API torch::Tensor crop(const torch::Tensor& image, Region region);
OPSIS_API torch::Tensor center_crop(const torch::Tensor& image, torch::IntArrayRef size);

/// v1's crop, then v1's resize.
/// Source   torchvision.transforms.functional.resized_crop
OPSIS_API torch::Tensor resized_crop(const torch::Tensor& image, Region region, torch::IntArrayRef size,
                                     const ResizedCropOptions& options = {});

/// As transforms::functional::pad, with one fill for all channels.
/// Shapes   (..., H, W); but for Constant (H, W), (C, H, W) or (N, C, H, W), and (H, W) not for Symmetric
/// Throws   ValueError for a list of fills, and for other shapes
/// Source   torchvision.transforms.functional.pad
OPSIS_API torch::Tensor pad(const torch::Tensor& image, torch::IntArrayRef padding, const Fill& fill = 0,
                            PaddingMode padding_mode = PaddingMode::Constant);

/// As transforms::functional::normalize, but one channel takes one mean and one std.
/// Source   torchvision.transforms.functional.normalize
OPSIS_API torch::Tensor normalize(const torch::Tensor& image, torch::ArrayRef<double> mean, torch::ArrayRef<double> std,
                                  const NormalizeOptions& options = {});

/// As transforms::functional::convert_image_dtype, but from integers to floating point it divides, and bool is an integer of
/// one bit.
/// Source   torchvision.transforms.functional.convert_image_dtype
OPSIS_API torch::Tensor convert_image_dtype(const torch::Tensor& image, torch::ScalarType dtype = torch::kFloat32);

/// The luma of BT.601, which is rounded down to the image's type. Gray stays one channel, also when 3 are asked for.
/// Shapes   (..., 1 or 3, H, W) -> (..., num_output_channels, H, W)
/// Throws   ValueError for another number of channels, in or out
/// Source   torchvision.transforms.functional.rgb_to_grayscale
OPSIS_API torch::Tensor rgb_to_grayscale(const torch::Tensor& image, int64_t num_output_channels = 1);

/// A packed picture as Pillow makes it gray: mode L, or RGB of three channels. Tensors are for rgb_to_grayscale.
/// Throws   ValueError for another number of channels, and for the modes P, PA, HSV and LAB
/// Differs  torchvision's takes P and HSV too: a palette is not held here
/// Source   torchvision.transforms.functional.to_grayscale
OPSIS_API PackedImage to_grayscale(const PackedImage& picture, int64_t num_output_channels = 1);

/// As those of transforms::functional, each blended as factor * image + (1 - factor) * other; a tensor (H, W) is gray.
/// Throws   ValueError for another number of channels than 1 and 3 and for a negative factor; adjust_contrast for (H, W)
/// Source   torchvision.transforms.functional.adjust_brightness, adjust_contrast and adjust_saturation
OPSIS_API torch::Tensor adjust_brightness(const torch::Tensor& image, double brightness_factor);
OPSIS_API torch::Tensor adjust_contrast(const torch::Tensor& image, double contrast_factor);
OPSIS_API torch::Tensor adjust_saturation(const torch::Tensor& image, double saturation_factor);

/// As transforms::functional::adjust_sharpness, blended as above.
/// Shapes   (1 or 3, H, W) or (N, 1 or 3, H, W)
/// Throws   ValueError for other shapes, unless a side is 2 pixels or less, and for a negative factor
/// Source   torchvision.transforms.functional.adjust_sharpness
OPSIS_API torch::Tensor adjust_sharpness(const torch::Tensor& image, double sharpness_factor);

/// As transforms::functional::adjust_hue; a tensor (H, W) is gray.
/// Source   torchvision.transforms.functional.adjust_hue
OPSIS_API torch::Tensor adjust_hue(const torch::Tensor& image, double hue_factor);

/// As transforms::functional::adjust_gamma; pixels are brought into [0, 1] also without a gain.
/// Throws   ValueError for another number of channels than 1 and 3 too
/// Source   torchvision.transforms.functional.adjust_gamma
OPSIS_API torch::Tensor adjust_gamma(const torch::Tensor& image, double gamma, double gain = 1);

/// As transforms::functional::autocontrast, but levels are multiplied where that divides.
/// Throws   ValueError for another number of channels than 1 and 3, for images without pixels, for bool and uint16
/// Source   torchvision.transforms.functional.autocontrast
OPSIS_API torch::Tensor autocontrast(const torch::Tensor& image);

/// As those of transforms::functional, of 1 or 3 channels.
/// Throws   ValueError for another number of channels, for (H, W), for bool and uint16
/// Source   torchvision.transforms.functional.invert and solarize
OPSIS_API torch::Tensor invert(const torch::Tensor& image);
OPSIS_API torch::Tensor solarize(const torch::Tensor& image, double threshold);

/// As those of transforms::functional, of uint8 alone.
/// Throws   ValueError for other types, and for another number of channels than 1 and 3; equalize for what is neither (C, H, W)
///          nor a batch of them
/// Source   torchvision.transforms.functional.posterize and equalize
OPSIS_API torch::Tensor posterize(const torch::Tensor& image, int64_t bits);
OPSIS_API torch::Tensor equalize(const torch::Tensor& image);

/// As transforms::functional::gaussian_blur with `exact`, by a Gaussian that is computed in another order.
/// Shapes   (C, H, W) or (N, C, H, W)
/// Throws   ValueError for other shapes, a kernel_size that has not 2 numbers among them
/// Source   torchvision.transforms.functional.gaussian_blur
OPSIS_API torch::Tensor gaussian_blur(const torch::Tensor& image, torch::IntArrayRef kernel_size,
                                      const GaussianBlurOptions& options = {});

/// As those of transforms::functional. The rest of a half covered pixel is filled as covered * pixel + (1 - covered) * fill;
/// turns by right angles sample as all others do, and may grow the canvas by a pixel with `expand`.
/// Shapes   (C, H, W) or (N, C, H, W)
/// Throws   ValueError for other shapes and for images without pixels too
/// Source   torchvision.transforms.functional.rotate, affine and perspective
OPSIS_API torch::Tensor rotate(const torch::Tensor& image, double angle, const RotateOptions& options = {});
OPSIS_API torch::Tensor affine(const torch::Tensor& image, double angle, torch::ArrayRef<double> translate, double scale,
                               torch::ArrayRef<double> shear, const AffineOptions& options = {});
/// A number that is no list shears along x alone.
template <class Number>
requires std::is_arithmetic_v<Number> torch::Tensor affine(const torch::Tensor& image, double angle,
                                                           torch::ArrayRef<double> translate, double scale, Number shear,
                                                           const AffineOptions& options = {}) {
  return affine(image, angle, translate, scale, {static_cast<double>(shear), 0}, options);
}
OPSIS_API torch::Tensor perspective(const torch::Tensor& image, const std::vector<Point>& startpoints,
                                    const std::vector<Point>& endpoints, const PerspectiveOptions& options = {});

/// As transforms::functional::elastic, in the displacement's type; filled as above.
/// Source   torchvision.transforms.functional.elastic_transform
OPSIS_API torch::Tensor elastic_transform(const torch::Tensor& image, const torch::Tensor& displacement,
                                          const ElasticOptions& options = {});

}  // namespace opsis::inline v1::transforms::v1::functional
