// opsis predict: what is on a picture.
#include <torch/torch.h>
#include <CLI/CLI.hpp>

#include <algorithm>
#include <iostream>

#include "cli/classifier.h"
#include "cli/commands.h"
#include "cli/pipeline.h"
#include "opsis/core/check.h"
#include "opsis/io.h"

namespace cli {
namespace {

struct PredictOptions {
  std::vector<std::string> images;
  std::string model, weights;
  int64_t top = 5;
  bool json = false;
};

struct Guess {
  int64_t index;
  double probability;
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
      const auto name = entry.path().string();
      const bool picture = opsis::datasets::has_file_allowed_extension(name, opsis::datasets::image_extensions());
      if (picture && entry.is_regular_file(ignored)) inside.push_back(name);
    }
    if (inside.empty()) opsis::raise<opsis::NotFoundError>("there is no picture in {}", argument);
    std::sort(inside.begin(), inside.end());
    out.insert(out.end(), inside.begin(), inside.end());
  }
  if (std::count(out.begin(), out.end(), standard_input) > 1) throw UsageError("the standard input can be read once");
  return out;
}

std::vector<Guess> best_guesses(const Classifier& classifier, const std::string& file, int64_t top) {
  // A camera says by EXIF which side is up; the picture is judged as people see it.
  const opsis::io::DecodeOptions decoding{.mode = opsis::io::ImageReadMode::RGB, .apply_exif_orientation = true};
  const auto image = file == standard_input ? opsis::io::decode_image(opsis::io::as_bytes(read_standard_input()), decoding)
                                            : opsis::io::decode_image(std::filesystem::path(file), decoding);
  check_still(image, file);
  const opsis::transforms::ImageClassification prepare(classifier.preprocessing);
  const auto scores = classifier.model->forward(prepare(image).data.unsqueeze(0)).squeeze(0);
  const auto probabilities = scores.softmax(0);
  const auto [values, indices] = probabilities.topk(std::min(top, probabilities.size(0)));
  std::vector<Guess> out;
  for (int64_t i = 0; i < values.size(0); ++i) {
    out.push_back({indices[i].item<int64_t>(), values[i].item<double>()});
  }
  return out;
}

Json json_of_guesses(const Classifier& classifier, const std::vector<Guess>& guesses) {
  auto out = Json::array();
  for (const auto& guess : guesses) {
    out.push_back({{"index", guess.index}, {"name", classifier.category(guess.index)}, {"probability", guess.probability}});
  }
  return out;
}

void print_guesses(const Classifier& classifier, const std::string& file, const std::vector<Guess>& guesses) {
  std::vector<std::vector<std::string>> rows;
  for (const auto& guess : guesses) {
    rows.push_back({"", opsis::fixed(guess.probability * 100, 2) + " %", classifier.category(guess.index)});
  }
  print(file + "\n" + table(rows, {false, true, false}));
}

int predict(const PredictOptions& options) {
  const auto files = pictures(options.images);
  const auto classifier = load_classifier(options.model, options.weights);
  const torch::InferenceMode inference;
  at::globalContext().setFlushDenormal(true);
  int code = 0;
  auto predictions = Json::array();
  const auto failed = [&](const std::string& file, const std::string& what) {
    note("opsis predict: " + (what.find(file) == what.npos ? file + ": " + what : what));
    if (options.json) predictions.push_back({{"file", file}, {"error", what}});
    code = 1;
  };
  for (const auto& file : files) {
    // One bad picture among many does not cost the answers for the others.
    try {
      const auto guesses = best_guesses(classifier, file, options.top);
      if (options.json) {
        predictions.push_back({{"file", file}, {"classes", json_of_guesses(classifier, guesses)}});
      } else {
        print_guesses(classifier, file, guesses);
      }
    } catch (const opsis::Error& error) {
      failed(file, error.what());
    } catch (const c10::Error& error) {
      failed(file, error.what_without_backtrace());
    } catch (const std::bad_alloc&) {
      failed(file, "needs more memory than there is");
    }
  }
  if (options.json) {
    print_json(Json{{"model", classifier.name}, {"weights", classifier.weights}, {"predictions", std::move(predictions)}});
  }
  return code;
}

}  // namespace

void declare_predict(CLI::App& app, Chosen& chosen) {
  auto& command = *app.add_subcommand("predict", "Say what is on pictures");
  const auto options = std::make_shared<PredictOptions>();
  command.add_option("images", options->images, "Pictures, folders of them, or - for one on the standard input")->required();
  command.add_option("--model", options->model, "Name of the model; opsis models lists them");
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
