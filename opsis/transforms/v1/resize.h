// The first version's transforms that resize: Resize, RandomResizedCrop.
#pragma once

#include <initializer_list>
#include <span>
#include <string>
#include <vector>

#include "opsis/core/api.h"
#include "opsis/transforms/crop.h"
#include "opsis/transforms/functional/resize.h"
#include "opsis/transforms/transform.h"

namespace opsis::inline v1::transforms::v1 {

/// v1::functional::resize.
/// Throws   ValueError when size has neither one nor two numbers
/// Source   torchvision.transforms.Resize
class OPSIS_API Resize final : public Fixed<Resize> {
 public:
  explicit Resize(torch::IntArrayRef size, ResizeOptions options = {});
  explicit Resize(std::initializer_list<int64_t> size, ResizeOptions options = {})
      : Resize(torch::IntArrayRef(size), options) {}

  Value transform(const Value& value) const;
  Value inverse(const Value& value, Size source) const;
  std::string repr() const override;

 private:
  std::vector<int64_t> size_;
  ResizeOptions options_;
};

/// v1::functional::resized_crop of a random region. Settings, draws and refusals as transforms::RandomResizedCrop.
/// Source   torchvision.transforms.RandomResizedCrop
class OPSIS_API RandomResizedCrop final : public Drawing<RandomResizedCrop> {
 public:
  explicit RandomResizedCrop(torch::IntArrayRef size, RandomResizedCropOptions options = {});
  explicit RandomResizedCrop(std::initializer_list<int64_t> size, RandomResizedCropOptions options = {})
      : RandomResizedCrop(torch::IntArrayRef(size), options) {}

  using Params = transforms::RandomResizedCrop::Params;
  Params make_params(std::span<const Value> values) const { return drawing_.make_params(values); }
  Value transform(const Value& value, const Params& params) const;
  Value inverse(const Value& value, const Params& params, Size source) const { return drawing_.inverse(value, params, source); }
  std::string repr() const override;

 private:
  transforms::RandomResizedCrop drawing_;
  std::vector<int64_t> size_;
  RandomResizedCropOptions options_;
};

}  // namespace opsis::inline v1::transforms::v1
