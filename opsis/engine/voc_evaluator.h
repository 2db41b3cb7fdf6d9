// How good detections are, in the numbers of Pascal VOC.
#pragma once

#include <torch/types.h>

#include <cstdint>
#include <map>
#include <set>
#include <vector>

#include "opsis/core/api.h"

namespace opsis::inline v1::engine {

/// What is in an image.
struct VocTarget {
  torch::Tensor boxes{};      ///< (N, 4) XYXY
  torch::Tensor labels{};     ///< (N) int64
  torch::Tensor difficult{};  ///< (N): not 0 for what need not be found; else none is
};

/// What a model found in it.
struct VocDetections {
  torch::Tensor boxes{};   ///< (N, 4) XYXY
  torch::Tensor labels{};  ///< (N) int64
  torch::Tensor scores{};  ///< (N)
};

/// How a curve of precision over recall becomes one number.
enum class VocAverage {
  AllPoints,     ///< its area, since 2010
  ElevenPoints,  ///< its mean at the recalls 0, 0.1, ..., 1, until 2009
};

struct VocOptions {
  double iou_threshold = 0.5;
  VocAverage average = VocAverage::AllPoints;
  /// Boxes name their first and last pixel, so that one from 3 to 5 is three wide, as VOC's files and its development kit have it.
  bool whole_pixels = true;
  bool operator==(const VocOptions&) const = default;
};

struct OPSIS_API VocResult {
  std::map<int64_t, double> average_precision;  ///< of each label that is anywhere in the truth, and not difficult
  double mean = -1;                             ///< of those; -1 where there is none
};

/// Takes images one by one, and sums up at any time.
///     VocEvaluator evaluator;
///     for (...) evaluator.update(image_id, target, detections);
///     evaluator.compute().mean
/// Detections in turn, the best first, each take the box most like them; one that was taken before makes them wrong.
/// Source   The PASCAL Visual Object Classes Challenge 2012, Development Kit, sections 3.4 and 9.1
class OPSIS_API VocEvaluator {
 public:
  explicit VocEvaluator(const VocOptions& options = {}) : options_(options) {}

  /// Throws   ValueError when shapes, types or lengths do not fit each other, when a score is NaN, when a box is not
  ///          finite, and for an image that was there before; then nothing has changed
  void update(int64_t image_id, const VocTarget& target, const VocDetections& detections);

  /// What another evaluator, with the same options, has seen.
  /// Throws   ValueError when both saw one image, or their options differ
  void merge(const VocEvaluator& other);

  VocResult compute() const;

  int64_t images() const { return static_cast<int64_t>(images_.size()); }

 private:
  enum class Verdict { Right, Wrong, LeftOut };
  struct Seen {
    double score;
    int64_t image, rank;  // among the image's detections of this label, best first
    Verdict verdict;
  };
  struct Label {
    std::vector<Seen> detections;
    int64_t truths = 0;
  };

  VocOptions options_;
  std::set<int64_t> images_;
  std::map<int64_t, Label> labels_;
};

}  // namespace opsis::inline v1::engine
