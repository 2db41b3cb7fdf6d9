// What a picture shows: weights, preprocessing, model and names in one value.
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

/// How likely a picture shows a class.
struct ClassProbability {
  int64_t index = 0;
  std::string name;
  double probability = 0;  ///< in [0, 1]
};

/// What a picture shows.
struct Classification {
  std::vector<ClassProbability> best;  ///< the likeliest first
  torch::Tensor probabilities;         ///< (classes), float32: of all of them
};

/// From a picture to what it shows. A value: copies share the model; many threads may call it.
///     const tasks::Classifier classifier("efficientnet_b0");
///     const auto found = classifier("cat.jpg");
///     found.best[0].name                                     // "tabby"
class OPSIS_API Classifier {
 public:
  /// A classifier of images with pretrained weights, quantized ones too.
  /// Throws   what get_model and load_weights throw
  explicit Classifier(std::string_view model, const TaskOptions& options = {});
  /// A model of yours, which is put into evaluation; `categories` names its classes, `resized_pixels` is that of TaskOptions.
  Classifier(std::shared_ptr<models::ImageClassifier> model, const transforms::ImageClassificationOptions& preprocessing,
             std::vector<std::string> categories, bool optimize = true, int64_t resized_pixels = kResizedPixels);

  /// The `top` likeliest classes; all when there are fewer.
  /// Shapes   of an Image (3, H, W)
  /// Types    uint8, or floating point in [0, 1]
  /// Throws   what Picture::image throws; ValueError for another shape, for a picture that resizing makes larger than
  ///          resized_pixels, and when top is negative
  Classification operator()(const Picture& picture, int64_t top = 5, Timings* timings = nullptr) const;
  /// Several pictures, which go through the model together.
  std::vector<Classification> operator()(const Pictures& pictures, int64_t top = 5, Timings* timings = nullptr) const;

  /// Makes the first picture as quick as the others.
  void warm_up() const;

  const std::vector<std::string>& categories() const { return categories_; }
  const transforms::ImageClassificationOptions& preprocessing() const { return preprocessing_.options(); }

 private:
  Classifier(std::string_view model, const models::Weights& weights, const TaskOptions& options);

  std::shared_ptr<models::ImageClassifier> model_;
  transforms::ImageClassification preprocessing_;
  std::vector<std::string> categories_;
  int64_t resized_pixels_;
};

}  // namespace opsis::inline v1::tasks
