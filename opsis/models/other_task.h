// How models and weights are refused that do another task than the one asked for.
#pragma once

#include <string_view>

#include "opsis/core/check.h"

namespace opsis::inline v1::models {

/// A task in words, and what whoever asked for another one can do.
struct TaskName {
  std::string_view words;
  WayOut way_out;
};

inline constexpr TaskName kImageClassification{"image classification", WayOut::ClassifyImages};
inline constexpr TaskName kObjectDetection{"object detection", WayOut::DetectObjects};
inline constexpr TaskName kOpticalFlow{"optical flow", WayOut::EstimateFlow};
inline constexpr TaskName kSemanticSegmentation{"semantic segmentation", WayOut::SegmentImages};
inline constexpr TaskName kVideoClassification{"video classification", WayOut::ClassifyVideos};

/// Throws ValueError with the words of the task behind the message.
template <class... Args>
[[noreturn]] void refuse_other_task(const TaskName& task, std::string_view pattern, const Args&... args) {
  raise_with<ValueError>(task.way_out, "", "{}: {}", text(pattern, args...), task.words);
}

}  // namespace opsis::inline v1::models
