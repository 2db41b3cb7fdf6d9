#include "opsis/models/intermediate_layers.h"

#include <algorithm>

#include "opsis/core/check.h"

namespace opsis::inline v1::models {

NamedLayers layers_of(const SequentialImpl& sequence) {
  NamedLayers layers;
  for (const auto& child : sequence.named_children()) layers.emplace_back(child.key(), sequence[layers.size()]);
  return layers;
}

IntermediateLayerGetterImpl::IntermediateLayerGetterImpl(const NamedLayers& layers, const ReturnLayers& return_layers)
    : torch::nn::Module("IntermediateLayerGetter") {
  const auto returned_as = [&](const std::string& name) {
    const auto found = std::find_if(return_layers.begin(), return_layers.end(), [&](const auto& r) { return r.first == name; });
    return found == return_layers.end() ? std::string() : found->second;
  };
  OPSIS_CHECK(!return_layers.empty(), "IntermediateLayerGetter: return_layers must not be empty");
  for (const auto& wanted : return_layers) {
    OPSIS_CHECK(std::any_of(layers.begin(), layers.end(), [&](const auto& layer) { return layer.first == wanted.first; }),
                "IntermediateLayerGetter: return_layers has \"{}\", which is no layer of the model", wanted.first);
  }
  for (size_t i = 0; i < return_layers.size(); ++i) {
    OPSIS_CHECK(!return_layers[i].second.empty(), "IntermediateLayerGetter: {} must be returned under a name",
                return_layers[i].first);
    for (size_t j = 0; j < i; ++j) {
      OPSIS_CHECK(return_layers[i].first != return_layers[j].first && return_layers[i].second != return_layers[j].second,
                  "IntermediateLayerGetter: layers and names must differ, got {} as {} and {} as {}", return_layers[j].first,
                  return_layers[j].second, return_layers[i].first, return_layers[i].second);
    }
  }
  size_t left = return_layers.size();
  for (const auto& [name, layer] : layers) {
    steps_.push_back({register_layer(*this, name, layer), returned_as(name)});
    if (!steps_.back().returned_as.empty() && --left == 0) break;
  }
}

Features IntermediateLayerGetterImpl::forward(torch::Tensor x) {
  Features found{"output"};
  for (const auto& step : steps_) {
    x = step.layer(std::move(x));
    if (!step.returned_as.empty()) found.insert(step.returned_as, x);
  }
  return found;
}

}  // namespace opsis::inline v1::models
