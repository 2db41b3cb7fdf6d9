// opsis transform: transforms on a picture, as in training.
#include <torch/torch.h>
#include <CLI/CLI.hpp>

#include <random>

#include "cli/commands.h"
#include "cli/pipeline.h"
#include "cli/steps.h"
#include "opsis/core/check.h"
#include "opsis/core/random.h"
#include "opsis/tasks.h"
#include "opsis/utils.h"

namespace cli {
namespace {

struct TransformOptions {
  std::string input, output;
  Pipeline pipeline;
  std::optional<uint64_t> seed;
  bool json = false;
};

void write(const opsis::Image& image, const std::filesystem::path& path) {
  // save_image knows the formats; it takes numbers in [0, 1], and its rounding gives uint8 back unchanged.
  const auto& data = image.data;
  opsis::utils::save_image(data.is_floating_point() ? data : data.to(torch::kFloat64).div(255), path);
}

int transform(const TransformOptions& options) {
  const auto pipeline = build_pipeline(options.pipeline);
  const auto seed = options.seed ? *options.seed : std::random_device{}();
  const auto image = opsis::tasks::Picture(options.input).image();

  const opsis::random::Scope scope(seed);
  const auto out = pipeline(image);
  write(out, options.output);
  const auto height = out.data.size(-2), width = out.data.size(-1);
  if (options.json) {
    Json document{{"input", options.input}, {"output", options.output}, {"height", height}, {"width", width}, {"seed", seed}};
    if (options.pipeline.file.empty()) {
      document["steps"] = options.pipeline.steps;
    } else {
      document["pipeline"] = options.pipeline.file;
    }
    print_json(document);
  } else {
    print(opsis::text("{}: {} x {} pixels (width x height), seed {}", options.output, width, height, seed));
  }
  return 0;
}

}  // namespace

void declare_transform(CLI::App& app, Chosen& chosen) {
  auto& command = *app.add_subcommand("transform", "Apply transforms to a picture");
  const auto options = std::make_shared<TransformOptions>();
  command.add_option("input", options->input, "A picture: JPEG, PNG, WebP, ...")->required();
  command.add_option("output", options->output, "The file to write, .png or .jpg")->required();
  command.add_option("steps", options->pipeline.steps, "Transforms, in their order, as below");
  command.add_option("--pipeline", options->pipeline.file,
                     "Transforms as a JSON file instead: [{\"name\": \"Resize\", \"size\": [256]}]");
  command
      .add_option("--seed", options->seed,
                  "For the random ones: the pixels are those of Python after torch.manual_seed(seed); a new one when absent")
      ->check(zero_or_more);
  command.add_flag("--json", options->json, "Print a JSON document");
  command.footer("Steps, with torchvision's names, order and defaults:\n" + step_help() +
                 "Examples:\n"
                 "  opsis transform in.jpg out.png \"Resize(256)\" \"CenterCrop(224)\"\n"
                 "  opsis transform in.jpg out.png \"RandomResizedCrop([224, 224])\" \"RandomHorizontalFlip(p=0.5)\" --seed 7");
  command.callback([options, &chosen] { chosen.run = [options] { return transform(*options); }; });
}

}  // namespace cli
