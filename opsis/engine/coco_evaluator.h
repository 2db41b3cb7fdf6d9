// How good detections are, in the numbers of COCO.
#pragma once

#include <torch/types.h>

#include <cstdint>
#include <limits>
#include <map>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "opsis/core/api.h"
#include "opsis/io/run_lengths.h"
#include "opsis/tv_tensors.h"

namespace opsis::inline v1::engine {

/// What of a detection is held against the truth: its box, its mask, or its key points.
enum class CocoKind { Boxes, Masks, KeyPoints };

/// What is in an image. Members that `kind` does not need may be left out.
struct CocoTarget {
  torch::Tensor boxes{};                ///< (N, 4), in the format of the options
  torch::Tensor labels{};               ///< (N) int64
  std::vector<io::RunLengths> masks{};  ///< N; io::encode_masks makes them of tensors
  torch::Tensor key_points{};           ///< (N, K, 3): x, y, and 0 where the point is not labelled
  torch::Tensor is_crowd{};             ///< (N): not 0 for a region of many that may be found any number of times; else none is
  torch::Tensor area{};                 ///< (N) in pixels; else that of the masks or boxes
  torch::Tensor absent{};  ///< labels, int64, that were looked for and are not in the image; for LVIS, which asks of each image
                           ///< about a few labels: detections of any other are passed over
  torch::Tensor incomplete{};     ///< labels, int64, of which not everything is marked: no detection of them is wrong; for LVIS
  torch::Tensor num_keypoints{};  ///< (N): what has none need not be found; else they are counted in key_points
};

/// What a model found in it.
struct CocoDetections {
  torch::Tensor boxes{};                ///< (N, 4); of masks and key points it follows from them
  torch::Tensor labels{};               ///< (N) int64
  torch::Tensor scores{};               ///< (N)
  std::vector<io::RunLengths> masks{};  ///< N
  torch::Tensor key_points{};           ///< (N, K, 2) or (N, K, 3), whose third number is not looked at
  torch::Tensor area{};                 ///< (N) in pixels; else that of the masks, the boxes, or the box around the key points
};

struct CocoAreaRange {
  std::string name;
  double least = 0, most = std::numeric_limits<double>::infinity();
  bool operator==(const CocoAreaRange&) const = default;
};

/// How many images of LVIS's training set have a label: up to 10, up to 100, or more.
enum class LvisFrequency { Rare, Common, Frequent };

struct CocoOptions {
  CocoKind kind = CocoKind::Boxes;
  BoundingBoxFormat box_format = BoundingBoxFormat::XYXY;  ///< XYXY, XYWH or CXCYWH
  std::vector<double> iou_thresholds{};                    ///< up to 64; COCO's 0.5, 0.55, ..., 0.95 when empty
  std::vector<double> recall_thresholds{};                 ///< COCO's 0, 0.01, ..., 1 when empty
  std::vector<int64_t> max_detections{};  ///< ascending, of an image and a label; 1, 10, 100, or 20 for key points, when empty
  std::vector<CocoAreaRange> area_ranges{};  ///< the first holds all; COCO's all, small, medium, large when empty
  std::vector<double> sigmas{};  ///< how far off a key point may be, for each of K; those of COCO's 17 of a person when empty
  bool federated = false;        ///< as LVIS: only labels that are in an image or `absent` from it count there
  int64_t max_per_image = 0;     ///< of all labels together, the best; 0: as many as there are
  std::map<int64_t, LvisFrequency> frequencies{};  ///< of labels: adds APrare, APcommon and APfrequent to the numbers
  bool operator==(const CocoOptions&) const = default;
};

/// What LVIS asks for: federated, the best 300 detections of an image.
///     CocoEvaluator evaluator(lvis_options(CocoKind::Masks, frequencies));
/// Source   https://www.lvisdataset.org/rules
OPSIS_API CocoOptions lvis_options(CocoKind kind, std::map<int64_t, LvisFrequency> frequencies);

/// A number of COCO's table by its name: "AP", "AP50", "AP75", "APsmall", ..., "AR1", "AR10", "AR100", "ARsmall", ...
struct CocoNumber {
  std::string name;
  double value = -1;  ///< -1 where there is nothing to find
};

struct OPSIS_API CocoResult {
  std::vector<int64_t> labels;  ///< K of them, ascending
  torch::Tensor precision;      ///< (T, R, K, A, M): by IoU, recall, label, area, most detections; -1 where there is no truth
  torch::Tensor scores;         ///< likewise: the score from which on that recall is reached
  torch::Tensor recall;         ///< (T, K, A, M)
  std::vector<CocoNumber> numbers;  ///< COCO's 12, or 10 for key points

  /// Throws   NotFoundError, with the names there are
  double operator[](std::string_view name) const;
  /// AP over all thresholds and areas, of one label.
  /// Throws   ValueError for a label that was not seen
  double average_precision(int64_t label) const;
  /// The numbers as a table, a line each.
  std::string to_string() const;
};

/// Takes images one by one, keeps of each what it needs (a few words for a detection, no mask), and sums up at any time.
///     CocoEvaluator evaluator;
///     for (...) evaluator.update(image_id, target, detections);
///     std::cout << evaluator.compute().to_string();
/// Equal to pycocotools.cocoeval.COCOeval with useCats, and by lvis_options to lvis.LVISEval; images in the order of their ids,
/// whatever the order of the calls.
/// Differs  an annotation whose id is 0 can be found like any other
/// Source   https://cocodataset.org/#detection-eval
class OPSIS_API CocoEvaluator {
 public:
  /// Throws   ValueError for options that make no sense
  explicit CocoEvaluator(CocoOptions options = {});

  /// Throws   ValueError when shapes, types or lengths do not fit each other, when a score is NaN, when a box, a
  ///          point or an area is not finite, and for an image that was there before; then nothing has changed
  void update(int64_t image_id, const CocoTarget& target, const CocoDetections& detections);

  /// What another evaluator, with the same options, has seen; for several threads or machines.
  /// Throws   ValueError when both saw one image, or their options differ
  void merge(const CocoEvaluator& other);

  /// On torch::get_num_threads() threads, a label at a time.
  CocoResult compute() const;

  void reset();
  int64_t images() const { return static_cast<int64_t>(images_.size()); }

 private:
  // A detection after it was held against the truth. Bit t says what happened at IoU threshold t; of each area range there is one
  // of these, one after the other.
  struct Verdict {
    uint64_t found = 0, ignored = 0;
  };
  struct Seen {
    double score = 0;
    int64_t image = 0;
    int64_t rank = 0;  // among the image's detections of this label, best first
  };
  struct Label {
    std::vector<Seen> detections;
    std::vector<Verdict> verdicts;  // area ranges of the first detection, then of the second, ...
    std::vector<int64_t> truths;    // that count, of each area range
    void add(const Label& other);
  };
  struct Side;

  Label judge(int64_t image_id, const Side& truth, const Side& found, int64_t label) const;

  CocoOptions options_;
  std::set<int64_t> images_;
  std::map<int64_t, Label> labels_;
};

}  // namespace opsis::inline v1::engine
