// Images of any sizes made one batch, and what was found in it brought back to them.
#pragma once

#include <torch/nn/module.h>
#include <torch/nn/pimpl.h>
#include <torch/types.h>

#include <optional>
#include <string_view>
#include <vector>

#include "opsis/core/api.h"
#include "opsis/core/size.h"
#include "opsis/models/detection/model.h"

namespace opsis::inline v1::models::detection {

/// Images of several sizes in one tensor, each in the upper left corner, zeros around.
/// Source   torchvision.models.detection.image_list.ImageList
struct ImageList {
  torch::Tensor tensors;          ///< (N, C, H, W)
  std::vector<Size> image_sizes;  ///< of each image, without the zeros

  /// Of the batch.
  Size canvas() const { return {tensors.size(-2), tensors.size(-1)}; }
};

/// Of GeneralizedRCNNTransform. A builder has its own idea of what is left out.
struct TransformOptions {
  /// The shorter side is brought to it: while training to any of them, drawn for each image, else to the last.
  std::vector<int64_t> min_size{};    ///< {800}
  std::optional<int64_t> max_size{};  ///< the longer side is not brought beyond it: 1333
  /// Of the channels; a builder brings its own to in_channels as adapt_filters brings filters.
  std::optional<std::vector<double>> image_mean{};  ///< of ImageNet: {0.485, 0.456, 0.406}
  std::optional<std::vector<double>> image_std{};   ///< {0.229, 0.224, 0.225}
  int64_t size_divisible = 32;                      ///< the batch's sides are multiples of it
  std::optional<Size> fixed_size{};                 ///< every image is brought to it, whatever its shape
  bool skip_resize = false;                         ///< while training; torchvision's _skip_resize
};

/// Normalises and resizes each image, with what is on it, and puts them into one batch.
/// Draws    while training one torch.empty(1).uniform_(0, len(min_size)) for each image, unless resizing is skipped
/// Throws   ValueError when a size or a standard deviation is not positive, or there are not as many of them as means; when an
///          image has neither one channel nor as many as these, or would be left without pixels
/// Source   torchvision.models.detection.transform.GeneralizedRCNNTransform
class OPSIS_API GeneralizedRCNNTransformImpl : public torch::nn::Module {
 public:
  explicit GeneralizedRCNNTransformImpl(TransformOptions options = {});

  struct Batch {
    ImageList images;
    std::vector<DetectionTarget> targets;
  };
  /// Of checked images and, while training, targets.
  Batch forward(const std::vector<torch::Tensor>& images, std::vector<DetectionTarget> targets = {});

  /// What was found on images of image_sizes, on images of original_sizes: boxes and key points are scaled, masks of boxes
  /// pasted where the boxes are. While training it stays as it is.
  std::vector<Detection> postprocess(std::vector<Detection> found, const std::vector<Size>& image_sizes,
                                     const std::vector<Size>& original_sizes) const;
  void pretty_print(std::ostream& out) const override;
  /// Of images.
  int64_t channels() const;

  TransformOptions options;

 private:
  torch::Tensor normalize(const torch::Tensor& image) const;
  Size resized(Size size);
};
TORCH_MODULE(GeneralizedRCNNTransform);

/// Boxes (N, 4) XYXY of an image that is resized.
/// Source   torchvision.models.detection.transform.resize_boxes
OPSIS_API torch::Tensor resize_boxes(const torch::Tensor& boxes, Size original_size, Size new_size);

/// Key points (N, K, 3), likewise.
/// Source   torchvision.models.detection.transform.resize_keypoints
OPSIS_API torch::Tensor resize_keypoints(const torch::Tensor& keypoints, Size original_size, Size new_size);

/// The sizes of images (C, H, W).
OPSIS_API std::vector<Size> sizes_of(const std::vector<torch::Tensor>& images);

namespace detail {

/// The mean and the deviation of three channels.
struct Pixels {
  std::vector<double> mean{0.485, 0.456, 0.406}, std{0.229, 0.224, 0.225};
};

/// Fills in image_mean and image_std for images of that many channels: of 1 or 2 each has the average of three, more have these in
/// turn.
/// Throws   ValueError when there are such options of another number of channels
OPSIS_API void settle_pixels(std::string_view owner, TransformOptions& transform, int64_t in_channels, const Pixels& usual);

}  // namespace detail

}  // namespace opsis::inline v1::models::detection
