// Text by FreeType. Each thread has its own face: FreeType's objects must not be shared while in use.
#include "opsis/utils/font.h"

#include <ft2build.h>
#include FT_FREETYPE_H

#include <algorithm>
#include <cmath>
#include <memory>
#include <optional>
#include <string>
#include <unordered_map>
#include <utility>

#include "opsis/core/check.h"
#include "opsis/core/frees.h"

namespace opsis::inline v1 {
namespace embedded {
extern const unsigned char font_ttf[];
extern const size_t font_ttf_size;
}  // namespace embedded

namespace utils {
namespace {

void check_freetype(FT_Error code, const char* what) {
  if (code != 0) raise<Error>("render_text: FreeType cannot {} (error {})", what, code);
}

struct Glyph {
  int64_t left = 0, top = 0;  // of its bitmap, from the pen and the baseline
  int64_t height = 0, width = 0;
  int64_t advance_64 = 0;  // of the pen, in 1/64 pixel
  std::vector<uint8_t> coverage;
};

Glyph load_glyph(FT_Face face, char32_t character) {
  // Light hinting snaps to whole rows only: stems keep their shape, baselines are sharp.
  check_freetype(FT_Load_Char(face, static_cast<FT_ULong>(character), FT_LOAD_RENDER | FT_LOAD_TARGET_LIGHT), "draw a letter");
  const auto& slot = *face->glyph;
  if (slot.bitmap.rows > 0 && slot.bitmap.pixel_mode != FT_PIXEL_MODE_GRAY) {
    raise<DecodeError>("render_text: the font has letters of bits or colours; one of outlines is needed");
  }
  Glyph glyph{slot.bitmap_left, -slot.bitmap_top, slot.bitmap.rows, slot.bitmap.width, slot.advance.x, {}};
  for (int64_t y = 0; y < glyph.height; ++y) {
    const auto* row = slot.bitmap.buffer + y * slot.bitmap.pitch;
    glyph.coverage.insert(glyph.coverage.end(), row, row + glyph.width);
  }
  return glyph;
}

// A font, and its letters of one size as they were drawn: of many labels most are the same.
class Face {
 public:
  // An empty path is the font inside the library.
  explicit Face(const std::filesystem::path& path) {
    FT_Library library = nullptr;
    check_freetype(FT_Init_FreeType(&library), "start");
    library_.reset(library);
    FT_Face face = nullptr;
    if (path.empty()) {
      const auto size = static_cast<FT_Long>(embedded::font_ttf_size);
      check_freetype(FT_New_Memory_Face(library, embedded::font_ttf, size, 0, &face), "read the embedded font");
    } else {
      std::error_code error;
      if (!std::filesystem::is_regular_file(path, error)) raise<IoError>("render_text: cannot open the font {}", path.string());
      if (FT_New_Face(library, path.c_str(), 0, &face) != 0) {
        raise<DecodeError>("render_text: {} is no font that FreeType can read", path.string());
      }
    }
    face_.reset(face);
  }

  void set_size(double size_px) {
    constexpr size_t kMostKept = size_t{1} << 20;  // bytes
    const auto size_64 = std::lround(size_px * 64);
    if (size_64 != size_64_ || kept_ > kMostKept) {
      glyphs_.clear();
      kept_ = 0;
    }
    if (size_64 == size_64_) return;
    size_64_ = 0;
    check_freetype(FT_Set_Char_Size(face_.get(), 0, size_64, 72, 72), "scale the font");
    size_64_ = size_64;
  }
  const FT_Size_Metrics& metrics() const { return face_->size->metrics; }

  /// Good until the size is set again.
  const Glyph& glyph(char32_t character) {
    const auto found = glyphs_.find(character);
    if (found != glyphs_.end()) return found->second;
    const auto& made = glyphs_.emplace(character, load_glyph(face_.get(), character)).first->second;
    kept_ += sizeof(Glyph) + made.coverage.size();
    return made;
  }

 private:
  std::unique_ptr<FT_LibraryRec_, Frees<FT_Done_FreeType>> library_;
  std::unique_ptr<FT_FaceRec_, Frees<FT_Done_Face>> face_;  // after the library, so that it goes first
  long size_64_ = 0;                                        // NOLINT(google-runtime-int): FreeType's
  size_t kept_ = 0;
  std::unordered_map<char32_t, Glyph> glyphs_;
};

// One character of UTF-8, taken from the front of `text`; '?' where it is broken.
char32_t take_character(std::string_view& text) {
  const auto first = static_cast<unsigned char>(text[0]);
  const size_t length = first < 0x80 ? 1 : first < 0xC2 ? 0 : first < 0xE0 ? 2 : first < 0xF0 ? 3 : first < 0xF5 ? 4 : 0;
  char32_t character = length == 1 ? first : first & (0x7FU >> length);
  size_t used = 1;
  for (; used < length && used < text.size() && (static_cast<unsigned char>(text[used]) & 0xC0) == 0x80; ++used) {
    character = character << 6 | (static_cast<unsigned char>(text[used]) & 0x3FU);
  }
  text.remove_prefix(used);
  return length != 0 && used == length ? character : U'?';
}

// The embedded font has printable ASCII.
std::vector<std::u32string> lines_of(std::string_view text, bool ascii_only) {
  std::vector<std::u32string> lines(1);
  while (!text.empty()) {
    const auto c = take_character(text);
    if (c == U'\n') {
      lines.emplace_back();
    } else {
      lines.back() += c < 0x20 || c == 0x7F || (ascii_only && c > 0x7F) ? U'?' : c;
    }
  }
  return lines;
}

struct Placed {
  const Glyph* glyph;
  int64_t x, y;  // of the bitmap's corner
};

}  // namespace

TextBitmap render_text(std::string_view text, double size_px) { return render_text(text, size_px, {}); }

TextBitmap render_text(std::string_view text, double size_px, const std::filesystem::path& font) {
  OPSIS_CHECK(size_px >= 1 && size_px <= 1000, "render_text: size_px must be from 1 to 1000, got {}", size_px);
  static thread_local Face embedded_face{std::filesystem::path{}};
  static thread_local std::optional<std::pair<std::filesystem::path, Face>> last;
  const bool embedded = font.empty();
  if (!embedded && (!last || last->first != font)) last.emplace(font, Face(font));
  auto& face = embedded ? embedded_face : last->second;
  face.set_size(size_px);

  // The line's own ascent and descent are generous; these hold every ASCII letter of DejaVu Sans.
  auto ascent = static_cast<int64_t>(std::ceil(size_px * 0.78));
  auto descent = static_cast<int64_t>(std::ceil(size_px * 0.26));
  auto line_height = static_cast<int64_t>(std::ceil(size_px * 1.2));
  if (!embedded) {
    const auto& metrics = face.metrics();
    ascent = std::max<int64_t>(0, (metrics.ascender + 63) / 64);
    descent = std::max<int64_t>(0, (63 - metrics.descender) / 64);
    line_height = std::max<int64_t>(ascent + descent, (metrics.height + 63) / 64);
  }
  constexpr int64_t kMostPixels = int64_t{64} << 20;

  TextBitmap out;
  std::vector<Placed> placed;
  int64_t baseline = ascent;
  for (const auto& line : lines_of(text, embedded)) {
    int64_t pen_64 = 0, right = 0;
    for (const auto c : line) {
      const auto& glyph = face.glyph(c);
      // A letter that reaches left of its origin moves right at the start of a line, where it would be cut.
      const int64_t x = std::max<int64_t>(0, (pen_64 + 32) / 64 + glyph.left), y = baseline + glyph.top;
      pen_64 += glyph.advance_64;
      right = std::max({right, x + glyph.width, (pen_64 + 32) / 64});
      OPSIS_CHECK(right * (baseline + descent) <= kMostPixels, "render_text: the text is too long for size_px = {}", size_px);
      placed.push_back({&glyph, x, y});
    }
    out.width = std::max(out.width, right);
    out.height = baseline + descent;
    baseline += line_height;
  }

  OPSIS_CHECK(out.width * out.height <= kMostPixels, "render_text: the text is too long for size_px = {}", size_px);
  out.coverage.assign(static_cast<size_t>(out.height * out.width), 0);
  for (const auto& [glyph, left, top] : placed) {
    for (int64_t y = std::max<int64_t>(0, -top); y < glyph->height && top + y < out.height; ++y) {
      for (int64_t x = 0; x < glyph->width; ++x) {
        auto& pixel = out.coverage[static_cast<size_t>((top + y) * out.width + left + x)];
        pixel = std::max(pixel, glyph->coverage[static_cast<size_t>(y * glyph->width + x)]);
      }
    }
  }
  return out;
}

}  // namespace utils
}  // namespace opsis::inline v1
