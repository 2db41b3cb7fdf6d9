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
/// Throws   as check_picture_name; IoError for a folder that is not there
void check_out(const TaskArguments& arguments);

/// Refuses a file whose folder is not there.
/// Throws   IoError
void check_folder(const std::string& file);

/// Writes the picture, in [0, 255], to --out.
void write_out(const opsis::Image& picture, const TaskArguments& arguments);

/// What a command has to say of a picture: as a document, and as a table.
struct Answer {
  std::string name;  ///< of the entries in the document
  Json entries = Json::array();
  std::vector<std::vector<std::string>> rows{};
  std::vector<bool> right{};  ///< which columns of the table are put to the right
  std::string nothing{};      ///< said where there is no row
};

/// Prints it, by --json as a document with the file, the model, the picture's size and the stages of the call.
void print_answer(const TaskArguments& arguments, const std::string& file, const opsis::Image& picture, Answer answer,
                  const opsis::tasks::Timings& timings);

/// The stages of a call, for a JSON document.
Json milliseconds(const opsis::tasks::Timings& timings);

/// The numbers of a tensor (N) for a JSON document, which writes them as float32 reads them.
Json numbers(const torch::Tensor& tensor);

}  // namespace cli
