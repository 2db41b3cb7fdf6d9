#include "cli/answer.h"

#include <torch/torch.h>
#include <CLI/CLI.hpp>

#include <filesystem>

#include "cli/classifier.h"
#include "opsis/core/check.h"
#include "opsis/utils.h"

namespace cli {

namespace fs = std::filesystem;

void declare_task(CLI::App& command, TaskArguments& arguments, const std::string& module, const std::string& drawn) {
  command.add_option("--model", arguments.model, "Name of the model; opsis models --module " + module + " lists them")
      ->capture_default_str()
      ->transform(lower);
  command.add_option(
      "--weights,--checkpoint", arguments.weights,
      "A checkpoint (.pth, .safetensors), or an entry in PyTorch's cache; the model's default entry when absent");
  command.add_option("--out", arguments.out, "Write " + drawn + " here: " + picture_endings());
  command.add_flag("--json", arguments.json, "Print a JSON document");
}

opsis::tasks::TaskOptions weights_of(const TaskArguments& arguments) {
  opsis::tasks::TaskOptions options{.optimize = false};  // one picture would not pay for it
  if (arguments.weights.empty()) return options;
  if (names_entry(arguments.weights)) {
    options.weights = arguments.weights;
  } else {
    options.weights_file = arguments.weights;
  }
  return options;
}

opsis::tasks::DetectorOptions weights_of(const TaskArguments& arguments, double score_threshold) {
  auto chosen = weights_of(arguments);
  return {.weights = std::move(chosen.weights),
          .weights_file = std::move(chosen.weights_file),
          .score_threshold = score_threshold,
          .optimize = chosen.optimize};
}

void check_out(const TaskArguments& arguments) {
  if (arguments.out.empty()) return;
  check_picture_name("--out", arguments.out);
  check_folder(arguments.out);
}

void check_folder(const std::string& file) {
  const fs::path path = file;
  const auto folder = path.has_parent_path() ? path.parent_path() : fs::path(".");
  std::error_code ignored;
  if (!fs::is_directory(folder, ignored)) {
    opsis::raise<opsis::IoError>("cannot write {}: there is no folder {}; make it first", file, folder.string());
  }
}

void write_out(const opsis::Image& picture, const TaskArguments& arguments) {
  opsis::utils::save_image(picture.data.to(torch::kFloat64).div(255), arguments.out);
}

void print_answer(const TaskArguments& arguments, const std::string& file, const opsis::Image& picture, Answer answer,
                  const opsis::tasks::Timings& timings) {
  if (!arguments.json) {
    print(file + (answer.rows.empty() ? ": " + answer.nothing : "\n" + table(answer.rows, answer.right)));
    return;
  }
  Json document{{"file", file}, {"model", arguments.model}, {"height", picture.data.size(1)}, {"width", picture.data.size(2)}};
  document[answer.name] = std::move(answer.entries);
  document["milliseconds"] = milliseconds(timings);
  print_json(document);
}

Json milliseconds(const opsis::tasks::Timings& timings) {
  return {{"prepare", timings.prepare_ms}, {"model", timings.model_ms}, {"finish", timings.finish_ms}};
}

Json numbers(const torch::Tensor& tensor) {
  auto out = Json::array();
  const auto values = tensor.to(torch::kCPU, torch::kFloat32).contiguous();
  for (int64_t i = 0; i < values.numel(); ++i) out.push_back(values.data_ptr<float>()[i]);
  return out;
}

}  // namespace cli
