// Pascal's Visual Object Classes.
#pragma once

#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "opsis/datasets/dataset.h"
#include "opsis/datasets/examples.h"
#include "opsis/datasets/file_root.h"
#include "opsis/transforms/transform.h"

namespace opsis::inline v1::datasets {

/// What both sets of VOC take: years 2007 to 2012; image sets train, trainval, val and, of 2007, test.
struct VocOptions {
  std::filesystem::path root;
  std::string year = "2012";
  std::string image_set = "train";
  bool download = false;  ///< what is whole already is not unpacked again
  transforms::AnyTransform transforms{};
  bool index = false;  ///< of a .tar: keep the list of its files for the next time, as FileRoot says
};

/// The 20 classes after "__background__": their numbers are those of labels and masks.
OPSIS_API const std::vector<std::string_view>& voc_classes();

/// Pictures and targets by name.
struct VocFiles {
  std::vector<std::filesystem::path> images{}, targets{};
};

/// Photos and the objects on them. The root may be the archive that is downloaded, or a zip of what is in it, or such a folder in
/// an archive: then it is read in place, as FileRoot says.
///     datasets::VOCDetection photos({.root = "data", .year = "2007", .image_set = "test", .download = true});
///     photos.get(0).annotation["annotation"]["filename"];   // all that the XML says
///     datasets::VOCDetection packed({.root = "data/VOCtest_06-Nov-2007.tar", .year = "2007", .image_set = "test"});
/// Types    boxes int64, XYXY, pixels counted from 1 as in the files
/// Throws   NotFoundError when the folder is absent and download is false; IntegrityError for an archive of another hash;
///          ValueError for another year or set, and for download into an archive; get throws DecodeError, with the file, for XML
///          that is not sound and for classes that are none; NotBuiltError in a build without pugixml
/// Source   torchvision.datasets.VOCDetection; boxes and labels as its wrap_dataset_for_transforms_v2 makes them
/// Differs  coordinates with a fraction are cut to whole pixels, where the wrapper fails
class OPSIS_API VOCDetection final : public Dataset<Detected> {
 public:
  using Options = VocOptions;
  explicit VOCDetection(Options options);
  size_t size() const override { return files_.images.size(); }
  Detected get(size_t index) const override;
  const VocFiles& files() const { return files_; }

 private:
  Options options_;
  FileRoot root_;
  VocFiles files_;
};

/// Photos and the class of each pixel; 255 is a border that belongs to none. The root may be an archive, as of VOCDetection.
/// Throws   as VOCDetection
/// Source   torchvision.datasets.VOCSegmentation
class OPSIS_API VOCSegmentation final : public Dataset<Segmented> {
 public:
  using Options = VocOptions;
  explicit VOCSegmentation(Options options);
  size_t size() const override { return files_.images.size(); }
  Segmented get(size_t index) const override;
  const VocFiles& files() const { return files_; }

 private:
  Options options_;
  FileRoot root_;
  VocFiles files_;
};

}  // namespace opsis::inline v1::datasets
