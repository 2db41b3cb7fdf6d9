// Decoding and encoding of images; codecs.cpp has the table of formats.
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
#include "opsis/io/tiff.h"
#include "opsis/tv_tensors/image.h"

namespace opsis::inline v1::io {

using tv_tensors::Image;

/// Decodes an image by its content; a file's name does not count.
///     Image photo = io::decode_image("photo.jpg", {.mode = ImageReadMode::RGB});   // (3, 375, 500) uint8
/// Bytes may be a span, a 1-D uint8 tensor (as read_file gives) or a file.
/// Shapes   -> (C, H, W), channels last in memory; C by options.mode. A GIF or TIFF of several frames gives (T, C, H, W)
/// Types    uint8; uint16 for a PNG, AVIF, HEIC or PNM of more than 8 bits; float32 for a PFM; what it holds for a TIFF
/// Throws   DecodeError for what is no image, is cut short or goes over options.limits; IoError for a file that cannot be read;
///          ValueError for a mode that the format has not; NotBuiltError for a codec that this build has not
/// Differs  a path's errors name the path; has limits, where torchvision has none; knows AVIF, TIFF, BMP, PNM and PFM by content
///          and, with options.heic, HEIC
/// Source   torchvision.io.decode_image
OPSIS_API Image decode_image(Bytes bytes, const DecodeOptions& options = {});
OPSIS_API Image decode_image(const torch::Tensor& bytes, const DecodeOptions& options = {});
OPSIS_API Image decode_image(const std::filesystem::path& path, const DecodeOptions& options = {});

/// decode_image of a file, by its older name.
/// Source   torchvision.io.read_image
inline Image read_image(const std::filesystem::path& path, const DecodeOptions& options = {}) {
  return decode_image(path, options);
}

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
/// Differs  one image, on the CPU; torchvision takes lists of them too, for which decode_images is here, and decodes on a GPU
///          by nvJPEG
/// Source   torchvision.io.decode_jpeg
OPSIS_API Image decode_jpeg(Bytes bytes, const DecodeOptions& options = {});
OPSIS_API Image decode_jpeg(const torch::Tensor& bytes, const DecodeOptions& options = {});

/// decode_image for what must be a PNG.
/// Differs  takes some Huffman codes that zlib refuses, in files that are else without fault; under options.strict it refuses
///          them; palettes of fewer than 8 bits under UNCHANGED, and palettes without transparency under the modes with alpha, are
///          decoded (indices; opaque colors) where torchvision gives memory it never wrote
/// Source   torchvision.io.decode_png
OPSIS_API Image decode_png(Bytes bytes, const DecodeOptions& options = {});
OPSIS_API Image decode_png(const torch::Tensor& bytes, const DecodeOptions& options = {});

/// decode_image for what must be a GIF. Always RGB, whatever the mode, as torchvision has it.
/// Shapes   -> (3, H, W), or (T, 3, H, W) of several frames
/// Differs  what lies outside the canvas is cut off, and a color that no palette has is black, where torchvision leaves its
///          memory; under options.strict either is an error
/// Source   torchvision.io.decode_gif
OPSIS_API Image decode_gif(Bytes bytes, const DecodeOptions& options = {});
OPSIS_API Image decode_gif(const torch::Tensor& bytes, const DecodeOptions& options = {});

/// decode_image for what must be a WebP. The modes with gray give what UNCHANGED gives, as torchvision has it.
/// Differs  applies the EXIF orientation when options.apply_exif_orientation
/// Source   torchvision.io.decode_webp
OPSIS_API Image decode_webp(Bytes bytes, const DecodeOptions& options = {});
OPSIS_API Image decode_webp(const torch::Tensor& bytes, const DecodeOptions& options = {});

/// decode_image for what must be an AVIF of one picture. The modes with gray give what UNCHANGED gives, as torchvision has it;
/// RGB shows what has alpha before black.
/// Types    uint8; uint16, in the whole range, for 10 and 12 bits
/// Differs  applies the file's rotation and mirroring, or else its EXIF orientation, when options.apply_exif_orientation
/// Source   torchvision.io.decode_avif
OPSIS_API Image decode_avif(Bytes bytes, const DecodeOptions& options = {});
OPSIS_API Image decode_avif(const torch::Tensor& bytes, const DecodeOptions& options = {});

/// The primary picture of what must be a HEIC, upright by the file's own transformations, of which its EXIF orientation is but a
/// copy. The modes with gray give what UNCHANGED gives, as torchvision has it.
/// Types    uint8; uint16 for more bits, which are the upper ones
/// Source   torchvision.io.decode_heic
OPSIS_API Image decode_heic(Bytes bytes, const DecodeOptions& options = {});
OPSIS_API Image decode_heic(const torch::Tensor& bytes, const DecodeOptions& options = {});

/// decode_image for what must be a TIFF.
/// Shapes   -> (C, H, W) with as many channels as there are, or (T, C, H, W) of several pages, which must be alike
/// Types    what the file holds: uint8, uint16, uint32, int8, int16, int32, float16, float32, float64
OPSIS_API Image decode_tiff(Bytes bytes, const DecodeOptions& options = {});
OPSIS_API Image decode_tiff(const torch::Tensor& bytes, const DecodeOptions& options = {});

/// decode_image for what must be a BMP. A color that its palette has not is black; under options.strict an error.
OPSIS_API Image decode_bmp(Bytes bytes, const DecodeOptions& options = {});
OPSIS_API Image decode_bmp(const torch::Tensor& bytes, const DecodeOptions& options = {});

/// decode_image for what must be a PBM, PGM, PPM or PAM.
/// Types    uint8, or uint16 when the largest value is over 255; in the whole range of either
OPSIS_API Image decode_pnm(Bytes bytes, const DecodeOptions& options = {});
OPSIS_API Image decode_pnm(const torch::Tensor& bytes, const DecodeOptions& options = {});

/// decode_image for what must be a PFM, as disparities are kept in.
/// Types    float32, the numbers as they are
OPSIS_API Image decode_pfm(Bytes bytes, const DecodeOptions& options = {});
OPSIS_API Image decode_pfm(const torch::Tensor& bytes, const DecodeOptions& options = {});
OPSIS_API torch::Tensor read_pfm(const std::filesystem::path& path, const DecodeOptions& options = {});

/// An optical flow in Middlebury's format: how far each pixel goes right and down. decode_image does not take it for a picture.
/// Shapes   -> (2, H, W)
/// Types    float32
OPSIS_API torch::Tensor decode_flo(Bytes bytes, const DecodeOptions& options = {});
OPSIS_API torch::Tensor decode_flo(const torch::Tensor& bytes, const DecodeOptions& options = {});
OPSIS_API torch::Tensor read_flo(const std::filesystem::path& path, const DecodeOptions& options = {});

/// The bytes of a JPEG.
/// Shapes   image (1 or 3, H, W) -> (bytes)
/// Types    uint8
/// Throws   ValueError for another image, for a quality outside [1, 100] and for sides of 0 or over 65500 pixels
/// Differs  one image, on the CPU; torchvision takes lists of them too, and encodes on a GPU by nvJPEG
/// Source   torchvision.io.encode_jpeg
OPSIS_API torch::Tensor encode_jpeg(const Image& image, int64_t quality = 75);
OPSIS_API torch::Tensor encode_jpeg(const torch::Tensor& image, int64_t quality = 75);

/// How a PNG is made.
struct PngOptions {
  /// By a way of Opsis's own, where the build has libdeflate: the same pixels in other bytes than libpng's, of a photo in a
  /// sixtieth of the time and a little fewer of them, else mostly in half of it and 2 % more at most.
  bool quick = false;
};

/// The bytes of a PNG: torchvision's, where its zlib and this one are alike.
/// Shapes   image (1 or 3, H, W) -> (bytes)
/// Types    uint8
/// Throws   ValueError for another image, for a compression level outside [0, 9] and for sides of 0
/// Source   torchvision.io.encode_png
OPSIS_API torch::Tensor encode_png(const Image& image, int64_t compression_level = 6, const PngOptions& options = {});
OPSIS_API torch::Tensor encode_png(const torch::Tensor& image, int64_t compression_level = 6, const PngOptions& options = {});

/// encode_jpeg and encode_png into a file, written as write_file does.
/// Throws   IoError too, with the path and the system's reason
/// Source   torchvision.io.write_jpeg, torchvision.io.write_png
OPSIS_API void write_jpeg(const Image& image, const std::filesystem::path& path, int64_t quality = 75);
OPSIS_API void write_jpeg(const torch::Tensor& image, const std::filesystem::path& path, int64_t quality = 75);
OPSIS_API void write_png(const Image& image, const std::filesystem::path& path, int64_t compression_level = 6,
                         const PngOptions& options = {});
OPSIS_API void write_png(const torch::Tensor& image, const std::filesystem::path& path, int64_t compression_level = 6,
                         const PngOptions& options = {});

/// How an animation is shown.
struct GifOptions {
  int64_t delay_ms = 100;  ///< of each frame, in steps of 10
  int64_t loops = 0;       ///< how often an animation is repeated; 0 is for ever
};

/// The bytes of a GIF. Frames of up to 256 colors are kept as they are (255 where anything is transparent), others are reduced to so
/// many; alpha becomes all or nothing.
/// Shapes   image (1, 3 or 4, H, W) or, as an animation, (T, 1, 3 or 4, H, W) -> (bytes)
/// Types    uint8
/// Throws   ValueError for another image or options out of range
OPSIS_API torch::Tensor encode_gif(const Image& image, const GifOptions& options = {});
OPSIS_API torch::Tensor encode_gif(const torch::Tensor& image, const GifOptions& options = {});

/// How hard a WebP is pressed.
struct WebpOptions {
  double quality = 80;    ///< 0 to 100; when lossless, how hard to try
  bool lossless = false;  ///< every pixel stays, colors below full transparency too
  int64_t effort = 4;     ///< 0, fast, to 6
};

/// The bytes of a WebP.
/// Shapes   image (1, 3 or 4, H, W) -> (bytes); gray becomes RGB
/// Types    uint8
/// Throws   ValueError for another image, options out of range and sides of 0 or over 16383 pixels
OPSIS_API torch::Tensor encode_webp(const Image& image, const WebpOptions& options = {});
OPSIS_API torch::Tensor encode_webp(const torch::Tensor& image, const WebpOptions& options = {});

/// How hard an AVIF is pressed.
struct AvifOptions {
  int64_t quality = 75;   ///< 0 to 100
  bool lossless = false;  ///< RGB stays as it is, at a depth of 8; deeper, but for its lowest bits
  int64_t speed = 6;      ///< 0, slow, to 10
  int64_t depth = 0;      ///< bits in the file: 8, 10, 12; 0 is 8 for uint8 and 12 for uint16
};

/// The bytes of an AVIF.
/// Shapes   image (1, 3 or 4, H, W) -> (bytes)
/// Types    uint8 or uint16
/// Throws   ValueError for another image, options out of range and sides of 0 or over 65536 pixels
OPSIS_API torch::Tensor encode_avif(const Image& image, const AvifOptions& options = {});
OPSIS_API torch::Tensor encode_avif(const torch::Tensor& image, const AvifOptions& options = {});

/// How a TIFF is pressed.
struct TiffOptions {
  TiffCompression compression = TiffCompression::DEFLATE;  ///< NONE, LZW or DEFLATE; all lossless
};

/// The bytes of a TIFF. 3 channels are RGB, 4 RGBA, 2 gray and alpha; any other number are gray and what is beside it.
/// Shapes   image (C, H, W) or, as pages, (T, C, H, W) -> (bytes)
/// Types    uint8, uint16, uint32, int8, int16, int32, float16, float32, float64
/// Throws   ValueError for another image
OPSIS_API torch::Tensor encode_tiff(const Image& image, const TiffOptions& options = {});
OPSIS_API torch::Tensor encode_tiff(const torch::Tensor& image, const TiffOptions& options = {});

/// encode_gif, encode_webp, encode_avif and encode_tiff into a file, written as write_file does.
/// Throws   IoError too, with the path and the system's reason
OPSIS_API void write_gif(const Image& image, const std::filesystem::path& path, const GifOptions& options = {});
OPSIS_API void write_gif(const torch::Tensor& image, const std::filesystem::path& path, const GifOptions& options = {});
OPSIS_API void write_webp(const Image& image, const std::filesystem::path& path, const WebpOptions& options = {});
OPSIS_API void write_webp(const torch::Tensor& image, const std::filesystem::path& path, const WebpOptions& options = {});
OPSIS_API void write_avif(const Image& image, const std::filesystem::path& path, const AvifOptions& options = {});
OPSIS_API void write_avif(const torch::Tensor& image, const std::filesystem::path& path, const AvifOptions& options = {});
OPSIS_API void write_tiff(const Image& image, const std::filesystem::path& path, const TiffOptions& options = {});
OPSIS_API void write_tiff(const torch::Tensor& image, const std::filesystem::path& path, const TiffOptions& options = {});

}  // namespace opsis::inline v1::io
