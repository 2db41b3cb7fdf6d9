// The first version's RandomErasing.
#pragma once

#include <span>
#include <string>

#include "opsis/core/api.h"
#include "opsis/transforms/erasing.h"
#include "opsis/transforms/transform.h"

namespace opsis::inline v1::transforms::v1 {

/// transforms::RandomErasing, which an image (H, W) without channels is not for.
/// Source   torchvision.transforms.RandomErasing
class OPSIS_API RandomErasing final : public Sometimes<RandomErasing> {
 public:
  using Params = transforms::RandomErasing::Params;
  explicit RandomErasing(RandomErasingOptions options = {});

  Params make_params(std::span<const Value> values) const;
  Value transform(const Value& value, const Params& params) const { return drawing_.transform(value, params); }
  std::string repr() const override;

 private:
  transforms::RandomErasing drawing_;
  RandomErasingOptions options_;
};

}  // namespace opsis::inline v1::transforms::v1
