#include "opsis/utils/picture_formats.h"

#include <algorithm>
#include <cctype>
#include <string>

#include "opsis/core/lower_case.h"
#include "opsis/io/image.h"

namespace opsis::inline v1::utils {
namespace {

namespace fs = std::filesystem;

// To add one: a line, in the order of the names.
constexpr PictureFormat all_picture_formats[] = {
    {"avif", ".avif", [](const Image& image, const fs::path& file) { io::write_avif(image, file); }},
    {"gif", ".gif", [](const Image& image, const fs::path& file) { io::write_gif(image, file); }},
    {"jpeg", ".jpg", [](const Image& image, const fs::path& file) { io::write_jpeg(image, file); }},
    {"png", ".png", [](const Image& image, const fs::path& file) { io::write_png(image, file, 6, {.quick = true}); }},
    {"tiff", ".tif", [](const Image& image, const fs::path& file) { io::write_tiff(image, file); }},
    {"webp", ".webp", [](const Image& image, const fs::path& file) { io::write_webp(image, file); }},
};

}  // namespace

std::span<const PictureFormat> picture_formats() { return all_picture_formats; }

const PictureFormat* find_picture_format(std::string_view name) {
  if (name.starts_with('.')) name.remove_prefix(1);
  const auto wanted = in_lower_case(name);
  for (const auto& format : all_picture_formats) {
    if (wanted == format.name || wanted == format.ending.substr(1)) return &format;
  }
  return nullptr;
}

}  // namespace opsis::inline v1::utils
