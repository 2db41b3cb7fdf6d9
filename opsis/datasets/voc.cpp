#include "opsis/datasets/voc.h"

#include <algorithm>

#include "opsis/core/check.h"
#include "opsis/core/telling_where.h"
#include "opsis/datasets/archive.h"
#include "opsis/datasets/classified.h"
#include "opsis/datasets/disk.h"
#include "opsis/datasets/picture.h"
#include "opsis/datasets/resources.h"
#include "opsis/datasets/text_file.h"
#include "opsis/datasets/voc_annotation.h"
#include "opsis/datasets/voc_boxes.h"

namespace opsis::inline v1::datasets {
namespace {

namespace fs = std::filesystem;

// Of 2008 torchvision keeps the archive under the name of that of 2012, so an archive is found by a part of its url.
struct VocYear {
  std::string_view year, url_part, folder;
};
constexpr VocYear kVocYears[] = {
    {"2012", "VOCtrainval_11-May-2012", "VOCdevkit/VOC2012"}, {"2011", "VOCtrainval_25-May-2011", "TrainVal/VOCdevkit/VOC2011"},
    {"2010", "VOCtrainval_03-May-2010", "VOCdevkit/VOC2010"}, {"2009", "VOCtrainval_11-May-2009", "VOCdevkit/VOC2009"},
    {"2008", "VOCtrainval_14-Jul-2008", "VOCdevkit/VOC2008"}, {"2007", "VOCtrainval_06-Nov-2007", "VOCdevkit/VOC2007"},
    {"2007-test", "VOCtest_06-Nov-2007", "VOCdevkit/VOC2007"}};

const Resource& voc_archive(std::string_view url_part) {
  const auto rows = resources("VOCDetection");
  return *std::find_if(rows.begin(), rows.end(), [&](const Resource& row) { return row.url.find(url_part) != row.url.npos; });
}

VocFiles voc_files(std::string_view dataset, const VocOptions& options, const FileRoot& files, const char* splits,
                   const char* folder, const char* ending) {
  detail::check_choice(dataset, "year", options.year, {"2007", "2008", "2009", "2010", "2011", "2012"});
  if (options.year == "2007") {
    detail::check_choice(dataset, "image_set", options.image_set, {"train", "trainval", "val", "test"});
  } else {
    detail::check_choice(dataset, "image_set", options.image_set, {"train", "trainval", "val"});
  }
  const auto key = options.image_set == "test" ? "2007-test" : options.year;
  const auto& row =
      *std::find_if(std::begin(kVocYears), std::end(kVocYears), [&](const auto& entry) { return entry.year == key; });
  const auto root = options.root / row.folder;
  const auto list = root / "ImageSets" / splits / (options.image_set + ".txt");
  const auto listed = [&] {
    VocFiles out;
    const TextFile names(list, files.read(list));
    for (size_t i = 0; i < names.size(); ++i) {
      const std::string name(stripped(names.line(i)));
      if (name.empty()) raise<DecodeError>("{}: {}: line {}: expected the name of an image", dataset, list.string(), i + 1);
      out.images.push_back(root / "JPEGImages" / (name + ".jpg"));
      out.targets.push_back(root / folder / (name + ending));
    }
    return out;
  };
  if (options.download) {
    OPSIS_CHECK(!files.archive(), "{}: {} is an archive, into which nothing can be downloaded", dataset, options.root.string());
    // Both archives of 2007 go into one folder, so that alone does not tell whether the set is there.
    const auto is_whole = [&] {
      if (!is_there(list)) return false;
      try {
        const auto all = listed();
        return std::all_of(all.images.begin(), all.images.end(), is_there) &&
               std::all_of(all.targets.begin(), all.targets.end(), is_there);
      } catch (const DecodeError&) {  // a list that came to harm
        return false;
      }
    };
    make_once(options.root, is_whole, [&] { fetch_and_extract(voc_archive(row.url_part), options.root); });
  }
  if (!files.is_folder(root)) {
    if (files.archive()) detail::check_folder(dataset, root, "the archive has no such folder");
    detail::check_folder(dataset, root);
  }
  return listed();
}

}  // namespace

const std::vector<std::string_view>& voc_classes() {
  static const std::vector<std::string_view> names{
      "__background__", "aeroplane", "bicycle",     "bird", "boat",  "bottle",    "bus",    "car",         "cat",
      "chair",          "cow",       "diningtable", "dog",  "horse", "motorbike", "person", "pottedplant", "sheep",
      "sofa",           "train",     "tvmonitor"};
  return names;
}

VOCDetection::VOCDetection(Options options)
    : options_(std::move(options)),
      root_(options_.root, options_.index),
      files_(voc_files("VOCDetection", options_, root_, "Main", "Annotations", ".xml")) {}

Detected VOCDetection::get(size_t index) const {
  detail::check_index("VOCDetection", index, size());
  const auto xml = root_.read(files_.targets[index]);
  const detail::Picture photo(files_.images[index], io::ImageReadMode::RGB, options_.transforms, root_);
  Detected out{.image = photo.image(), .annotation = telling_where(files_.targets[index], [&] { return parse_voc_xml(xml); })};
  std::vector<int64_t> pixels, labels;
  try {
    for (const auto& box : voc_boxes(out.annotation)) {
      // What is behind the point is cut off.
      for (const auto side : {box.left, box.top, box.right, box.bottom}) pixels.push_back(static_cast<int64_t>(side));
      const auto found = std::find(voc_classes().begin(), voc_classes().end(), box.name);
      OPSIS_CHECK(found != voc_classes().end(), "\"{}\" is no class of VOC", box.name);
      labels.push_back(found - voc_classes().begin());
    }
  } catch (const ValueError& error) {
    raise_because<DecodeError>(error, "VOCDetection: {}: ", files_.targets[index].string());
  }
  out.boxes = BoundingBoxes(torch::tensor(pixels, torch::kInt64).view({-1, 4}), BoundingBoxFormat::XYXY, photo.size());
  out.labels = torch::tensor(labels, torch::kInt64);
  return detail::transformed(options_.transforms, std::move(out), {&photo});
}

VOCSegmentation::VOCSegmentation(Options options)
    : options_(std::move(options)),
      root_(options_.root, options_.index),
      files_(voc_files("VOCSegmentation", options_, root_, "Segmentation", "SegmentationClass", ".png")) {}

Segmented VOCSegmentation::get(size_t index) const {
  detail::check_index("VOCSegmentation", index, size());
  const detail::Picture photo(files_.images[index], io::ImageReadMode::RGB, options_.transforms, root_);
  return detail::transformed(options_.transforms,
                             Segmented{photo.image(), Mask(detail::load_plain(root_, files_.targets[index]).data)}, {&photo});
}

}  // namespace opsis::inline v1::datasets
