// The first version's transforms that resize or change the type: Resize, RandomResizedCrop, ConvertImageDtype.
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

/// Resizes images by v1::functional::resize; other values pass through.
/// Throws   ValueError when size has neither one nor two numbers
/// Source   torchvision.transforms.Resize
class OPSIS_API Resize final : public Fixed<Resize> {
 public:
  explicit Resize(torch::IntArrayRef size, ResizeOptions options = {});
  explicit Resize(std::initializer_list<int64_t> size, ResizeOptions options = {})
      : Resize(torch::IntArrayRef(size), options) {}

  Value transform(const Value& value) const;
  std::string repr() const override;

 private:
  std::vector<int64_t> size_;
  ResizeOptions options_;
};

/// Cuts what transforms::RandomResizedCrop cuts out of an image, and resizes it by v1::functional::resize; other values pass through.
/// Draws    as transforms::RandomResizedCrop
/// Source   torchvision.transforms.RandomResizedCrop
class OPSIS_API RandomResizedCrop final : public Drawing<RandomResizedCrop> {
 public:
  explicit RandomResizedCrop(torch::IntArrayRef size, RandomResizedCropOptions options = {});
  explicit RandomResizedCrop(std::initializer_list<int64_t> size, RandomResizedCropOptions options = {})
      : RandomResizedCrop(torch::IntArrayRef(size), options) {}

  using Params = transforms::RandomResizedCrop::Params;
  Params make_params(std::span<const Value> values) const { return drawing_.make_params(values); }
  Value transform(const Value& value, const Params& params) const;
  std::string repr() const override;

 private:
  transforms::RandomResizedCrop drawing_;
  std::vector<int64_t> size_;
  RandomResizedCropOptions options_;
};

/// Changes the type of images by v1::functional::convert_image_dtype; other values pass through.
/// Source   torchvision.transforms.ConvertImageDtype
class OPSIS_API ConvertImageDtype final : public Fixed<ConvertImageDtype> {
 public:
  explicit ConvertImageDtype(torch::ScalarType dtype) : dtype_(dtype) {}

  Value transform(const Value& value) const;
  std::string repr() const override { return "ConvertImageDtype()"; }

 private:
  torch::ScalarType dtype_;
};

}  // namespace opsis::inline v1::transforms::v1
