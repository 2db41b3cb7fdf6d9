#include "opsis/models/task.h"

namespace opsis::inline v1::models {

// Here and not in the header, so that one library holds the type's identity and a cast to it works from every other.
ImageClassifier::~ImageClassifier() = default;

namespace {

template <class... Where>
void cast(const torch::nn::Module& model, torch::Dtype dtype, bool non_blocking, Where... device) {
  const auto settle = [&](torch::Tensor tensor) {
    const auto type = tensor.is_floating_point() ? dtype : tensor.scalar_type();
    tensor.set_data(tensor.to(device..., type, non_blocking));
  };
  for (auto& parameter : model.parameters()) settle(parameter);
  for (auto& buffer : model.buffers()) settle(buffer);
}

}  // namespace

void ImageClassifier::to(torch::Device device, torch::Dtype dtype, bool non_blocking) {
  cast(*this, dtype, non_blocking, device);
}

void ImageClassifier::to(torch::Dtype dtype, bool non_blocking) { cast(*this, dtype, non_blocking); }

}  // namespace opsis::inline v1::models
