#include "opsis/ops/feature_pyramid_network.h"

#include <torch/torch.h>

#include "opsis/core/check.h"
#include "opsis/ops/meta_layers.h"

namespace opsis::inline v1::ops {
namespace {

using torch::Tensor;

void init_convolution(torch::nn::Conv2dImpl& convolution) {
  torch::nn::init::kaiming_uniform_(convolution.weight, 1);
  if (convolution.bias.defined()) torch::nn::init::constant_(convolution.bias, 0);
}

torch::nn::Conv2d halving(int64_t in_channels, int64_t out_channels) {
  return torch::nn::Conv2d(torch::nn::Conv2dOptions(in_channels, out_channels, 3).stride(2).padding(1));
}

}  // namespace

FeatureMaps LastLevelMaxPoolImpl::forward(FeatureMaps results, const std::vector<Tensor>&) {
  results.emplace_back("pool", torch::max_pool2d(results.back().second, 1, 2));
  return results;
}

LastLevelP6P7Impl::LastLevelP6P7Impl(int64_t in_channels, int64_t out_channels)
    : ExtraFPNBlockImpl("LastLevelP6P7"),
      p6(register_module("p6", halving(in_channels, out_channels))),
      p7(register_module("p7", halving(out_channels, out_channels))),
      use_P5(in_channels == out_channels) {
  init_convolution(*p6);
  init_convolution(*p7);
}

FeatureMaps LastLevelP6P7Impl::forward(FeatureMaps results, const std::vector<Tensor>& inputs) {
  const auto sixth = detail::run_held(p6, use_P5 ? results.back().second : inputs.back());
  results.emplace_back("p6", sixth);
  results.emplace_back("p7", detail::run_held(p7, sixth.is_meta() ? sixth : torch::relu(sixth)));
  return results;
}

FeaturePyramidNetworkImpl::FeaturePyramidNetworkImpl(const std::vector<int64_t>& in_channels_list, int64_t out_channels,
                                                     const FeaturePyramidNetworkOptions& options)
    : torch::nn::Module("FeaturePyramidNetwork"), extra_blocks(options.extra_blocks) {
  const auto inner = register_module("inner_blocks", torch::nn::ModuleList());
  const auto layer = register_module("layer_blocks", torch::nn::ModuleList());
  for (const auto in_channels : in_channels_list) {
    OPSIS_CHECK(in_channels > 0, "FeaturePyramidNetwork: channels must be positive, got {}", in_channels);
    inner_blocks.emplace_back(
        in_channels, out_channels,
        Conv2dNormActivationOptions{
            .kernel_size = 1, .padding = 0, .norm_layer = options.norm_layer, .activation_layer = nullptr});
    layer_blocks.emplace_back(out_channels, out_channels,
                              Conv2dNormActivationOptions{.norm_layer = options.norm_layer, .activation_layer = nullptr});
    inner->push_back(inner_blocks.back().ptr());
    layer->push_back(layer_blocks.back().ptr());
  }
  // Before the extra blocks come, which have been drawn already.
  for (const auto& module : modules(/*include_self=*/false)) {
    if (auto* const convolution = module->as<torch::nn::Conv2d>()) init_convolution(*convolution);
  }
  if (extra_blocks) register_module("extra_blocks", extra_blocks);
}

FeatureMaps FeaturePyramidNetworkImpl::forward(const FeatureMaps& maps) {
  const auto count = maps.size();
  OPSIS_CHECK(count > 0 && count == inner_blocks.size(), "FeaturePyramidNetwork: it is made for {} maps, got {}",
              inner_blocks.size(), count);
  FeatureMaps results(count);
  std::vector<Tensor> inputs;
  for (const auto& [name, map] : maps) inputs.push_back(map);
  Tensor inner;
  for (size_t i = count; i-- > 0;) {
    const auto lateral = inner_blocks[i](inputs[i]);
    inner = inner.defined() ? lateral + torch::upsample_nearest2d(inner, {lateral.size(-2), lateral.size(-1)}) : lateral;
    results[i] = {maps[i].first, layer_blocks[i](inner)};
  }
  return extra_blocks ? extra_blocks->forward(std::move(results), inputs) : results;
}

}  // namespace opsis::inline v1::ops
