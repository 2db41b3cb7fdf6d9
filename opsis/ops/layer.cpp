#include "opsis/ops/layer.h"

#include "opsis/core/check.h"
#include "opsis/ops/meta_layers.h"

namespace opsis::inline v1::ops {

SequentialImpl::SequentialImpl(std::vector<Layer> layers) : torch::nn::Module("Sequential") {
  for (auto& layer : layers) append(std::move(layer));
}

void SequentialImpl::append(Layer layer) { append(std::to_string(layers_.size()), std::move(layer)); }

void SequentialImpl::append(const std::string& name, Layer layer) {
  OPSIS_CHECK(layer, "Sequential: layer {} is empty; what makes it must give one", name);
  register_module(name, layer.module());
  layers_.push_back(std::move(layer));
}

torch::Tensor SequentialImpl::forward(torch::Tensor x) {
  for (const auto& layer : layers_) x = detail::run(layer, std::move(x));
  return x;
}

Layer register_layer(torch::nn::Module& parent, const std::string& name, Layer layer) {
  OPSIS_CHECK(layer, "{}: layer {} is empty; what makes it must give one", parent.name(), name);
  parent.register_module(name, layer.module());
  return layer;
}

}  // namespace opsis::inline v1::ops
