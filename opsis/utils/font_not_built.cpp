// Stands in for font.cpp in a build without FreeType.
#include "opsis/core/check.h"
#include "opsis/utils/font.h"

namespace opsis::inline v1::utils {

TextBitmap render_text(std::string_view text, double size_px) { return render_text(text, size_px, {}); }

TextBitmap render_text(std::string_view, double, const std::filesystem::path&) {
  raise<NotBuiltError>("render_text: built without FreeType; configure with -DOPSIS_FREETYPE=ON");
}

}  // namespace opsis::inline v1::utils
