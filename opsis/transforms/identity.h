// Identity: nothing at all.
#pragma once

#include <string>
#include <tuple>

#include "opsis/core/api.h"
#include "opsis/transforms/transform.h"

namespace opsis::inline v1::transforms {

/// Passes everything through: for places that must hold a transform.
/// Source   torchvision.transforms.v2.Identity
class OPSIS_API Identity final : public Fixed<Identity> {
 public:
  Value transform(const Value& value) const { return value; }
  std::string repr() const override { return "Identity()"; }
  auto arguments() const { return std::tuple(); }
};

}  // namespace opsis::inline v1::transforms
