// JPEG.
#pragma once

#include <span>
#include <string>
#include <tuple>
#include <utility>
#include <variant>

#include "opsis/core/api.h"
#include "opsis/transforms/functional/jpeg.h"
#include "opsis/transforms/transform.h"

namespace opsis::inline v1::transforms {

namespace detail {

/// JPEG's argument: one quality, or the least and the greatest. 75 and [10, 90] in JSON.
struct JPEGQuality {
  std::variant<int64_t, std::pair<int64_t, int64_t>> value{};
};
OPSIS_API Json json_of(const JPEGQuality& quality);
OPSIS_API void read_json(const Json& json, JPEGQuality& quality);
OPSIS_API std::string code_of(const JPEGQuality& quality);

}  // namespace detail

/// What JPEG of a random quality leaves of images and videos.
///     JPEG(75)(image)
///     JPEG(10, 90)(image)    // any quality from 10 to 90
/// Draws    torch.randint(least, greatest + 1)
/// Throws   ValueError for qualities that are not increasing and within [1, 100]; applied, as functional::jpeg
/// Source   torchvision.transforms.v2.JPEG
class OPSIS_API JPEG final : public Drawing<JPEG> {
 public:
  explicit JPEG(int64_t quality);
  JPEG(int64_t least, int64_t greatest);
  explicit JPEG(const detail::JPEGQuality& quality);

  struct Params {
    int64_t quality = 0;
    template <class Visitor>
    void fields(Visitor&& visit) {
      visit("quality", quality);
    }
  };
  Params make_params(std::span<const Value> values) const;
  Value transform(const Value& value, const Params& params) const;
  auto arguments() const { return std::tuple(argument<"quality">(quality_)); }
  std::string repr() const override;

 private:
  std::pair<int64_t, int64_t> range() const;

  detail::JPEGQuality quality_;
};

}  // namespace opsis::inline v1::transforms
