#include "opsis/data/collate.h"

#include <ATen/ops/empty.h>
#include <ATen/ops/stack.h>
#include <ATen/ops/tensor.h>

#include "opsis/core/check.h"
#include "opsis/tv_tensors/print.h"

namespace opsis::inline v1::data::detail {
namespace {

std::string sample_name(size_t place, std::span<const size_t> indices) {
  return place < indices.size() ? text("sample {}", indices[place]) : text("number {} of the batch", place);
}

}  // namespace

torch::Tensor stack(const std::vector<torch::Tensor>& tensors, std::span<const size_t> indices) {
  OPSIS_CHECK(!tensors.empty(), "collate: there are no samples to make a batch of");
  for (size_t i = 0; i < tensors.size(); ++i) {
    OPSIS_CHECK(tensors[i].defined(), "collate: {} has an undefined tensor", sample_name(i, indices));
    OPSIS_CHECK(tensors[i].sizes() == tensors[0].sizes(),
                "collate: shapes must be equal to be stacked: {} is {}, {} is {}; give the data set a transform that makes "
                "them one size (Resize, RandomResizedCrop), or the loader a collate of your own",
                sample_name(0, indices), opsis::detail::shape(tensors[0]), sample_name(i, indices),
                opsis::detail::shape(tensors[i]));
  }
  return at::stack(tensors);
}

torch::Tensor numbers(const std::vector<int64_t>& values) { return at::tensor(values, at::kLong); }
torch::Tensor numbers(const std::vector<double>& values) { return at::tensor(values, at::kDouble); }
torch::Tensor numbers(const std::vector<float>& values) { return at::tensor(values, at::kFloat); }

torch::Tensor booleans(const std::vector<bool>& values) {
  auto out = at::empty({static_cast<int64_t>(values.size())}, at::kBool);
  std::copy(values.begin(), values.end(), out.data_ptr<bool>());
  return out;
}

}  // namespace opsis::inline v1::data::detail
