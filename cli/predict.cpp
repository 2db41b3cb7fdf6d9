// opsis predict: what is on a picture.
#include <torch/torch.h>
#include <CLI/CLI.hpp>

#include <algorithm>
#include <cmath>
#include <iostream>

#include "cli/classifier.h"
#include "cli/commands.h"
#include "opsis/core/check.h"
#include "opsis/tasks.h"

namespace cli {
namespace {

struct PredictOptions {
  std::vector<std::string> images;
  std::string model, weights;
  int64_t top = 5;
  bool json = false;
};

const std::string standard_input = "-";

std::string read_standard_input() {
  std::string bytes(std::istreambuf_iterator<char>(std::cin), {});
  if (bytes.empty()) opsis::raise<opsis::IoError>("the standard input is empty");
  return bytes;
}

// The pictures that the arguments name: files as they are, folders for all pictures in them, sorted.
std::vector<std::string> pictures(const std::vector<std::string>& arguments) {
  namespace fs = std::filesystem;
  std::vector<std::string> out;
  for (const auto& argument : arguments) {
    std::error_code ignored;
    if (!fs::is_directory(argument, ignored)) {  // what is wrong with it is told where it is read
      out.push_back(argument);
      continue;
    }
    std::vector<std::string> inside;
    for (const auto& entry : fs::recursive_directory_iterator(argument, fs::directory_options::skip_permission_denied)) {
      if (is_picture(entry.path()) && entry.is_regular_file(ignored)) inside.push_back(entry.path().string());
    }
    if (inside.empty()) opsis::raise<opsis::NotFoundError>("there is no picture in {}", argument);
    std::sort(inside.begin(), inside.end());
    out.insert(out.end(), inside.begin(), inside.end());
  }
  if (std::count(out.begin(), out.end(), standard_input) > 1) throw UsageError("the standard input can be read once");
  return out;
}

using Guesses = std::vector<opsis::tasks::ClassProbability>;

Guesses best_guesses(const opsis::tasks::Classifier& classifier, const std::string& file, int64_t top) {
  if (file != standard_input) return classifier(file, top).best;
  const auto bytes = read_standard_input();
  return classifier(opsis::io::as_bytes(bytes), top).best;
}

// One weight that is no number makes all probabilities such.
void check_numbers(const Guesses& guesses) {
  if (std::none_of(guesses.begin(), guesses.end(), [](const auto& guess) { return std::isnan(guess.probability); })) return;
  opsis::raise<opsis::ValueError>(
      "the model gives nan in place of probabilities: its weights may be those of a training that failed; train it again with "
      "a lower learning rate, or use another checkpoint");
}

Json json_of_guesses(const Guesses& guesses) {
  auto out = Json::array();
  for (const auto& [index, name, probability] : guesses) {
    out.push_back({{"index", index}, {"name", name}, {"probability", probability}});
  }
  return out;
}

void print_guesses(const std::string& file, const Guesses& guesses) {
  std::vector<std::vector<std::string>> rows;
  for (const auto& guess : guesses) rows.push_back({"", opsis::fixed(guess.probability * 100, 2) + " %", guess.name});
  print(file + "\n" + table(rows, {false, true, false}));
}

int predict(const PredictOptions& options) {
  const auto files = pictures(options.images);
  const auto loaded = load_classifier(options.model, options.weights);
  const opsis::tasks::Classifier classifier(loaded.model, loaded.preprocessing, loaded.categories, /*optimize=*/false);
  const torch::InferenceMode inference;
  at::globalContext().setFlushDenormal(true);
  int code = 0;
  auto predictions = Json::array();
  for (const auto& file : files) {
    // One bad picture among many does not cost the answers for the others.
    const auto failure = failure_of([&] {
      const auto guesses = best_guesses(classifier, file, options.top);
      check_numbers(guesses);
      if (options.json) {
        predictions.push_back({{"file", file}, {"classes", json_of_guesses(guesses)}});
      } else {
        print_guesses(file, guesses);
      }
    });
    if (!failure) continue;
    note_failure("predict", file, *failure);
    if (options.json) predictions.push_back({{"file", file}, {"error", *failure}});
    code = 1;
  }
  if (options.json) {
    print_json(Json{{"model", loaded.name}, {"weights", loaded.weights}, {"predictions", std::move(predictions)}});
  }
  return code;
}

}  // namespace

void declare_predict(CLI::App& app, Chosen& chosen) {
  auto& command = *app.add_subcommand("predict", "Say what is on pictures");
  const auto options = std::make_shared<PredictOptions>();
  command.add_option("images", options->images, "Pictures, folders of them, or - for one on the standard input")->required();
  command
      .add_option("--model", options->model, "Name of the model, when the checkpoint does not tell it; opsis models lists them")
      ->transform(lower);
  command.add_option("--weights,--checkpoint", options->weights,
                     "A checkpoint (.pth, .safetensors), or an entry such as IMAGENET1K_V2 in PyTorch's cache; the model's "
                     "default entry when absent");
  command.add_option("--top", options->top, "How many classes to name")->capture_default_str()->check(at_least_one);
  command.add_flag("--json", options->json, "Print a JSON document");
  command.footer(
      "Examples:\n"
      "  opsis predict photo.jpg --model resnet50 --weights resnet50-11ad3fa6.pth\n"
      "  opsis predict photos --model resnet18 --top 1 --json\n"
      "  curl -s https://example.org/photo.jpg | opsis predict - --model resnet18\n"
      "  opsis predict tulip.jpg --checkpoint flowers.pth     (one of opsis finetune or train knows its model and classes)");
  command.callback([options, &chosen] { chosen.run = [options] { return predict(*options); }; });
}

}  // namespace cli
