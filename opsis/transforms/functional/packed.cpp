#include "opsis/transforms/functional/packed.h"

#include <algorithm>
#include <vector>

#include "opsis/core/check.h"
#include "opsis/core/parallel.h"
#include "opsis/simd/scale.h"
#include "opsis/transforms/functional/tensor.h"

namespace opsis::inline v1::transforms::functional {
namespace {

void check_packed(std::string_view where, const PackedImage& picture) {
  OPSIS_CHECK(picture.data.defined() && picture.data.dim() == 3, "{}: the picture is empty", where);
}

// The mode of one channel, which its type decides.
std::optional<PackedMode> mode_of_type(torch::ScalarType type) {
  using enum PackedMode;
  switch (type) {
    case torch::kUInt8: return L;
    case torch::kInt16: return I16;
    case torch::kInt32: return I;
    case torch::kFloat32: return F;
    default: return std::nullopt;
  }
}

// The modes of so many channels; the first is the one when none is asked for.
std::vector<PackedMode> modes_of_channels(int64_t channels) {
  using enum PackedMode;
  switch (channels) {
    case 2: return {LA};
    case 3: return {RGB, YCbCr, HSV};
    default: return {RGBA, CMYK, RGBX};
  }
}

PackedMode chosen_mode(const torch::Tensor& pixels, std::optional<PackedMode> wanted) {
  const auto channels = pixels.size(2);
  const auto type = pixels.scalar_type();
  if (channels == 1) {
    const auto mode = mode_of_type(type);
    OPSIS_CHECK(mode, "to_pil_image: one channel must be uint8, int16, int32 or floating point, got {}", type);
    OPSIS_CHECK(!wanted || *wanted == *mode, "to_pil_image: one channel of {} has mode {}, not {}", type, *mode, *wanted);
    return *mode;
  }
  const auto modes = modes_of_channels(channels);
  const auto mode = wanted.value_or(modes[0]);
  OPSIS_CHECK(std::find(modes.begin(), modes.end(), mode) != modes.end(), "to_pil_image: {} channels cannot have mode {}",
              channels, mode);
  OPSIS_CHECK(type == torch::kUInt8, "to_pil_image: {} channels must be uint8 or floating point, got {}", channels, type);
  return mode;
}

// Bytes (H, W, 1 or 3) divided by 255, as planes.
torch::Tensor unit_planes(const torch::Tensor& bytes) {
  const int64_t height = bytes.size(0), width = bytes.size(1), channels = bytes.size(2), plane = height * width;
  auto out = torch::empty({channels, height, width}, torch::kFloat32);
  const auto* const from = bytes.const_data_ptr<uint8_t>();
  auto* const to = out.mutable_data_ptr<float>();
  parallel_for(0, plane, int64_t{1} << 15, [&](int64_t first, int64_t last) {
    if (channels == 1) return simd::to_unit_divided(from + first, last - first, to + first);
    float* const planes[] = {to + first, to + plane + first, to + 2 * plane + first};
    simd::to_unit_divided(from + 3 * first, last - first, planes);
  });
  return out;
}

}  // namespace

torch::Tensor pil_to_tensor(const PackedImage& picture) {
  check_packed("pil_to_tensor", picture);
  return picture.data.clone().permute({2, 0, 1});
}

torch::Tensor to_tensor(const PackedImage& picture) {
  check_packed("to_tensor", picture);
  auto pixels = picture.data.permute({2, 0, 1});
  if (picture.mode == PackedMode::I16) pixels = pixels.view(torch::kInt16);
  const auto type = pixels.scalar_type();
  if (type != torch::kUInt8 && type != torch::kBool) return pixels.clone(at::MemoryFormat::Contiguous);
  const auto floats = torch::typeMetaToScalarType(torch::get_default_dtype());
  const bool has_kernel = pixels.size(0) == 1 || pixels.size(0) == 3;
  if (type == torch::kUInt8 && floats == torch::kFloat32 && has_kernel && picture.data.is_cpu() &&
      picture.data.is_contiguous()) {
    return unit_planes(picture.data);
  }
  auto out = torch::empty(pixels.sizes(), torch::dtype(floats)).copy_(pixels);
  return type == torch::kBool ? out : out.div_(255);
}

PackedImage to_pil_image(const torch::Tensor& image, std::optional<PackedMode> mode) {
  OPSIS_CHECK(image.defined() && (image.dim() == 2 || image.dim() == 3),
              "to_pil_image: the image must be (H, W) or (C, H, W), got {}", opsis::detail::shape(image));
  auto pixels = image.detach().cpu();
  pixels = image.dim() == 3 ? pixels.permute({1, 2, 0}) : pixels.unsqueeze(2);
  OPSIS_CHECK(pixels.size(2) >= 1 && pixels.size(2) <= 4, "to_pil_image: the image must have 1 to 4 channels, got {}",
              pixels.size(2));
  OPSIS_CHECK(pixels.scalar_type() != torch::kBFloat16, "to_pil_image: the image must not be bfloat16; convert it to float32");
  if (pixels.is_floating_point() && mode != PackedMode::F) pixels = pixels.mul(255).to(torch::kInt32).to(torch::kUInt8);
  const auto chosen = chosen_mode(pixels, mode);
  pixels = pixels.contiguous();
  if (pixels.is_same(image) || pixels.is_alias_of(image)) pixels = pixels.clone();
  if (chosen == PackedMode::I16) pixels = pixels.view(torch::kUInt16);
  return {pixels, chosen};
}

PackedImage to_pil_image(const Image& image, std::optional<PackedMode> mode) { return to_pil_image(image.data, mode); }

Image to_image(const PackedImage& picture) { return Image(pil_to_tensor(picture)); }

}  // namespace opsis::inline v1::transforms::functional
