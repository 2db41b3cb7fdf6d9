// Folders of pictures and boxes as YOLO's tools have them.
#pragma once

#include <array>
#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "opsis/datasets/examples.h"
#include "opsis/datasets/file_root.h"
#include "opsis/datasets/options.h"
#include "opsis/datasets/vision_dataset.h"
#include "opsis/datasets/yolo_text.h"

namespace opsis::inline v1::datasets {

/// The pictures of a split, sorted by name, and for each the file of its boxes, which may be absent.
struct YoloFiles {
  std::vector<std::string> classes{};  ///< empty when neither data.yaml nor classes.txt is there
  std::vector<std::filesystem::path> images{}, labels{};
};

/// root/images/train and root/labels/train, or root/train/images and root/train/labels; the names of the classes are the
/// `names` of root/data.yaml, or the lines of root/classes.txt. The root may be a .zip or .tar file, or a folder in one, whose
/// files are read in place as FileRoot says.
/// Throws   NotFoundError when there is no folder of pictures; DecodeError for a data.yaml whose names are not understood
OPSIS_API YoloFiles list_yolo(const std::filesystem::path& root, const std::string& split);
/// The same, of an archive that is open.
OPSIS_API YoloFiles list_yolo(const std::filesystem::path& root, const std::string& split, const FileRoot& files);

/// The lines of a file: "class center_x center_y width height", or a class and an outline of at least three corners, whose box
/// is taken. None when there is no file.
/// Throws   IoError when it cannot be read; DecodeError, with the line, for one that is not sound
OPSIS_API std::vector<YoloBox> read_yolo_boxes(const std::filesystem::path& file, const FileRoot& files = {});

/// Pictures and the objects on them.
///     datasets::YOLODetection parts({.root = "parts", .split = "val"});
///     parts.get(0).boxes;    // XYXY, in pixels
///     datasets::YOLODetection packed({.root = "parts.zip", .split = "val"});   // read in place
/// Types    boxes float32
/// Throws   as list_yolo; ValueError for a loader of yours where root is an archive; get throws DecodeError, with the line, for
///          boxes that are not sound and classes without a name
class OPSIS_API YOLODetection final : public VisionDataset<Detected> {
 public:
  struct Options {
    std::filesystem::path root;
    std::string split = "train";
    transforms::AnyTransform transforms{};
    ImageLoader loader{};  ///< in place of default_loader
    bool index = false;    ///< of a .tar: keep the list of its files for the next time, as FileRoot says
  };
  explicit YOLODetection(Options options);
  size_t size() const override { return files_.images.size(); }
  const std::vector<std::string>& classes() const { return files_.classes; }
  const YoloFiles& files() const { return files_; }

 private:
  Detected read(size_t index) const override { return read_through({}, index); }
  Detected read_transformed(size_t index) const override { return read_through(transforms(), index); }
  Detected read_through(const transforms::AnyTransform& pipeline, size_t index) const;
  FileRoot root_;
  YoloFiles files_;
  ImageLoader loader_;  // empty: default_loader's pictures
};

}  // namespace opsis::inline v1::datasets
