#include "opsis/models/segmentation/model.h"

#include "opsis/core/check.h"

namespace opsis::inline v1::models::segmentation {

SimpleSegmentationModelImpl::SimpleSegmentationModelImpl(std::string name, IntermediateLayerGetter backbone_, Layer classifier_,
                                                         Layer aux_classifier_)
    : SegmentationModel(std::move(name)) {
  backbone = register_module("backbone", std::move(backbone_));
  classifier = register_layer(*this, "classifier", std::move(classifier_));
  if (aux_classifier_) aux_classifier = register_layer(*this, "aux_classifier", std::move(aux_classifier_));
}

torch::Tensor SimpleSegmentationModelImpl::forward(torch::Tensor images) {
  const auto size = images.sizes().slice(2).vec();
  return detail::resized(classifier(backbone(std::move(images))["out"]), size);
}

SegmentationOutput SimpleSegmentationModelImpl::outputs(torch::Tensor images) {
  const auto size = images.sizes().slice(2).vec();
  const auto features = backbone(std::move(images));
  SegmentationOutput output{detail::resized(classifier(features["out"]), size), {}};
  if (aux_classifier) output.aux = detail::resized(aux_classifier(features["aux"]), size);
  return output;
}

// The last layer of each classifier.
std::vector<std::string> SimpleSegmentationModelImpl::heads() const {
  std::vector<std::string> names;
  for (const auto& [name, head] : {std::pair("classifier", classifier), std::pair("aux_classifier", aux_classifier)}) {
    if (!head) continue;
    const auto layers = head.module()->named_children();
    names.push_back(layers.is_empty() ? std::string(name) : std::string(name) + "." + layers.back().key());
  }
  return names;
}

namespace detail {

torch::Tensor resized(const torch::Tensor& scores, torch::IntArrayRef size) {
  return torch::upsample_bilinear2d(scores, size, /*align_corners=*/false);
}

}  // namespace detail
}  // namespace opsis::inline v1::models::segmentation
