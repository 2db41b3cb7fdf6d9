// What there is in a picture and where: weights, preprocessing, model and names in one value.
#pragma once

#include <torch/types.h>

#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "opsis/core/api.h"
#include "opsis/core/size.h"
#include "opsis/models/detection/model.h"
#include "opsis/models/weights.h"
#include "opsis/tasks/picture.h"
#include "opsis/tasks/task.h"
#include "opsis/tv_tensors.h"

namespace opsis::inline v1::tasks {

/// What was found in a picture, the surest first, in the picture's own pixels.
struct Detections {
  BoundingBoxes boxes;             ///< (N, 4) XYXY
  torch::Tensor scores;            ///< (N), in [0, 1]
  torch::Tensor labels;            ///< (N) int64
  std::vector<std::string> names;  ///< of the labels
  torch::Tensor masks;             ///< (N, H, W), bool: which pixels are its; undefined unless the model tells

  size_t size() const { return names.size(); }
};

/// Of a Detector.
struct DetectorOptions {
  std::string weights = "DEFAULT";       ///< an entry of the model
  std::filesystem::path weights_file{};  ///< a checkpoint on this machine, which stands for that entry's download
  double score_threshold = 0.5;          ///< what is less sure is not given
  double mask_threshold = 0.5;           ///< of the pixels of masks
  bool optimize = true;                  ///< by models::optimize: quicker from the third picture of a size on
};

/// How a large picture is cut.
struct TilingOptions {
  Size tile_size{640, 640};               ///< as the model likes pictures
  int64_t overlap = 128;                  ///< of neighbours, in pixels: what is not larger lies whole in one of them
  double nms_threshold = 0.5;             ///< of boxes of a class that overlap by more (box_iou) the surest stays
  bool masks = true;                      ///< those that the model tells; false: none
  int64_t mask_bytes = int64_t{4} << 30;  ///< of all of them, one for each thing and pixel of the picture: no more are made
};

/// From a picture to what there is in it. A value: copies share the model; many threads may call it.
///     const tasks::Detector detector("fasterrcnn_resnet50_fpn_v2");
///     const auto found = detector(picture);
///     found.names[0]                                             // "person"
///     utils::draw_bounding_boxes(picture, found.boxes, {.labels = found.names});
class OPSIS_API Detector {
 public:
  /// A model of models::detection with pretrained weights.
  /// Throws   what get_model and load_weights throw; ValueError for a threshold that is not in [0, 1]
  explicit Detector(std::string_view model, const DetectorOptions& options = {});
  /// A model of yours, which is put into evaluation; `categories` names its classes.
  Detector(std::shared_ptr<models::DetectionModel> model, std::vector<std::string> categories, double score_threshold = 0.5,
           double mask_threshold = 0.5);

  /// Shapes   of an Image (3, H, W)
  /// Types    uint8, or floating point in [0, 1]
  /// Throws   what Picture::image throws; ValueError for another shape
  Detections operator()(const Picture& picture, Timings* timings = nullptr) const;
  /// Several pictures of any sizes, which go through the model together.
  std::vector<Detections> operator()(const Pictures& pictures, Timings* timings = nullptr) const;

  /// For what is small in a large picture: tiles of it are looked at one after another, each as if it were a picture. Of what
  /// neighbours find twice the surest box stays, and a whole one rather than one that a tile cuts. A picture that is not larger
  /// than a tile is looked at as by operator().
  ///     detector.tiled(aerial, {.tile_size = {800, 800}, .overlap = 200})
  /// Throws   ValueError unless sides of tiles are positive, the overlap is less than them and the threshold in [0, 1]; for
  ///          another shape; and for masks of more than mask_bytes
  /// Source   Opsis
  Detections tiled(const Picture& picture, const TilingOptions& tiling = {}, Timings* timings = nullptr) const;

  /// Makes the first picture of this size as quick as the others.
  void warm_up(Size size) const;

  const std::vector<std::string>& categories() const { return categories_; }

 private:
  Detector(std::string_view model, const models::Weights& weights, const DetectorOptions& options);
  Detections finished(models::Detection found, Size size) const;

  std::shared_ptr<models::DetectionModel> model_;
  std::vector<std::string> categories_;
  double score_threshold_, mask_threshold_;
};

}  // namespace opsis::inline v1::tasks
