// Tensors as picture files.
#pragma once

#include <filesystem>
#include <string_view>
#include <type_traits>
#include <vector>

#include "opsis/utils/make_grid.h"

namespace opsis::inline v1::utils {

namespace detail {

// A text, but not {}, which is for the options.
struct FormatName {
  template <class Text>
  requires std::is_convertible_v<const Text&, std::string_view> FormatName(const Text& text) : text(text) {}
  std::string_view text;
};

}  // namespace detail

/// Writes an image, or a grid of several, rounded from [0, 1] to 8 bits. The file is whole or not there: an older one of that
/// name is replaced only when the new one is on the disk.
///     utils::save_image(batch, "samples.png", {.nrow = 4});
///     utils::save_image(batch, "samples", "png", {.nrow = 4});
/// Shapes   as make_grid
/// Types    floating point; uint8 goes through io::write_png
/// Formats  AVIF, GIF, JPEG, PNG, TIFF and WebP with the defaults of io::write_*, by `format` ("png", "jpg"), else by the extension
/// Throws   ValueError on another format or type, IoError when it cannot be written
/// Differs  torchvision leaves it to Pillow, which writes more formats, into objects too, and compresses these with defaults of
///          its own
/// Source   torchvision.utils.save_image
OPSIS_API void save_image(const torch::Tensor& images, const std::filesystem::path& path, detail::FormatName format,
                          const MakeGridOptions& options = {});
OPSIS_API void save_image(const Image& image, const std::filesystem::path& path, detail::FormatName format,
                          const MakeGridOptions& options = {});
OPSIS_API void save_image(const std::vector<torch::Tensor>& images, const std::filesystem::path& path,
                          detail::FormatName format, const MakeGridOptions& options = {});
OPSIS_API void save_image(const std::vector<Image>& images, const std::filesystem::path& path, detail::FormatName format,
                          const MakeGridOptions& options = {});
OPSIS_API void save_image(const torch::Tensor& images, const std::filesystem::path& path, const MakeGridOptions& options = {});
OPSIS_API void save_image(const Image& image, const std::filesystem::path& path, const MakeGridOptions& options = {});
OPSIS_API void save_image(const std::vector<torch::Tensor>& images, const std::filesystem::path& path,
                          const MakeGridOptions& options = {});
OPSIS_API void save_image(const std::vector<Image>& images, const std::filesystem::path& path,
                          const MakeGridOptions& options = {});

}  // namespace opsis::inline v1::utils
