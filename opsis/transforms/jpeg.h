// JPEG.
#pragma once

#include <span>
#include <string>

#include "opsis/core/api.h"
#include "opsis/transforms/functional/jpeg.h"
#include "opsis/transforms/transform.h"

namespace opsis::inline v1::transforms {

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

  struct Params {
    int64_t quality = 0;
    template <class Visitor>
    void fields(Visitor&& visit) {
      visit("quality", quality);
    }
  };
  Params make_params(std::span<const Value> values) const;
  Value transform(const Value& value, const Params& params) const;
  std::string repr() const override;

 private:
  int64_t least_, greatest_;
  bool single_ = false;
};

}  // namespace opsis::inline v1::transforms
