// What the tasks have in common: where their weights come from, and how long they take.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>

namespace opsis::inline v1::tasks {

/// How long the stages of a call took, in milliseconds.
struct Timings {
  double prepare_ms = 0;  ///< from the pictures to what the model takes
  double model_ms = 0;
  double finish_ms = 0;  ///< from what the model gives to the answers
};

/// How large resizing may make a picture, height * width: some 20 GB of what a network segments in, and just what classifiers
/// make of 10,000 x 20. Presets resize the shorter side, so that a strip's longer one may become longer than memory is.
inline constexpr int64_t kResizedPixels = int64_t{1} << 25;

/// Of every task.
struct TaskOptions {
  std::string weights = "DEFAULT";       ///< an entry of the model
  std::filesystem::path weights_file{};  ///< a checkpoint on this machine, which stands for that entry's download
  /// By models::optimize, where the model can be: the first picture of each size takes as long as a few (of detectors the second),
  /// others are quicker.
  bool optimize = true;
  int64_t resized_pixels = kResizedPixels;  ///< of a picture that was resized: Classifier and Segmenter refuse more
};

}  // namespace opsis::inline v1::tasks
