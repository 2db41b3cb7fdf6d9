// Models and weights by name.
#pragma once

#include <torch/nn/module.h>

#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <typeinfo>
#include <vector>

#include "opsis/core/api.h"
#include "opsis/models/task.h"
#include "opsis/models/weights.h"

namespace opsis::inline v1::models {

/// What can be chosen of every model; a family's own options are those of its builders (resnet50, ...).
struct ModelOptions {
  /// "DEFAULT", "IMAGENET1K_V2" or "ResNet50_Weights.IMAGENET1K_V2"; empty: parameters as initialised.
  std::string weights{};
  /// A checkpoint on this machine. With `weights` it stands for that entry's download; alone it must fit the model.
  std::filesystem::path weights_file{};
  /// Empty: what the weights have, else the model's own default. Another number than that of `weights` makes a new head.
  std::optional<int64_t> num_classes{};
  /// Of the models that begin with "quantized_": integer weights and activations. With it "DEFAULT" means quantized weights, and
  /// float ones without it. The name of quantized weights implies it.
  bool quantize = false;
  int64_t in_channels = 3;  ///< of images or clips; with `weights`, the first convolution's filters are adapted
  /// Of both sides of the images, for models that are made for one size (ViT, MaxVit, MViT). Of detectors the shorter side that
  /// images are brought to, the longer not beyond 5/3 of it; SSD, which has one size, refuses it. The others take any.
  std::optional<int64_t> image_size{};
  /// Of models around a classifier, when they have no weights themselves: the weights of that one, named as `weights` are; empty:
  /// parameters as initialised. Left out: torchvision's choice, "IMAGENET1K_V1", which is downloaded when it is not there.
  std::optional<std::string> weights_backbone{};
  /// Of segmentation models: a second classifier in the middle, for training. Left out: what the weights have, else none.
  std::optional<bool> aux_loss{};
  /// Of detectors: how many layers of a trained network learn, from its end, as the builders' options have it. One that is not
  /// trained learns whole.
  std::optional<int64_t> trainable_backbone_layers{};
};

/// Which models list_models gives. Patterns are those of Python's fnmatch: * any text, ? a letter, [abc] one of, [!abc] none of.
struct ModelFilter {
  std::string module{};                ///< "models", "models::detection"; empty: all
  std::vector<std::string> include{};  ///< those that match any of these; empty: all
  std::vector<std::string> exclude{};  ///< without those that match any of these
};

/// Names of models, sorted.
///     list_models({.include = {"resnext*"}})   // {"resnext101_32x8d", "resnext101_64x4d", "resnext50_32x4d"}
/// Source   torchvision.models.list_models
OPSIS_API std::vector<std::string> list_models(const ModelFilter& filter = {});

/// Names of all weights, sorted: "ResNet101_Weights.IMAGENET1K_V1", ...
OPSIS_API std::vector<std::string> list_weights();

/// The weights of a model by the model's name.
/// Throws   NotFoundError, offering the nearest names
/// Source   torchvision.models.get_model_weights
OPSIS_API WeightsEnum get_model_weights(std::string_view model);

/// An entry by its full name: get_weight("ResNet50_Weights.IMAGENET1K_V2"), also "ResNet50_Weights.DEFAULT".
/// Throws   ValueError when the name is not of that form; NotFoundError, offering the nearest names
/// Source   torchvision.models.get_weight
OPSIS_API const Weights& get_weight(std::string_view name);

namespace detail {
// The name as it is listed. Refuses a model of another task.
OPSIS_API std::string_view find_model(std::string_view name, const std::type_info& task);
// Refuses a model of another task before anything is fetched for it.
OPSIS_API std::shared_ptr<torch::nn::Module> build_model(std::string_view name, const ModelOptions& options,
                                                         const std::type_info& task);
[[noreturn]] OPSIS_API void refuse_task(std::string_view name);
}  // namespace detail

/// A model by name, whatever the case of its letters.
///     auto model = get_model("resnet50", {.weights = "DEFAULT"});
///     auto small = get_model("resnet18", {.num_classes = 10});
/// Throws   NotFoundError for a model or weights that are not there, naming those that are; ValueError when the model does
///          another task; what load_weights throws
/// Differs  takes what every model has, not all that the model's own builder takes: call that for the rest
/// Source   torchvision.models.get_model
template <class Task = ImageClassifier>
std::shared_ptr<Task> get_model(std::string_view name, const ModelOptions& options = {}) {
  auto model = std::dynamic_pointer_cast<Task>(detail::build_model(name, options, typeid(Task)));
  if (!model) detail::refuse_task(name);
  return model;
}

/// What builds the model of that name: get_model with the name looked up.
///     auto build = get_model_builder("resnet50");
///     auto model = build({.num_classes = 10});
/// Throws   as get_model, when there is no such model or it does another task
/// Differs  as get_model
/// Source   torchvision.models.get_model_builder
template <class Task = ImageClassifier>
std::function<std::shared_ptr<Task>(const ModelOptions& options)> get_model_builder(std::string_view name) {
  return
      [known = detail::find_model(name, typeid(Task))](const ModelOptions& options) { return get_model<Task>(known, options); };
}

}  // namespace opsis::inline v1::models
