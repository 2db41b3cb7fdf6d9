#include "opsis/models/feature_extraction.h"

#include <algorithm>
#include <set>
#include <string_view>

#include "opsis/core/check.h"
#include "opsis/core/nearest.h"
#include "opsis/models/trace.h"

namespace opsis::inline v1::models {
namespace feature_extraction {

// Ends the forward pass when all is there.
struct Complete {};

class Collector final : public ops::Observer {
 public:
  Collector(const detail::ModuleNames& names, const std::vector<ReturnNode>& wanted) : calls_(names), wanted_(wanted) {}

  void enter(const torch::nn::Module&) override {}

  void leave(const torch::nn::Module& module, const torch::Tensor& output) override {
    const auto node = calls_.next(module);
    const auto one = std::find_if(wanted_.begin(), wanted_.end(), [&](const ReturnNode& each) { return each.node == node; });
    if (one == wanted_.end()) return;
    const bool last = found.size() + 1 == wanted_.size();
    // What comes may write over it.
    found.insert(one->name, last ? output : output.clone());
    if (last) throw Complete();
  }

  Features found{"output"};

 private:
  detail::CallNames calls_;
  const std::vector<ReturnNode>& wanted_;
};

// The module that a call's name is of: "relu_1" is of "relu", unless there is a module of that name.
bool names_module(const std::string& node, const std::vector<std::string_view>& known) {
  const auto is_known = [&](std::string_view name) { return std::find(known.begin(), known.end(), name) != known.end(); };
  if (is_known(node)) return true;
  const auto digits = node.find_last_not_of("0123456789");
  return digits != node.npos && digits + 1 < node.size() && node[digits] == '_' && is_known(node.substr(0, digits));
}

}  // namespace feature_extraction

FeatureExtractor::FeatureExtractor(Layer model, std::vector<ReturnNode> return_nodes)
    : FeatureExtractor(std::move(model), return_nodes, return_nodes) {}

FeatureExtractor::FeatureExtractor(Layer model, std::vector<ReturnNode> train_return_nodes,
                                   std::vector<ReturnNode> eval_return_nodes)
    : model_(std::move(model)),
      train_return_nodes_(std::move(train_return_nodes)),
      eval_return_nodes_(std::move(eval_return_nodes)),
      names_(detail::names_of(*model_.module())) {
  std::vector<std::string_view> known;
  for (const auto& [module, name] : names_) known.push_back(name);
  for (const auto* const wanted : {&train_return_nodes_, &eval_return_nodes_}) {
    OPSIS_CHECK(!wanted->empty(), "create_feature_extractor: return_nodes must not be empty");
    std::set<std::string_view> nodes, names;
    for (const auto& [node, name] : *wanted) {
      OPSIS_CHECK(nodes.insert(node).second, "create_feature_extractor: \"{}\" stands twice", node);
      OPSIS_CHECK(names.insert(name).second, "create_feature_extractor: two outputs are to be named \"{}\"", name);
      if (feature_extraction::names_module(node, known)) continue;
      raise<NotFoundError>("create_feature_extractor: {} has no module \"{}\"{}", model_.module()->name(), node,
                           did_you_mean(node, known));
    }
  }
}

Features FeatureExtractor::operator()(const torch::Tensor& images) const {
  const bool training = model_.module()->is_training();
  const auto& wanted = training ? train_return_nodes_ : eval_return_nodes_;
  feature_extraction::Collector collector(names_, wanted);
  try {
    model_(images);
  } catch (const feature_extraction::Complete&) {
    return std::move(collector.found);
  }
  for (const auto& [node, name] : wanted) {
    OPSIS_CHECK(collector.found.contains(name), "create_feature_extractor: \"{}\" did not run{}", node,
                training ? "; the model is in training" : "; the model is in evaluation");
  }
  return std::move(collector.found);
}

FeatureExtractor create_feature_extractor(Layer model, std::vector<ReturnNode> return_nodes) {
  return {std::move(model), std::move(return_nodes)};
}

FeatureExtractor create_feature_extractor(Layer model, std::vector<ReturnNode> train_return_nodes,
                                          std::vector<ReturnNode> eval_return_nodes) {
  return {std::move(model), std::move(train_return_nodes), std::move(eval_return_nodes)};
}

std::vector<std::string> get_graph_node_names(const Layer& model, const std::vector<int64_t>& input_size) {
  std::vector<std::string> names;
  for (const auto& call : detail::trace(model, input_size).calls) {
    if (call.is_leaf) names.push_back(call.name);
  }
  return names;
}

}  // namespace opsis::inline v1::models
