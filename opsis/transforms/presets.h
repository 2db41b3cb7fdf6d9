// The preprocessing that pretrained weights were made with.
#pragma once

#include <array>
#include <string>

#include "opsis/core/api.h"
#include "opsis/transforms/functional/interpolation.h"
#include "opsis/transforms/transform.h"

namespace opsis::inline v1::transforms {

/// Of ImageClassification.
struct ImageClassificationOptions {
  int64_t crop_size = 224;
  int64_t resize_size = 256;  ///< of the shorter side, in pixels
  std::array<double, 3> mean{0.485, 0.456, 0.406};
  std::array<double, 3> std{0.229, 0.224, 0.225};
  InterpolationMode interpolation = InterpolationMode::BILINEAR;
  bool antialias = true;
};

/// Images as classifiers want them: resized, cut to a square, in [0, 1], normalised.
///     ImageClassification({.crop_size = 224})(image)   // (3, 375, 500) uint8 -> (3, 224, 224) float32
/// Its bytes are those of torchvision's preset on tensors, which goes by the older functions: uint8 is resized by way of
/// float32 and divided by 255. Resize and ToDtype differ from that by at most one level of 255.
/// Shapes   (..., 3, H, W) -> (..., 3, crop_size, crop_size); values that are no images pass through
/// Types    any number -> float32
/// Differs  crop_size has a default, so that a table of weights need not repeat it
/// Source   torchvision.transforms._presets.ImageClassification
class OPSIS_API ImageClassification final : public Fixed<ImageClassification> {
 public:
  explicit ImageClassification(ImageClassificationOptions options = {});

  const ImageClassificationOptions& options() const { return options_; }
  Value transform(const Value& value) const;
  std::string repr() const override;
  /// What it does, in a sentence for people.
  std::string describe() const;

 private:
  ImageClassificationOptions options_;
};

}  // namespace opsis::inline v1::transforms
