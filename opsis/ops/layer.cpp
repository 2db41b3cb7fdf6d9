#include "opsis/ops/layer.h"

namespace opsis::inline v1::ops {

SequentialImpl::SequentialImpl(std::vector<Layer> layers) : torch::nn::Module("Sequential") {
  for (auto& layer : layers) append(std::move(layer));
}

void SequentialImpl::append(Layer layer) { append(std::to_string(layers_.size()), std::move(layer)); }

void SequentialImpl::append(const std::string& name, Layer layer) {
  register_module(name, layer.module());
  layers_.push_back(std::move(layer));
}

torch::Tensor SequentialImpl::forward(torch::Tensor x) {
  for (const auto& layer : layers_) x = layer(std::move(x));
  return x;
}

}  // namespace opsis::inline v1::ops
