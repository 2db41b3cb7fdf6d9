// The preprocessing that pretrained weights were made with.
#pragma once

#include <array>
#include <cstdint>
#include <initializer_list>
#include <optional>
#include <string>
#include <tuple>
#include <vector>

#include "opsis/core/api.h"
#include "opsis/core/size.h"
#include "opsis/transforms/functional/interpolation.h"
#include "opsis/transforms/transform.h"

namespace opsis::inline v1::transforms {

namespace detail {

/// The options that follow the sizes in each preset that resizes.
template <class Options, class Visitor>
void visit_pixels(Options& options, Visitor& visit) {
  visit("mean", options.mean);
  visit("std", options.std);
  visit("interpolation", options.interpolation);
  if constexpr (requires { options.antialias; }) visit("antialias", options.antialias);
}

}  // namespace detail

/// Of ImageClassification.
struct ImageClassificationOptions {
  int64_t crop_size = 224;
  int64_t resize_size = 256;  ///< of the shorter side, in pixels
  std::array<double, 3> mean{0.485, 0.456, 0.406};
  std::array<double, 3> std{0.229, 0.224, 0.225};
  InterpolationMode interpolation = InterpolationMode::BILINEAR;
  bool antialias = true;

  template <class Visitor>
  void fields(Visitor&& visit) {
    visit("crop_size", crop_size);
    visit("resize_size", resize_size);
    detail::visit_pixels(*this, visit);
  }
};

/// Images as classifiers want them: resized, cut to a square, in [0, 1], normalised.
///     ImageClassification({.crop_size = 224})(image)   // (3, 375, 500) uint8 -> (3, 224, 224) float32
/// Its bytes are those of torchvision's preset on tensors, which goes by the older functions: uint8 is resized by way of
/// float32 and divided by 255. Resize and ToDtype differ from that by at most one level of 255.
/// Hence Compose does not fuse it: the sums are LibTorch's in float32, and in which of their steps it rounds depends on how many
/// pixels are summed and on its compiler. Compose{Resize, CenterCrop, ToDtype, Normalize} is one pass.
/// Shapes   (..., 3, H, W) -> (..., 3, crop_size, crop_size); values that are no images pass through
/// Types    any number -> float32
/// Differs  crop_size has a default, so that a table of weights need not repeat it
/// Source   torchvision.transforms._presets.ImageClassification
class OPSIS_API ImageClassification final : public Fixed<ImageClassification> {
 public:
  explicit ImageClassification(ImageClassificationOptions options = {});

  const ImageClassificationOptions& options() const { return options_; }
  auto arguments() const { return std::tuple(options_); }
  Value transform(const Value& value) const;
  std::string repr() const override;
  /// What it does, in a sentence for people.
  std::string describe() const;

 private:
  ImageClassificationOptions options_;
};

/// Of ObjectDetection, which leaves nothing to choose.
struct ObjectDetectionOptions {};

/// Images as detectors want them: in [0, 1], of any size.
/// Types    any number -> float32
/// Source   torchvision.transforms._presets.ObjectDetection
class OPSIS_API ObjectDetection final : public Fixed<ObjectDetection> {
 public:
  explicit ObjectDetection(ObjectDetectionOptions = {}) {}
  Value transform(const Value& value) const;
  auto arguments() const { return std::tuple(); }
  std::string repr() const override { return "ObjectDetection()"; }
  /// What it does, in a sentence for people.
  std::string describe() const;
};

/// Of SemanticSegmentation.
struct SemanticSegmentationOptions {
  std::optional<int64_t> resize_size{};  ///< of the shorter side, in pixels; none leaves the size
  std::array<double, 3> mean{0.485, 0.456, 0.406};
  std::array<double, 3> std{0.229, 0.224, 0.225};
  InterpolationMode interpolation = InterpolationMode::BILINEAR;
  bool antialias = true;

  template <class Visitor>
  void fields(Visitor&& visit) {
    visit("resize_size", resize_size);
    detail::visit_pixels(*this, visit);
  }
};

/// Images as segmentation models want them: resized, in [0, 1], normalised.
///     SemanticSegmentation({.resize_size = 520})(image)   // (3, 375, 500) uint8 -> (3, 520, 693) float32
/// Shapes and Types as ImageClassification, but for the crop
/// Source   torchvision.transforms._presets.SemanticSegmentation
class OPSIS_API SemanticSegmentation final : public Fixed<SemanticSegmentation> {
 public:
  explicit SemanticSegmentation(SemanticSegmentationOptions options = {}) : options_(options) {}

  const SemanticSegmentationOptions& options() const { return options_; }
  auto arguments() const { return std::tuple(options_); }
  Value transform(const Value& value) const;
  std::string repr() const override;
  std::string describe() const;

 private:
  SemanticSegmentationOptions options_;
};

/// One or two numbers, held in place so that options can be constants.
class OneOrTwo {
 public:
  constexpr OneOrTwo(std::initializer_list<int64_t> numbers) : size_(numbers.size()) {
    size_t i = 0;
    for (const auto number : numbers) {
      if (i < numbers_.size()) numbers_[i++] = number;
    }
  }
  /// What was given, which may be another number than it holds: who takes one checks it.
  constexpr size_t size() const { return size_; }
  operator std::vector<int64_t>() const {
    return {numbers_.begin(), numbers_.begin() + static_cast<std::ptrdiff_t>(size_ < 2 ? size_ : 2)};
  }

 private:
  std::array<int64_t, 2> numbers_{};
  size_t size_;
};

OPSIS_API Json json_of(const OneOrTwo& numbers);
OPSIS_API void read_json(const Json& json, OneOrTwo& numbers);
OPSIS_API std::string code_of(const OneOrTwo& numbers);

/// Of VideoClassification.
struct VideoClassificationOptions {
  Size crop_size{112, 112};
  OneOrTwo resize_size{128, 171};  ///< height and width, or the shorter side alone
  std::array<double, 3> mean{0.43216, 0.394666, 0.37645};
  std::array<double, 3> std{0.22803, 0.22145, 0.216989};
  InterpolationMode interpolation = InterpolationMode::BILINEAR;

  template <class Visitor>
  void fields(Visitor&& visit) {
    visit("crop_size", crop_size);
    visit("resize_size", resize_size);
    detail::visit_pixels(*this, visit);
  }
};

/// Videos as classifiers want them: resized without antialias, cut, in [0, 1], normalised, and with the channels before the frames.
/// Shapes   (T, 3, H, W) -> (3, T, h, w), (N, T, 3, H, W) -> (N, 3, T, h, w): what comes back has a video's type but a model's
///          layout
/// Types    any number -> float32
/// Throws   ValueError for fewer than four dimensions
/// Differs  crop_size and resize_size have defaults, those of r3d_18
/// Source   torchvision.transforms._presets.VideoClassification
class OPSIS_API VideoClassification final : public Fixed<VideoClassification> {
 public:
  explicit VideoClassification(VideoClassificationOptions options = {});

  const VideoClassificationOptions& options() const { return options_; }
  auto arguments() const { return std::tuple(options_); }
  /// A bare tensor counts as a video.
  Value transform(const Value& value) const;
  std::string repr() const override;
  std::string describe() const;

 private:
  VideoClassificationOptions options_;
};

/// Of OpticalFlow, which leaves nothing to choose.
struct OpticalFlowOptions {};

/// Pairs of images as flow models want them: in [-1, 1], in contiguous memory.
///     auto [first, second] = OpticalFlow()(frame, next_frame);
/// Shapes   (..., 3, H, W); the result has the same
/// Types    any number -> float32
/// Source   torchvision.transforms._presets.OpticalFlow
class OPSIS_API OpticalFlow final : public Fixed<OpticalFlow> {
 public:
  explicit OpticalFlow(OpticalFlowOptions = {}) {}
  using Transform::operator();
  /// Both bare tensors are images here.
  std::tuple<torch::Tensor, torch::Tensor> operator()(const torch::Tensor& first, const torch::Tensor& second) const;
  Value transform(const Value& value) const;
  auto arguments() const { return std::tuple(); }
  std::string repr() const override { return "OpticalFlow()"; }
  std::string describe() const;
};

}  // namespace opsis::inline v1::transforms
