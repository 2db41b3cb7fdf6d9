// opsis flow: how far the pixels of a picture move to the next.
#include <torch/torch.h>
#include <CLI/CLI.hpp>

#include "cli/answer.h"
#include "cli/commands.h"
#include "opsis/core/check.h"
#include "opsis/utils.h"

namespace cli {
namespace {

struct FlowOptions {
  std::string first, second;
  TaskArguments task{.model = "raft_small"};
  int64_t updates = 12;
  double alpha = 0.6;
};

// The picture under the colours of its pixels' directions.
opsis::Image drawn(const opsis::Image& picture, const torch::Tensor& flow, double alpha) {
  const auto colours = opsis::utils::flow_to_image(flow).to(torch::kFloat32);
  return opsis::Image(picture.data.to(torch::kFloat32).lerp(colours, alpha).round().to(torch::kUInt8));
}

int flow(const FlowOptions& options) {
  check_out(options.task);
  const auto first = opsis::tasks::Picture(options.first).image(), second = opsis::tasks::Picture(options.second).image();
  const opsis::tasks::FlowEstimator estimator(options.task.model, weights_of(options.task), options.updates);
  const torch::InferenceMode inference;
  at::globalContext().setFlushDenormal(true);
  opsis::tasks::Timings timings;
  const auto found = estimator(first, second, &timings);
  if (!options.task.out.empty()) write_out(drawn(first, found, options.alpha), options.task);
  const auto lengths = found.norm(2, 0);
  const auto mean = lengths.mean().item<double>(), largest = lengths.max().item<double>();
  const auto right = found[0].mean().item<double>(), down = found[1].mean().item<double>();
  if (options.task.json) {
    print_json(Json{{"files", {options.first, options.second}},
                    {"model", options.task.model},
                    {"height", found.size(1)},
                    {"width", found.size(2)},
                    {"mean", {{"right", right}, {"down", down}, {"length", mean}}},
                    {"largest_length", largest},
                    {"milliseconds", milliseconds(timings)}});
  } else {
    print(opsis::text("{} to {}: {} pixels on average ({} right, {} down), {} at most", options.first, options.second,
                      opsis::fixed(mean, 2), opsis::fixed(right, 2), opsis::fixed(down, 2), opsis::fixed(largest, 2)));
  }
  return 0;
}

}  // namespace

void declare_flow(CLI::App& app, Chosen& chosen) {
  auto& command = *app.add_subcommand("flow", "Say how far the pixels of a picture move to the next");
  const auto options = std::make_shared<FlowOptions>();
  command.add_option("first", options->first, "A picture")->required();
  command.add_option("second", options->second, "The next, of the same size")->required();
  declare_task(command, options->task, "models::optical_flow", "the first picture under colours for the directions");
  command.add_option("--updates", options->updates, "How often the estimate is made better")
      ->capture_default_str()
      ->check(at_least_one);
  command.add_option("--alpha", options->alpha, "How much of the picture the colours hide, from 0 to 1, which is all of it")
      ->capture_default_str()
      ->check(from_zero_to_one);
  command.footer(
      "Examples:\n"
      "  opsis flow frame1.png frame2.png --out flow.png\n"
      "  opsis flow frame1.png frame2.png --out colours.png --alpha 1\n"
      "  opsis flow frame1.png frame2.png --model raft_large --updates 20 --json");
  command.callback([options, &chosen] { chosen.run = [options] { return flow(*options); }; });
}

}  // namespace cli
