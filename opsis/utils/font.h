// Text as coverage, by the font inside the library (DejaVu Sans, printable ASCII) or by one from a file.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string_view>
#include <vector>

#include "opsis/core/api.h"

namespace opsis::inline v1::utils {

/// How much of each pixel is ink: 0 none, 255 all. Row after row.
struct TextBitmap {
  int64_t height = 0;
  int64_t width = 0;
  std::vector<uint8_t> coverage;
};

/// One bitmap for the text; '\n' begins a line. Its height depends on the size and the number of lines only, so that texts beside
/// each other share a baseline. A character outside printable ASCII shows as '?', one for each in UTF-8.
/// Units    size_px: of the em square; an upper-case letter is 0.73 of it
/// Throws   ValueError unless 1 <= size_px <= 1000 and the bitmap stays under 64 Mi pixels; NotBuiltError without FreeType
OPSIS_API TextBitmap render_text(std::string_view text, double size_px);

/// The same by a font file that FreeType reads (TrueType, OpenType, ...): any character of UTF-8 that the font has. An empty path
/// is the font inside the library. Each thread keeps the font that it used last.
/// Throws   also IoError when the file cannot be read, DecodeError when it holds no font
OPSIS_API TextBitmap render_text(std::string_view text, double size_px, const std::filesystem::path& font);

}  // namespace opsis::inline v1::utils
