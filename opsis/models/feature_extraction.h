// What a model computes on its way to the result.
#pragma once

#include <torch/ordered_dict.h>
#include <torch/types.h>

#include <concepts>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

#include "opsis/core/api.h"
#include "opsis/models/layer.h"

namespace opsis::inline v1::models {

/// Outputs of modules by the modules' names, or those they are given, in the order in which they were computed.
using Features = torch::OrderedDict<std::string, torch::Tensor>;

/// A module whose output is wanted, and the name that it gets: the module's own where no other is given.
struct ReturnNode {
  ReturnNode(const char* node) : ReturnNode(std::string(node)) {}
  ReturnNode(std::string node) : node(node), name(std::move(node)) {}
  ReturnNode(std::string node, std::string name) : node(std::move(node)), name(std::move(name)) {}
  ReturnNode(const std::pair<const std::string, std::string>& renamed) : ReturnNode(renamed.first, renamed.second) {}

  std::string node, name;
};

/// A view of a model that gives outputs from within. It shares the model, and leaves it as it is: mode, device and parameters
/// are the model's, gradients flow, many threads may call it.
///     auto extract = create_feature_extractor(resnet18(), {"layer2", "layer4.1.conv1"});
///     auto found = extract(images);   // found["layer2"], found["layer4.1.conv1"]
///     auto renamed = create_feature_extractor(resnet18(), {{"layer2", "coarse"}, {"layer4", "fine"}})(images);  // renamed["fine"]
///     auto both = create_feature_extractor(googlenet(), {"aux1", "inception5b"}, {"avgpool"});  // in training, in evaluation
/// What comes after the last of the outputs is not computed.
class OPSIS_API FeatureExtractor {
 public:
  FeatureExtractor(Layer model, std::vector<ReturnNode> return_nodes);
  FeatureExtractor(Layer model, std::vector<ReturnNode> train_return_nodes, std::vector<ReturnNode> eval_return_nodes);

  /// Throws   ValueError when a module of return_nodes did not run, as auxiliary heads in evaluation; what the model throws
  Features operator()(const torch::Tensor& images) const;

  const Layer& model() const { return model_; }

 private:
  Layer model_;
  std::vector<ReturnNode> train_return_nodes_, eval_return_nodes_;
  std::unordered_map<const torch::nn::Module*, std::string> names_;
};

/// Nodes are modules as the model registers them ("layer1", "layer1.0.conv1"), of which the output is given. What runs several
/// times has a name a call: "layer1.0.relu", "layer1.0.relu_1", ... `model` is a model's holder, or what get_model gives;
/// modules of your own are seen where they are called by Layer or Observed.
/// Differs  nodes that are no modules ("flatten", "layer1.0.add") have no names here, for there is no graph; modules below
///          those of torchvision.ops ("features.0.1" of an EfficientNet) do. A module whose name ends in a number ("ln_1")
///          keeps it. Each output is what the module gave, where torchvision's changes later if the network works in place on
///          it. Nothing is traced, so there are no tracer_kwargs, concrete_args and suppress_diff_warning
/// Throws   NotFoundError for a name that no module has, offering the nearest; ValueError for none, one twice, or two that get
///          one name
/// Source   torchvision.models.feature_extraction.create_feature_extractor
OPSIS_API FeatureExtractor create_feature_extractor(Layer model, std::vector<ReturnNode> return_nodes);

/// The same with nodes for either mode: those that are given is decided by the mode in which the model is when it is called.
OPSIS_API FeatureExtractor create_feature_extractor(Layer model, std::vector<ReturnNode> train_return_nodes,
                                                    std::vector<ReturnNode> eval_return_nodes);

/// The same for nodes in another container: of strings, or a map from nodes to names.
template <class Nodes>
requires std::constructible_from<ReturnNode, typename Nodes::const_reference> FeatureExtractor
create_feature_extractor(Layer model, const Nodes& return_nodes) {
  return create_feature_extractor(std::move(model), std::vector<ReturnNode>(return_nodes.begin(), return_nodes.end()));
}

/// The modules that compute, by name and in the order in which they do so in the model's present mode: what
/// create_feature_extractor can be asked for, besides the modules around them. The model runs once on zeros of `input_size`.
/// Differs  gives the names of one mode, torchvision a pair: those of training and those of evaluation
/// Source   torchvision.models.feature_extraction.get_graph_node_names
OPSIS_API std::vector<std::string> get_graph_node_names(const Layer& model,
                                                        const std::vector<int64_t>& input_size = {1, 3, 224, 224});

}  // namespace opsis::inline v1::models
