#include "opsis/transforms/functional/type.h"

#include <ATen/ops/empty_like.h>
#include <ATen/ops/tensor.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <optional>
#include <utility>

#include "opsis/core/check.h"
#include "opsis/core/parallel.h"
#include "opsis/simd/scale.h"
#include "opsis/transforms/functional/bytes.h"
#include "opsis/transforms/functional/pictures.h"
#include "opsis/transforms/functional/tensor.h"

namespace opsis::inline v1::transforms {

double detail::largest_pixel(torch::ScalarType dtype) {
  switch (dtype) {
    case torch::kUInt8: return 255;
    case torch::kInt8: return 127;
    case torch::kInt16: return 32767;
    case torch::kUInt16: return 65535;
    case torch::kInt32: return 2147483647;
    case torch::kInt64: return 9223372036854775807.0;
    default: return 1;
  }
}

int64_t detail::value_bits(std::string_view where, torch::ScalarType dtype) {
  switch (dtype) {
    case torch::kUInt8: return 8;
    case torch::kInt8: return 7;
    case torch::kInt16: return 15;
    case torch::kUInt16: return 16;
    case torch::kInt32: return 31;
    case torch::kInt64: return 63;
    default:
      raise<ValueError>("{}: only uint8, int8, int16, uint16, int32 and int64 have a range as integers, got {}", where, dtype);
  }
}

namespace functional {
namespace {

torch::Tensor float_to_integer(const torch::Tensor& image, torch::ScalarType dtype) {
  const auto from = image.scalar_type();
  const bool unsafe = (from == torch::kFloat32 && (dtype == torch::kInt32 || dtype == torch::kInt64)) ||
                      (from == torch::kFloat64 && dtype == torch::kInt64);
  OPSIS_CHECK(!unsafe, "to_dtype: {} cannot be scaled to {}, whose numbers it does not all hold", from, dtype);
  // Cutting 255 * x would give 255 to x = 1 alone; with almost one more, each level gets an equal part of [0, 1].
  return detail::times(image, detail::largest_pixel(dtype) + 1.0 - 1e-3).to(dtype);
}

torch::Tensor integer_to_integer(const torch::Tensor& image, torch::ScalarType dtype) {
  const auto from = image.scalar_type();
  const auto from_bits = detail::value_bits("to_dtype", from), to_bits = detail::value_bits("to_dtype", dtype);
  const auto shift = std::abs(from_bits - to_bits);
  const auto power = int64_t{1} << shift;
  // ATen has no shifts of uint16.
  if (from_bits > to_bits) {
    return from == torch::kUInt16 ? (image / power).to(dtype) : image.bitwise_right_shift(shift).to(dtype);
  }
  return dtype == torch::kUInt16 ? image.to(dtype) * power : image.to(dtype).bitwise_left_shift_(shift);
}

// Of the channel, by one number for it or one for all.
simd::Normal normal_of(torch::ArrayRef<double> mean, torch::ArrayRef<double> std, int64_t channel) {
  const auto number = [&](torch::ArrayRef<double> numbers) {
    return static_cast<float>(numbers[numbers.size() == 1 ? 0 : static_cast<size_t>(channel)]);
  };
  return {number(mean), number(std)};
}

// Whether the memory is in the order of the dimensions, with the channels of a pixel side by side or not: ATen keeps other
// orders.
bool is_in_order(const torch::Tensor& images, bool interleaved) {
  const auto outer = [&](int64_t a, int64_t b) {
    return images.size(a) == 1 || images.size(b) == 1 || images.stride(a) >= images.stride(b);
  };
  return interleaved ? outer(0, 2) && outer(2, 3) : outer(0, 1) && outer(1, 2) && outer(0, 2) && outer(2, 3);
}

// In one pass where ATen makes two, which of pixels that are one after the other do three numbers at a time. None for other types
// and layouts.
std::optional<torch::Tensor> normalized_floats(const torch::Tensor& image, torch::ArrayRef<double> mean,
                                               torch::ArrayRef<double> std) {
  if (image.scalar_type() != torch::kFloat32) return std::nullopt;
  const auto images = detail::as_batch(image);
  const auto layout = detail::picture_layout(images);
  if (!layout || (layout->interleaved && layout->channels != 3) || !is_in_order(images, layout->interleaved)) {
    return std::nullopt;
  }
  const int64_t channels = images.size(1);
  const Size size{images.size(2), images.size(3)};
  const auto out = detail::empty_pictures(images, size, *layout);
  const int64_t row_bytes = size.width * layout->pixel;
  const bool has_gaps = layout->row_stride != row_bytes;
  const auto normal = [&](int64_t channel) { return normal_of(mean, std, channel); };
  auto* const to = out.mutable_data_ptr<float>();
  detail::for_rows(layout->pictures, size.height, row_bytes, [&](int64_t number, int64_t first, int64_t last) {
    const int64_t rows = has_gaps ? 1 : last - first;
    for (int64_t y = first; y < last; y += rows) {
      const auto* const row = reinterpret_cast<const float*>(detail::picture(images, *layout, number) + y * layout->row_stride);
      auto* const out_row = to + (number * size.height + y) * size.width * layout->channels;
      if (layout->interleaved) {
        simd::normalize(row, rows * size.width, {normal(0), normal(1), normal(2)}, out_row);
      } else {
        simd::normalize(row, rows * size.width, normal(number % channels), out_row);
      }
    }
  });
  return out.reshape(image.sizes());
}

// In the words of the function `where`.
torch::Tensor normalized(std::string_view where, const torch::Tensor& image, torch::ArrayRef<double> mean,
                         torch::ArrayRef<double> std, bool inplace) {
  detail::check_dims(where, image, 3);
  OPSIS_CHECK(image.is_floating_point(), "{}: the image must be floating point, got {}; see to_dtype", where,
              image.scalar_type());
  OPSIS_CHECK(std::all_of(std.begin(), std.end(), [](double s) { return s != 0; }), "{}: std must not be 0", where);
  const auto fits = [](size_t count, int64_t channels) { return count == 1 || static_cast<int64_t>(count) == channels; };
  const auto channels = image.size(-3);
  const auto out_channels = channels == 1 && !inplace ? static_cast<int64_t>(mean.size()) : channels;
  OPSIS_CHECK(fits(mean.size(), out_channels) && fits(std.size(), out_channels),
              "{}: mean and std must have 1 or {} numbers for an image {}, got {} and {}", where, channels,
              opsis::detail::shape(image), mean.size(), std.size());

  if (out_channels == channels) {
    if (auto floats = normalized_floats(image, mean, std)) return inplace ? image.copy_(*floats) : *std::move(floats);
  }
  const auto per_channel = [&](torch::ArrayRef<double> numbers) {
    return at::tensor(numbers, torch::kFloat64).to(image.device(), image.scalar_type()).view({-1, 1, 1});
  };
  auto pixels = inplace ? image : image.sub(per_channel(mean));
  if (inplace) pixels.sub_(per_channel(mean));
  return pixels.div_(per_channel(std));
}

constexpr int64_t bytes_to_floats_grain = int64_t{1} << 15;

torch::Tensor unit_of_bytes(const torch::Tensor& image) {
  auto out = at::empty_like(image, torch::kFloat32);
  const auto* const from = image.const_data_ptr<uint8_t>();
  auto* const to = out.mutable_data_ptr<float>();
  parallel_for(0, image.numel(), bytes_to_floats_grain,
               [&](int64_t first, int64_t last) { simd::to_unit(from + first, last - first, to + first); });
  return out;
}

torch::Tensor normalized_bytes(const detail::Bytes& in, torch::ArrayRef<double> mean, torch::ArrayRef<double> std) {
  auto out = in.like(torch::kFloat32);
  auto* const to = out.mutable_data_ptr<float>();
  const auto normal = [&](int64_t channel) { return normal_of(mean, std, channel); };
  for (int64_t i = 0; i < in.pictures(); ++i) {
    const auto* const from = in.picture(i).data;
    parallel_for(0, in.plane(), bytes_to_floats_grain, [&](int64_t first, int64_t last) {
      if (in.interleaved) {
        simd::to_normal(from + 3 * first, last - first, {normal(0), normal(1), normal(2)}, to + 3 * (i * in.plane() + first));
      } else {
        simd::to_normal(from + first, last - first, normal(i % in.channels), to + i * in.plane() + first);
      }
    });
  }
  return out;
}

}  // namespace

torch::Tensor to_dtype(const torch::Tensor& image, torch::ScalarType dtype, const ToDtypeOptions& options) {
  OPSIS_CHECK(image.defined(), "to_dtype: the tensor is undefined");
  if (image.scalar_type() == dtype) return image;
  const bool from_float = image.is_floating_point(), to_float = at::isFloatingType(dtype);
  if (!options.scale || (from_float && to_float)) return image.to(dtype);
  if (from_float) return float_to_integer(image, dtype);
  if (dtype == torch::kFloat32 && image.scalar_type() == torch::kUInt8 && image.device().is_cpu() &&
      image.is_non_overlapping_and_dense()) {
    return unit_of_bytes(image);
  }
  // Times the rounded 1/255, not divided by 255: the last bit differs.
  if (to_float) return image.to(dtype).mul_(detail::python_number(1.0 / detail::largest_pixel(image.scalar_type())));
  return integer_to_integer(image, dtype);
}

Image to_dtype(const Image& image, torch::ScalarType dtype, const ToDtypeOptions& options) {
  return wrap(to_dtype(image.data, dtype, options), image);
}
Video to_dtype(const Video& video, torch::ScalarType dtype, const ToDtypeOptions& options) {
  return wrap(to_dtype(video.data, dtype, options), video);
}
Mask to_dtype(const Mask& mask, torch::ScalarType dtype, const ToDtypeOptions&) { return wrap(mask.data.to(dtype), mask); }
BoundingBoxes to_dtype(const BoundingBoxes& boxes, torch::ScalarType dtype, const ToDtypeOptions&) {
  return wrap(boxes.data.to(dtype), boxes);
}
KeyPoints to_dtype(const KeyPoints& points, torch::ScalarType dtype, const ToDtypeOptions&) {
  return wrap(points.data.to(dtype), points);
}

torch::Tensor convert_image_dtype(const torch::Tensor& image, torch::ScalarType dtype) {
  return to_dtype(image, dtype, {.scale = true});
}

Image to_image(const torch::Tensor& pixels) { return Image(pixels); }

torch::Tensor normalize(const torch::Tensor& image, torch::ArrayRef<double> mean, torch::ArrayRef<double> std,
                        const NormalizeOptions& options) {
  return normalized("normalize", image, mean, std, options.inplace);
}

Image normalize(const Image& image, torch::ArrayRef<double> mean, torch::ArrayRef<double> std,
                const NormalizeOptions& options) {
  return wrap(normalize(image.data, mean, std, options), image);
}
Video normalize(const Video& video, torch::ArrayRef<double> mean, torch::ArrayRef<double> std,
                const NormalizeOptions& options) {
  return wrap(normalize(video.data, mean, std, options), video);
}

torch::Tensor to_normalized(const torch::Tensor& image, torch::ArrayRef<double> mean, torch::ArrayRef<double> std) {
  OPSIS_CHECK(image.defined(), "to_normalized: the tensor is undefined");
  const auto fits = [&](size_t count) { return count == 1 || static_cast<int64_t>(count) == image.size(-3); };
  const bool divides = std::all_of(std.begin(), std.end(), [](double s) { return s != 0; });
  if (detail::is_bytes(image) && fits(mean.size()) && fits(std.size()) && divides) {
    return normalized_bytes(detail::Bytes(image), mean, std);
  }
  return normalized("to_normalized", to_dtype(image, torch::kFloat32, {.scale = true}), mean, std, false);
}

Image to_normalized(const Image& image, torch::ArrayRef<double> mean, torch::ArrayRef<double> std) {
  return wrap(to_normalized(image.data, mean, std), image);
}
Video to_normalized(const Video& video, torch::ArrayRef<double> mean, torch::ArrayRef<double> std) {
  return wrap(to_normalized(video.data, mean, std), video);
}

}  // namespace functional
}  // namespace opsis::inline v1::transforms
