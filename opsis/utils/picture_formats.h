// The table of the formats that pictures are written in.
#pragma once

#include <filesystem>
#include <span>
#include <string_view>

#include "opsis/core/api.h"
#include "opsis/tv_tensors.h"

namespace opsis::inline v1::utils {

struct PictureFormat {
  std::string_view name;    ///< as in io::write_<name>
  std::string_view ending;  ///< of files, by custom; the name behind a dot is one too
  void (*write)(const Image& image, const std::filesystem::path& path);  ///< with the defaults of io::write_<name>
};

/// All of them by name, those left out of this build too.
OPSIS_API std::span<const PictureFormat> picture_formats();

/// The one of that name or ending, "jpeg", "jpg" or ".JPG"; null when there is none.
OPSIS_API const PictureFormat* find_picture_format(std::string_view name);

}  // namespace opsis::inline v1::utils
