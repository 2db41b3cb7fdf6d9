// Of inference_ops.h, those that take each channel by itself.
#include <ATen/ops/mul.h>
#include <torch/library.h>

#include <algorithm>
#include <array>
#include <type_traits>
#include <vector>

#include "opsis/core/team.h"
#include "opsis/models/depthwise_lines.h"
#include "opsis/models/inference_ops.h"
#include "opsis/models/inference_tensors.h"
#include "opsis/models/row_products.h"
#include "opsis/simd/channels.h"
#include "opsis/tv_tensors/print.h"

namespace opsis::inline v1::models::detail {
namespace {

using torch::Tensor;

Tensor depthwise(const Tensor& images, const Tensor& weight, const Tensor& bias, at::IntArrayRef stride,
                 at::IntArrayRef padding, at::IntArrayRef dilation, c10::string_view activation, double low, double high) {
  OPSIS_CHECK(weight.dim() == 3 && images.dim() == 4 && weight.size(2) == images.size(1) && bias.numel() == images.size(1),
              "inference_depthwise: weight {} and bias {} are not for {}", opsis::detail::shape(weight),
              opsis::detail::shape(bias), opsis::detail::shape(images));
  check_numbers(weight, "weight");
  check_numbers(bias, "bias");
  const Window window(weight.size(0), weight.size(1), stride, padding, dilation);
  const auto x = images.contiguous(kLast);
  const auto channels = x.size(1);
  return for_type("inference_depthwise", x, [&]<class T>(T) {
    auto out = room_for(result_shape(x, channels, window), kType<T>, kLast);
    const DepthwiseLines conv{
        .window = window,
        .height = x.size(2),
        .width = x.size(3),
        .out_height = out.size(2),
        .out_width = out.size(3),
        .channels = channels,
        .weights = read<float>(weight),
        .bias = read<float>(bias),
        .finish = {
            .activation = activation_named(activation), .low = static_cast<float>(low), .high = static_cast<float>(high)}};
    constexpr int64_t kLanes = 16;
    const auto most = conv.vectors_at_once(kLanes) * kLanes, blocks = (channels + most - 1) / most;
    const auto rows = out.size(0) * out.size(2);
    const auto make = [&](int64_t first, int64_t end, int64_t block) {
      const auto channel = block * most, count = std::min(most, channels - channel);
      const auto lines = [&](int64_t n, int64_t y, int64_t) {
        return PictureLines<T>{read<T>(x) + (n * x.size(2) + y) * x.size(3) * channels + channel, channels};
      };
      conv.make(first, end, channel, count, lines, write<T>(out));
    };
    const auto products = out.numel() * window.height * window.width * 4;  // they are slower than others
    const auto threads = static_cast<int64_t>(at::get_num_threads());
    constexpr int64_t kRowsEach = 4;
    if (rows < threads * kRowsEach && blocks >= threads) {
      const auto cut = parts_of(products, blocks);
      on_team(cut, [&](int64_t part) {
        for (auto block = blocks * part / cut; block < blocks * (part + 1) / cut; ++block) make(0, rows, block);
      });
    } else {
      const auto cut = parts_of(products, rows);
      on_team(cut, [&](int64_t part) {
        for (int64_t block = 0; block < blocks; ++block) make(rows * part / cut, rows * (part + 1) / cut, block);
      });
    }
    return out;
  });
}

void check_images(const char* name, const Tensor& x) {
  OPSIS_CHECK(x.dim() == 4 && x.size(1) > 0 && x.size(2) > 0 && x.size(3) > 0, "{}: expected (N, C, H, W), got {}", name,
              opsis::detail::shape(x));
}

Tensor mean(const Tensor& images) {
  constexpr auto kName = "inference_mean";
  check_images(kName, images);
  const auto x = images.contiguous(kLast);
  const auto channels = x.size(1), pixels = x.size(2) * x.size(3), count = x.size(0);
  return for_type(kName, x, [&]<class T>(T) {
    auto out = room_for({count, channels, 1, 1}, kType<T>, kLast);
    // Parts of a picture, so that large sums do not swallow small numbers; the same with any number of threads.
    constexpr int64_t kPart = 512;
    const auto each = (pixels + kPart - 1) / kPart;
    const auto parts = torch::empty({count, each, channels}, torch::kFloat32);
    on_team(count * each, [&](int64_t job) {
      const auto n = job / each, first = pixels * (job % each) / each, end = pixels * (job % each + 1) / each;
      simd::channel_sums(read<T>(x) + (n * pixels + first) * channels, end - first, channels,
                         parts.data_ptr<float>() + job * channels);
    });
    const std::vector<float> share(static_cast<size_t>(channels), 1.0f / static_cast<float>(pixels));
    for (int64_t n = 0; n < count; ++n) {
      auto* sums = parts.data_ptr<float>() + n * each * channels;
      if (each > 1) {
        const std::vector<float> all(sums, sums + each * channels);
        simd::channel_sums(all.data(), each, channels, sums);
      }
      simd::scale_channels(sums, 1, channels, share.data(), sums);
      if constexpr (std::is_same_v<T, float>) {
        std::copy_n(sums, channels, write<T>(out) + n * channels);
      } else {
        simd::to_bfloat16(sums, 1, channels, channels, write<T>(out) + n * channels, channels);
      }
    }
    return out;
  });
}

Tensor scale(const Tensor& images, const Tensor& factors) {
  constexpr auto kName = "inference_scale";
  check_images(kName, images);
  const auto x = images.contiguous(kLast), by = factors.contiguous(kLast);
  const auto count = x.size(0), channels = x.size(1), pixels = x.size(2) * x.size(3);
  OPSIS_CHECK(by.sizes() == (std::array{count, channels, int64_t{1}, int64_t{1}}), "{}: factors {} are not for {}", kName,
              opsis::detail::shape(by), opsis::detail::shape(x));
  if (by.scalar_type() != x.scalar_type()) return at::mul(images, factors);  // one is of float32 and so is what comes of it
  return for_type(kName, x, [&]<class T>(T) {
    auto out = room_for(x.sizes(), kType<T>, kLast);
    const auto each = parts_of(pixels * channels * 8, pixels);
    on_team(count * each, [&](int64_t job) {
      const auto n = job / each, first = pixels * (job % each) / each, end = pixels * (job % each + 1) / each;
      const auto at = (n * pixels + first) * channels;
      simd::scale_channels(read<T>(x) + at, end - first, channels, read<T>(by) + n * channels, write<T>(out) + at);
    });
    return out;
  });
}

Tensor max_pool(const Tensor& images, at::IntArrayRef kernel, at::IntArrayRef stride, at::IntArrayRef padding) {
  constexpr auto kName = "inference_max_pool2d";
  check_images(kName, images);
  const Window window(kernel.front(), kernel.back(), stride, padding, {1, 1});
  OPSIS_CHECK(2 * window.padding_y <= window.height && 2 * window.padding_x <= window.width,
              "{}: padding {} is more than half of the window {}", kName, c10::str(padding), c10::str(kernel));
  const auto x = images.contiguous(kLast);
  const auto channels = x.size(1), height = x.size(2), width = x.size(3);
  return for_type(kName, x, [&]<class T>(T) {
    auto out = room_for(result_shape(x, channels, window), kType<T>, kLast);
    const auto rows = out.size(0) * out.size(2), columns = out.size(3);
    const auto cut = parts_of(out.numel() * window.height * window.width * 4, rows);
    on_team(cut, [&](int64_t part) {
      for (auto row = rows * part / cut; row < rows * (part + 1) / cut; ++row) {
        const auto* picture = read<T>(x) + row / out.size(2) * height * width * channels;
        const auto top = row % out.size(2) * window.stride_y - window.padding_y;
        const auto first = std::max<int64_t>(top, 0), end = std::min(top + window.height, height);
        for (int64_t column = 0; column < columns; ++column) {
          const auto left = column * window.stride_x - window.padding_x;
          const auto begin = std::max<int64_t>(left, 0), last = std::min(left + window.width, width);
          simd::window_maxima(picture + (first * width + begin) * channels, end - first, last - begin, width * channels,
                              channels, write<T>(out) + (row * columns + column) * channels);
        }
      }
    });
    return out;
  });
}

TORCH_LIBRARY_FRAGMENT(opsis, m) {
  m.def(
      "inference_depthwise(Tensor x, Tensor weight, Tensor bias, int[] stride, int[] padding, int[] dilation, str activation, "
      "float low, float high) -> Tensor");
  m.def("inference_mean(Tensor x) -> Tensor");
  m.def("inference_scale(Tensor x, Tensor factors) -> Tensor");
  m.def("inference_max_pool2d(Tensor x, int[] kernel, int[] stride, int[] padding) -> Tensor");
  m.impl("inference_mean", c10::DispatchKey::CPU, mean);
  m.impl("inference_scale", c10::DispatchKey::CPU, scale);
  m.impl("inference_max_pool2d", c10::DispatchKey::CPU, max_pool);
  m.impl("inference_depthwise", c10::DispatchKey::CPU, depthwise);
}

}  // namespace
}  // namespace opsis::inline v1::models::detail
