// Common Objects in Context: boxes, masks, key points and captions.
#pragma once

#include <filesystem>
#include <string>

#include "opsis/datasets/coco_file.h"
#include "opsis/datasets/dataset.h"
#include "opsis/datasets/examples.h"
#include "opsis/datasets/file_root.h"
#include "opsis/transforms/transform.h"

namespace opsis::inline v1::datasets {

/// Images and their objects, in the order of the images' ids. `root` has the pictures, and may be a .zip or .tar file, or a
/// folder in one, which is read in place (FileRoot); `annFile` is a file of instances (or of key points, ...).
///     datasets::CocoDetection photos({.root = "coco/val2017", .annFile = "coco/annotations/instances_val2017.json"});
///     auto example = photos.get(0);
///     example.boxes;        // XYXY, and example.labels, as torchvision's wrap_dataset_for_transforms_v2 makes them
///     example.annotation;   // the list of annotations, as they stand in the file
///     datasets::CocoDetection packed({.root = "val2017.zip/val2017", .annFile = "instances_val2017.json", .index = true});
/// Types    boxes float32, or int64 when all of an image's numbers are whole
/// Throws   IoError for files that cannot be read; DecodeError, with the file and the image's id, for annotations that are not
///          sound; NotBuiltError in a build without simdjson
/// Differs  ids are whole numbers of 64 bits, and what JSON has no number for (NaN, Infinity, 1e400) is refused: Python takes
///          words, fractions and all of these. A box's whole number of more bits is rounded, where LibTorch refuses it
/// Source   torchvision.datasets.CocoDetection
class OPSIS_API CocoDetection final : public Dataset<Detected> {
 public:
  struct Options {
    std::filesystem::path root;
    std::filesystem::path annFile;
    transforms::AnyTransform transforms{};
    bool masks = false;       ///< decode the polygons and run lengths too
    bool index = false;       ///< keep what was found where in annFile, and in a tar, for the next time
    bool key_points = false;  ///< of a file of key points: as many of each object; where an image has no object, 17
  };
  explicit CocoDetection(Options options);

  size_t size() const override { return file_.images().size(); }
  Detected get(size_t index) const override;
  const CocoFile& file() const { return file_; }

 private:
  Options options_;
  FileRoot files_;
  CocoFile file_;
};

/// Images and their captions, in the order of the images' ids.
/// Throws   as CocoDetection
/// Source   torchvision.datasets.CocoCaptions
class OPSIS_API CocoCaptions final : public Dataset<Captioned> {
 public:
  struct Options {
    std::filesystem::path root;
    std::filesystem::path annFile;
    transforms::AnyTransform transforms{};
    bool index = false;  ///< as CocoDetection's
  };
  explicit CocoCaptions(Options options);

  size_t size() const override { return file_.images().size(); }
  Captioned get(size_t index) const override;
  const CocoFile& file() const { return file_; }

 private:
  Options options_;
  FileRoot files_;
  CocoFile file_;
};

}  // namespace opsis::inline v1::datasets
