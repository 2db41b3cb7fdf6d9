// Colours and levels: what changes each pixel by itself, or by the levels of its image.
#pragma once

#include <torch/types.h>

#include "opsis/core/api.h"
#include "opsis/tv_tensors.h"

namespace opsis::inline v1::transforms::functional {

/// Pixels times a factor, within their range: 0 is black, 1 the image itself, 2 twice as bright.
///     adjust_brightness(image, 1.2)
/// Shapes   (..., 1 or 3, H, W); the result has the same
/// Types    any; the result has the same
/// Throws   ValueError for another number of channels and for a negative factor
/// Source   torchvision.transforms.v2.functional.adjust_brightness
OPSIS_API torch::Tensor adjust_brightness(const torch::Tensor& image, double brightness_factor);
OPSIS_API Image adjust_brightness(const Image& image, double brightness_factor);
OPSIS_API Video adjust_brightness(const Video& video, double brightness_factor);

/// Pixels towards the mean gray of their image (factor 0), or away from it (above 1).
/// Shapes, Types and Throws as adjust_brightness
/// Source   torchvision.transforms.v2.functional.adjust_contrast
OPSIS_API torch::Tensor adjust_contrast(const torch::Tensor& image, double contrast_factor);
OPSIS_API Image adjust_contrast(const Image& image, double contrast_factor);
OPSIS_API Video adjust_contrast(const Video& video, double contrast_factor);

/// Pixels towards their own gray (factor 0), or away from it (above 1).
/// Shapes, Types and Throws as adjust_brightness
/// Memory   the input itself when it has one channel
/// Source   torchvision.transforms.v2.functional.adjust_saturation
OPSIS_API torch::Tensor adjust_saturation(const torch::Tensor& image, double saturation_factor);
OPSIS_API Image adjust_saturation(const Image& image, double saturation_factor);
OPSIS_API Video adjust_saturation(const Video& video, double saturation_factor);

/// Turns the hues: by 0.5, the largest step either way, to their complements.
/// Shapes   (..., 1 or 3, H, W); the result has the same
/// Types    any that to_dtype scales to float32 and back; the result has the same
/// Memory   the input itself when it has one channel or no pixel
/// Throws   ValueError for another number of channels and for a factor outside [-0.5, 0.5]
/// Source   torchvision.transforms.v2.functional.adjust_hue
OPSIS_API torch::Tensor adjust_hue(const torch::Tensor& image, double hue_factor);
OPSIS_API Image adjust_hue(const Image& image, double hue_factor);
OPSIS_API Video adjust_hue(const Video& video, double hue_factor);

/// gain * pixel ^ gamma, of pixels in [0, 1]: a gamma above 1 darkens the shadows, one below 1 lights them up.
/// Shapes   any; the result has the same
/// Types    any that to_dtype scales to float32 and back; the result has the same
/// Throws   ValueError for a negative gamma
/// Source   torchvision.transforms.v2.functional.adjust_gamma
OPSIS_API torch::Tensor adjust_gamma(const torch::Tensor& image, double gamma, double gain = 1);
OPSIS_API Image adjust_gamma(const Image& image, double gamma, double gain = 1);
OPSIS_API Video adjust_gamma(const Video& video, double gamma, double gain = 1);

/// Pixels towards a blurred image (factor 0), or away from it (above 1). The outermost pixels stay as they are.
/// Shapes, Types and Throws as adjust_brightness
/// Memory   the input itself when a side is 2 pixels or less
/// Source   torchvision.transforms.v2.functional.adjust_sharpness
OPSIS_API torch::Tensor adjust_sharpness(const torch::Tensor& image, double sharpness_factor);
OPSIS_API Image adjust_sharpness(const Image& image, double sharpness_factor);
OPSIS_API Video adjust_sharpness(const Video& video, double sharpness_factor);

/// Keeps the upper bits of pixels; of floating point, as many levels as the bits have.
/// Shapes   any; the result has the same
/// Types    integers of known range (to_dtype's) and floating point; the result has the same
/// Memory   the input itself when all of its bits are kept
/// Throws   ValueError for bits outside [0, 8] and for other types
/// Source   torchvision.transforms.v2.functional.posterize
OPSIS_API torch::Tensor posterize(const torch::Tensor& image, int64_t bits);
OPSIS_API Image posterize(const Image& image, int64_t bits);
OPSIS_API Video posterize(const Video& video, int64_t bits);

/// Inverts the pixels that are at or above a threshold.
/// Shapes   any; the result has the same
/// Types    as invert
/// Throws   ValueError for a threshold above the type's largest pixel and for other types
/// Differs  the threshold is what a float is in Python; of an int torch makes a number of the image's type, so that -1 is 255 on
///          uint8, and wide integers are not rounded to float32 before they are compared
/// Source   torchvision.transforms.v2.functional.solarize
OPSIS_API torch::Tensor solarize(const torch::Tensor& image, double threshold);
OPSIS_API Image solarize(const Image& image, double threshold);
OPSIS_API Video solarize(const Video& video, double threshold);

/// Stretches the levels of each channel over the whole range.
/// Shapes   (..., 1 or 3, H, W); the result has the same
/// Types    any; the result has the same
/// Memory   the input itself when it has no pixel
/// Throws   ValueError for another number of channels
/// Source   torchvision.transforms.v2.functional.autocontrast
OPSIS_API torch::Tensor autocontrast(const torch::Tensor& image);
OPSIS_API Image autocontrast(const Image& image);
OPSIS_API Video autocontrast(const Video& video);

/// Spreads the levels of each channel so that all are about as frequent. Other types go by way of uint8.
/// Shapes   (..., H, W); the result has the same
/// Types    any that to_dtype scales to uint8 and back; the result has the same
/// Memory   the input itself when it has no pixel
/// Source   torchvision.transforms.v2.functional.equalize
OPSIS_API torch::Tensor equalize(const torch::Tensor& image);
OPSIS_API Image equalize(const Image& image);
OPSIS_API Video equalize(const Video& video);

/// The negative: the largest pixel minus each.
/// Shapes   any; the result has the same
/// Types    integers of known range (to_dtype's) and floating point; the result has the same
/// Throws   ValueError for other types
/// Source   torchvision.transforms.v2.functional.invert
OPSIS_API torch::Tensor invert(const torch::Tensor& image);
OPSIS_API Image invert(const Image& image);
OPSIS_API Video invert(const Video& video);

/// The luma of BT.601 in one channel or, the same three times, in three.
/// Shapes   (..., 1 or 3, H, W) -> (..., num_output_channels, H, W)
/// Types    any; the result has the same
/// Memory   three channels made out of three are views of one
/// Throws   ValueError for another number of channels, in or out
/// Source   torchvision.transforms.v2.functional.rgb_to_grayscale
OPSIS_API torch::Tensor rgb_to_grayscale(const torch::Tensor& image, int64_t num_output_channels = 1);
OPSIS_API Image rgb_to_grayscale(const Image& image, int64_t num_output_channels = 1);

/// rgb_to_grayscale by its older name.
/// Source   torchvision.transforms.v2.functional.to_grayscale
OPSIS_API torch::Tensor to_grayscale(const torch::Tensor& image, int64_t num_output_channels = 1);
OPSIS_API Image to_grayscale(const Image& image, int64_t num_output_channels = 1);

/// One channel three times.
/// Shapes   (..., 1, H, W) -> (..., 3, H, W); of three channels and more, the same
/// Memory   the input itself when it has three channels or more
/// Throws   ValueError for two channels
/// Source   torchvision.transforms.v2.functional.grayscale_to_rgb
OPSIS_API torch::Tensor grayscale_to_rgb(const torch::Tensor& image);
OPSIS_API Image grayscale_to_rgb(const Image& image);

/// Channels in another order: out[c] is in[permutation[c]].
///     permute_channels(rgb, {2, 1, 0})   // bgr
/// Shapes   (..., C, H, W); the result has the same
/// Types    any; the result has the same
/// Memory   the input itself when it has no pixel
/// Throws   ValueError for numbers that are not as many as the channels, or not in [-C, C)
/// Source   torchvision.transforms.v2.functional.permute_channels
OPSIS_API torch::Tensor permute_channels(const torch::Tensor& image, torch::IntArrayRef permutation);
OPSIS_API Image permute_channels(const Image& image, torch::IntArrayRef permutation);
OPSIS_API Video permute_channels(const Video& video, torch::IntArrayRef permutation);

}  // namespace opsis::inline v1::transforms::functional
