// What a model computes on its way to the result.
#pragma once

#include <torch/ordered_dict.h>
#include <torch/types.h>

#include <memory>
#include <string>
#include <unordered_map>
#include <vector>

#include "opsis/core/api.h"
#include "opsis/models/layer.h"

namespace opsis::inline v1::models {

/// Outputs of modules by the modules' names, in the order in which they were computed.
using Features = torch::OrderedDict<std::string, torch::Tensor>;

/// A view of a model that gives outputs from within. It shares the model, and leaves it as it is: mode, device and parameters
/// are the model's, gradients flow, many threads may call it.
///     auto extract = create_feature_extractor(resnet18(), {"layer2", "layer4.1.conv1"});
///     auto found = extract(images);   // found["layer2"], found["layer4.1.conv1"]
/// What comes after the last of the outputs is not computed.
class OPSIS_API FeatureExtractor {
 public:
  FeatureExtractor(Layer model, std::vector<std::string> return_nodes);

  /// Throws   ValueError when a module of return_nodes did not run, as auxiliary heads in evaluation; what the model throws
  Features operator()(const torch::Tensor& images) const;

  const Layer& model() const { return model_; }

 private:
  Layer model_;
  std::vector<std::string> return_nodes_;
  std::unordered_map<const torch::nn::Module*, std::string> names_;
};

/// Nodes are modules as the model registers them ("layer1", "layer1.0.conv1"), of which the output is given. What runs several
/// times has a name a call: "layer1.0.relu", "layer1.0.relu_1", ... `model` is a model's holder, or what get_model gives;
/// modules of your own are seen where they are called by Layer or Observed.
/// Differs  nodes that are no modules ("flatten", "layer1.0.add") have no names here, for there is no graph; modules below
///          those of torchvision.ops ("features.0.1" of an EfficientNet) do. A module whose name ends in a number ("ln_1")
///          keeps it. Each output is what the module gave, where torchvision's changes later if the network works in place on it
/// Throws   NotFoundError for a name that no module has, offering the nearest; ValueError for none, or one twice
/// Source   torchvision.models.feature_extraction.create_feature_extractor
OPSIS_API FeatureExtractor create_feature_extractor(Layer model, std::vector<std::string> return_nodes);

/// The modules that compute, by name and in the order in which they do so in the model's present mode: what
/// create_feature_extractor can be asked for, besides the modules around them. The model runs once on zeros of `input_size`.
/// Source   torchvision.models.feature_extraction.get_graph_node_names
OPSIS_API std::vector<std::string> get_graph_node_names(const Layer& model,
                                                        const std::vector<int64_t>& input_size = {1, 3, 224, 224});

}  // namespace opsis::inline v1::models
