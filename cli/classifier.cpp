#include "cli/classifier.h"

#include <algorithm>
#include <cctype>
#include <iterator>

#include "cli/output.h"
#include "opsis/core/check.h"
#include "opsis/hub/container.h"
#include "opsis/io/file.h"

namespace cli {
namespace {

namespace fs = std::filesystem;
namespace hub = opsis::hub;
namespace models = opsis::models;
namespace datasets = opsis::datasets;
using Preprocessing = opsis::transforms::ImageClassificationOptions;

std::array<double, 3> three(const hub::Value& value, const char* key) {
  const auto numbers = value.get<std::vector<double>>(key);
  OPSIS_CHECK(numbers.size() == 3, "the checkpoint's preprocessing has {} numbers for {}, not 3", numbers.size(), key);
  return {numbers[0], numbers[1], numbers[2]};
}

Preprocessing preprocessing_of(const hub::Value& value) {
  Preprocessing out{.crop_size = value.get<int64_t>("crop_size"),
                    .resize_size = value.get<int64_t>("resize_size"),
                    .mean = three(value, "mean"),
                    .std = three(value, "std")};
  if (value.contains("interpolation")) {
    out.interpolation = opsis::transforms::interpolation_mode(value.get<std::string>("interpolation"));
  }
  if (value.contains("antialias")) out.antialias = value.get<bool>("antialias");
  const auto is_side = [](int64_t side) { return side > 0 && side <= 1 << 16; };
  OPSIS_CHECK(is_side(out.crop_size) && is_side(out.resize_size),
              "the checkpoint's preprocessing has crop_size {} and resize_size {}; they must be from 1 to 65536", out.crop_size,
              out.resize_size);
  return out;
}

// A checkpoint that tells its model is told apart by that, rather than by hundreds of tensors that do not fit.
void check_model_name(const hub::Value& about, const fs::path& file, const std::string& name) {
  if (!about.contains("model_name")) return;
  const auto other = another_model(file, about.get<std::string>("model_name"), name);
  if (other) opsis::raise<opsis::ValueError>("{}", *other);
}

// A file that is called as the official one is that one, however it came here; any other is treated like the default's.
const models::Weights& entry_of(const models::WeightsEnum& weights, const fs::path& file) {
  for (const auto* entry : weights.entries) {
    if (entry->url.ends_with("/" + file.filename().string())) return *entry;
  }
  return weights.DEFAULT;
}

// What a checkpoint says about itself; nothing for a bare state dict, or a format without room for more.
hub::Value description(const fs::path& file) {
  const auto format = hub::checkpoint_format(opsis::io::MappedFile(file).bytes());
  if (format == hub::CheckpointFormat::Safetensors) return {};
  auto checkpoint = hub::load(file);
  return checkpoint.is_dict() ? checkpoint : hub::Value{};
}

// How many classes the weights tell apart. The head comes last in a classifier's state dict, and its bias has a number for each
// class; but safetensors files are sorted, so where the last is no bias, a model says how its head is called.
int64_t class_count(const hub::StateDict& state, const std::string& model, const fs::path& file) {
  OPSIS_CHECK(!state.empty(), "{} holds no tensors", file.string());
  auto head = std::prev(state.end());
  if (!head->first.ends_with(".bias") || head->second.dim() != 1) {
    const auto name = hub::state_dict(*models::get_model(model)).back().first;
    head = std::find_if(state.begin(), state.end(), [&](const auto& entry) { return entry.first == name; });
    OPSIS_CHECK(head != state.end() && head->second.dim() == 1, "{} has no \"{}\", the head of {}; is it for another model?",
                file.string(), name, model);
  }
  return head->second.size(0);
}

// Whether GoogLeNet and Inception normalise their images anew: no tensor tells.
bool* transform_input(torch::nn::Module& model) {
  if (auto* googlenet = dynamic_cast<models::GoogLeNetImpl*>(&model)) return &googlenet->transform_input;
  if (auto* inception = dynamic_cast<models::Inception3Impl*>(&model)) return &inception->transform_input;
  return nullptr;
}

// Takes auxiliary heads off that a file is without.
void remove_missing_aux(models::ImageClassifier& model, const hub::StateDict& state) {
  const auto remove = [&](auto* of_family, std::string_view head) {
    const auto is_of_head = [&](const auto& tensor) { return tensor.first.starts_with(head); };
    if (of_family && std::none_of(state.begin(), state.end(), is_of_head)) of_family->remove_aux();
  };
  remove(dynamic_cast<models::GoogLeNetImpl*>(&model), "aux1.");
  remove(dynamic_cast<models::Inception3Impl*>(&model), "AuxLogits.");
}

// Builds the model that a file's tensors are for, and fills it.
void build(Classifier& out, const fs::path& file, const hub::Value& about, const hub::StateDict& state, int64_t classes,
           const models::LoadOptions& allowed = {}) {
  std::optional<models::SkipInitialisation> skip;  // only a new head needs numbers to begin with
  if (!allowed.new_head) skip.emplace();
  out.model = models::get_model(out.name, {.num_classes = classes, .image_size = out.preprocessing.crop_size});
  skip.reset();
  if (auto* again = transform_input(*out.model)) {
    // The published weights want it; ours say.
    *again = about.contains("transform_input") ? about.get<bool>("transform_input") : !about.contains("model_name");
  }
  remove_missing_aux(*out.model, state);
  models::load_weights(*out.model, file, allowed);
}

void load_file(Classifier& out, const fs::path& file) {
  const auto about = description(file);
  if (out.name.empty() && about.contains("model_name")) out.name = about.get<std::string>("model_name");
  if (out.name.empty()) throw UsageError(opsis::text("{} does not say which model it is for; pass --model", file.string()));
  check_model_name(about, file, out.name);
  if (about.contains("categories")) {
    out.categories = about.get<std::vector<std::string>>("categories");
    out.own_categories = true;
  }

  const auto official = models::get_model_weights(out.name);
  const auto& entry = entry_of(official, file);
  out.preprocessing = about.contains("preprocessing") ? preprocessing_of(about.at("preprocessing"))
                                                      : entry.preset_as<models::ImageClassificationOptions>();

  // Integers, as torchvision's quantized models are saved, or what trained while it was rounded.
  if (about.contains("quant.scale") || about.contains("quant.activation_post_process.scale")) {
    out.categories.assign(entry.categories.begin(), entry.categories.end());
    out.classes = std::ssize(out.categories);
    out.model = models::get_model(out.name, {.weights = std::string(entry.name), .weights_file = file});
    return;
  }
  const auto state = hub::load_state_dict_file(file);
  const auto classes = class_count(state, out.name, file);
  if (out.categories.empty() && classes == std::ssize(entry.categories)) {
    out.categories.assign(entry.categories.begin(), entry.categories.end());
  }
  OPSIS_CHECK(out.categories.empty() || std::ssize(out.categories) == classes,
              "{} names {} categories for a model of {} classes", file.string(), out.categories.size(), classes);
  out.classes = classes;
  build(out, file, about, state, classes);
}

void load_entry(Classifier& out, const models::Weights& entry) {
  out.weights = entry.name;
  out.preprocessing = entry.preset_as<models::ImageClassificationOptions>();
  out.categories.assign(entry.categories.begin(), entry.categories.end());
  out.classes = std::ssize(out.categories);
  std::optional<models::SkipInitialisation> skip;
  if (entry.backend.empty()) skip.emplace();  // quantizing measures what a model gives
  out.model = models::get_model(out.name, {.weights = std::string(entry.name)});
}

}  // namespace

bool names_entry(const std::string& weights) {
  return weights.find('/') == weights.npos && !fs::exists(weights) &&
         (weights == "DEFAULT" || weights.starts_with("IMAGENET1K_") || weights.starts_with("COCO_") ||
          weights.starts_with("C_T_") || weights.find("_Weights.") != weights.npos ||
          weights.find("_QuantizedWeights.") != weights.npos);
}

Classifier load_classifier(std::string name, const std::string& weights) {
  Classifier out;
  out.name = std::move(name);
  out.weights = weights;
  const bool by_entry = weights.empty() || names_entry(weights);
  if (by_entry && out.name.empty()) throw UsageError("pass --model, or --weights with a checkpoint that tells its model");
  if (by_entry) {
    load_entry(out, models::get_model_weights(out.name)[weights.empty() ? "DEFAULT" : weights]);
  } else {
    load_file(out, weights);
  }
  out.model->eval();
  return out;
}

Classifier load_pretrained(const std::string& name, const std::string& weights, std::vector<std::string> categories,
                           std::optional<int64_t> size) {
  Classifier out;
  out.name = name;
  out.categories = std::move(categories);
  const auto classes = std::ssize(out.categories);
  const auto official = models::get_model_weights(name);
  const auto resize = [&] {
    if (!size) return;
    auto& p = out.preprocessing;
    p.resize_size = (p.resize_size * *size + p.crop_size / 2) / p.crop_size;
    p.crop_size = *size;
  };
  if (weights.empty() || names_entry(weights)) {
    const auto& entry = official[weights.empty() ? "DEFAULT" : weights];
    out.weights = entry.name;
    out.preprocessing = entry.preset_as<models::ImageClassificationOptions>();
    resize();
    out.model = models::get_model(
        name, {.weights = std::string(entry.name), .num_classes = classes, .image_size = out.preprocessing.crop_size});
    return out;
  }
  const auto about = description(weights);
  check_model_name(about, weights, name);
  out.weights = weights;
  out.preprocessing = about.contains("preprocessing")
                          ? preprocessing_of(about.at("preprocessing"))
                          : entry_of(official, weights).preset_as<models::ImageClassificationOptions>();
  resize();
  const auto state = hub::load_state_dict_file(weights);
  // The head is new even for as many classes as the checkpoint has, unless it says that they are these.
  const bool same_classes = about.contains("categories") && about.get<std::vector<std::string>>("categories") == out.categories;
  build(out, weights, about, state, classes, {.new_head = !same_classes, .resample_positions = true});
  if (auto* googlenet = dynamic_cast<models::GoogLeNetImpl*>(out.model.get())) googlenet->remove_aux();
  return out;
}

std::optional<std::string> another_model(const fs::path& file, const std::string& own, const std::string& name) {
  const auto same = [](unsigned char a, unsigned char b) { return std::tolower(a) == std::tolower(b); };  // as in get_model
  if (std::equal(own.begin(), own.end(), name.begin(), name.end(), same)) return {};
  return opsis::text("{} is for {}, not for {}; pass --model {}", file.string(), own, name, own);
}

void check_model(const fs::path& file, const std::string& name) { check_model_name(description(file), file, name); }

hub::Value describe(const Classifier& classifier) {
  const auto list = [](const auto& values) {
    std::vector<hub::Value> out(values.begin(), values.end());
    return hub::Value::list(std::move(out));
  };
  const auto& p = classifier.preprocessing;
  std::vector<hub::Value::Item> items{
      {"model_name", classifier.name},
      {"categories", list(classifier.categories)},
      {"preprocessing", hub::Value::dict({{"crop_size", p.crop_size},
                                          {"resize_size", p.resize_size},
                                          {"mean", list(p.mean)},
                                          {"std", list(p.std)},
                                          {"interpolation", std::string(to_string(p.interpolation))},
                                          {"antialias", p.antialias}})}};
  if (const auto* again = classifier.model ? transform_input(*classifier.model) : nullptr) {
    items.emplace_back("transform_input", *again);
  }
  return hub::Value::dict(std::move(items));
}

std::string first_difference(const std::vector<std::string>& ours, std::string_view where,
                             const std::vector<std::string>& theirs, std::string_view there) {
  const auto [one, other] = std::mismatch(ours.begin(), ours.end(), theirs.begin(), theirs.end());
  const auto name = [](auto place, const auto& list) {
    return place == list.end() ? std::string("nothing") : opsis::text("\"{}\"", *place);
  };
  return opsis::text("class {} is {} in {} and {} in {}", one - ours.begin(), name(one, ours), where, name(other, theirs),
                     there);
}

void check_classes(const Classifier& classifier, const Data& data) {
  OPSIS_CHECK(
      classifier.own_categories || std::ssize(data.classes) == classifier.classes,
      "the data has {} classes, {} tells {} apart: give the data a folder for each of those, or use a model trained on it",
      data.classes.size(), classifier.weights, classifier.classes);
  if (!classifier.own_categories || data.classes == classifier.categories) return;
  opsis::raise<opsis::ValueError>(
      "the data has {} classes, {} was trained on {}; {}: give the data those folders, or use a model trained on it",
      data.classes.size(), classifier.weights, classifier.categories.size(),
      first_difference(data.classes, "the data", classifier.categories, "the checkpoint"));
}

Data open_data(const std::string& data, bool train, opsis::transforms::AnyTransform transforms) {
  if (data == "digits") {
    std::vector<std::string> classes;
    for (int digit = 0; digit < 10; ++digit) classes.push_back(std::to_string(digit));
    // Gray, and models see three channels.
    opsis::transforms::Compose colored{opsis::transforms::RGB(), std::move(transforms)};
    return {std::make_shared<datasets::Digits>(datasets::Digits::Options{.train = train, .transforms = std::move(colored)}),
            std::move(classes)};
  }
  const fs::path root = data;
  const auto part = root / (train ? "train" : "val");
  const auto folder = fs::is_directory(part) ? part : root;
  if (!fs::is_directory(folder)) {
    opsis::raise<opsis::NotFoundError>(
        "no data \"{}\": there is no such folder, and the only data set inside Opsis is \"digits\"", data);
  }
  auto images = std::make_shared<datasets::ImageFolder>(
      datasets::ImageFolder::Options{.root = folder, .transforms = std::move(transforms)});
  auto classes = images->classes();
  return {std::move(images), std::move(classes)};
}

}  // namespace cli
