#include "opsis/transforms/packed.h"

#include "opsis/transforms/repr.h"

namespace opsis::inline v1::transforms {

std::string PILToTensor::repr() const { return "PILToTensor()"; }

std::string ToTensor::repr() const { return "ToTensor()"; }

std::string ToPILImage::repr() const {
  return detail::repr("ToPILImage", {{"mode", mode_ ? std::string(to_string(*mode_)) : ""}});
}

}  // namespace opsis::inline v1::transforms
