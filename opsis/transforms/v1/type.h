// The first version's transforms of numbers' type and range, and of the type of pictures: ConvertImageDtype, Normalize,
// ToTensor, PILToTensor, ToPILImage.
#pragma once

#include <torch/types.h>

#include <optional>
#include <string>
#include <vector>

#include "opsis/core/api.h"
#include "opsis/transforms/functional/packed.h"
#include "opsis/transforms/functional/type.h"
#include "opsis/transforms/transform.h"

namespace opsis::inline v1::transforms::v1 {

/// v1::functional::convert_image_dtype.
/// Source   torchvision.transforms.ConvertImageDtype
class OPSIS_API ConvertImageDtype final : public Fixed<ConvertImageDtype> {
 public:
  explicit ConvertImageDtype(torch::ScalarType dtype) : dtype_(dtype) {}

  Value transform(const Value& value) const;
  std::string repr() const override { return "ConvertImageDtype()"; }

 private:
  torch::ScalarType dtype_;
};

/// v1::functional::normalize.
/// Source   torchvision.transforms.Normalize
class OPSIS_API Normalize final : public Fixed<Normalize> {
 public:
  Normalize(std::vector<double> mean, std::vector<double> std, NormalizeOptions options = {});

  Value transform(const Value& value) const;
  std::string repr() const override;

 private:
  std::vector<double> mean_, std_;
  NormalizeOptions options_;
};

/// The tensor of a packed picture, scaled to [0, 1]. As in torchvision it is for pictures alone: within a pipeline, where there
/// are tensors, ConvertImageDtype scales.
///     torch::Tensor pixels = v1::ToTensor()(picture);
/// Throws   ValueError as functional::to_tensor; and, applied in a pipeline, for images and videos
/// Source   torchvision.transforms.ToTensor
class OPSIS_API ToTensor final : public Fixed<ToTensor> {
 public:
  torch::Tensor operator()(const PackedImage& picture) const { return transforms::functional::to_tensor(picture); }
  Value transform(const Value& value) const;
  std::string repr() const override { return "ToTensor()"; }
};

/// The tensor of a packed picture, unscaled.
/// Throws   ValueError as functional::pil_to_tensor; and, applied in a pipeline, for images and videos
/// Source   torchvision.transforms.PILToTensor
class OPSIS_API PILToTensor final : public Fixed<PILToTensor> {
 public:
  torch::Tensor operator()(const PackedImage& picture) const { return transforms::functional::pil_to_tensor(picture); }
  Value transform(const Value& value) const;
  std::string repr() const override { return "PILToTensor()"; }
};

/// The packed picture of a tensor or an image.
///     const auto picture = v1::ToPILImage(PackedMode::YCbCr)(pixels);
/// Throws   ValueError as functional::to_pil_image; and, applied in a pipeline, for images and videos: it can only be the last
///          step, called by itself
/// Source   torchvision.transforms.ToPILImage
class OPSIS_API ToPILImage final : public Fixed<ToPILImage> {
 public:
  explicit ToPILImage(std::optional<PackedMode> mode = {}) : mode_(mode) {}
  PackedImage operator()(const torch::Tensor& image) const { return transforms::functional::to_pil_image(image, mode_); }
  PackedImage operator()(const Image& image) const { return transforms::functional::to_pil_image(image, mode_); }
  Value transform(const Value& value) const;
  std::string repr() const override;

 private:
  std::optional<PackedMode> mode_;
};

}  // namespace opsis::inline v1::transforms::v1
