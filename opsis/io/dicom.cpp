#include "opsis/io/dicom.h"

#include <torch/types.h>

#include <cstring>
#include <utility>

#include "opsis/core/check.h"
#include "opsis/core/telling_where.h"
#include "opsis/io/dicom_content.h"
#include "opsis/io/dicom_reader.h"
#include "opsis/io/file.h"

namespace opsis::inline v1::io {
namespace {

// Stored samples as int64 would be too much of a waste; int16 holds all of 8 bits, int32 all of 16.
torch::Tensor stored_pixels(const DicomContent& content) {
  const bool wide = content.bits_allocated == 16;
  auto out =
      torch::empty({content.frames, content.rows, content.columns, content.samples}, wide ? torch::kInt16 : torch::kUInt8);
  if (content.by_plane) {
    out = torch::empty({content.frames, content.samples, content.rows, content.columns}, out.options());
  }
  std::memcpy(out.mutable_data_ptr(), content.pixels.data(), content.pixels.size());
  if (!content.by_plane) out = out.permute({0, 3, 1, 2});
  // Beside the bits that count there may be others; the highest of those that count is the sign.
  const auto shift = content.high_bit + 1 - content.bits_stored;
  if (content.bits_stored < 1 || content.bits_stored > content.bits_allocated || shift < 0 ||
      content.high_bit >= content.bits_allocated) {
    raise<DecodeError>("read_dicom: of {} bits {} count, up to bit {}, which cannot be", content.bits_allocated,
                       content.bits_stored, content.high_bit);
  }
  const auto mask = (int64_t{1} << content.bits_stored) - 1, sign = int64_t{1} << (content.bits_stored - 1);
  auto numbers = out.to(torch::kInt32).bitwise_right_shift(shift).bitwise_and_(mask);
  if (content.is_signed) numbers = numbers.bitwise_xor_(sign).sub_(sign);
  if (wide) return numbers.to(content.is_signed ? torch::kInt16 : torch::kUInt16);
  return numbers.to(content.is_signed ? torch::kInt8 : torch::kUInt8);
}

// What numbers (T, 1, H, W) are the colors of; those before the palette and behind it are its first and last.
torch::Tensor colors_of(const torch::Tensor& numbers, const DicomContent& content, const Limits& limits) {
  if (numbers.numel() > limits.image_bytes / static_cast<int64_t>(3 * sizeof(double))) {
    raise<DecodeError>("read_dicom: the colors of its pixels go over limits.image_bytes ({})", limits.image_bytes);
  }
  const auto last = std::ssize(content.palette[0]) - 1;
  const auto places = numbers.to(torch::kInt64).sub_(content.palette_first).clamp_(0, last).flatten();
  std::vector<torch::Tensor> channels;
  for (const auto& colors : content.palette) {
    const auto table = torch::tensor(std::vector<int32_t>(colors.begin(), colors.end()), torch::kInt32);
    channels.push_back(table.index_select(0, places).view(numbers.sizes()));
  }
  return torch::cat(channels, 1);
}

std::optional<DicomWindow> window_of(const DicomContent& content) {
  if (content.window_centers.empty() || content.window_widths.empty()) return std::nullopt;
  if (!(content.window_widths[0] >= 1)) return std::nullopt;  // such are written where there is none
  return DicomWindow{content.window_centers[0], content.window_widths[0]};
}

// DICOM's linear function (PS3.3, C.11.2.1.2), to [0, 1].
torch::Tensor windowed(const torch::Tensor& values, const DicomWindow& window) {
  OPSIS_CHECK(window.width >= 1, "read_dicom: the width of a window must be 1 or more, got {}", window.width);
  const auto center = window.center - 0.5, width = window.width - 1;
  if (width == 0) return values.gt(center).to(torch::kFloat64);
  return ((values - center) / width + 0.5).clamp(0, 1);
}

}  // namespace

DicomImage decode_dicom(Bytes bytes, const DicomOptions& options) {
  const auto most = static_cast<uint64_t>(options.limits.image_bytes) / sizeof(double);
  const auto content = read_dicom_content(bytes, most);
  const bool gray = content.photometric.starts_with("MONOCHROME");
  const bool palette = content.photometric == "PALETTE COLOR";
  if (!((gray || palette) && content.samples == 1) && !(content.photometric == "RGB" && content.samples == 3)) {
    raise<DecodeError>("read_dicom: its pixels are {}; MONOCHROME1, MONOCHROME2, RGB and PALETTE COLOR can be read",
                       content.photometric);
  }
  DicomImage out{.data = {},
                 .spacing = content.spacing,
                 .orientation = content.orientation,
                 .position = content.position,
                 .slope = content.slope,
                 .intercept = content.intercept,
                 .window = window_of(content),
                 .photometric = content.photometric,
                 .modality = content.modality,
                 .patient_id = content.patient_id,
                 .series_uid = content.series_uid};
  auto pixels = stored_pixels(content);
  if (palette && options.values != DicomValues::Stored) pixels = colors_of(pixels, content, options.limits);
  if (options.values != DicomValues::Stored) pixels = pixels.to(torch::kFloat64);
  if (options.values != DicomValues::Stored && gray) {
    pixels = pixels * content.slope + content.intercept;
    if (options.values == DicomValues::Windowed) {
      auto window = options.window ? options.window : out.window;
      if (!window) {
        const auto least = pixels.min().item<double>(), most_value = pixels.max().item<double>();
        window = DicomWindow{(least + most_value + 1) / 2, most_value - least + 1};
      }
      pixels = windowed(pixels, *window);
      if (content.photometric == "MONOCHROME1") pixels = 1 - pixels;
    }
  } else if (options.values == DicomValues::Windowed) {
    pixels = pixels / static_cast<double>((int64_t{1} << (palette ? content.palette_bits : content.bits_stored)) - 1);
    if (palette) pixels = pixels.clamp_max_(1);  // of 8 bits in 16 more may be set
  }
  out.data = tv_tensors::Image(content.frames == 1 ? pixels.squeeze(0) : pixels);
  return out;
}

DicomImage read_dicom(const std::filesystem::path& path, const DicomOptions& options) {
  const auto bytes = read_bytes(path, options.limits);
  return telling_where(path, [&] { return decode_dicom(bytes, options); });
}

}  // namespace opsis::inline v1::io
