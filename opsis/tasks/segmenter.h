// What every pixel of a picture belongs to: weights, preprocessing, model and what comes after it in one value.
#pragma once

#include <torch/types.h>

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "opsis/core/api.h"
#include "opsis/core/size.h"
#include "opsis/models/task.h"
#include "opsis/models/weights.h"
#include "opsis/tasks/picture.h"
#include "opsis/tasks/task.h"
#include "opsis/transforms/presets.h"
#include "opsis/tv_tensors.h"

namespace opsis::inline v1::tasks {

/// How much of a picture a class covers.
struct ClassShare {
  int64_t index = 0;
  std::string name;
  double share = 0;  ///< of the pixels, in [0, 1]
};

/// What a picture's pixels belong to.
struct OPSIS_API Segmentation {
  torch::Tensor classes;           ///< (H, W), int64: the class of every pixel of the picture
  std::vector<ClassShare> shares;  ///< of the classes that are there, the largest first

  /// Of each of the shares, in their order: (shares, H, W), bool. draw_segmentation_masks takes them.
  torch::Tensor masks() const;
};

/// From a picture to the class of each of its pixels. A value: copies share the model; many threads may call it.
///     const tasks::Segmenter segmenter("deeplabv3_mobilenet_v3_large");
///     const auto found = segmenter("street.jpg");
///     found.shares[0].name                                             // "__background__"
///     utils::draw_segmentation_masks(picture, found.masks());
class OPSIS_API Segmenter {
 public:
  /// A model of models::segmentation with pretrained weights.
  /// Throws   what get_model and load_weights throw
  explicit Segmenter(std::string_view model, const TaskOptions& options = {});
  /// A model of yours, which is put into evaluation; `categories` names its classes, `resized_pixels` is that of TaskOptions.
  Segmenter(std::shared_ptr<models::SegmentationModel> model, const transforms::SemanticSegmentationOptions& preprocessing,
            std::vector<std::string> categories, bool optimize = true, int64_t resized_pixels = kResizedPixels);

  /// Shapes   of an Image (3, H, W)
  /// Types    uint8, or floating point in [0, 1]
  /// Throws   what Picture::image throws; ValueError for another shape, and for a picture that resizing makes larger
  ///          than resized_pixels
  Segmentation operator()(const Picture& picture, Timings* timings = nullptr) const;
  /// Several pictures; those that come to the same size go through the model together.
  std::vector<Segmentation> operator()(const Pictures& pictures, Timings* timings = nullptr) const;

  /// Makes the first picture of this size as quick as the others.
  void warm_up(Size size) const;

  const std::vector<std::string>& categories() const { return categories_; }
  const transforms::SemanticSegmentationOptions& preprocessing() const { return preprocessing_.options(); }

 private:
  Segmenter(std::string_view model, const models::Weights& weights, const TaskOptions& options);
  Segmentation finished(const torch::Tensor& scores, const Image& image) const;

  std::shared_ptr<models::SegmentationModel> model_;
  transforms::SemanticSegmentation preprocessing_;
  std::vector<std::string> categories_;
  int64_t resized_pixels_;
};

}  // namespace opsis::inline v1::tasks
