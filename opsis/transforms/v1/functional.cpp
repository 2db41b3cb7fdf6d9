// Colours, levels and types: torchvision's operations in its order.
#include "opsis/transforms/v1/functional.h"

#include <torch/torch.h>

#include <algorithm>
#include <vector>

#include "opsis/core/check.h"
#include "opsis/transforms/functional/bytes.h"
#include "opsis/transforms/functional/channels.h"
#include "opsis/transforms/v1/shared.h"

namespace opsis::inline v1::transforms::v1::functional {
namespace {

using torch::Tensor;

// Of these functions (H, W) is an image of one channel.
void check_channels(std::string_view where, const Tensor& image) {
  const auto channels = get_dimensions(image).channels;
  OPSIS_CHECK(channels == 1 || channels == 3, "{}: the image must have 1 or 3 channels, got {}", where,
              opsis::detail::shape(image));
}

bool is_gray(const Tensor& image) { return get_dimensions(image).channels == 1; }

void check_bytes(std::string_view where, const Tensor& image) {
  detail::check_gray_or_rgb(where, image);
  OPSIS_CHECK(image.scalar_type() == torch::kUInt8, "{}: the image must be uint8, got {}", where, image.scalar_type());
}

// What LibTorch can neither subtract nor compare.
void check_countable(std::string_view where, const Tensor& image) {
  detail::check_gray_or_rgb(where, image);
  OPSIS_CHECK(image.scalar_type() != torch::kBool && image.scalar_type() != torch::kUInt16,
              "{}: the image must not be of type {}", where, image.scalar_type());
}

// Whether it is quicker to change the 256 levels of each picture than its pixels.
bool has_levels(const Tensor& image) { return detail::is_bytes(image) && image.size(-1) * image.size(-2) > 256; }

// Bytes by tables: `change` makes (images, channels or 1, 1, 256) of all levels, and what it makes of a level it would make of
// such a pixel.
template <class Change>
Tensor by_levels(const Tensor& image, const Change& change) {
  const detail::Bytes in(image);
  const auto levels = torch::arange(256, torch::kUInt8).expand({in.images, 1, 1, 256});
  const auto changed = change(levels).expand({in.images, in.channels, 1, 256}).contiguous();
  std::vector<simd::Levels> tables(static_cast<size_t>(in.images * in.channels));
  const auto* from = changed.template const_data_ptr<uint8_t>();
  for (auto& table : tables) {
    std::copy_n(from, table.size(), table.begin());
    from += table.size();
  }
  return detail::map_levels(in, tables);
}

Tensor blend(const Tensor& image, const Tensor& other, double ratio) {
  const auto bound = detail::largest_pixel(image.scalar_type());
  return detail::times(image, ratio).add_(detail::times(other, 1 - ratio)).clamp_(0, bound).to(image.scalar_type());
}

// Each pixel but the outermost, with 5/13 of itself and 1/13 of each neighbour.
Tensor softened(const Tensor& image) {
  // No sum of bytes is halfway between two thirteenths, so that v2's kernel rounds as any convolution does.
  if (detail::is_bytes(image)) return transforms::functional::adjust_sharpness(image, 0);
  const auto type = detail::float_type(image);
  auto kernel = torch::ones({3, 3}, image.options().dtype(type));
  kernel[1][1] = 5.0;
  kernel.div_(kernel.sum());
  const auto channels = image.size(-3);
  const auto inner = detail::in_float(image, type, [&](const Tensor& pixels) {
    return torch::conv2d(pixels, kernel.expand({channels, 1, 3, 3}), Tensor(), 1, at::IntArrayRef{0}, 1, channels);
  });
  auto out = image.clone();
  out.slice(-2, 1, -1).slice(-1, 1, -1).copy_(inner);
  return out;
}

struct HueSaturationValue {
  Tensor hue, saturation, value;
};

// Of float32 in [0, 1].
HueSaturationValue to_hsv(const Tensor& image) {
  const auto rgb = image.unbind(-3);
  const auto most = image.amax(-3), least = image.amin(-3);
  const auto gray = most.eq(least), range = most - least, ones = torch::ones_like(most);
  const auto divisor = torch::where(gray, ones, range);
  const auto away = [&](size_t channel) { return (most - rgb[channel]).div_(divisor); };
  const auto r = away(0), g = away(1), b = away(2);
  const auto not_red = most.ne(rgb[0]), green = most.eq(rgb[1]);
  auto hue = (b - g).mul_(not_red.logical_not());
  hue.add_((r + 2.0).sub_(b).mul_(green.logical_and(not_red)));
  hue.add_((g + 4.0).sub_(r).mul_(not_red.logical_and(green.logical_not())));
  return {hue.div_(6.0).add_(1.0).fmod_(1.0), range / torch::where(gray, ones, most), most};
}

Tensor to_rgb(const HueSaturationValue& hsv) {
  const auto &hue = hsv.hue, &saturation = hsv.saturation, &value = hsv.value;
  const auto sixths = hue * 6.0, sector = sixths.floor(), rest = sixths - sector;
  const auto part = [&](const Tensor& share) { return (1.0 - share).mul_(value).clamp_(0.0, 1.0); };
  const auto vpqt = torch::stack({value, part(saturation), part(saturation * rest), part(saturation * (1.0 - rest))}, -3);
  // Which of v, p, q and t red, green and blue are, in each sector of the circle.
  const auto table = torch::tensor({0, 2, 1, 1, 3, 0, 3, 0, 0, 2, 1, 1, 1, 1, 3, 0, 0, 2}, torch::kInt64).view({3, 6});
  const auto which = sector.to(torch::kInt32).remainder_(6).to(torch::kInt64);
  const auto selected = table.to(which.device()).index({torch::indexing::Slice(), which}).moveaxis(0, -3);
  return vpqt.gather(-3, selected);
}

// Pillow's luma, in 16 bits of fixed point; of int32.
Tensor luma_of_pillow(const Tensor& red, const Tensor& green, const Tensor& blue) {
  return (red * 19595 + green * 38470 + blue * 7471 + (1 << 15)).bitwise_right_shift(16);
}

// (H, W) from 0 to 255, not yet uint8.
Tensor gray_of_pillow(const PackedImage& picture) {
  if (picture.mode == PackedMode::F) return picture.data.select(2, 0).clamp(0, 255);
  const auto channels = picture.data.to(torch::kInt32).unbind(2);
  switch (picture.mode) {
    using enum PackedMode;
    case BILEVEL: return channels[0] * 255;
    case L:
    case LA:
    case YCbCr: return channels[0];
    case RGB:
    case RGBA:
    case RGBX: return luma_of_pillow(channels[0], channels[1], channels[2]);
    case CMYK: {
      const auto paper = 255 - channels[3];
      const auto colour = [&](size_t ink) {
        const auto product = channels[ink] * paper + 128;
        return paper - (product.bitwise_right_shift(8) + product).bitwise_right_shift(8);
      };
      return luma_of_pillow(colour(0), colour(1), colour(2));
    }
    case I:
    case I16: return channels[0].clamp(0, 255);
    default: raise<ValueError>("to_grayscale: the picture must not be of mode {}; convert it to RGB", picture.mode);
  }
}

}  // namespace

PackedImage to_grayscale(const PackedImage& picture, int64_t num_output_channels) {
  OPSIS_CHECK(picture.data.defined(), "to_grayscale: the picture is empty");
  OPSIS_CHECK(num_output_channels == 1 || num_output_channels == 3, "to_grayscale: num_output_channels must be 1 or 3, got {}",
              num_output_channels);
  const auto gray = gray_of_pillow(picture).to(torch::kUInt8).unsqueeze(2);
  if (num_output_channels == 1) return {gray, PackedMode::L};
  return {gray.repeat({1, 1, 3}), PackedMode::RGB};
}

Tensor convert_image_dtype(const Tensor& image, torch::ScalarType dtype) {
  OPSIS_CHECK(image.defined(), "convert_image_dtype: the tensor is undefined");
  const auto own = image.scalar_type();
  if (own == dtype) return image;
  if (image.is_floating_point()) return transforms::functional::to_dtype(image, dtype, {.scale = true});
  if (torch::isFloatingType(dtype)) return image.to(dtype).div_(detail::python_number(detail::largest_pixel(own)));
  const auto half = [](torch::ScalarType type) { return static_cast<int64_t>((detail::largest_pixel(type) + 1) / 2); };
  if (own == torch::kBool) return image.to(dtype).mul_(half(dtype));
  OPSIS_CHECK(own != torch::kUInt16 || detail::largest_pixel(dtype) > detail::largest_pixel(own),
              "convert_image_dtype: uint16 cannot become {}, which holds less", dtype);
  if (dtype == torch::kBool) return image.div(half(own), "floor").to(dtype);
  return transforms::functional::to_dtype(image, dtype, {.scale = true});
}

Tensor rgb_to_grayscale(const Tensor& image, int64_t num_output_channels) {
  detail::check_gray_or_rgb("rgb_to_grayscale", image);
  OPSIS_CHECK(num_output_channels == 1 || num_output_channels == 3,
              "rgb_to_grayscale: num_output_channels must be 1 or 3, got {}", num_output_channels);
  Tensor luma;
  if (image.size(-3) == 3) {
    const auto rgb = image.unbind(-3);
    using detail::times;
    luma = times(rgb[0], 0.2989).add_(times(rgb[1], 0.587)).add_(times(rgb[2], 0.114));
    luma = luma.to(image.scalar_type()).unsqueeze(-3);
  } else {
    luma = image.clone();
  }
  return num_output_channels == 1 ? luma : luma.expand(image.sizes());  // one channel stays one
}

Tensor adjust_brightness(const Tensor& image, double brightness_factor) {
  check_channels("adjust_brightness", image);
  if (image.dim() == 2) return adjust_brightness(image.unsqueeze(0), brightness_factor).squeeze(0);
  return transforms::functional::adjust_brightness(image, brightness_factor);
}

Tensor adjust_contrast(const Tensor& image, double contrast_factor) {
  detail::check_not_negative("adjust_contrast", "contrast_factor", contrast_factor);
  detail::check_gray_or_rgb("adjust_contrast", image);
  const auto gray = image.size(-3) == 3 ? rgb_to_grayscale(image) : image;
  const auto mean = gray.to(detail::float_type(image)).mean(torch::IntArrayRef{-3, -2, -1}, true);
  if (!has_levels(image)) return blend(image, mean, contrast_factor);
  return by_levels(image, [&](const Tensor& levels) { return blend(levels, mean.reshape({-1, 1, 1, 1}), contrast_factor); });
}

Tensor adjust_saturation(const Tensor& image, double saturation_factor) {
  detail::check_not_negative("adjust_saturation", "saturation_factor", saturation_factor);
  check_channels("adjust_saturation", image);
  return is_gray(image) ? image : blend(image, rgb_to_grayscale(image), saturation_factor);
}

Tensor adjust_sharpness(const Tensor& image, double sharpness_factor) {
  detail::check_not_negative("adjust_sharpness", "sharpness_factor", sharpness_factor);
  check_channels("adjust_sharpness", image);
  if (image.size(-1) <= 2 || image.size(-2) <= 2) return image;
  detail::check_batch("adjust_sharpness", image);
  return blend(image, softened(image), sharpness_factor);
}

Tensor adjust_hue(const Tensor& image, double hue_factor) {
  OPSIS_CHECK(hue_factor >= -0.5 && hue_factor <= 0.5, "adjust_hue: hue_factor must be in [-0.5, 0.5], got {}", hue_factor);
  check_channels("adjust_hue", image);
  if (is_gray(image)) return image;
  auto hsv = to_hsv(convert_image_dtype(image, torch::kFloat32));
  hsv.hue.add_(hue_factor).remainder_(1.0);
  return convert_image_dtype(to_rgb(hsv), image.scalar_type());
}

Tensor adjust_gamma(const Tensor& image, double gamma, double gain) {
  check_channels("adjust_gamma", image);
  detail::check_not_negative("adjust_gamma", "gamma", gamma);
  if (detail::is_bytes(image) && image.numel() > 256) {
    const auto levels =
        adjust_gamma(torch::arange(256, torch::kUInt8).view({1, 16, 16}), gamma, gain);  // all that there can be
    simd::Levels table;
    std::copy_n(levels.const_data_ptr<uint8_t>(), table.size(), table.begin());
    return detail::map_levels(image, table);
  }
  const auto pixels = image.is_floating_point() ? image : convert_image_dtype(image, torch::kFloat32);
  return convert_image_dtype(detail::times(pixels.pow(gamma), gain).clamp_(0, 1), image.scalar_type());
}

Tensor autocontrast(const Tensor& image) {
  detail::check_gray_or_rgb("autocontrast", image);
  OPSIS_CHECK(image.size(-1) > 0 && image.size(-2) > 0, "autocontrast: the image must have pixels, got {}",
              opsis::detail::shape(image));
  if (image.numel() == 0 && image.scalar_type() != torch::kBool) return image;  // no image: of uint16 too
  check_countable("autocontrast", image);
  const auto type = detail::float_type(image);
  const auto bound = detail::largest_pixel(image.scalar_type());
  auto least = image.amin({-2, -1}, true).to(type);
  const auto most = image.amax({-2, -1}, true).to(type);
  auto scale = (most - least).reciprocal_().mul_(bound);
  const auto flat = scale.isfinite().logical_not_();
  least.masked_fill_(flat, 0);
  scale.masked_fill_(flat, 1);
  const auto stretch = [&](const Tensor& pixels, const Tensor& low, const Tensor& by) {
    return ((pixels - low) * by).clamp_(0, bound).to(image.scalar_type());
  };
  if (!has_levels(image)) return stretch(image, least, scale);
  const auto channels = image.size(-3);
  return by_levels(image, [&](const Tensor& levels) {
    return stretch(levels, least.reshape({-1, channels, 1, 1}), scale.reshape({-1, channels, 1, 1}));
  });
}

Tensor invert(const Tensor& image) {
  check_countable("invert", image);
  return transforms::functional::invert(image);
}

Tensor solarize(const Tensor& image, double threshold) {
  check_countable("solarize", image);
  return transforms::functional::solarize(image, threshold);
}

Tensor posterize(const Tensor& image, int64_t bits) {
  check_bytes("posterize", image);
  return transforms::functional::posterize(image, bits);
}

Tensor equalize(const Tensor& image) {
  check_bytes("equalize", image);
  detail::check_batch("equalize", image);
  OPSIS_CHECK(image.size(0) > 0, "equalize: the batch must have an image, got {}", opsis::detail::shape(image));
  return transforms::functional::equalize(image);
}

}  // namespace opsis::inline v1::transforms::v1::functional
