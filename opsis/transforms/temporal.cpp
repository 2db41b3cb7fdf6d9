#include "opsis/transforms/temporal.h"

#include "opsis/transforms/repr.h"

namespace opsis::inline v1::transforms {

Value UniformTemporalSubsample::transform(const Value& value) const {
  return apply_kernel<Video>(value,
                             [&](const auto& video) { return functional::uniform_temporal_subsample(video, num_samples_); });
}

std::string UniformTemporalSubsample::repr() const {
  return detail::repr("UniformTemporalSubsample", {{"num_samples", detail::python(num_samples_)}});
}

}  // namespace opsis::inline v1::transforms
