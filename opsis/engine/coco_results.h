// COCO's numbers of a results file: what a model found, written down by any program.
#pragma once

#include <cstdint>
#include <filesystem>
#include <map>

#include "opsis/core/api.h"
#include "opsis/datasets/coco_file.h"
#include "opsis/engine/coco_evaluator.h"

namespace opsis::inline v1::engine {

/// What a results file says of each image, by the image's id; those that it does not name are left out. Boxes are XYWH. Where
/// the first entry has a box, all must, areas are those of boxes, and a mask that is not there is the whole box; else boxes and
/// areas are those of masks, or of key points.
/// Throws   IoError when the file cannot be read; DecodeError, with the file and the number of the entry, for what is no list
///          of results; ValueError for an entry whose image or category `truth` has not; NotBuiltError in a build without
///          simdjson
/// Differs  no results at all are taken; entries of a category that `truth` has not are refused, where pycocotools leaves them
///          out
/// Source   pycocotools.coco.COCO.loadRes
OPSIS_API std::map<int64_t, CocoDetections> read_coco_results(const std::filesystem::path& results,
                                                              const datasets::CocoFile& truth, CocoKind kind);

/// What is in one of the file's images, as its annotations say. Boxes are XYWH. Key points are as many as num_keypoints says.
/// Differs  where that is absent they are counted; pycocotools stops
/// Throws   DecodeError, with the image's id, for annotations that are not sound or of a category that the file has not
OPSIS_API CocoTarget coco_target(const datasets::CocoFile& truth, const datasets::CocoFile::Entry& image, CocoKind kind);

/// A results file, held against the truth; of `options` box_format is passed over.
///     const datasets::CocoFile truth("instances_val2017.json");
///     engine::evaluate_coco_results(truth, "results.json", {.kind = CocoKind::Masks}).to_string();
/// Throws   as read_coco_results, coco_target and CocoEvaluator
/// Source   pycocotools.cocoeval.COCOeval(truth, truth.loadRes(results), kind)
OPSIS_API CocoResult evaluate_coco_results(const datasets::CocoFile& truth, const std::filesystem::path& results,
                                           CocoOptions options = {});

}  // namespace opsis::inline v1::engine
