// opsis show: what transforms make of pictures, on one sheet.
#include <torch/torch.h>
#include <CLI/CLI.hpp>

#include <algorithm>
#include <random>
#include <utility>

#include "cli/commands.h"
#include "cli/pipeline.h"
#include "cli/sheet.h"
#include "cli/steps.h"
#include "opsis/core/check.h"
#include "opsis/tasks.h"
#include "opsis/utils.h"

namespace cli {
namespace {

struct ShowOptions {
  std::vector<std::string> inputs;
  std::string output;
  Pipeline pipeline;
  int64_t times = 3;
  int64_t side = 192;
  std::optional<uint64_t> seed;
  bool json = false;
};

// A result is a picture, or several: FiveCrop's.
std::vector<opsis::Image> pictures_in(const opsis::Image& result) {
  if (result.data.dim() != 4) return {result};
  std::vector<opsis::Image> pictures;
  for (const auto& one : result.data.unbind()) pictures.emplace_back(one);
  return pictures;
}

// One row after the other, the shorter ones filled up.
opsis::Image sheet_of(std::vector<std::vector<opsis::utils::LabelledImage>> rows, int64_t side) {
  const opsis::utils::LabelledImage nothing{.image = opsis::Image(torch::full({3, 1, 1}, 255, torch::kUInt8))};
  size_t columns = 0;
  for (const auto& row : rows) columns = std::max(columns, row.size());
  std::vector<opsis::utils::LabelledImage> tiles;
  for (auto& row : rows) {
    row.resize(columns, nothing);
    tiles.insert(tiles.end(), row.begin(), row.end());
  }
  return opsis::utils::labelled_grid(tiles, {.columns = static_cast<int64_t>(columns), .tile_px = side, .font_px = 12});
}

int show(const ShowOptions& options) {
  check_picture_name("--out", options.output);
  const auto pipeline = build_pipeline(options.pipeline);
  const auto seed = options.seed ? *options.seed : std::random_device{}();
  std::vector<std::vector<opsis::utils::LabelledImage>> rows;
  Json results = Json::array();
  bool drew = false;
  for (const auto& input : options.inputs) {
    const auto image = opsis::tasks::Picture(input).image();
    const auto size_of = [](const opsis::Image& one) { return opsis::text("{} x {}", one.data.size(-1), one.data.size(-2)); };
    auto& row = rows.emplace_back();
    row.push_back({picture_of(image, options.side), std::filesystem::path(input).filename().string() + " " + size_of(image)});
    for (int64_t i = 0; i < options.times; ++i) {
      // Each by a seed of its own, so that any of them can be had again by opsis transform.
      const auto own = seed + static_cast<uint64_t>(i);
      const auto result = run_pipeline(pipeline, image, own);
      const auto& out = result.image;
      const auto pictures = pictures_in(out);
      for (size_t n = 0; n < pictures.size(); ++n) {
        const auto of = pictures.size() == 1 ? "" : opsis::text(", {} of {}", n + 1, pictures.size());
        row.push_back({picture_of(pictures[n], options.side),
                       (result.drew ? opsis::text("seed {}: ", own) : "") + size_of(pictures[n]) + of});
      }
      drew = drew || result.drew;
      results.push_back({{"input", input},
                         {"seed", own},
                         {"pictures", pictures.size()},
                         {"height", out.data.size(-2)},
                         {"width", out.data.size(-1)}});
    }
  }
  const auto sheet = sheet_of(std::move(rows), options.side);
  opsis::utils::save_image(sheet.data.to(torch::kFloat64).div(255), options.output);
  if (options.json) {
    print_json(Json{{"output", options.output}, {"seed", seed}, {"results", results}});
  } else {
    print(opsis::text("{}: {}, {} each{}", options.output, counted(std::ssize(options.inputs), "picture", "pictures"),
                      counted(options.times, "result", "results"), drew ? opsis::text(", seed {}", seed) : ""));
  }
  return 0;
}

}  // namespace

void declare_show(CLI::App& app, Chosen& chosen) {
  auto& command = *app.add_subcommand("show", "Show pictures before and after transforms, on one sheet");
  const auto options = std::make_shared<ShowOptions>();
  command.add_option("inputs", options->inputs, "Picture files")->required();
  command.add_option("--out", options->output, "The sheet to write: " + picture_endings())->required();
  command.add_option("--step", options->pipeline.steps, "A transform, as below; several in their order")
      ->allow_extra_args(false);
  command.add_option("--pipeline", options->pipeline.file, "Transforms as a JSON file instead");
  command.add_option("--times", options->times, "Results for each picture, each by the next seed")
      ->capture_default_str()
      ->check(at_least_one);
  command.add_option("--side", options->side, "Of a picture on the sheet, in pixels")
      ->capture_default_str()
      ->check(CLI::Range(1, 4096));
  command.add_option("--seed", options->seed, "Of the first results; a new one when absent")->check(zero_or_more);
  command.add_flag("--json", options->json, "Print a JSON document");
  command.footer(
      "Steps, with torchvision's names, order and defaults:\n" + step_help() +
      "Examples:\n"
      "  opsis show cat.jpg dog.jpg --out sheet.png --step \"RandomResizedCrop(224)\" --step \"RandAugment()\" --times 5");
  command.callback([options, &chosen] { chosen.run = [options] { return show(*options); }; });
}

}  // namespace cli
