// Pictures for people to look at, side by side on one sheet.
#pragma once

#include "opsis/tv_tensors.h"

namespace cli {

/// For looking at: three channels of bytes, no side longer than `side`. Numbers beyond [0, 1] are spread over it; of four
/// channels the first three are taken.
opsis::Image picture_of(const opsis::Image& image, int64_t side);

/// The height and width that a picture of this size has on the sheet.
opsis::Size size_on_sheet(opsis::Size size, int64_t side);

}  // namespace cli
