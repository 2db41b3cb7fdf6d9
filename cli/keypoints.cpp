// opsis keypoints: where people are in a picture, and their eyes, shoulders, knees, ...
#include <torch/torch.h>
#include <CLI/CLI.hpp>

#include "cli/answer.h"
#include "cli/commands.h"
#include "cli/task_checkpoint.h"
#include "opsis/core/check.h"
#include "opsis/utils.h"

namespace cli {
namespace {

struct KeypointsOptions {
  std::string image;
  TaskArguments task{};
  double score = 0.5;
};

constexpr const char* kUsualKeypointModel = "keypointrcnn_resnet50_fpn";

// One of torchvision's, or one that opsis train-detector wrote. Fills in the model's name.
opsis::tasks::KeypointDetector open_keypoint_detector(TaskArguments& arguments, double score) {
  if (const auto trained = trained_model(arguments.weights, arguments.model)) {
    arguments.model = trained->name;
    return opsis::tasks::KeypointDetector(detector_of(*trained, arguments.weights),
                                          opsis::tasks::KeypointDetector::coco_keypoints(), score);
  }
  if (arguments.model.empty()) arguments.model = kUsualKeypointModel;
  return opsis::tasks::KeypointDetector(arguments.model, weights_of(arguments, score));
}

int keypoints(KeypointsOptions options) {
  check_out(options.task);
  const auto picture = opsis::tasks::Picture(options.image).image();
  const auto detector = open_keypoint_detector(options.task, options.score);
  const torch::InferenceMode inference;
  at::globalContext().setFlushDenormal(true);
  opsis::tasks::Timings timings;
  const auto found = detector(picture, &timings);
  if (!options.task.out.empty()) {
    const auto boxed = opsis::utils::draw_bounding_boxes(picture, found.boxes, {.width = 2});
    const auto drawn = opsis::utils::draw_keypoints(
        boxed, found.points,
        {.connectivity = detector.skeleton(), .colors = "yellow", .radius = 3, .visibility = found.visible()});
    write_out(drawn, options.task);
  }
  Answer answer{.name = "found", .right = {false, true, true, true, true, true, true}, .nothing = "nobody found"};
  for (int64_t i = 0; i < static_cast<int64_t>(found.size()); ++i) {
    auto points = Json::array();
    for (int64_t k = 0; k < found.points.size(1); ++k) {
      points.push_back({{"name", detector.keypoints().at(static_cast<size_t>(k))},
                        {"point", numbers(found.points[i][k])},
                        {"score", found.keypoints_scores[i][k].item<double>()}});
    }
    const auto score = found.scores[i].item<double>();
    const auto box = found.boxes.data[i];
    answer.entries.push_back({{"score", score}, {"box", numbers(box)}, {"keypoints", std::move(points)}});
    std::vector<std::string> row{"", opsis::fixed(score * 100, 2) + " %"};
    for (int64_t side = 0; side < 4; ++side) row.push_back(opsis::fixed(box[side].item<double>(), 1));
    row.push_back(opsis::text("{} of {} points", found.visible()[i].sum().item<int64_t>(), found.points.size(1)));
    answer.rows.push_back(std::move(row));
  }
  print_answer(options.task, options.image, picture, std::move(answer), timings);
  return 0;
}

}  // namespace

void declare_keypoints(CLI::App& app, Chosen& chosen) {
  auto& command = *app.add_subcommand("keypoints", "Say where people are in a picture, point by point");
  const auto options = std::make_shared<KeypointsOptions>();
  command.add_option("image", options->image, "A picture")->required();
  declare_task(command, options->task, "models::detection", "the picture with people's points");
  command.get_option("--model")->default_str(std::string(kUsualKeypointModel) + ", or that of a checkpoint of train-detector");
  command.add_option("--score", options->score, "How sure the model must be of a person, from 0 to 1")
      ->capture_default_str()
      ->check(from_zero_to_one);
  command.footer(
      "Examples:\n"
      "  opsis keypoints team.jpg --out points.png\n"
      "  opsis keypoints team.jpg --score 0.9 --json\n"
      "  opsis keypoints team.jpg --weights detector.pth --out points.png   # of opsis train-detector");
  command.callback([options, &chosen] { chosen.run = [options] { return keypoints(*options); }; });
}

}  // namespace cli
