#include "opsis/engine/coco_results.h"

#include <torch/torch.h>

#include <algorithm>
#include <string>
#include <vector>

#include "opsis/core/check.h"
#include "opsis/datasets/coco_found.h"
#include "opsis/datasets/coco_segmentation.h"
#include "opsis/io/file.h"

namespace opsis::inline v1::engine {
namespace {

using datasets::CocoFile;
using datasets::CocoFound;
using torch::Tensor;

// Of one image: a row of numbers for each object.
struct Rows {
  std::vector<int64_t> labels;
  std::vector<double> scores, areas, boxes, points, point_counts, crowd;
  std::vector<io::RunLengths> masks;

  void add_box(const io::RunBox& box) { boxes.insert(boxes.end(), box.begin(), box.end()); }
  // Of the object that comes next.
  void add_points(const std::vector<double>& numbers) {
    OPSIS_CHECK(labels.empty() || points.size() == labels.size() * numbers.size(),
                "the keypoints of an image must all be as many, three numbers of each");
    points.insert(points.end(), numbers.begin(), numbers.end());
  }
  int64_t count() const { return std::ssize(labels); }
  // One number of each object, or so many.
  static Tensor column(const std::vector<double>& numbers) { return torch::tensor(numbers, torch::kFloat64); }
  static Tensor table(const std::vector<double>& numbers, int64_t of_each) { return column(numbers).view({-1, of_each}); }
  Tensor points_of_each() const {
    if (points.empty()) return {};
    return column(points).view({count(), std::ssize(points) / count() / 3, 3});
  }
};

Size canvas_of(const CocoFile::Entry& image) {
  OPSIS_CHECK(image.height > 0 && image.width > 0, "image {} has no height and width, which masks need", image.id);
  return {image.height, image.width};
}

io::RunBox box_around(const std::vector<double>& points) {
  double left = points[0], right = left, top = points[1], bottom = top;
  for (size_t i = 3; i + 1 < points.size(); i += 3) {
    left = std::min(left, points[i]);
    right = std::max(right, points[i]);
    top = std::min(top, points[i + 1]);
    bottom = std::max(bottom, points[i + 1]);
  }
  return {left, top, right - left, bottom - top};
}

// What areas are taken from, by what the first entry has.
enum class Measure { Box, Mask, KeyPoints };

Measure measure_of(const CocoFound& first) {
  if (first.box) return Measure::Box;
  if (!first.segmentation.empty()) return Measure::Mask;
  OPSIS_CHECK(!first.key_points.empty(), "it has neither bbox, segmentation nor keypoints");
  return Measure::KeyPoints;
}

void add_found(Rows& rows, const CocoFound& found, const CocoFile::Entry& image, Measure measure, CocoKind kind) {
  OPSIS_CHECK(measure != Measure::Box || found.box, "it has no bbox, and the first entry has");
  OPSIS_CHECK(measure != Measure::Mask || !found.segmentation.empty(), "it has no segmentation, and the first entry has");
  OPSIS_CHECK((measure != Measure::KeyPoints && kind != CocoKind::KeyPoints) ||
                  (!found.key_points.empty() && found.key_points.size() % 3 == 0),
              "it must have keypoints, three numbers of each, got {} numbers", found.key_points.size());
  auto box = found.box;
  double area = 0;
  if (measure == Measure::Mask || kind == CocoKind::Masks) {
    const auto canvas = canvas_of(image);
    auto mask = found.segmentation.empty() && box ? io::runs_of_box(*box, canvas)
                                                  : datasets::detail::coco_runs(Json::parse(found.segmentation), canvas);
    OPSIS_CHECK(mask.size == canvas, "its mask must have the size of image {}, {}, got {}", image.id, canvas, mask.size);
    area = static_cast<double>(io::area(mask));
    if (!box) box = io::bounding_box(mask);
    if (kind == CocoKind::Masks) rows.masks.push_back(std::move(mask));
  }
  if (measure == Measure::KeyPoints && !box) box = box_around(found.key_points);
  if (measure != Measure::Mask) area = (*box)[2] * (*box)[3];
  if (kind == CocoKind::KeyPoints) rows.add_points(found.key_points);
  rows.labels.push_back(found.category_id);
  rows.scores.push_back(found.score);
  rows.areas.push_back(area);
  rows.add_box(*box);
}

double labelled(const std::vector<double>& points) {
  double count = 0;
  for (size_t i = 2; i < points.size(); i += 3) count += points[i] > 0;
  return count;
}

void add_annotation(Rows& rows, const Json& annotation, const CocoFile& truth, const CocoFile::Entry& image, CocoKind kind) {
  const auto category = annotation["category_id"].integer();
  OPSIS_CHECK(truth.categories().contains(category), "category {} is not in the file's list", category);
  if (kind == CocoKind::KeyPoints) {
    std::vector<double> points;
    for (const auto& number : annotation["keypoints"].items()) points.push_back(number.number());
    OPSIS_CHECK(points.size() % 3 == 0, "keypoints must be three numbers of each, got {} numbers", points.size());
    rows.add_points(points);
    const auto* told = annotation.find("num_keypoints");  // pycocotools believes it, whatever the points say
    rows.point_counts.push_back(told ? told->number() : labelled(points));
  }
  rows.labels.push_back(category);
  if (const auto* area = annotation.find("area")) rows.areas.push_back(area->number());
  const auto* crowd = annotation.find("iscrowd");
  rows.crowd.push_back(crowd && datasets::detail::number_or_bool(*crowd) != 0);
  if (kind == CocoKind::Masks) {
    rows.masks.push_back(datasets::detail::coco_runs(annotation["segmentation"], canvas_of(image)));
    return;
  }
  const auto& sides = annotation["bbox"].items();
  OPSIS_CHECK(sides.size() == 4, "a bbox must have 4 numbers, got {}", sides.size());
  rows.add_box({sides[0].number(), sides[1].number(), sides[2].number(), sides[3].number()});
}

}  // namespace

std::map<int64_t, CocoDetections> read_coco_results(const std::filesystem::path& results, const CocoFile& truth,
                                                    CocoKind kind) {
  const auto& images = truth.images();
  std::map<int64_t, Rows> by_image;
  Measure measure{};
  const auto add = [&](size_t entry, const CocoFound& found) {
    const auto image = std::lower_bound(images.begin(), images.end(), found.image_id,
                                        [](const CocoFile::Entry& one, int64_t id) { return one.id < id; });
    OPSIS_CHECK(image != images.end() && image->id == found.image_id,
                "read_coco_results: {}: entry {} is of image {}, which is not in the annotations", results.string(), entry,
                found.image_id);
    OPSIS_CHECK(truth.categories().contains(found.category_id),
                "read_coco_results: {}: entry {} is of category {}, which is not in the annotations", results.string(), entry,
                found.category_id);
    try {
      if (entry == 0) measure = measure_of(found);
      add_found(by_image[found.image_id], found, *image, measure, kind);
    } catch (const Error& error) {
      raise_because<DecodeError>(error, "entry {}: ", entry);
    }
  };
  std::map<int64_t, CocoDetections> out;
  const auto bytes = io::read_bytes(results);
  try {
    datasets::parse_coco_results(std::string(bytes.begin(), bytes.end()), add);
  } catch (const DecodeError& error) {
    raise_because<DecodeError>(error, "read_coco_results: {}: ", results.string());
  }
  for (auto& [id, rows] : by_image) {
    auto& found = out[id];
    try {
      found.key_points = rows.points_of_each();
    } catch (const ValueError& error) {
      raise_because<DecodeError>(error, "read_coco_results: {}: image {}: ", results.string(), id);
    }
    found.labels = torch::tensor(rows.labels, torch::kInt64);
    found.scores = Rows::column(rows.scores);
    found.area = Rows::column(rows.areas);
    found.boxes = Rows::table(rows.boxes, 4);
    found.masks = std::move(rows.masks);
  }
  return out;
}

CocoTarget coco_target(const CocoFile& truth, const CocoFile::Entry& image, CocoKind kind) {
  try {
    Rows rows;
    for (const auto& part : image.annotations) add_annotation(rows, Json::parse(truth.annotation(part)), truth, image, kind);
    return {.boxes = Rows::table(rows.boxes, 4),
            .labels = torch::tensor(rows.labels, torch::kInt64),
            .masks = std::move(rows.masks),
            .key_points = rows.points_of_each(),
            .is_crowd = Rows::column(rows.crowd),
            .area = std::ssize(rows.areas) == rows.count() ? Rows::column(rows.areas) : Tensor(),
            .num_keypoints = kind == CocoKind::KeyPoints ? Rows::column(rows.point_counts) : Tensor()};
  } catch (const IoError&) {
    throw;
  } catch (const Error& error) {
    raise_because<DecodeError>(error, "coco_target: image {}: ", image.id);
  }
}

CocoResult evaluate_coco_results(const CocoFile& truth, const std::filesystem::path& results, CocoOptions options) {
  options.box_format = BoundingBoxFormat::XYWH;
  const auto kind = options.kind;
  const auto found = read_coco_results(results, truth, kind);
  CocoEvaluator evaluator(std::move(options));
  const CocoDetections nothing{.labels = torch::zeros({0}, torch::kInt64)};
  for (const auto& image : truth.images()) {
    const auto of_image = found.find(image.id);
    const auto target = coco_target(truth, image, kind);
    try {
      evaluator.update(image.id, target, of_image == found.end() ? nothing : of_image->second);
    } catch (const ValueError& error) {
      raise_because<ValueError>(error, "evaluate_coco_results: image {}: ", image.id);
    }
  }
  return evaluator.compute();
}

}  // namespace opsis::inline v1::engine
