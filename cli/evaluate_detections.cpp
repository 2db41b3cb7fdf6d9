// opsis evaluate-detections: how good what a detector found is, from two files.
#include <CLI/CLI.hpp>

#include "cli/commands.h"
#include "opsis/core/check.h"
#include "opsis/engine.h"

namespace cli {
namespace {

using opsis::engine::CocoKind;

struct EvaluateDetectionsOptions {
  std::string truth, results, kind = "boxes";
  bool json = false;
};

int evaluate_detections(const EvaluateDetectionsOptions& options) {
  const opsis::datasets::CocoFile truth(options.truth);
  const auto kind = options.kind == "boxes" ? CocoKind::Boxes : options.kind == "masks" ? CocoKind::Masks : CocoKind::KeyPoints;
  const auto result = opsis::engine::evaluate_coco_results(truth, options.results, {.kind = kind});
  if (!options.json) {
    print(opsis::text("{} of {}", options.kind, counted(std::ssize(truth.images()), "image", "images")));
    print(result.to_string());
    return 0;
  }
  auto numbers = Json::object();
  for (const auto& [name, value] : result.numbers) numbers[name] = value;
  auto categories = Json::array();
  for (const auto label : result.labels) {
    categories.push_back(Json{{"id", label}, {"name", truth.categories().at(label)}, {"AP", result.average_precision(label)}});
  }
  print_json(Json{{"truth", options.truth},
                  {"results", options.results},
                  {"kind", options.kind},
                  {"images", truth.images().size()},
                  {"numbers", std::move(numbers)},
                  {"categories", std::move(categories)}});
  return 0;
}

}  // namespace

void declare_evaluate_detections(CLI::App& app, Chosen& chosen) {
  auto& command = *app.add_subcommand("evaluate-detections", "Tell how good detections are, in COCO's numbers");
  const auto options = std::make_shared<EvaluateDetectionsOptions>();
  command.add_option("truth", options->truth, "Annotations of COCO's format")->required();
  command.add_option("results", options->results, "A list of results of COCO's format, of any program's")->required();
  command.add_option("--kind", options->kind, "What is compared: boxes, masks or keypoints")
      ->capture_default_str()
      ->check(CLI::IsMember({"boxes", "masks", "keypoints"}));
  command.add_flag("--json", options->json, "Print a JSON document, which has the AP of each category too");
  command.footer(
      "Examples:\n"
      "  opsis evaluate-detections instances_val2017.json results.json\n"
      "  opsis evaluate-detections instances_val2017.json results.json --kind masks --json");
  command.callback([options, &chosen] { chosen.run = [options] { return evaluate_detections(*options); }; });
}

}  // namespace cli
