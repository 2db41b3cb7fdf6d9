#include "opsis/models/layer.h"

namespace opsis::inline v1::models {

SequentialImpl::SequentialImpl(std::vector<Layer> layers) : torch::nn::Module("Sequential") {
  for (auto& layer : layers) append(std::move(layer));
}

void SequentialImpl::append(Layer layer) {
  register_module(std::to_string(layers_.size()), layer.module());
  layers_.push_back(std::move(layer));
}

torch::Tensor SequentialImpl::forward(torch::Tensor x) {
  for (const auto& layer : layers_) x = layer(std::move(x));
  return x;
}

}  // namespace opsis::inline v1::models
