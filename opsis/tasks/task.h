// What the tasks have in common: where their weights come from, and how long they take.
#pragma once

#include <filesystem>
#include <string>

namespace opsis::inline v1::tasks {

/// How long the stages of a call took, in milliseconds.
struct Timings {
  double prepare_ms = 0;  ///< from the pictures to what the model takes
  double model_ms = 0;
  double finish_ms = 0;  ///< from what the model gives to the answers
};

/// Of every task.
struct TaskOptions {
  std::string weights = "DEFAULT";       ///< an entry of the model
  std::filesystem::path weights_file{};  ///< a checkpoint on this machine, which stands for that entry's download
  /// By models::optimize, where the model can be: the first picture of each size takes as long as a few (of detectors the second),
  /// others are quicker.
  bool optimize = true;
};

}  // namespace opsis::inline v1::tasks
