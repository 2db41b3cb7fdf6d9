#include "opsis/transforms/jpeg.h"

#include "opsis/core/check.h"
#include "opsis/core/random.h"
#include "opsis/transforms/repr.h"

namespace opsis::inline v1::transforms {

Json detail::json_of(const JPEGQuality& quality) { return to_json(quality.value); }

void detail::read_json(const Json& json, JPEGQuality& quality) { from_json(json, quality.value); }

std::string detail::code_of(const JPEGQuality& quality) {
  const auto* range = std::get_if<1>(&quality.value);  // two arguments
  return range ? to_code(range->first) + ", " + to_code(range->second) : to_code(std::get<0>(quality.value));
}

JPEG::JPEG(int64_t quality) : JPEG(detail::JPEGQuality{quality}) {}

JPEG::JPEG(int64_t least, int64_t greatest) : JPEG(detail::JPEGQuality{std::pair(least, greatest)}) {}

JPEG::JPEG(const detail::JPEGQuality& quality) : quality_(quality) {
  const auto [least, greatest] = range();
  OPSIS_CHECK(1 <= least && least <= greatest && greatest <= 100,
              "JPEG: quality must be increasing and within [1, 100], got {} and {}", least, greatest);
}

std::pair<int64_t, int64_t> JPEG::range() const {
  if (const auto* range = std::get_if<1>(&quality_.value)) return *range;
  const auto one = std::get<0>(quality_.value);
  return {one, one};
}

JPEG::Params JPEG::make_params(std::span<const Value>) const {
  const auto [least, greatest] = range();
  return {random::integer(least, greatest + 1)};
}

Value JPEG::transform(const Value& value, const Params& params) const {
  return apply_kernel<Image, Video>(value, [&](const auto& pixels) { return functional::jpeg(pixels, params.quality); });
}

std::string JPEG::repr() const {
  const auto [least, greatest] = range();
  return detail::repr("JPEG", {{"quality", quality_.value.index() == 0 ? detail::python(std::vector<int64_t>{least, greatest})
                                                                       : detail::python_tuple(least, greatest)}});
}

}  // namespace opsis::inline v1::transforms
