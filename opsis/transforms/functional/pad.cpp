#include "opsis/transforms/functional/pad.h"

#include <ATen/ops/arange.h>
#include <ATen/ops/cat.h>
#include <ATen/ops/constant_pad_nd.h>
#include <ATen/ops/pad.h>
#include <ATen/ops/scalar_tensor.h>
#include <ATen/ops/tensor.h>
#include <c10/util/overflows.h>

#include <algorithm>
#include <array>

#include "opsis/core/check.h"
#include "opsis/core/nearest.h"
#include "opsis/transforms/functional/boxes.h"
#include "opsis/transforms/functional/move_pixels.h"
#include "opsis/transforms/functional/tensor.h"

namespace opsis::inline v1::transforms {
namespace {

using detail::Borders;

// In the order of PaddingMode.
constexpr std::array<std::string_view, 4> padding_mode_names{"constant", "edge", "reflect", "symmetric"};

Size padded(Size canvas, const Borders& borders) {
  return {canvas.height + borders.top + borders.bottom, canvas.width + borders.left + borders.right};
}

void check_borders(const torch::Tensor& image, const Borders& b, PaddingMode mode) {
  const Size old_size{image.size(-2), image.size(-1)};
  const auto new_size = padded(old_size, b);
  OPSIS_CHECK(new_size.height >= 0 && new_size.width >= 0, "pad: the padding takes more than the image has, {} from {}",
              new_size, old_size);
  if (mode == PaddingMode::Reflect || mode == PaddingMode::Symmetric) {
    // How many pixels a border can show: not the last one again, or what is left of the image by negative borders.
    const auto cut = [](int64_t border) { return std::min<int64_t>(border, 0); };
    const Size shown = mode == PaddingMode::Reflect ? Size{old_size.height - 1, old_size.width - 1}
                                                    : padded(old_size, {cut(b.left), cut(b.top), cut(b.right), cut(b.bottom)});
    OPSIS_CHECK(std::max(b.left, b.right) <= shown.width && std::max(b.top, b.bottom) <= shown.height,
                "pad: {} cannot show more pixels than the image has, got borders {}, {}, {}, {} for {}", mode, b.left, b.top,
                b.right, b.bottom, old_size);
  }
  if (mode == PaddingMode::Edge) {
    OPSIS_CHECK(old_size.height > 0 && old_size.width > 0, "pad: an empty image has no edge, got {}", old_size);
  }
}

// ATen reflects and replicates floating point only.
torch::Tensor pad_by_float(const torch::Tensor& image, at::IntArrayRef around, std::string_view mode) {
  if (image.is_floating_point()) return at::pad(image, around, mode);
  return at::pad(image.to(torch::kFloat32), around, mode).to(image.scalar_type());
}

// The indices 0 ... n - 1 with so many of its ends mirrored before and behind.
torch::Tensor mirrored(int64_t n, int64_t before, int64_t behind, torch::Device device) {
  const auto indices = at::arange(n, torch::dtype(torch::kInt64).device(device));
  return at::cat({indices.slice(0, 0, before).flip(0), indices, indices.slice(0, n - behind, n).flip(0)});
}

torch::Tensor pad_symmetric(torch::Tensor image, Borders b) {
  const auto cut = [](int64_t border) { return -std::min<int64_t>(border, 0); };
  image = image.slice(-2, cut(b.top), image.size(-2) - cut(b.bottom));
  image = image.slice(-1, cut(b.left), image.size(-1) - cut(b.right));
  const auto grown = [](int64_t border) { return std::max<int64_t>(border, 0); };
  const auto rows = mirrored(image.size(-2), grown(b.top), grown(b.bottom), image.device());
  const auto columns = mirrored(image.size(-1), grown(b.left), grown(b.right), image.device());
  return image.index({torch::indexing::Ellipsis, rows.unsqueeze(1), columns.unsqueeze(0)});
}

// Whether ATen fills pixels of this type with the number: what is between two is cut, but nothing is wrapped.
bool holds(torch::ScalarType type, double number) {
  const auto fits = [&]<class T>(T) { return !c10::overflows<T, double>(number); };
  switch (type) {
    case torch::kUInt8: return fits(uint8_t{});
    case torch::kUInt16: return fits(uint16_t{});
    case torch::kUInt32: return fits(uint32_t{});
    case torch::kInt8: return fits(int8_t{});
    case torch::kInt16: return fits(int16_t{});
    case torch::kInt32: return fits(int32_t{});
    case torch::kInt64: return fits(int64_t{});
    case torch::kFloat16: return fits(c10::Half{});
    case torch::kBFloat16: return fits(c10::BFloat16{});
    case torch::kFloat32: return fits(float{});
    default: return true;  // of bool, which takes all, and float64
  }
}

// One number for each channel, in the image's type: by way of float32, as torchvision rounds it.
torch::Tensor colour(const torch::Tensor& image, const std::vector<double>& fill) {
  OPSIS_CHECK(static_cast<int64_t>(fill.size()) == image.size(-3), "pad: fill must have 1 or {} numbers, got {}",
              image.size(-3), fill.size());
  return at::tensor(fill, torch::dtype(torch::kFloat32).device(image.device())).to(image.scalar_type());
}

torch::Tensor pad_channels(const torch::Tensor& image, at::IntArrayRef around, const torch::Tensor& colour) {
  auto out = at::constant_pad_nd(image, around, 0);
  const auto border = [&](int64_t dim, int64_t first, int64_t last) {
    if (first < last) out.slice(dim, first, last).copy_(colour.reshape({-1, 1, 1}));
  };
  const int64_t height = out.size(-2), width = out.size(-1);
  border(-2, 0, std::min(around[2], height));
  border(-1, 0, std::min(around[0], width));
  border(-2, std::max<int64_t>(height - around[3], 0), height);
  border(-1, std::max<int64_t>(width - around[1], 0), width);
  return out;
}

}  // namespace

std::string_view to_string(PaddingMode mode) { return padding_mode_names.at(static_cast<size_t>(mode)); }

PaddingMode padding_mode(std::string_view name) {
  for (size_t i = 0; i < padding_mode_names.size(); ++i) {
    if (padding_mode_names[i] == name) return static_cast<PaddingMode>(i);
  }
  raise<ValueError>("padding_mode: the mode must be constant, edge, reflect or symmetric, got \"{}\"{}", name,
                    did_you_mean(name, padding_mode_names));
}

std::ostream& operator<<(std::ostream& out, PaddingMode mode) { return out << to_string(mode); }

Borders detail::borders(std::string_view where, torch::IntArrayRef padding) {
  constexpr int64_t most = int64_t{1} << 40;  // so that sums of borders, and their bytes, do not overflow
  for (const auto border : padding) {
    OPSIS_CHECK(border >= -most && border <= most, "{}: a border must have at most 2^40 pixels, got {}", where, border);
  }
  switch (padding.size()) {
    case 1: return {padding[0], padding[0], padding[0], padding[0]};
    case 2: return {padding[0], padding[1], padding[0], padding[1]};
    case 4: return {padding[0], padding[1], padding[2], padding[3]};
    default: raise<ValueError>("{}: padding must have 1, 2 or 4 numbers, got {}", where, padding.size());
  }
}

namespace functional {

torch::Tensor pad(const torch::Tensor& image, torch::IntArrayRef padding, const Fill& fill, PaddingMode padding_mode) {
  detail::check_dims("pad", image, 3);
  const auto b = detail::borders("pad", padding);
  const auto numbers = fill.numbers();
  OPSIS_CHECK(!numbers.empty(), "pad: fill must have 1 or {} numbers, got none", image.size(-3));
  OPSIS_CHECK(numbers.size() == 1 || padding_mode == PaddingMode::Constant, "pad: {} takes one fill for all channels, got {}",
              padding_mode, numbers.size());
  check_borders(image, b, padding_mode);

  const int64_t around[] = {b.left, b.right, b.top, b.bottom};  // ATen's order
  torch::Tensor pixel;
  if (padding_mode == PaddingMode::Constant) {
    // As in torchvision, a fill is looked at only where there is something to fill.
    const bool grows = std::max({b.left, b.top, b.right, b.bottom}) > 0;
    OPSIS_CHECK(!grows || numbers.size() > 1 || holds(image.scalar_type(), numbers[0]),
                "pad: fill must be a number that {} holds, got {}", image.scalar_type(), numbers[0]);
    pixel = grows && numbers.size() > 1 ? colour(image, numbers) : at::scalar_tensor(grows ? numbers[0] : 0, image.options());
  }
  if (const auto padded = detail::pad_pixels(image, b, padding_mode, pixel)) return *padded;
  if (padding_mode == PaddingMode::Constant) {  // ATen cuts before it pads
    const auto cut = [](int64_t border) { return std::min<int64_t>(border, 0); };
    const Size old_size{image.size(-2), image.size(-1)};
    const auto left = padded(old_size, {cut(b.left), cut(b.top), cut(b.right), cut(b.bottom)});
    OPSIS_CHECK(left.height >= 0 && left.width >= 0, "pad: negative borders take more than the image has, {} from {}", left,
                old_size);
  }
  if (numbers.size() > 1) return pad_channels(image, around, pixel);
  if (padding_mode == PaddingMode::Constant) return at::constant_pad_nd(image, around, numbers.at(0));

  // A batch of images, whatever the dimensions before.
  const auto new_shape = detail::shape_with(image, padded({image.size(-2), image.size(-1)}, b));
  if (c10::multiply_integers(new_shape) == 0) return image.new_empty(new_shape);
  const auto batch = image.reshape({-1, image.size(-3), image.size(-2), image.size(-1)});
  switch (padding_mode) {
    case PaddingMode::Edge: return pad_by_float(batch, around, "replicate").reshape(new_shape);
    case PaddingMode::Reflect: return pad_by_float(batch, around, "reflect").reshape(new_shape);
    default: return pad_symmetric(batch, b).reshape(new_shape);
  }
}

Image pad(const Image& image, torch::IntArrayRef padding, const Fill& fill, PaddingMode padding_mode) {
  return wrap(pad(image.data, padding, fill, padding_mode), image);
}

Video pad(const Video& video, torch::IntArrayRef padding, const Fill& fill, PaddingMode padding_mode) {
  return wrap(pad(video.data, padding, fill, padding_mode), video);
}

Mask pad(const Mask& mask, torch::IntArrayRef padding, const Fill& fill, PaddingMode padding_mode) {
  detail::check_dims("pad", mask.data, 2);
  OPSIS_CHECK(!fill.is_list(), "pad: a mask takes one fill, not a list, got {}", fill.repr());
  return wrap(detail::with_channel(mask.data, [&](const auto& image) { return pad(image, padding, fill, padding_mode); }),
              mask);
}

BoundingBoxes pad(const BoundingBoxes& boxes, torch::IntArrayRef padding, const Fill&, PaddingMode padding_mode) {
  OPSIS_CHECK(padding_mode == PaddingMode::Constant, "pad: boxes take the mode constant only, got {}", padding_mode);
  const auto b = detail::borders("pad", padding);
  const auto canvas = padded(boxes.canvas_size, b);
  const auto moved = boxes.data + detail::shift(boxes.data, boxes.format, b.left, b.top);
  return wrap(clamp_bounding_boxes(moved, boxes.format, canvas, boxes.clamping_mode), boxes, {.canvas_size = canvas});
}

KeyPoints pad(const KeyPoints& points, torch::IntArrayRef padding, const Fill&, PaddingMode padding_mode) {
  OPSIS_CHECK(padding_mode == PaddingMode::Constant, "pad: key points take the mode constant only, got {}", padding_mode);
  const auto b = detail::borders("pad", padding);
  const auto by = at::tensor({b.left, b.top}, torch::kInt64).to(points.data.options());
  return wrap(points.data + by, points, padded(points.canvas_size, b));
}

}  // namespace functional
}  // namespace opsis::inline v1::transforms
