// opsis evaluate: how good a classifier is.
#include <CLI/CLI.hpp>

#include "cli/classifier.h"
#include "cli/commands.h"
#include "cli/options.h"
#include "opsis/core/check.h"
#include "opsis/engine.h"

namespace cli {
namespace {

struct EvaluateOptions {
  std::string data, model, weights;
  size_t batch_size = 32, workers = 1;
  bool json = false;
};

int evaluate(const EvaluateOptions& options) {
  const auto classifier = load_classifier(options.model, options.weights);
  const auto data = open_data(options.data, false, opsis::transforms::ImageClassification(classifier.preprocessing));
  check_classes(classifier, data);
  opsis::engine::ClassifiedLoader loader(data.dataset, {.batch_size = options.batch_size, .num_workers = options.workers});
  at::globalContext().setFlushDenormal(true);
  const auto result = opsis::engine::evaluate(*classifier.model, loader);
  if (options.json) {
    print_json(Json{{"model", classifier.name},
                    {"weights", classifier.weights},
                    {"data", options.data},
                    {"images", result.images},
                    {"loss", result.loss},
                    {"acc@1", result.accuracy * 100},
                    {"acc@5", result.accuracy_top5 * 100}});
  } else {
    print(opsis::text("{}: acc@1 {} %, acc@5 {} %, loss {}", counted(result.images, "image", "images"),
                      opsis::fixed(result.accuracy * 100, 2), opsis::fixed(result.accuracy_top5 * 100, 2),
                      opsis::fixed(result.loss, 4)));
  }
  return 0;
}

}  // namespace

void declare_evaluate(CLI::App& app, Chosen& chosen) {
  auto& command = *app.add_subcommand("evaluate", "Tell how good a classifier is");
  const auto options = std::make_shared<EvaluateOptions>();
  command.add_option("data", options->data, "digits, or a folder with a folder for each class, itself or as val/ inside")
      ->required();
  command.add_option("--model", options->model, "Name of the model, when the checkpoint does not tell it")->transform(lower);
  command.add_option("--weights", options->weights, "A checkpoint, or an entry of the model's weights, as for opsis predict");
  command.add_option("--batch-size", options->batch_size, "Images at a time")->capture_default_str()->check(at_least_one);
  declare_workers(command, options->workers);
  command.add_flag("--json", options->json, "Print a JSON document");
  command.footer(
      "Examples:\n"
      "  opsis evaluate digits --weights digits.pth\n"
      "  opsis evaluate imagenet --model resnet50 --weights resnet50-11ad3fa6.pth --json");
  command.callback([options, &chosen] { chosen.run = [options] { return evaluate(*options); }; });
}

}  // namespace cli
