// Folders of pictures and boxes in the layout of Pascal VOC.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "opsis/datasets/examples.h"
#include "opsis/datasets/file_root.h"
#include "opsis/datasets/options.h"
#include "opsis/datasets/vision_dataset.h"
#include "opsis/datasets/voc.h"

namespace opsis::inline v1::datasets {

/// root/JPEGImages, root/Annotations and root/ImageSets/Main/train.txt, whose lines are the names of pictures without their
/// ending. A folder without ImageSets/Main has one split, train: all of its annotations, sorted by name. A picture is found by
/// its name, with any ending of image_extensions(), .jpg first. The root may be a .zip or .tar file, or a folder in one, whose
/// files are read in place as FileRoot says.
/// Throws   NotFoundError when there is no folder Annotations, and for a split that is not there
OPSIS_API VocFiles list_voc(const std::filesystem::path& root, const std::string& split, const FileRoot& files);

/// Pictures and the objects on them, of classes of your own: what labelling tools write as VOC, and `opsis datasets convert --to
/// voc`. For the photos of the challenges and their twenty classes there is VOCDetection.
///     datasets::VOCFolder parts({.root = "parts", .split = "val", .classes = {"bolt", "nut"}});
///     parts.get(0).boxes;    // XYXY, in pixels from the left and top edge
///     parts.get(0).annotation["annotation"]["filename"];   // all that the XML says
///     datasets::VOCFolder packed({.root = "parts.zip"});   // read in place, its classes found
/// Labels are the places of names in `classes`, from 0, as those of YOLODetection. Where none are given they are the names in all
/// annotations of the folder, sorted, so that splits have the same; to find them each annotation is read once.
/// Types    boxes float32. VOC counts pixels from 1 and the last one in, so its box from 1 to 10 is that from 0 to 10 here, as
///          read_boxes has it; those of VOCDetection are as in the files
/// Throws   as list_voc; ValueError for a class that is given twice, and for a loader of yours where root is an archive;
///          DecodeError, with the file, for XML that is not sound, here where classes are found, else from get, which throws it
///          for boxes that are not sound and for classes that are not among those given; NotBuiltError in a build without pugixml
class OPSIS_API VOCFolder final : public VisionDataset<Detected> {
 public:
  struct Options {
    std::filesystem::path root;
    std::string split = "train";
    std::vector<std::string> classes{};  ///< none: those that are found
    transforms::AnyTransform transforms{};
    ImageLoader loader{};  ///< in place of default_loader
    bool index = false;    ///< of a .tar: keep the list of its files for the next time, as FileRoot says
  };
  explicit VOCFolder(Options options);
  size_t size() const override { return files_.images.size(); }
  const std::vector<std::string>& classes() const { return classes_; }
  const VocFiles& files() const { return files_; }

 private:
  Detected read(size_t index) const override { return read_through({}, index); }
  Detected read_transformed(size_t index) const override { return read_through(transforms(), index); }
  Detected read_through(const transforms::AnyTransform& pipeline, size_t index) const;
  FileRoot root_;
  VocFiles files_;
  std::vector<std::string> classes_;
  ImageLoader loader_;  // empty: default_loader's pictures
};

}  // namespace opsis::inline v1::datasets
