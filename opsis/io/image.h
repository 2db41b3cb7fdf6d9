// Decoding and encoding of images. JPEG and PNG so far; codecs.cpp has the table.
#pragma once

#include <torch/types.h>

#include <exception>
#include <filesystem>
#include <span>
#include <string>
#include <vector>

#include "opsis/core/api.h"
#include "opsis/io/bytes.h"
#include "opsis/io/codec.h"
#include "opsis/tv_tensors/image.h"

namespace opsis::inline v1::io {

using tv_tensors::Image;

/// Decodes an image by its content; a file's name does not count.
///     Image photo = io::decode_image("photo.jpg", {.mode = ImageReadMode::RGB});   // (3, 375, 500) uint8
/// Bytes may be a span, a 1-D uint8 tensor (as read_file gives) or a file.
/// Shapes   -> (C, H, W), channels last in memory; C by options.mode
/// Types    uint8; uint16 for a PNG of 16 bits
/// Throws   DecodeError for what is no image, is cut short or goes over options.limits; IoError for a file that cannot be read;
///          ValueError for a mode that the format has not; NotBuiltError for a codec that this build has not
/// Differs  a path's errors name the path; has limits, where torchvision has none
/// Source   torchvision.io.decode_image
OPSIS_API Image decode_image(Bytes bytes, const DecodeOptions& options = {});
OPSIS_API Image decode_image(const torch::Tensor& bytes, const DecodeOptions& options = {});
OPSIS_API Image decode_image(const std::filesystem::path& path, const DecodeOptions& options = {});

/// An image that may be less than its file holds, and where it lies in it.
struct Decoded {
  Image image;
  double scale_y = 1, scale_x = 1;  ///< pixels of the image a pixel of the file's picture: 1, 1/2, 1/4 or 1/8
  double top = 0, left = 0;         ///< where the image begins, in pixels of the file's picture; not always on it when scaled
};

/// decode_image that says what options.min_size and options.region came to, so that boxes can follow: what is at x in the whole
/// picture is at (x - left) * scale_x of the image.
///     const auto [image, scale_y, scale_x, top, left] = io::decode_scaled("photo.jpg", {.min_size = 256});
OPSIS_API Decoded decode_scaled(Bytes bytes, const DecodeOptions& options = {});
OPSIS_API Decoded decode_scaled(const torch::Tensor& bytes, const DecodeOptions& options = {});
OPSIS_API Decoded decode_scaled(const std::filesystem::path& path, const DecodeOptions& options = {});

/// One of many images: the image, or why there is none.
struct OPSIS_API DecodeResult {
  Decoded decoded;
  std::exception_ptr error;  ///< null when there is an image

  explicit operator bool() const { return !error; }
  /// The image. Throws the error when there is none.
  const Image& image() const;
  /// What is wrong; empty when nothing is.
  std::string message() const;
};

/// decode_scaled for each, on up to `threads` threads at once (0: torch::get_num_threads(), which is also the most there are).
/// A file that cannot be decoded spoils its own result only.
///     for (const auto& result : io::decode_images(files)) if (!result) std::cerr << result.message() << "\n";
OPSIS_API std::vector<DecodeResult> decode_images(std::span<const std::filesystem::path> files,
                                                  const DecodeOptions& options = {}, int64_t threads = 0);
OPSIS_API std::vector<DecodeResult> decode_images(std::span<const Bytes> buffers, const DecodeOptions& options = {},
                                                  int64_t threads = 0);
OPSIS_API std::vector<DecodeResult> decode_images(std::span<const torch::Tensor> buffers, const DecodeOptions& options = {},
                                                  int64_t threads = 0);

/// decode_image for what must be a JPEG. Its modes are UNCHANGED, GRAY and RGB.
/// Source   torchvision.io.decode_jpeg
OPSIS_API Image decode_jpeg(Bytes bytes, const DecodeOptions& options = {});
OPSIS_API Image decode_jpeg(const torch::Tensor& bytes, const DecodeOptions& options = {});

/// decode_image for what must be a PNG.
/// Differs  palettes of fewer than 8 bits under UNCHANGED, and palettes without transparency under the modes with alpha, are
///          decoded (indices; opaque colors) where torchvision gives memory it never wrote
/// Source   torchvision.io.decode_png
OPSIS_API Image decode_png(Bytes bytes, const DecodeOptions& options = {});
OPSIS_API Image decode_png(const torch::Tensor& bytes, const DecodeOptions& options = {});

/// The bytes of a JPEG.
/// Shapes   image (1 or 3, H, W) -> (bytes)
/// Types    uint8
/// Throws   ValueError for another image, for a quality outside [1, 100] and for sides of 0 or over 65500 pixels
/// Source   torchvision.io.encode_jpeg
OPSIS_API torch::Tensor encode_jpeg(const Image& image, int64_t quality = 75);

/// The bytes of a PNG.
/// Shapes   image (1 or 3, H, W) -> (bytes)
/// Types    uint8
/// Throws   ValueError for another image, for a compression level outside [0, 9] and for sides of 0
/// Source   torchvision.io.encode_png
OPSIS_API torch::Tensor encode_png(const Image& image, int64_t compression_level = 6);

/// encode_jpeg and encode_png into a file, written as write_file does.
/// Throws   IoError too, with the path and the system's reason
/// Source   torchvision.io.write_jpeg, torchvision.io.write_png
OPSIS_API void write_jpeg(const Image& image, const std::filesystem::path& path, int64_t quality = 75);
OPSIS_API void write_png(const Image& image, const std::filesystem::path& path, int64_t compression_level = 6);

}  // namespace opsis::inline v1::io
