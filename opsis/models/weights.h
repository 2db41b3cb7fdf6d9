// Pretrained weights as data: where they are, how good they are, what they were trained on and how images must be prepared.
#pragma once

#include <array>
#include <cstdint>
#include <initializer_list>
#include <ostream>
#include <span>
#include <string_view>
#include <variant>
#include <vector>

#include "opsis/core/api.h"
#include "opsis/core/size.h"
#include "opsis/transforms/presets.h"

namespace opsis::inline v1::models {

using opsis::transforms::ImageClassificationOptions;
using opsis::transforms::ObjectDetectionOptions;
using opsis::transforms::OpticalFlowOptions;
using opsis::transforms::SemanticSegmentationOptions;
using opsis::transforms::VideoClassificationOptions;

/// What the transform of some weights is made from: its kind tells the task that the weights are for.
using Preset = std::variant<ImageClassificationOptions, SemanticSegmentationOptions, VideoClassificationOptions,
                            OpticalFlowOptions, ObjectDetectionOptions>;

/// One figure: {"ImageNet-1K", "acc@1", 80.858}, in percent unless the metric's name says otherwise.
struct Metric {
  std::string_view dataset;
  std::string_view name;
  double value = 0;
};

/// A few figures, held in place so that weights can be constants.
class Metrics {
 public:
  constexpr Metrics() = default;
  constexpr Metrics(std::initializer_list<Metric> metrics) {
    for (const auto& metric : metrics) metrics_.at(size_++) = metric;
  }
  constexpr const Metric* begin() const { return metrics_.data(); }
  constexpr const Metric* end() const { return metrics_.data() + size_; }
  constexpr size_t size() const { return size_; }

 private:
  std::array<Metric, 8> metrics_{};
  size_t size_ = 0;
};

/// Top-1 and top-5 accuracy on ImageNet-1K's validation images, in percent.
constexpr Metrics imagenet_1k(double top_1, double top_5) {
  return {{"ImageNet-1K", "acc@1", top_1}, {"ImageNet-1K", "acc@5", top_5}};
}

/// An entry of pretrained weights. Each model derives a type of its own, so that only weights that fit can be handed to it:
///     auto weights = ResNet50_Weights::IMAGENET1K_V2;
///     auto model = resnet50(weights);
///     auto preprocess = weights.transforms();
/// Entries are constants with static storage; copies are cheap and refer to the same text. The tensors alone, get_state_dict of
/// torchvision: hub::load_state_dict_file(weights_file(weights)).
/// Source   torchvision.models.Weights and WeightsEnum; `meta` is spread over the fields
struct OPSIS_API Weights {
  std::string_view name;                         ///< "ResNet50_Weights.IMAGENET1K_V2"
  std::string_view url;                          ///< of the checkpoint; "file://..." names one on this machine
  Preset preset;                                 ///< what transforms() is made from
  std::span<const std::string_view> categories;  ///< of the classes, in the order of the logits; none: no classifier
  int64_t num_params = 0;
  Size min_size{1, 1};            ///< of an image
  int64_t min_temporal_size = 0;  ///< of a video, in frames; 0: it is not said
  Metrics metrics;
  double gflops = 0;           ///< billions of multiply-adds for an image of the preset's size; torchvision's _ops
  double file_size_mb = 0;     ///< 2^20 bytes each; torchvision's _file_size
  std::string_view recipe;     ///< how they were trained, a url
  std::string_view docs;       ///< what is special about them, a sentence of our own; torchvision's _docs says the same
  std::string_view license{};  ///< a url, where they have one of their own
  std::string_view backend{};  ///< of quantized weights: the kernels they were made for, "fbgemm" or "qnnpack"
  const Weights* unquantized = nullptr;  ///< of quantized weights: what they were made from
  /// What the SHA-256 of the file begins with, or all of it, in hexadecimal. Empty: what the last part of the url tells, as
  /// "-11ad3fa6." does. The url of a few official ones has digits after an underscore, which PyTorch does not take for a hash,
  /// nor is it certain that they are one: such a file must be a checkpoint that can be read.
  std::string_view sha256{};

  /// How images, videos or pairs of images must be prepared for the model.
  ///     auto ready = weights.transforms()(image);
  ///     auto [first, second] = raft.transforms()(Image(frame), Image(next_frame));
  opsis::transforms::AnyTransform transforms() const;
  /// What that transform is made from: preset_as<ImageClassificationOptions>().crop_size.
  /// Throws   ValueError when the weights are for another task
  template <class Options>
  const Options& preset_as() const {
    const auto* found = std::get_if<Options>(&preset);
    if (!found) refuse_preset();
    return *found;
  }

  std::string_view enum_name() const;    ///< "ResNet50_Weights"
  std::string_view member_name() const;  ///< "IMAGENET1K_V2"

  /// The same entry, which is told by name and url.
  friend bool operator==(const Weights& a, const Weights& b) { return a.name == b.name && a.url == b.url; }
  friend std::ostream& operator<<(std::ostream& out, const Weights& weights) { return out << weights.name; }

  using List = std::vector<const Weights*>;

 private:
  [[noreturn]] void refuse_preset() const;
};

/// All entries of one model, as get_model_weights gives them.
///     for (const Weights* weights : get_model_weights("resnet50").entries) std::cout << *weights << '\n';
struct OPSIS_API WeightsEnum {
  std::string_view name;  ///< "ResNet50_Weights"
  Weights::List entries;
  const Weights& DEFAULT;

  /// By "IMAGENET1K_V2", "DEFAULT" or either with the enum's name and a dot before.
  /// Throws   NotFoundError that names the entries there are
  const Weights& operator[](std::string_view member) const;
};

}  // namespace opsis::inline v1::models
