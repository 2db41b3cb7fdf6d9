#include "opsis/transforms/jpeg.h"

#include "opsis/core/check.h"
#include "opsis/core/random.h"
#include "opsis/transforms/repr.h"

namespace opsis::inline v1::transforms {

JPEG::JPEG(int64_t quality) : JPEG(quality, quality) { single_ = true; }

JPEG::JPEG(int64_t least, int64_t greatest) : least_(least), greatest_(greatest) {
  OPSIS_CHECK(1 <= least && least <= greatest && greatest <= 100,
              "JPEG: quality must be increasing and within [1, 100], got {} and {}", least, greatest);
}

JPEG::Params JPEG::make_params(std::span<const Value>) const { return {random::integer(least_, greatest_ + 1)}; }

Value JPEG::transform(const Value& value, const Params& params) const {
  return apply_kernel<Image, Video>(value, [&](const auto& pixels) { return functional::jpeg(pixels, params.quality); });
}

std::string JPEG::repr() const {
  return detail::repr("JPEG", {{"quality", single_ ? detail::python(std::vector<int64_t>{least_, greatest_})
                                                   : detail::python_tuple(least_, greatest_)}});
}

}  // namespace opsis::inline v1::transforms
