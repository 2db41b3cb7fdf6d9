// opsis transform: transforms on a picture, as in training.
#include <torch/torch.h>
#include <CLI/CLI.hpp>

#include <algorithm>
#include <filesystem>
#include <random>

#include "cli/commands.h"
#include "cli/pipeline.h"
#include "cli/steps.h"
#include "opsis/core/check.h"
#include "opsis/core/system_reason.h"
#include "opsis/tasks.h"
#include "opsis/utils.h"

namespace cli {
namespace {

namespace fs = std::filesystem;

struct TransformOptions {
  fs::path input, output;
  Pipeline pipeline;
  std::optional<uint64_t> seed;
  bool json = false;
};

// Several images, as FiveCrop gives, are written as a grid. Returns the size of what the file shows.
opsis::Size write(const opsis::Image& image, const fs::path& path) {
  const auto& data = image.data;
  // Whether whole numbers fill their type or only a byte of it, nobody says.
  if (!data.is_floating_point() && data.scalar_type() != torch::kUInt8) {
    opsis::raise<opsis::ValueError>("no picture is written of {}; end with ToDtype(uint8), or ToDtype(uint8, scale=True)",
                                    data.scalar_type());
  }
  // save_image knows the formats; it takes numbers in [0, 1], and its rounding gives uint8 back unchanged.
  const auto shown = opsis::utils::make_grid(data.is_floating_point() ? data : data.to(torch::kFloat64).div(255));
  opsis::utils::save_image(shown, path);
  return {shown.size(1), shown.size(2)};
}

// What is to be read and written: the file, or each picture of the folder, in the order of their names.
std::vector<std::pair<fs::path, fs::path>> files_of(const TransformOptions& options) {
  if (!fs::is_directory(options.input)) return {{options.input, options.output}};
  std::vector<std::pair<fs::path, fs::path>> files;
  for (const auto& entry : fs::directory_iterator(options.input)) {
    if (!is_picture(entry.path()) || !entry.is_regular_file()) continue;
    files.emplace_back(entry.path(), options.output / entry.path().filename());
  }
  if (files.empty()) opsis::raise<opsis::NotFoundError>("there is no picture in {}", options.input.string());
  std::sort(files.begin(), files.end());
  std::error_code failed;
  fs::create_directories(options.output, failed);
  if (failed) {
    opsis::raise<opsis::IoError>("cannot make the folder {}: {}", options.output.string(), opsis::writing_reason(failed));
  }
  return files;
}

// Writes what the pipeline makes of one picture, and tells of it.
Json transform_file(const TransformOptions& options, const opsis::transforms::AnyTransform& pipeline, const fs::path& input,
                    const fs::path& output, uint64_t seed) {
  const auto image = opsis::tasks::Picture(input.string()).image();
  const auto [out, drew] = run_pipeline(pipeline, image, seed);
  const auto [height, width] = write(out, output);
  if (!options.json) {
    print(opsis::text("{}: {} x {} pixels (width x height){}", output.string(), width, height,
                      drew ? opsis::text(", seed {}", seed) : ""));
  }
  Json result{{"input", input.string()}, {"output", output.string()}, {"height", height}, {"width", width}, {"seed", seed}};
  if (options.pipeline.file.empty()) {
    result["steps"] = options.pipeline.steps;
  } else {
    result["pipeline"] = options.pipeline.file;
  }
  return result;
}

int transform(const TransformOptions& options) {
  const auto pipeline = build_pipeline(options.pipeline);
  auto seed = options.seed ? *options.seed : std::random_device{}();
  const bool folder = fs::is_directory(options.input);
  if (!fs::exists(options.input)) {
    opsis::raise<opsis::IoError>("cannot open {}: No such file or directory", options.input.string());
  }
  if (!folder) check_picture_name("the output", options.output);
  int code = 0;
  Json results = Json::array();
  for (const auto& file : files_of(options)) {
    const auto one = [&] { results.push_back(transform_file(options, pipeline, file.first, file.second, seed)); };
    if (!folder) {
      one();
    } else if (const auto failure = failure_of(one)) {  // one bad picture among many does not cost the others
      note_failure("transform", file.first.string(), *failure);
      results.push_back({{"input", file.first.string()}, {"error", *failure}});
      code = 1;
    }
    ++seed;  // each by one of its own, so that any of them can be had again
  }
  if (options.json) print_json(folder ? Json{{"results", results}} : results.front());
  return code;
}

}  // namespace

void declare_transform(CLI::App& app, Chosen& chosen) {
  auto& command = *app.add_subcommand("transform", "Apply transforms to pictures");
  const auto options = std::make_shared<TransformOptions>();
  command.add_option("input", options->input, "A picture file, or a folder of them, in which other files are passed over")
      ->required();
  command.add_option("output", options->output, "The file to write (" + picture_endings() + "), or the folder")->required();
  command.add_option("steps", options->pipeline.steps, "Transforms, in their order, as below");
  command.add_option("--pipeline", options->pipeline.file,
                     "Transforms as a JSON file instead: [{\"name\": \"Resize\", \"size\": [256]}]");
  command
      .add_option("--seed", options->seed,
                  "For the random ones: the pixels are those of Python after torch.manual_seed(seed); a new one when absent. "
                  "The pictures of a folder have this one and those after it")
      ->check(zero_or_more);
  command.add_flag("--json", options->json, "Print a JSON document");
  command.footer("Steps, with torchvision's names, order and defaults:\n" + step_help() +
                 "Examples:\n"
                 "  opsis transform in.jpg out.png \"Resize(256)\" \"CenterCrop(224)\"\n"
                 "  opsis transform in.jpg out.png \"RandomResizedCrop([224, 224])\" \"RandomHorizontalFlip(p=0.5)\" --seed 7");
  command.callback([options, &chosen] { chosen.run = [options] { return transform(*options); }; });
}

}  // namespace cli
