#include "opsis/io/packed_image.h"

#include <ATen/ops/empty.h>

#include <array>
#include <cstring>

#include "opsis/core/check.h"
#include "opsis/core/nearest.h"
#include "opsis/tv_tensors/print.h"

namespace opsis::inline v1::io {
namespace {

struct ModeRow {
  std::string_view name;
  int64_t channels;
  torch::ScalarType dtype;
};

// In the order of PackedMode.
constexpr std::array<ModeRow, 15> mode_rows{{{"1", 1, torch::kBool},
                                             {"L", 1, torch::kUInt8},
                                             {"P", 1, torch::kUInt8},
                                             {"LA", 2, torch::kUInt8},
                                             {"PA", 2, torch::kUInt8},
                                             {"RGB", 3, torch::kUInt8},
                                             {"YCbCr", 3, torch::kUInt8},
                                             {"HSV", 3, torch::kUInt8},
                                             {"LAB", 3, torch::kUInt8},
                                             {"RGBA", 4, torch::kUInt8},
                                             {"RGBX", 4, torch::kUInt8},
                                             {"CMYK", 4, torch::kUInt8},
                                             {"I;16", 1, torch::kUInt16},
                                             {"I", 1, torch::kInt32},
                                             {"F", 1, torch::kFloat32}}};

const ModeRow& row_of(PackedMode mode) { return mode_rows.at(static_cast<size_t>(mode)); }

}  // namespace

std::string_view to_string(PackedMode mode) { return row_of(mode).name; }

PackedMode packed_mode(std::string_view name) {
  std::array<std::string_view, mode_rows.size()> names;
  for (size_t i = 0; i < names.size(); ++i) {
    names[i] = mode_rows[i].name;
    if (names[i] == name) return static_cast<PackedMode>(i);
  }
  raise<ValueError>("packed_mode: there is no mode \"{}\"{}", name, did_you_mean(name, names));
}

std::ostream& operator<<(std::ostream& out, PackedMode mode) { return out << to_string(mode); }

int64_t channels_of(PackedMode mode) { return row_of(mode).channels; }
torch::ScalarType dtype_of(PackedMode mode) { return row_of(mode).dtype; }

PackedImage::PackedImage(torch::Tensor pixels, PackedMode mode) : data(std::move(pixels)), mode(mode) {
  OPSIS_CHECK(data.defined() && (data.dim() == 3 || (data.dim() == 2 && channels_of(mode) == 1)) && data.is_cpu(),
              "PackedImage: the tensor must be (H, W, {}) on the CPU for mode {}, got {}", channels_of(mode), mode,
              opsis::detail::shape(data));
  if (data.dim() == 2) data = data.unsqueeze(2);
  OPSIS_CHECK(data.size(2) == channels_of(mode) && data.scalar_type() == dtype_of(mode),
              "PackedImage: mode {} has {} channels of {}, got {} of {}", mode, channels_of(mode), dtype_of(mode), data.size(2),
              data.scalar_type());
  data = data.contiguous();
}

PackedImage::PackedImage(const void* pixels, Size size, PackedMode mode, int64_t stride) : mode(mode) {
  OPSIS_CHECK(pixels && size.height > 0 && size.width > 0, "PackedImage: there must be pixels, got {} at {}", size, pixels);
  data = at::empty({size.height, size.width, channels_of(mode)}, dtype_of(mode));
  const auto row_bytes = static_cast<int64_t>(data.nbytes()) / size.height;
  if (stride == 0) stride = row_bytes;
  OPSIS_CHECK(stride >= row_bytes, "PackedImage: stride must be {} bytes or more for a width of {}, got {}", row_bytes,
              size.width, stride);
  const auto* from = static_cast<const std::byte*>(pixels);
  auto* to = static_cast<std::byte*>(data.mutable_data_ptr());
  for (int64_t y = 0; y < size.height; ++y) {
    std::memcpy(to + y * row_bytes, from + y * stride, static_cast<size_t>(row_bytes));
  }
}

std::span<const std::byte> PackedImage::bytes() const {
  if (!data.defined()) return {};
  return {static_cast<const std::byte*>(data.const_data_ptr()), data.nbytes()};
}

std::ostream& operator<<(std::ostream& out, const PackedImage& picture) {
  if (!picture.data.defined()) return out << "PackedImage()";
  return out << "PackedImage(" << picture.size() << ", " << picture.mode << ')';
}

}  // namespace opsis::inline v1::io
