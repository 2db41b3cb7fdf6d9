#include "opsis/datasets/coco.h"

#include <algorithm>
#include <cmath>
#include <vector>

#include "opsis/core/check.h"
#include "opsis/datasets/coco_segmentation.h"
#include "opsis/datasets/picture.h"
#include "opsis/io/masks.h"

namespace opsis::inline v1::datasets {
namespace {

// Runs `read`; what it finds wrong is an error of the file, unless that cannot be read.
template <class Read>
auto reading_coco(std::string_view dataset, const std::filesystem::path& file, int64_t id, const Read& read) {
  try {
    return read();
  } catch (const IoError&) {
    throw;
  } catch (const Error& error) {
    raise_because<DecodeError>(error, "{}: {}, image {}: ", dataset, file.string(), id);
  }
}

template <class Options>
std::filesystem::path file_of(std::string_view dataset, const Options& options, const CocoFile::Entry& image) {
  return reading_coco(dataset, options.annFile, image.id, [&] { return options.root / detail::file_name_of(image); });
}

Json coco_annotations(const CocoFile& file, const CocoFile::Entry& image) {
  Json::List out;
  for (const auto& part : image.annotations) out.push_back(Json::parse(file.annotation(part)));
  return Json(std::move(out));
}

BoundingBoxes coco_boxes(const Json& annotations, Size canvas) {
  std::vector<double> numbers;
  std::vector<int64_t> integers;  // as many, when all are whole: a double has not every one of them
  for (const auto& annotation : annotations.items()) {
    const auto& box = annotation["bbox"].items();
    OPSIS_CHECK(box.size() == 4, "a bbox must have 4 numbers, got {}", box.size());
    for (const auto& number : box) {
      OPSIS_CHECK(number.is_number(), "a bbox must have 4 numbers, got {}",
                  number.dump());  // not "nan", which Json takes for one
      if (number.is_integer()) integers.push_back(number.integer());
      numbers.push_back(number.number());
    }
  }
  // As tensors are made of lists in Python.
  const bool whole = integers.size() == numbers.size() && !numbers.empty();
  auto boxes = (whole ? torch::tensor(integers, torch::kInt64) : torch::tensor(numbers, torch::kFloat32)).view({-1, 4});
  boxes.slice(1, 2) += boxes.slice(1, 0, 2);
  return BoundingBoxes(boxes, BoundingBoxFormat::XYXY, canvas);
}

Mask coco_masks(const Json& annotations, Size canvas) {
  std::vector<io::RunLengths> runs;
  for (const auto& annotation : annotations.items()) runs.push_back(detail::coco_runs(annotation["segmentation"], canvas));
  return Mask(runs.empty() ? torch::zeros({0, canvas.height, canvas.width}, torch::kUInt8) : io::decode_masks(runs));
}

KeyPoints coco_key_points(const Json& annotations, Size canvas) {
  const auto& objects = annotations.items();
  const auto count = objects.empty() ? 17 : objects.front()["keypoints"].items().size() / 3;
  std::vector<float> numbers;
  for (const auto& annotation : objects) {
    const auto& points = annotation["keypoints"].items();
    OPSIS_CHECK(points.size() == 3 * count, "all keypoints must be {} times 3 numbers, as the first, got {}", count,
                points.size());
    for (size_t i = 0; i < points.size(); i += 3) {
      const bool labelled = points[i + 2].number() > 0;
      for (const auto axis : {i, i + 1}) numbers.push_back(labelled ? static_cast<float>(points[axis].number()) : NAN);
    }
  }
  return KeyPoints(torch::tensor(numbers).view({std::ssize(objects), static_cast<int64_t>(count), 2}), canvas);
}

}  // namespace

CocoDetection::CocoDetection(Options options)
    : options_(std::move(options)), files_(options_.root, options_.index), file_(options_.annFile, options_.index) {}

Detected CocoDetection::get(size_t index) const {
  detail::check_index("CocoDetection", index, size());
  const auto& entry = file_.images()[index];
  const auto file = file_of("CocoDetection", options_, entry);
  const detail::Picture photo(file, io::ImageReadMode::RGB, options_.transforms, files_);
  Detected out{.image = photo.image(), .image_id = entry.id};
  const auto canvas = photo.size();
  reading_coco("CocoDetection", options_.annFile, entry.id, [&] {
    out.annotation = coco_annotations(file_, entry);
    out.boxes = coco_boxes(out.annotation, canvas);
    std::vector<int64_t> labels;
    for (const auto& annotation : out.annotation.items()) labels.push_back(annotation["category_id"].integer());
    out.labels = torch::tensor(labels, torch::kInt64);
    if (options_.masks) out.masks = coco_masks(out.annotation, canvas);
    if (options_.key_points) out.key_points = coco_key_points(out.annotation, canvas);
  });
  return detail::transformed(options_.transforms, std::move(out), {&photo});
}

CocoCaptions::CocoCaptions(Options options)
    : options_(std::move(options)), files_(options_.root, options_.index), file_(options_.annFile, options_.index) {}

Captioned CocoCaptions::get(size_t index) const {
  detail::check_index("CocoCaptions", index, size());
  const auto& entry = file_.images()[index];
  const auto file = file_of("CocoCaptions", options_, entry);
  const detail::Picture photo(file, io::ImageReadMode::RGB, options_.transforms, files_);
  Captioned out{.image = photo.image(), .captions = {}};
  reading_coco("CocoCaptions", options_.annFile, entry.id, [&] {
    for (const auto& part : entry.annotations) {
      out.captions.push_back(Json::parse(file_.annotation(part))["caption"].text());
    }
  });
  return detail::transformed(options_.transforms, std::move(out), {&photo});
}

}  // namespace opsis::inline v1::datasets
