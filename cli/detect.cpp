// opsis detect: what there is in a picture and where.
#include <torch/torch.h>
#include <CLI/CLI.hpp>

#include "cli/answer.h"
#include "cli/commands.h"
#include "cli/task_checkpoint.h"
#include "opsis/core/check.h"
#include "opsis/io/masks.h"
#include "opsis/utils.h"

namespace cli {
namespace {

struct DetectOptions {
  std::string image;
  TaskArguments task{};
  double score = 0.5;
  int64_t tile = 0, overlap = 128;
};

// The picture with a box, a name and, where the model tells them, the pixels of each thing.
opsis::Image drawn(opsis::Image picture, const opsis::tasks::Detections& found) {
  if (found.masks.defined()) picture = opsis::utils::draw_segmentation_masks(picture, found.masks, {.alpha = 0.5});
  std::vector<std::string> labels;
  for (size_t i = 0; i < found.size(); ++i) {
    labels.push_back(found.names[i] + " " + opsis::fixed(found.scores[static_cast<int64_t>(i)].item<double>(), 2));
  }
  return opsis::utils::draw_bounding_boxes(picture, found.boxes,
                                           {.labels = std::move(labels), .width = 2, .font_size = 14, .fill_labels = true});
}

// As COCO's files have it.
Json mask_of(const torch::Tensor& mask) {
  const auto runs = opsis::io::encode_masks(mask).front();
  return {{"size", {runs.size.height, runs.size.width}}, {"counts", opsis::io::to_text(runs)}};
}

constexpr const char* kUsualModel = "fasterrcnn_mobilenet_v3_large_fpn";

// One of torchvision's, or one that opsis train-detector wrote. Fills in the model's name.
opsis::tasks::Detector open_detector(TaskArguments& arguments, double score) {
  if (auto trained = trained_model(arguments.weights, arguments.model)) {
    arguments.model = trained->name;
    return {detector_of(*trained, arguments.weights), std::move(trained->categories), score};
  }
  if (arguments.model.empty()) arguments.model = kUsualModel;
  return opsis::tasks::Detector(arguments.model, weights_of(arguments, score));
}

int detect(DetectOptions options) {
  if (options.tile > 0 && options.overlap >= options.tile) throw UsageError("--overlap must be less than --tile");
  check_out(options.task);
  const auto picture = opsis::tasks::Picture(options.image).image();
  const auto detector = open_detector(options.task, options.score);
  const torch::InferenceMode inference;
  at::globalContext().setFlushDenormal(true);
  opsis::tasks::Timings timings;
  const auto found =
      options.tile > 0
          ? detector.tiled(
                picture,
                {.tile_size = {options.tile, options.tile}, .overlap = options.overlap, .masks = !options.task.out.empty()},
                &timings)
          : detector(picture, &timings);
  if (!options.task.out.empty()) write_out(drawn(picture, found), options.task);
  Answer answer{.name = "found", .right = {false, true, false, true, true, true, true}, .nothing = "nothing found"};
  for (size_t i = 0; i < found.size(); ++i) {
    const auto place = static_cast<int64_t>(i);
    const auto box = found.boxes.data[place];
    const auto score = found.scores[place].item<double>();
    answer.entries.push_back(
        {{"index", found.labels[place].item<int64_t>()}, {"name", found.names[i]}, {"score", score}, {"box", numbers(box)}});
    if (options.task.json && found.masks.defined()) answer.entries.back()["mask"] = mask_of(found.masks[place]);
    std::vector<std::string> row{"", opsis::fixed(score * 100, 2) + " %", found.names[i]};
    for (int64_t side = 0; side < 4; ++side) row.push_back(opsis::fixed(box[side].item<double>(), 1));
    answer.rows.push_back(std::move(row));
  }
  print_answer(options.task, options.image, picture, std::move(answer), timings);
  return 0;
}

}  // namespace

void declare_detect(CLI::App& app, Chosen& chosen) {
  auto& command = *app.add_subcommand("detect", "Say what there is in a picture and where");
  const auto options = std::make_shared<DetectOptions>();
  command.add_option("image", options->image, "A picture")->required();
  declare_task(command, options->task, "models::detection", "the picture with boxes");
  command.get_option("--model")->default_str(std::string(kUsualModel) + ", or that of a checkpoint of train-detector");
  command.add_option("--score", options->score, "How sure the model must be of a thing, from 0 to 1")
      ->capture_default_str()
      ->check(from_zero_to_one);
  command.add_option("--tile", options->tile, "Look at tiles of so many pixels, for what is small in a large picture")
      ->check(at_least_one);
  command.add_option("--overlap", options->overlap, "Of neighbouring tiles, in pixels")
      ->capture_default_str()
      ->check(zero_or_more);
  command.footer(
      "Examples:\n"
      "  opsis detect street.jpg --out boxes.png\n"
      "  opsis detect street.jpg --model maskrcnn_resnet50_fpn_v2 --score 0.8 --json\n"
      "  opsis detect aerial.png --tile 640 --overlap 160 --out found.png\n"
      "Masks, where the model tells them, are drawn, and by --json are run lengths as COCO has them; of tiles they are made "
      "with\n"
      "--out alone, for those of a large picture take much memory.");
  command.callback([options, &chosen] { chosen.run = [options] { return detect(*options); }; });
}

}  // namespace cli
