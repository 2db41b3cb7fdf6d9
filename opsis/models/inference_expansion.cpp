// "opsis::inference_expansion" of inference_ops.h: the first half of an inverted bottleneck, a convolution of single pixels into
// many channels and one of each of these by itself. What is between them is the most numbers of such a network, and never leaves
// the cache.
#include <ATen/Parallel.h>
#include <torch/library.h>

#include <algorithm>
#include <memory>

#include "opsis/core/huge_pages.h"
#include "opsis/core/team.h"
#include "opsis/models/depthwise_lines.h"
#include "opsis/models/inference_ops.h"
#include "opsis/models/inference_tensors.h"
#include "opsis/models/row_products.h"
#include "opsis/simd/matmul.h"
#include "opsis/tv_tensors/print.h"

namespace opsis::inline v1::models::detail {
namespace {

using torch::Tensor;

// Whether threads share the rows of the results, and make some lines between twice, or share the channels, in strips. Rows are
// what the steps before and after are cut by: what a thread finds of its own in its cache is worth making more of it.
bool share_rows(const DepthwiseLines& conv, int64_t rows, int64_t strips) {
  const auto threads = static_cast<int64_t>(at::get_num_threads());
  const auto times = [threads](int64_t count) {  // how much longer than a thread's share the most that one has takes
    const auto most = (count + threads - 1) / threads;
    return static_cast<double>(most * threads) / static_cast<double>(count);
  };
  const auto each =
      std::max<int64_t>(1, rows / threads) * conv.window.stride_y;  // lines that a thread's rows need, without those
  const auto twice = std::max<int64_t>(0, conv.reach() - conv.window.stride_y);  // at their edge
  constexpr double kWorth = 1.6;
  return times(rows) * (1 + static_cast<double>(twice) / static_cast<double>(each)) <= kWorth * times(strips);
}

struct ActivationBounds {
  c10::string_view activation;
  double low, high;

  Finish<float> finish() const {
    return {.activation = activation_named(activation), .low = static_cast<float>(low), .high = static_cast<float>(high)};
  }
};

Tensor expansion(const Tensor& x, const Tensor& packed, int64_t vectors, c10::string_view first_activation, double first_low,
                 double first_high, const Tensor& weight, const Tensor& bias, at::IntArrayRef stride, at::IntArrayRef padding,
                 at::IntArrayRef dilation, c10::string_view activation, double low, double high) {
  constexpr auto kName = "inference_expansion";
  OPSIS_CHECK(x.dim() == 4 && weight.dim() == 3 && x.size(1) > 0 && bias.numel() == weight.size(2) &&
                  x.scalar_type() == torch::kFloat32,
              "{}: weight {} and bias {} are not for {} of {}", kName, opsis::detail::shape(weight), opsis::detail::shape(bias),
              opsis::detail::shape(x), c10::toString(x.scalar_type()));
  OPSIS_CHECK(vectors >= 1 && vectors <= 4, "{}: strips have 1 to 4 vectors, not {}", kName, vectors);
  const auto images = x.contiguous(kLast);
  check_numbers(packed, "packed");
  check_numbers(weight, "weight");
  check_numbers(bias, "bias");
  const Window window(weight.size(0), weight.size(1), stride, padding, dilation);
  const auto channels = weight.size(2), depth = images.size(1), height = images.size(2), width = images.size(3);
  auto out = room_for(result_shape(images, channels, window), torch::kFloat32, kLast);
  const auto rows = out.size(0) * out.size(2);
  const auto before = ActivationBounds{first_activation, first_low, first_high}.finish();
  const DepthwiseLines conv{.window = window,
                            .height = height,
                            .width = width,
                            .out_height = out.size(2),
                            .out_width = out.size(3),
                            .channels = channels,
                            .weights = read<float>(weight),
                            .bias = read<float>(bias),
                            .finish = ActivationBounds{activation, low, high}.finish()};
  const auto strips = simd::strips_of(channels, depth, vectors);
  OPSIS_CHECK(packed.numel() == strips.size(), "{}: packed has {} numbers, of {} expected", kName, packed.numel(),
              strips.size());

  const auto calls = std::max<int64_t>(1, out.size(0) * ((out.size(2) + conv.rows_at_once() - 1) / conv.rows_at_once()));
  const auto make = [&](int64_t first, int64_t end, int64_t number) {
    const simd::Strip strip(strips, read<float>(packed), number);
    // The next strip's weights come from far: they are asked for meanwhile.
    const bool last = number + 1 == strips.count;
    const auto* next = read<float>(packed) + (last ? 0 : strips.offset(number + 1));
    const auto part = last ? 0 : (strips.offset(number + 2) - strips.offset(number + 1)) / calls;
    auto calls_left = calls;
    const auto between =
        std::make_unique_for_overwrite<float[]>(static_cast<size_t>(conv.lines_at_once() * width * strip.columns));
    const auto lines = [&](int64_t n, int64_t y, int64_t some) {
      const auto* seen = read<float>(images) + (n * height + y) * width * depth;
      simd::multiply(strip, {.pixels = some * width,
                             .seen = &seen,
                             .depth = depth,
                             .step = depth,
                             .out = between.get(),
                             .stride = strip.columns,
                             .next = next,
                             .next_count = calls_left > 0 ? part : 0,
                             .low = before.low,
                             .high = before.high,
                             .activation = before.activation});
      if (calls_left-- > 0) next += part;
      return PictureLines<float>{between.get(), strip.columns};
    };
    conv.make(first, end, strip.column, strip.columns, lines, write<float>(out));
  };
  const auto products = images.numel() * channels;
  if (share_rows(conv, rows, strips.count)) {
    const auto cut = std::min(parts_of(products, rows), static_cast<int64_t>(at::get_num_threads()));
    on_team(cut, [&](int64_t part) {
      for (int64_t number = 0; number < strips.count; ++number) make(rows * part / cut, rows * (part + 1) / cut, number);
    });
  } else {
    const auto cut = parts_of(products, strips.count);
    on_team(cut, [&](int64_t part) {
      for (auto number = strips.count * part / cut; number < strips.count * (part + 1) / cut; ++number) make(0, rows, number);
    });
  }
  return out;
}

TORCH_LIBRARY_FRAGMENT(opsis, m) {
  m.def(
      "inference_expansion(Tensor x, Tensor packed, int vectors, str first_activation, float first_low, float first_high, "
      "Tensor weight, Tensor bias, int[] stride, int[] padding, int[] dilation, str activation, float low, float high) -> "
      "Tensor");
  m.impl("inference_expansion", c10::DispatchKey::CPU, expansion);
}

}  // namespace

int64_t expansion_vectors(const Tensor& weight, at::IntArrayRef stride, at::IntArrayRef padding, at::IntArrayRef dilation,
                          at::IntArrayRef images) {
  const Window window(weight.size(2), weight.size(3), stride, padding, dilation);
  const auto height = images.at(2), width = images.at(3);
  const DepthwiseLines conv{.window = window,
                            .height = height,
                            .width = width,
                            .out_height = std::max<int64_t>(1, window.out_height(height)),
                            .out_width = window.out_width(width),
                            .channels = weight.size(0),
                            .weights = nullptr,
                            .bias = nullptr};
  return conv.vectors_at_once(simd::strips_of(1, 1).lanes);
}

Tensor pack_expansion(const Tensor& weight, const Tensor& bias, int64_t vectors) {
  const auto rows = weight.flatten(1).contiguous(), biases = bias.defined() ? bias.contiguous() : bias;
  const auto strips = simd::strips_of(rows.size(0), rows.size(1), vectors);
  auto packed = torch::empty(strips.size(), rows.options());
  prefer_huge_pages(packed.data_ptr(), packed.nbytes());
  simd::pack_strips(strips, read<float>(rows), bias.defined() ? read<float>(biases) : nullptr, write<float>(packed));
  return packed;
}

}  // namespace opsis::inline v1::models::detail
