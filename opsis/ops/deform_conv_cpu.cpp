// A matrix product with columns of samples, image by image. Where the samples lie is found once for each group of offsets; then
// every channel is read by that.
#include <torch/torch.h>

#include <cmath>
#include <vector>

#include "opsis/core/parallel.h"
#include "opsis/ops/deform_conv_kernels.h"

namespace opsis::inline v1::ops::detail {
namespace {

using torch::Tensor;

// A sample between four pixels, (down, across) each low or high; -1 for one off the image, which is 0.
template <class T>
struct Sample {
  int32_t low_low = -1, low_high = -1, high_low = -1, high_high = -1;
  T down = 0, across = 0;  // from the low ones to the high ones, in pixels
  T mask = 1;
};

template <class T>
T pixel(const T* plane, int32_t at) {
  return at < 0 ? T(0) : plane[at];
}

template <class T>
T value(const T* plane, const Sample<T>& s) {
  const auto up = 1 - s.down, left = 1 - s.across;
  return up * left * pixel(plane, s.low_low) + up * s.across * pixel(plane, s.low_high) +
         s.down * left * pixel(plane, s.high_low) + s.down * s.across * pixel(plane, s.high_high);
}

struct Shape {
  int64_t channels, height, width, kernel_h, kernel_w, out_h, out_w;
  int64_t places() const { return kernel_h * kernel_w; }
  int64_t pixels() const { return out_h * out_w; }

  Shape(const Tensor& input, const Tensor& weight, const Tensor& offset)
      : channels(input.size(1)),
        height(input.size(2)),
        width(input.size(3)),
        kernel_h(weight.size(2)),
        kernel_w(weight.size(3)),
        out_h(offset.size(2)),
        out_w(offset.size(3)) {}
};

// Of one image: [offset group][place of the kernel][pixel of the result]. T is the type of the offsets, in which torchvision
// adds.
template <class T, class Compute>
std::vector<Sample<Compute>> samples_of_image(const Tensor& offset, const Tensor& mask, const Shape& shape,
                                              const Deformation& deformation) {
  std::vector<Sample<Compute>> out(static_cast<size_t>(deformation.offset_groups * shape.places() * shape.pixels()));
  const auto* const offsets = offset.const_data_ptr<T>();
  const auto* const masks = deformation.use_mask ? mask.const_data_ptr<T>() : nullptr;
  parallel_for(0, deformation.offset_groups * shape.places(), 1, [&](int64_t first, int64_t last) {
    for (auto g = first; g < last; ++g) {
      const auto i = g % shape.places() / shape.kernel_w, j = g % shape.kernel_w;
      for (int64_t p = 0; p < shape.pixels(); ++p) {
        auto& sample = out[static_cast<size_t>(g * shape.pixels() + p)];
        const auto row = p / shape.out_w * deformation.stride[0] - deformation.padding[0] + i * deformation.dilation[0];
        const auto column = p % shape.out_w * deformation.stride[1] - deformation.padding[1] + j * deformation.dilation[1];
        const auto y = static_cast<double>(static_cast<T>(row) + offsets[2 * g * shape.pixels() + p]);
        const auto x = static_cast<double>(static_cast<T>(column) + offsets[(2 * g + 1) * shape.pixels() + p]);
        if (masks) sample.mask = static_cast<Compute>(masks[g * shape.pixels() + p]);
        // False for what is no number, too.
        if (!(y >= -1 && y < static_cast<double>(shape.height) && x >= -1 && x < static_cast<double>(shape.width))) continue;
        const auto low_y = static_cast<int64_t>(std::floor(y)), low_x = static_cast<int64_t>(std::floor(x));
        sample.down = static_cast<Compute>(y - static_cast<double>(low_y));
        sample.across = static_cast<Compute>(x - static_cast<double>(low_x));
        const auto at = [&](int64_t r, int64_t c) {
          const bool on = r >= 0 && r < shape.height && c >= 0 && c < shape.width;
          return on ? static_cast<int32_t>(r * shape.width + c) : -1;
        };
        sample.low_low = at(low_y, low_x);
        sample.low_high = at(low_y, low_x + 1);
        sample.high_low = at(low_y + 1, low_x);
        sample.high_high = at(low_y + 1, low_x + 1);
      }
    }
  });
  return out;
}

template <class Compute>
std::vector<Sample<Compute>> samples_of(const Tensor& offset, const Tensor& mask, const Shape& shape,
                                        const Deformation& deformation) {
  std::vector<Sample<Compute>> out;
  AT_DISPATCH_FLOATING_TYPES_AND_HALF(offset.scalar_type(), "deform_conv2d",
                                      [&] { out = samples_of_image<scalar_t, Compute>(offset, mask, shape, deformation); });
  return out;
}

// body(channel, its plane's samples) in parallel over channels.
template <class T, class Body>
void for_channels(const std::vector<Sample<T>>& samples, const Shape& shape, const Deformation& deformation, const Body& body) {
  parallel_for(0, shape.channels, 1, [&](int64_t first, int64_t last) {
    for (auto c = first; c < last; ++c) {
      const auto group = c / (shape.channels / deformation.offset_groups);
      body(c, samples.data() + group * shape.places() * shape.pixels());
    }
  });
}

// columns (C * places, pixels) of one image (C, H, W)
template <class T>
void fill_columns(const Tensor& image, const std::vector<Sample<T>>& samples, const Shape& shape,
                  const Deformation& deformation, const Tensor& columns) {
  const auto* const from = image.const_data_ptr<T>();
  auto* const to = columns.mutable_data_ptr<T>();
  for_channels(samples, shape, deformation, [&](int64_t c, const Sample<T>* of_channel) {
    const auto* const plane = from + c * shape.height * shape.width;
    const auto count = shape.places() * shape.pixels();
    for (int64_t i = 0; i < count; ++i) to[c * count + i] = of_channel[i].mask * value(plane, of_channel[i]);
  });
}

// What the gradient of the columns gives to the image.
template <class T>
void add_to_image(const Tensor& columns, const std::vector<Sample<T>>& samples, const Shape& shape,
                  const Deformation& deformation, const Tensor& grad_image) {
  const auto* const from = columns.const_data_ptr<T>();
  auto* const to = grad_image.mutable_data_ptr<T>();
  for_channels(samples, shape, deformation, [&](int64_t c, const Sample<T>* of_channel) {
    auto* const plane = to + c * shape.height * shape.width;
    const auto count = shape.places() * shape.pixels();
    for (int64_t i = 0; i < count; ++i) {
      const auto& s = of_channel[i];
      const auto grad = s.mask * from[c * count + i], up = 1 - s.down, left = 1 - s.across;
      const auto add = [&](int32_t at, T weight) {
        if (at >= 0) plane[at] += weight * grad;
      };
      add(s.low_low, up * left);
      add(s.low_high, up * s.across);
      add(s.high_low, s.down * left);
      add(s.high_high, s.down * s.across);
    }
  });
}

// And to the offsets and the mask, in the layout of theirs.
template <class T>
void fill_offset_and_mask(const Tensor& columns, const Tensor& image, const std::vector<Sample<T>>& samples, const Shape& shape,
                          const Deformation& deformation, const Tensor& grad_offset, const Tensor& grad_mask) {
  const auto *const from = columns.const_data_ptr<T>(), *const planes = image.const_data_ptr<T>();
  auto* const offsets = grad_offset.mutable_data_ptr<T>();
  auto* const masks = deformation.use_mask ? grad_mask.mutable_data_ptr<T>() : nullptr;
  const auto channels = shape.channels / deformation.offset_groups;
  const auto count = shape.places() * shape.pixels();
  parallel_for(0, deformation.offset_groups * shape.places(), 1, [&](int64_t first, int64_t last) {
    for (auto g = first; g < last; ++g) {
      const auto group = g / shape.places(), place = g % shape.places();
      for (int64_t p = 0; p < shape.pixels(); ++p) {
        const auto& s = samples[static_cast<size_t>(g * shape.pixels() + p)];
        T down = 0, across = 0, masked = 0;
        for (auto c = group * channels; c < (group + 1) * channels; ++c) {
          const auto* const plane = planes + c * shape.height * shape.width;
          const auto grad = from[c * count + place * shape.pixels() + p];
          const auto a = pixel(plane, s.low_low), b = pixel(plane, s.low_high);
          const auto d = pixel(plane, s.high_low), e = pixel(plane, s.high_high);
          down += s.mask * grad * (s.across * (e - b) + (1 - s.across) * (d - a));
          across += s.mask * grad * (s.down * (e - d) + (1 - s.down) * (b - a));
          masked += grad * value(plane, s);
        }
        offsets[2 * g * shape.pixels() + p] = down;
        offsets[(2 * g + 1) * shape.pixels() + p] = across;
        if (masks) masks[g * shape.pixels() + p] = masked;
      }
    }
  });
}

// (groups, rows / groups, columns)
Tensor in_groups(const Tensor& matrix, int64_t groups) {
  return matrix.view({groups, matrix.size(0) / groups, matrix.size(1)});
}

template <class T>
void convolve(const Tensor& input, const Tensor& weight, const Tensor& offset, const Tensor& mask,
              const Deformation& deformation, const Tensor& out) {
  const Shape shape(input, weight, offset);
  const auto columns = torch::empty({shape.channels * shape.places(), shape.pixels()}, input.options());
  const auto weights = in_groups(weight.flatten(1), deformation.groups);
  for (int64_t n = 0; n < input.size(0); ++n) {
    fill_columns(input[n], samples_of<T>(offset[n], mask[n], shape, deformation), shape, deformation, columns);
    auto result = in_groups(out[n].flatten(1), deformation.groups);
    torch::bmm_out(result, weights, in_groups(columns, deformation.groups));
  }
}

template <class T>
void convolve_backward(const Tensor& grad, const Tensor& input, const Tensor& weight, const Tensor& offset, const Tensor& mask,
                       const Deformation& deformation, const DeformGradients& out) {
  const auto& [grad_input, grad_weight, grad_offset, grad_mask, grad_bias] = out;
  const Shape shape(input, weight, offset);
  auto columns = torch::empty({shape.channels * shape.places(), shape.pixels()}, input.options());
  const auto weights = in_groups(weight.flatten(1), deformation.groups);
  auto sums = in_groups(grad_weight.view_as(weight).flatten(1), deformation.groups);
  for (int64_t n = 0; n < input.size(0); ++n) {
    const auto samples = samples_of<T>(offset[n], mask[n], shape, deformation);
    const auto of_result = in_groups(grad[n].flatten(1), deformation.groups);
    fill_columns(input[n], samples, shape, deformation, columns);
    auto by_group = in_groups(columns, deformation.groups);
    sums.baddbmm_(of_result, by_group.transpose(1, 2));
    torch::bmm_out(by_group, weights.transpose(1, 2), of_result);
    add_to_image(columns, samples, shape, deformation, grad_input[n]);
    fill_offset_and_mask(columns, input[n], samples, shape, deformation, grad_offset[n], grad_mask[n]);
  }
}

}  // namespace

void deform_conv2d_cpu(const Tensor& input, const Tensor& weight, const Tensor& offset, const Tensor& mask,
                       const Deformation& deformation, const Tensor& out) {
  AT_DISPATCH_FLOATING_TYPES(input.scalar_type(), "deform_conv2d",
                             [&] { convolve<scalar_t>(input, weight, offset, mask, deformation, out); });
}

void deform_conv2d_backward_cpu(const Tensor& grad, const Tensor& input, const Tensor& weight, const Tensor& offset,
                                const Tensor& mask, const Deformation& deformation, const DeformGradients& out) {
  AT_DISPATCH_FLOATING_TYPES(input.scalar_type(), "deform_conv2d",
                             [&] { convolve_backward<scalar_t>(grad, input, weight, offset, mask, deformation, out); });
}

}  // namespace opsis::inline v1::ops::detail
