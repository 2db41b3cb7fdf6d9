// opsis segment: what every pixel of a picture belongs to.
#include <torch/torch.h>
#include <CLI/CLI.hpp>

#include <filesystem>

#include "cli/answer.h"
#include "cli/commands.h"
#include "cli/task_checkpoint.h"
#include "opsis/core/check.h"
#include "opsis/io/image.h"
#include "opsis/utils.h"

namespace cli {
namespace {

struct SegmentOptions {
  std::string image;
  TaskArguments task{};
  double alpha = 0.6;
  std::string map{};
};

// Before a model works for it.
void check_map(const std::string& file) {
  if (file.empty()) return;
  if (lower(std::filesystem::path(file).extension().string()) != ".png")
    throw UsageError(opsis::text("--map must end in .png, got {}", file));
  check_folder(file);
}

// The number of each pixel's class, as data sets for segmentation have them.
void write_map(const torch::Tensor& classes, const std::string& file) {
  constexpr int64_t kMost = 255;
  const auto largest = classes.max().item<int64_t>();
  OPSIS_CHECK(largest <= kMost, "--map: a PNG of bytes holds classes up to {}, got {}", kMost, largest);
  opsis::io::write_png(opsis::Image(classes.to(torch::kCPU, torch::kUInt8).unsqueeze(0)), file, 6, {.quick = true});
}

// The picture under a colour for each class; the background, if the classes have one, stays as it is.
opsis::Image drawn(const opsis::Image& picture, opsis::tasks::Segmentation found, double alpha) {
  std::erase_if(found.shares, [](const auto& share) { return share.name == "__background__"; });
  return found.shares.empty() ? picture : opsis::utils::draw_segmentation_masks(picture, found.masks(), {.alpha = alpha});
}

constexpr const char* kUsualSegmenter = "deeplabv3_mobilenet_v3_large";

// One of torchvision's, or one that opsis train-segmenter wrote. Fills in the model's name.
opsis::tasks::Segmenter open_segmenter(TaskArguments& arguments) {
  if (auto trained = trained_model(arguments.weights, arguments.model)) {
    arguments.model = trained->name;
    return {opsis::models::get_model<opsis::models::SegmentationModel>(trained->name, options_of(*trained, arguments.weights)),
            {.resize_size = trained->base_size.value_or(520)},
            std::move(trained->categories),
            /*optimize=*/false};  // one picture would not pay for it
  }
  if (arguments.model.empty()) arguments.model = kUsualSegmenter;
  return opsis::tasks::Segmenter(arguments.model, weights_of(arguments));
}

int segment(SegmentOptions options) {
  check_out(options.task);
  check_map(options.map);
  const auto picture = opsis::tasks::Picture(options.image).image();
  const auto segmenter = open_segmenter(options.task);
  const torch::InferenceMode inference;
  at::globalContext().setFlushDenormal(true);
  opsis::tasks::Timings timings;
  const auto found = segmenter(picture, &timings);
  if (!options.task.out.empty()) write_out(drawn(picture, found, options.alpha), options.task);
  if (!options.map.empty()) write_map(found.classes, options.map);
  Answer answer{.name = "classes", .right = {false, true, false}};
  for (const auto& share : found.shares) {
    answer.entries.push_back({{"index", share.index}, {"name", share.name}, {"share", share.share}});
    answer.rows.push_back({"", opsis::fixed(share.share * 100, 2) + " %", share.name});
  }
  print_answer(options.task, options.image, picture, std::move(answer), timings);
  return 0;
}

}  // namespace

void declare_segment(CLI::App& app, Chosen& chosen) {
  auto& command = *app.add_subcommand("segment", "Say what every pixel of a picture belongs to");
  const auto options = std::make_shared<SegmentOptions>();
  command.add_option("image", options->image, "A picture")->required();
  declare_task(command, options->task, "models::segmentation", "the picture with its classes in colours");
  command.get_option("--model")->default_str(std::string(kUsualSegmenter) + ", or that of a checkpoint of train-segmenter");
  command.add_option("--alpha", options->alpha, "How much of the picture the colours hide, from 0 to 1")
      ->capture_default_str()
      ->check(from_zero_to_one);
  command.add_option("--map", options->map, "Write the number of each pixel's class here, as a gray .png");
  command.footer(
      "Examples:\n"
      "  opsis segment street.jpg --out street.png\n"
      "  opsis segment street.jpg --map classes.png\n"
      "  opsis segment street.jpg --model lraspp_mobilenet_v3_large --weights lraspp.pth --json");
  command.callback([options, &chosen] { chosen.run = [options] { return segment(*options); }; });
}

}  // namespace cli
