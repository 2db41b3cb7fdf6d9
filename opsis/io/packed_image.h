// Pictures as programs without tensors hold them: rows of pixels, the samples of a pixel side by side.
#pragma once

#include <torch/types.h>

#include <cstddef>
#include <cstdint>
#include <ostream>
#include <span>
#include <string_view>

#include "opsis/core/api.h"
#include "opsis/core/size.h"

namespace opsis::inline v1::io {

/// What the samples of a packed picture are, by Pillow's names; of 8 bits each unless it says more.
enum class PackedMode {
  BILEVEL,  ///< "1": a bool, black or white
  L,        ///< gray
  P,        ///< the number of a color in a palette, which the picture does not hold
  LA,       ///< gray, alpha
  PA,       ///< number of a color, alpha
  RGB,
  YCbCr,
  HSV,
  LAB,
  RGBA,
  RGBX,  ///< the fourth sample means nothing
  CMYK,
  I16,  ///< "I;16": gray of 16 bits, unsigned
  I,    ///< gray of 32 bits, signed
  F,    ///< gray of 32 bits, floating point
};

/// "1", "L", "RGB", "I;16", ... ; the reverse throws ValueError for another word.
OPSIS_API std::string_view to_string(PackedMode mode);
OPSIS_API PackedMode packed_mode(std::string_view name);
OPSIS_API std::ostream& operator<<(std::ostream& out, PackedMode mode);

/// Samples a pixel, and their type.
OPSIS_API int64_t channels_of(PackedMode mode);
OPSIS_API torch::ScalarType dtype_of(PackedMode mode);

/// H x W pixels without gaps: what a PIL.Image is to torchvision. Copying it shares the memory.
///     PackedImage picture(frame, {480, 640}, PackedMode::RGB);
///     Image image = functional::to_image(picture);                 // (3, 480, 640), uint8
///     auto back = functional::to_pil_image(image);                 // back.bytes() is what `frame` pointed at
struct OPSIS_API PackedImage {
  torch::Tensor data;  ///< (H, W, C), contiguous, of dtype_of(mode)
  PackedMode mode = PackedMode::RGB;

  PackedImage() = default;
  /// The tensor's own memory where it lies so, else a copy; (H, W) is one channel. Throws ValueError when it is not on the CPU,
  /// and for a shape or a type that is not the mode's.
  PackedImage(torch::Tensor data, PackedMode mode);
  /// A copy of the pixels. `stride` is the number of bytes from a row to the next; 0 for rows without gaps. Throws ValueError
  /// for no pixels and for a stride that is too short for the width.
  PackedImage(const void* pixels, Size size, PackedMode mode, int64_t stride = 0);

  Size size() const { return {data.size(0), data.size(1)}; }
  int64_t channels() const { return data.size(2); }
  std::span<const std::byte> bytes() const;
};

/// PackedImage((480, 640), RGB)
OPSIS_API std::ostream& operator<<(std::ostream& out, const PackedImage& picture);

}  // namespace opsis::inline v1::io

namespace opsis::inline v1 {

using io::PackedImage;
using io::PackedMode;

}  // namespace opsis::inline v1
