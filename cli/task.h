// What the commands share that ask a task about a picture: segment, detect, keypoints, flow.
#pragma once

#include <string>
#include <vector>

#include "cli/output.h"
#include "opsis/tasks.h"

namespace cli {

/// Their options.
struct TaskArguments {
  std::string model{}, weights{}, out{};
  bool json = false;
};

/// Declares --model, --weights, --out and --json; `module` is where models for the task are, `drawn` what --out shows.
void declare_task(CLI::App& command, TaskArguments& arguments, const std::string& module, const std::string& drawn);

/// The weights that were asked for: an entry by its name, or a file.
opsis::tasks::TaskOptions weights_of(const TaskArguments& arguments);
/// The same for detectors.
opsis::tasks::DetectorOptions weights_of(const TaskArguments& arguments, double score_threshold);

/// Refuses a file that could not be written as a picture, before a model works for it.
/// Throws   UsageError for another format than PNG and JPEG; IoError for a folder that is not there
void check_out(const TaskArguments& arguments);

/// Writes the picture, in [0, 255], to --out.
void write_out(const opsis::Image& picture, const TaskArguments& arguments);

/// The stages of a call, for a JSON document.
Json milliseconds(const opsis::tasks::Timings& timings);

/// The numbers of a tensor (N) for a JSON document, which writes them as float32 reads them.
Json numbers(const torch::Tensor& tensor);

}  // namespace cli
