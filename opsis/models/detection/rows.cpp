#include "opsis/models/detection/rows.h"

namespace opsis::inline v1::models::detection::detail {

torch::Tensor rows_of(const torch::Tensor& predictions, int64_t columns) {
  const auto n = predictions.size(0), height = predictions.size(2), width = predictions.size(3);
  const auto anchors = predictions.size(1) / columns;
  return predictions.reshape({n, anchors, columns, height, width})
      .permute({0, 3, 4, 1, 2})
      .reshape({n, height * width * anchors, columns});
}

std::vector<int64_t> row_counts(const std::vector<torch::Tensor>& tensors) {
  std::vector<int64_t> counts;
  for (const auto& tensor : tensors) counts.push_back(tensor.size(0));
  return counts;
}

}  // namespace opsis::inline v1::models::detection::detail
