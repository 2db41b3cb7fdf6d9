#include "opsis/ops/mlp.h"

#include <torch/nn/modules/dropout.h>
#include <torch/nn/modules/linear.h>

#include "opsis/core/check.h"
#include "opsis/ops/linear.h"

namespace opsis::inline v1::ops {

MLPImpl::MLPImpl(int64_t in_channels, const std::vector<int64_t>& hidden_channels, const MLPOptions& options) {
  using torch::nn::Dropout;
  using torch::nn::DropoutOptions;
  using torch::nn::LinearOptions;
  OPSIS_CHECK(!hidden_channels.empty(), "MLP: hidden_channels must name at least the channels of the result");
  for (size_t i = 0; i < hidden_channels.size(); ++i) {
    append(Linear(LinearOptions(in_channels, hidden_channels[i]).bias(options.bias)));
    in_channels = hidden_channels[i];
    if (i + 1 < hidden_channels.size()) {
      if (options.norm_layer) append(options.norm_layer(in_channels));
      append(options.activation_layer());
    }
    append(Dropout(DropoutOptions(options.dropout).inplace(options.inplace)));
  }
}

}  // namespace opsis::inline v1::ops
