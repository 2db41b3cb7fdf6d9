// Prints every model with its weights as JSON: [{"name": "alexnet", "module": "models", "weights": [{...}]}]. scripts/models reads it.
#include <cmath>
#include <iostream>
#include <nlohmann/json.hpp>

#include "opsis/models/registry.h"
#include "opsis/tv_tensors/print.h"

namespace {

using namespace opsis::models;  // NOLINT

// How large an image is that the preset gives; nothing where it says nothing.
std::string size(const ImageClassificationOptions& preset) { return std::to_string(preset.crop_size); }
std::string size(const SemanticSegmentationOptions& preset) {
  return preset.resize_size ? std::to_string(*preset.resize_size) : "";
}
std::string size(const VideoClassificationOptions& preset) { return std::to_string(preset.crop_size.height); }
std::string size(const OpticalFlowOptions&) { return ""; }
std::string size(const ObjectDetectionOptions&) { return ""; }

nlohmann::json described(const Weights& entry, bool is_default) {
  auto metrics = nlohmann::json::array();
  for (const auto& metric : entry.metrics) {
    if (!std::isnan(metric.value)) metrics.push_back({metric.dataset, metric.name, metric.value});
  }
  return {{"name", entry.member_name()},
          {"default", is_default},
          {"num_params", entry.num_params},
          {"gflops", entry.gflops},
          {"file_size_mb", entry.file_size_mb},
          {"size", std::visit([](const auto& preset) { return size(preset); }, entry.preset)},
          {"metrics", metrics}};
}

}  // namespace

int main() {
  auto all = nlohmann::json::array();
  for (const auto* module : {"models", "models::quantization", "models::segmentation", "models::detection", "models::video",
                             "models::optical_flow"}) {
    for (const auto& name : list_models({.module = module})) {
      auto weights = nlohmann::json::array();
      const auto known = get_model_weights(name);
      for (const auto* entry : known.entries) weights.push_back(described(*entry, *entry == known.DEFAULT));
      all.push_back({{"name", name}, {"module", module}, {"enum", known.name}, {"weights", weights}});
    }
  }
  std::cout << all << '\n';
}
