#include "opsis/models/registry.h"

#include <algorithm>
#include <cctype>
#include <functional>

#include "opsis/core/check.h"
#include "opsis/core/lower_case.h"
#include "opsis/core/nearest.h"
#include "opsis/hub/checkpoint.h"
#include "opsis/models.h"
#include "opsis/models/other_task.h"
#include "opsis/models/pattern.h"

namespace opsis::inline v1::models {
namespace registry {

// Weights of a model, and what builds it with them or without.
struct Built {
  std::shared_ptr<torch::nn::Module> (*build)(const Weights* weights, const ModelOptions& options) = nullptr;
  WeightsEnum (*weights)() = nullptr;
};

struct Entry {
  std::string_view name, module;
  Built own;
  bool (*does)(const std::type_info& task);  // false: surely not
  Built unquantized{};                       // of a model that can be quantized: with float weights
};

// All that a builder's weights can be.
template <class W>
WeightsEnum enum_of() {
  return {W::DEFAULT.enum_name(), W::all(), W::DEFAULT};
}

template <class B>
void set_backbone(std::optional<B>& backbone, const ModelOptions& chosen) {
  if (chosen.weights_backbone) {
    backbone = chosen.weights_backbone->empty() ? std::nullopt : std::optional(B{enum_of<B>()[*chosen.weights_backbone]});
  } else if (!chosen.weights_file.empty()) {
    backbone.reset();  // the file has its tensors
  }
}

// What was chosen, in the options of a model's own.
template <class Options>
Options options_of(const ModelOptions& chosen) {
  Options options;
  if constexpr (requires { options.num_classes; }) {
    options.num_classes = chosen.num_classes;
  } else {
    OPSIS_CHECK(!chosen.num_classes, "get_model: num_classes is for models that tell classes apart");
  }
  if constexpr (requires { options.in_channels; }) {
    options.in_channels = chosen.in_channels;
  } else {
    OPSIS_CHECK(chosen.in_channels == 3, "get_model: in_channels is not for models of optical flow, got {}",
                chosen.in_channels);
  }
  if constexpr (requires { options.quantize; }) {
    options.quantize = chosen.quantize;
  } else {
    OPSIS_CHECK(!chosen.quantize, "get_model: quantize is for models whose names begin with \"quantized_\"");
  }
  if constexpr (requires { options.aux_loss; }) {
    options.aux_loss = chosen.aux_loss;
  } else {
    OPSIS_CHECK(!chosen.aux_loss, "get_model: aux_loss is for segmentation models");
  }
  if constexpr (requires { options.weights_backbone; }) {
    set_backbone(options.weights_backbone, chosen);
  } else {
    OPSIS_CHECK(!chosen.weights_backbone, "get_model: weights_backbone is for models around a classifier");
  }
  if constexpr (requires { options.trainable_backbone_layers; }) {
    options.trainable_backbone_layers = chosen.trainable_backbone_layers;
  } else {
    OPSIS_CHECK(!chosen.trainable_backbone_layers, "get_model: trainable_backbone_layers is for detectors");
  }
  if constexpr (requires { options.parts.reduced_tail; }) {
    if (!chosen.weights_file.empty()) {
      options.parts.reduced_tail = detection::detail::has_reduced_tail(chosen.weights_file);
    }
  }
  if constexpr (requires { options.image_size; }) options.image_size = chosen.image_size;
  if constexpr (requires { options.spatial_size; }) {
    if (chosen.image_size) options.spatial_size = Size{*chosen.image_size, *chosen.image_size};
  }
  if constexpr (requires { options.input_size; }) {
    if (chosen.image_size) options.input_size = Size{*chosen.image_size, *chosen.image_size};
  }
  if constexpr (requires { options.transform.min_size; }) {
    if (chosen.image_size) {
      options.transform.min_size = {*chosen.image_size};
      options.transform.max_size = *chosen.image_size * 5 / 3;
    }
  }
  return options;
}

// What a builder's signature says: its weights and its options.
template <auto builder>
struct Builder;

template <class Model, class W, class Options, Model (*builder)(std::optional<W>, Options)>
struct Builder<builder> {
  static std::shared_ptr<torch::nn::Module> build(const Weights* weights, const ModelOptions& chosen) {
    std::optional<W> own;
    if (weights) own = W{*weights};
    return builder(std::move(own), options_of<Options>(chosen)).ptr();
  }
  static WeightsEnum weights() { return enum_of<W>(); }
  static bool does(const std::type_info& task) {
    using Impl = typename Model::ContainedType;
    return is_a<Impl, ImageClassifier>(task) && is_a<Impl, VideoClassifier>(task) && is_a<Impl, SegmentationModel>(task) &&
           is_a<Impl, FlowModel>(task) && is_a<Impl, DetectionModel>(task);
  }

 private:
  template <class Impl, class Task>
  static bool is_a(const std::type_info& task) {
    return std::is_base_of_v<Task, Impl> || task != typeid(Task);
  }
};

// The same of one that takes float weights into a model that can be quantized.
template <auto builder>
struct FloatBuilder;

template <class Model, class W, class Options, Model (*builder)(std::reference_wrapper<const W>, Options)>
struct FloatBuilder<builder> {
  static std::shared_ptr<torch::nn::Module> build(const Weights* weights, const ModelOptions& chosen) {
    const W own{*weights};
    return builder(std::cref(own), options_of<Options>(chosen)).ptr();
  }
  static WeightsEnum weights() { return enum_of<W>(); }
};

// Of a builder's overloads the one with weights that may be left out.
template <class Model, class W, class Options>
constexpr auto with_optional_weights(Model (*builder)(std::optional<W>, Options)) {
  return builder;
}

// ... and the one with float weights of a model that can be quantized.
template <class Model, class W, class Options>
constexpr auto with_float_weights(Model (*builder)(std::reference_wrapper<const W>, Options)) {
  return builder;
}

template <class B>
constexpr Built built_by{B::build, B::weights};

#define OPSIS_QUANTIZED_MODEL(name)                                                                                \
  Entry{"quantized_" #name, "models::quantization", built_by<Builder<with_optional_weights(&quantization::name)>>, \
        Builder<with_optional_weights(&quantization::name)>::does,                                                 \
        built_by<FloatBuilder<with_float_weights(&quantization::name)>>},
#define OPSIS_MODEL(module, name) Entry{#name, #module, built_by<Builder<&module::name>>, Builder<&module::name>::does},
constexpr Entry entries[] = {
#include "opsis/models/models.def"
};
#undef OPSIS_MODEL
#undef OPSIS_QUANTIZED_MODEL

static_assert(std::is_sorted(std::begin(entries), std::end(entries),
                             [](const Entry& a, const Entry& b) { return a.name < b.name; }),
              "models.def must be sorted by name");

const Entry& find(std::string_view function, std::string_view name) {
  const auto lower = in_lower_case(name);
  std::vector<std::string_view> known;
  for (const auto& entry : entries) {
    if (entry.name == lower) return entry;
    known.push_back(entry.name);
  }
  raise<NotFoundError>("{}: no model is named \"{}\"{}", function, name, did_you_mean(lower, known));
}

// What the models of a module do.
TaskName task_of(std::string_view module) {
  if (module == "models::detection") return kObjectDetection;
  if (module == "models::segmentation") return kSemanticSegmentation;
  if (module == "models::video") return kVideoClassification;
  return module == "models::optical_flow" ? kOpticalFlow : kImageClassification;
}

// Which weights a name is one of. Of a model that can be quantized "DEFAULT" and the like are float ones unless it is to be
// quantized, as in torchvision; the name of quantized ones says itself that it is.
const Built& meant(const Entry& entry, const ModelOptions& options) {
  if (options.quantize || !entry.unquantized.build) return entry.own;
  const auto quantized = entry.own.weights();
  const std::string_view name = options.weights;
  const bool is_quantized = std::any_of(quantized.entries.begin(), quantized.entries.end(),
                                        [&](const Weights* known) { return known->member_name() == name; });
  return is_quantized || name.starts_with(quantized.name) ? entry.own : entry.unquantized;
}

bool matches_any(const std::vector<std::string>& patterns, std::string_view name) {
  return std::any_of(patterns.begin(), patterns.end(), [&](const auto& p) { return detail::matches(p, name); });
}

}  // namespace registry

std::vector<std::string> list_models(const ModelFilter& filter) {
  std::vector<std::string> names;
  for (const auto& entry : registry::entries) {
    if (!filter.module.empty() && entry.module != filter.module) continue;
    if (!filter.include.empty() && !registry::matches_any(filter.include, entry.name)) continue;
    if (!registry::matches_any(filter.exclude, entry.name)) names.emplace_back(entry.name);
  }
  return names;
}

std::vector<std::string> list_weights() {
  std::vector<std::string> names;
  for (const auto& entry : registry::entries) {
    for (const auto* weights : entry.own.weights().entries) names.emplace_back(weights->name);
  }
  std::sort(names.begin(), names.end());
  return names;
}

WeightsEnum get_model_weights(std::string_view model) { return registry::find("get_model_weights", model).own.weights(); }

const Weights& get_weight(std::string_view name) {
  const auto dot = name.find('.');
  OPSIS_CHECK(dot != name.npos && name.find('.', dot + 1) == name.npos,
              "get_weight: a name is like \"ResNet50_Weights.IMAGENET1K_V2\", got \"{}\"", name);
  std::vector<std::string_view> known;
  for (const auto& entry : registry::entries) {
    const auto weights = entry.own.weights();
    if (weights.name == name.substr(0, dot)) return weights[name];
    known.push_back(weights.name);
  }
  raise<NotFoundError>("get_weight: no weights are named \"{}\"{}", name, did_you_mean(name.substr(0, dot), known));
}

namespace detail {

std::string_view find_model(std::string_view name, const std::type_info& task) {
  const auto& entry = registry::find("get_model", name);
  if (!entry.does(task)) refuse_task(name);
  return entry.name;
}

std::shared_ptr<torch::nn::Module> build_model(std::string_view name, const ModelOptions& options, const std::type_info& task) {
  const auto& entry = registry::find("get_model", name);
  if (!entry.does(task)) refuse_task(name);
  if (options.weights.empty()) {
    auto model = entry.own.build(nullptr, options);
    if (options.weights_file.empty()) return model;
    if (options.quantize) {
      quantization::load_quantized_state(*model, hub::load(options.weights_file));
    } else {
      load_weights(*model, options.weights_file);
    }
    return model;
  }
  const auto& built = registry::meant(entry, options);
  auto weights = built.weights()[options.weights];
  std::string url;
  if (!options.weights_file.empty()) weights.url = url = "file://" + options.weights_file.string();
  return built.build(&weights, options);
}

void refuse_task(std::string_view name) {
  refuse_other_task(registry::task_of(registry::find("get_model", name).module),
                    "get_model: {} does another task than the one asked for", name);
}

}  // namespace detail
}  // namespace opsis::inline v1::models
