// opsis segment: what every pixel of a picture belongs to.
#include <torch/torch.h>
#include <CLI/CLI.hpp>

#include "cli/classifier.h"
#include "cli/commands.h"
#include "cli/pipeline.h"
#include "opsis/core/check.h"
#include "opsis/io.h"
#include "opsis/tasks.h"
#include "opsis/utils.h"

namespace cli {
namespace {

struct SegmentOptions {
  std::string image, model = "deeplabv3_mobilenet_v3_large", weights, out;
  double alpha = 0.6;
  bool json = false;
};

opsis::tasks::Segmenter segmenter_of(const SegmentOptions& options) {
  const bool is_file = !options.weights.empty() && !names_entry(options.weights);
  opsis::tasks::SegmenterOptions chosen{.optimize = false};  // one picture would not pay for it
  if (is_file) chosen.weights_file = options.weights;
  if (!is_file && !options.weights.empty()) chosen.weights = options.weights;
  return opsis::tasks::Segmenter(options.model, chosen);
}

// The picture under a colour for each class; the background, if the classes have one, stays as it is.
void draw(const opsis::Image& picture, opsis::tasks::Segmentation found, const SegmentOptions& options) {
  std::erase_if(found.shares, [](const auto& share) { return share.name == "__background__"; });
  const auto drawn =
      found.shares.empty() ? picture : opsis::utils::draw_segmentation_masks(picture, found.masks(), {.alpha = options.alpha});
  opsis::utils::save_image(drawn.data.to(torch::kFloat64).div(255), options.out);
}

int segment(const SegmentOptions& options) {
  if (!(options.alpha >= 0 && options.alpha <= 1)) throw UsageError("--alpha must be from 0 to 1");
  const auto picture = read_picture(options.image);
  const auto segmenter = segmenter_of(options);
  const torch::InferenceMode inference;
  at::globalContext().setFlushDenormal(true);
  opsis::tasks::SegmenterTimings timings;
  const auto found = segmenter(picture, &timings);
  if (!options.out.empty()) draw(picture, found, options);
  auto shares = Json::array();
  std::vector<std::vector<std::string>> rows;
  for (const auto& share : found.shares) {
    shares.push_back({{"index", share.index}, {"name", share.name}, {"share", share.share}});
    rows.push_back({"", opsis::fixed(share.share * 100, 2) + " %", share.name});
  }
  if (options.json) {
    print_json(
        Json{{"file", options.image},
             {"model", options.model},
             {"height", found.classes.size(0)},
             {"width", found.classes.size(1)},
             {"classes", std::move(shares)},
             {"milliseconds", {{"prepare", timings.prepare_ms}, {"model", timings.model_ms}, {"finish", timings.finish_ms}}}});
  } else {
    print(options.image + "\n" + table(rows, {false, true, false}));
  }
  return 0;
}

}  // namespace

void declare_segment(CLI::App& app, Chosen& chosen) {
  auto& command = *app.add_subcommand("segment", "Say what every pixel of a picture belongs to");
  const auto options = std::make_shared<SegmentOptions>();
  command.add_option("image", options->image, "A picture")->required();
  command.add_option("--model", options->model, "Name of the model; opsis models --module models::segmentation lists them")
      ->capture_default_str();
  command.add_option(
      "--weights,--checkpoint", options->weights,
      "A checkpoint (.pth, .safetensors), or an entry in PyTorch's cache; the model's default entry when absent");
  command.add_option("--out", options->out, "Write the picture with its classes in colours here");
  command.add_option("--alpha", options->alpha, "How much of the picture the colours hide")
      ->capture_default_str()
      ->check(CLI::Range(0.0, 1.0));
  command.add_flag("--json", options->json, "Print a JSON document");
  command.footer(
      "Examples:\n"
      "  opsis segment street.jpg --out street.png\n"
      "  opsis segment street.jpg --model lraspp_mobilenet_v3_large --weights lraspp.pth --json");
  command.callback([options, &chosen] { chosen.run = [options] { return segment(*options); }; });
}

}  // namespace cli
