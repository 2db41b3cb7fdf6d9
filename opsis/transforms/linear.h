// LinearTransformation.
#pragma once

#include <torch/types.h>

#include <string>
#include <tuple>

#include "opsis/core/api.h"
#include "opsis/transforms/transform.h"

namespace opsis::inline v1::transforms {

/// (pixels - mean) @ matrix, of images and videos with all their pixels in a row: whitening, for one.
///     LinearTransformation(matrix, mean)    // matrix (D, D), mean (D), where D is C * H * W
/// Throws   ValueError when the matrix is not square, the mean not as long, or their type or device not the same; and, applied,
///          for an image of another size or on another device
/// Source   torchvision.transforms.v2.LinearTransformation
class OPSIS_API LinearTransformation final : public Fixed<LinearTransformation> {
 public:
  LinearTransformation(torch::Tensor transformation_matrix, torch::Tensor mean_vector);
  Value transform(const Value& value) const;
  auto arguments() const { return std::tuple(argument<"transformation_matrix">(matrix_), argument<"mean_vector">(mean_)); }
  std::string repr() const override;

 private:
  torch::Tensor matrix_, mean_;
};

}  // namespace opsis::inline v1::transforms
