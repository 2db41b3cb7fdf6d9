// Boxes and classes from one format of detection sets into another.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "opsis/core/api.h"
#include "opsis/tv_tensors.h"

namespace opsis::inline v1::datasets {

enum class BoxFormat { COCO, VOC, YOLO };

/// The format of that name: "coco", "voc" or "yolo". Throws ValueError for another.
OPSIS_API BoxFormat box_format(const std::string& name);

/// In pixels, from the left and top edge of the picture.
struct BoxedObject {
  int64_t label = 0;
  double left = 0, top = 0, right = 0, bottom = 0;
  friend bool operator==(const BoxedObject&, const BoxedObject&) = default;
};

struct BoxedPicture {
  std::filesystem::path file;  ///< where it is
  std::string name;            ///< of the file in the data set, with folders where it has them
  Size size{};
  std::vector<BoxedObject> objects{};
};

/// What the three formats have alike.
struct BoxedSet {
  std::vector<std::string> classes{};
  std::vector<BoxedPicture> pictures{};
};

struct BoxedSource {
  BoxFormat format = BoxFormat::COCO;
  std::filesystem::path root;       ///< COCO: of the pictures; VOC: what Annotations is in; YOLO: what data.yaml is in
  std::filesystem::path annFile{};  ///< of COCO
  std::string split = "train";      ///< of VOC (a file of ImageSets/Main, see list_voc) and YOLO
};

/// Classes are COCO's categories in the order of their ids, VOC's twenty or else the names that occur, sorted, and YOLO's
/// names. VOC counts pixels from 1 and the last one in, so its box from 1 to 10 is that from 0 to 10. COCO's groups (iscrowd)
/// are left out.
/// Throws   NotFoundError for a split of VOC or YOLO that is not there; IoError for files that cannot be read; DecodeError, with
///          the file, for what is not sound; NotBuiltError in builds without simdjson or pugixml
OPSIS_API BoxedSet read_boxes(const BoxedSource& source);

/// Writes the annotations, and copies the pictures, so that CocoDetection, VOCFolder (VOCDetection too, as far as the
/// classes are its own) or YOLODetection open the folder:
///     COCO   to/train/*, to/annotations/instances_train.json: ids count from 1
///     VOC    to/JPEGImages/*.jpg, to/Annotations/*.xml, to/ImageSets/Main/train.txt: coordinates are rounded to whole pixels
///     YOLO   to/images/train/*, to/labels/train/*.txt, to/data.yaml
/// Of pictures in folders, the name in VOC and YOLO has _ for each /.
/// Throws   ValueError for a split that is no plain name, two pictures that would get one name, for VOC pictures that are no
///          .jpg or .jpeg, and for boxes without a class; IoError for what cannot be read or written
OPSIS_API void write_boxes(const BoxedSet& set, BoxFormat format, const std::filesystem::path& to,
                           const std::string& split = "train");

}  // namespace opsis::inline v1::datasets
