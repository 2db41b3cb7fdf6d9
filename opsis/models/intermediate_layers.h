// A network without its head, and what it computes on its way: the backbone of models for segmentation and detection.
#pragma once

#include <torch/nn/module.h>
#include <torch/nn/pimpl.h>
#include <torch/types.h>

#include <string>
#include <utility>
#include <vector>

#include "opsis/core/api.h"
#include "opsis/hub/state_dict.h"
#include "opsis/models/feature_extraction.h"
#include "opsis/models/layer.h"

namespace opsis::inline v1::models {

/// Layers that are computed one after another, with the names they are registered under.
using NamedLayers = std::vector<std::pair<std::string, Layer>>;

/// Those of a Sequential.
OPSIS_API NamedLayers layers_of(const SequentialImpl& sequence);

/// Which layers' results are given, and how they are called there: {{"layer4", "out"}, {"layer3", "aux"}}.
using ReturnLayers = std::vector<std::pair<std::string, std::string>>;

/// The layers up to the last of which the result is wanted, under their own names.
///     IntermediateLayerGetter body(resnet50()->layers(), {{"layer1", "low"}, {"layer3", "high"}});
///     auto found = body->forward(images);   // found["low"], found["high"], in the order in which they are computed
/// Throws   ValueError when a layer of return_layers is not there, or there is none
/// Source   torchvision.models._utils.IntermediateLayerGetter
class OPSIS_API IntermediateLayerGetterImpl : public torch::nn::Module, public hub::Versioned {
 public:
  IntermediateLayerGetterImpl(const NamedLayers& layers, const ReturnLayers& return_layers);
  Features forward(torch::Tensor x);

 private:
  struct Step {
    Layer layer;
    std::string returned_as;  // empty: it is not
  };
  std::vector<Step> steps_;
};

/// The holder; written out, so that layers can be given in braces.
class IntermediateLayerGetter : public Observed<torch::nn::ModuleHolder<IntermediateLayerGetterImpl>> {
 public:
  using Observed::Observed;
  IntermediateLayerGetter(const NamedLayers& layers, const ReturnLayers& return_layers)
      : Observed(std::make_shared<IntermediateLayerGetterImpl>(layers, return_layers)) {}
};

}  // namespace opsis::inline v1::models
