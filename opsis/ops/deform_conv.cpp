#include "opsis/ops/deform_conv.h"

#include <ATen/autocast_mode.h>
#include <torch/library.h>
#include <torch/torch.h>

#include <cmath>

#include "opsis/core/check.h"
#include "opsis/ops/cuda.h"
#include "opsis/ops/differentiable.h"
#include "opsis/ops/print.h"
#include "opsis/ops/types.h"
#include "opsis/tv_tensors/print.h"

namespace opsis::inline v1::ops {
namespace {

using c10::SymInt;
using detail::Deformation;
using detail::DeformGradients;
using detail::DeformKernels;
using torch::Tensor;
using torch::autograd::AutogradContext;
using torch::autograd::variable_list;

void check_deformation(const Tensor& input, const Tensor& weight, const Tensor& offset, const Tensor& mask, const Tensor& bias,
                       const Deformation& d) {
  using opsis::detail::shape;
  const auto is_4d = [](const char* name, const Tensor& tensor) {
    OPSIS_CHECK(tensor.dim() == 4, "deform_conv2d: {} must have four dimensions, got {}", name, shape(tensor));
  };
  is_4d("input", input);
  is_4d("weight", weight);
  is_4d("offset", offset);
  if (d.use_mask) is_4d("mask", mask);
  for (const auto& tensor : {weight, offset, mask}) {
    OPSIS_CHECK(tensor.scalar_type() == input.scalar_type(),
                "deform_conv2d: all tensors but the bias must be of the input's type {}, got {}", input.scalar_type(),
                tensor.scalar_type());
  }
  OPSIS_CHECK(detail::is_usual(bias.scalar_type()), "deform_conv2d: bias must be floating point or whole numbers, got {}",
              bias.scalar_type());
  for (const auto& tensor : {weight, offset, mask, bias}) {
    OPSIS_CHECK(tensor.device() == input.device(), "deform_conv2d: all tensors must be on the input's device {}, got {}",
                input.device(), tensor.device());
  }
  const auto type = input.scalar_type();
  OPSIS_CHECK(type == torch::kFloat32 || type == torch::kFloat64 || type == torch::kHalf,
              "deform_conv2d: input must be float32, float64 or float16, got {}", type);
  for (size_t i = 0; i < 2; ++i) {
    OPSIS_CHECK(d.stride[i] > 0 && d.padding[i] >= 0 && d.dilation[i] > 0,
                "deform_conv2d: stride and dilation must be positive and padding not negative, got {}, {} and {}", d.stride[i],
                d.dilation[i], d.padding[i]);
  }
  const auto kh = weight.size(2), kw = weight.size(3);
  OPSIS_CHECK(kh > 0 && kw > 0, "deform_conv2d: the kernel must have a size, got weight {}", shape(weight));
  OPSIS_CHECK(d.groups > 0 && weight.size(1) * d.groups == input.size(1) && weight.size(0) % d.groups == 0,
              "deform_conv2d: weight {} does not fit input {} in {} groups", shape(weight), shape(input), d.groups);
  OPSIS_CHECK(d.offset_groups > 0 && offset.size(1) == d.offset_groups * 2 * kh * kw && input.size(1) % d.offset_groups == 0,
              "deform_conv2d: offset must have 2 * {} * {} channels, or a multiple by which input's {} can be divided, got {}",
              kh, kw, input.size(1), shape(offset));
  const auto out_h = d.length(0, input.size(2), kh), out_w = d.length(1, input.size(3), kw);
  OPSIS_CHECK(out_h > 0 && out_w > 0, "deform_conv2d: the kernel is larger than the image: the result would be ({}, {})", out_h,
              out_w);
  OPSIS_CHECK(offset.sizes() == std::vector<int64_t>({input.size(0), offset.size(1), out_h, out_w}),
              "deform_conv2d: offset must be ({}, {}, {}, {}), got {}", input.size(0), offset.size(1), out_h, out_w,
              shape(offset));
  OPSIS_CHECK(mask.dim() >= 1 && mask.size(0) == input.size(0) &&
                  (!d.use_mask || mask.sizes() == std::vector<int64_t>({input.size(0), offset.size(1) / 2, out_h, out_w})),
              "deform_conv2d: mask must be ({}, {}, {}, {}), got {}", input.size(0), offset.size(1) / 2, out_h, out_w,
              shape(mask));
  OPSIS_CHECK(bias.dim() == 1 && bias.size(0) == weight.size(0), "deform_conv2d: bias must be ({},), got {}", weight.size(0),
              shape(bias));
}

// --- Layers ------------------------------------------------------------------------------------------------------------

// The tensors of the schema, in its order.
struct Operands {
  Tensor input, weight, offset, mask, bias;
};

constexpr DeformKernels kCpuKernels{detail::deform_conv2d_cpu, detail::deform_conv2d_backward_cpu};

const DeformKernels& kernels_of(const Tensor& tensor) {
  return tensor.is_cuda() ? detail::cuda_kernels("deform_conv2d").deform_conv2d : kCpuKernels;
}

// A bias of another type is added to the finished sums, as torchvision adds every bias: what comes out has the wider type.
torch::Dtype type_of_result(const Operands& o) { return c10::promoteTypes(o.input.scalar_type(), o.bias.scalar_type()); }

Tensor deform_forward(const Operands& o, const Deformation& d) {
  check_deformation(o.input, o.weight, o.offset, o.mask, o.bias, d);
  const std::vector<int64_t> shape{o.input.size(0), o.weight.size(0), o.offset.size(2), o.offset.size(3)};
  if (o.input.is_meta()) return o.input.new_empty(shape, type_of_result(o));
  const auto type = detail::computed_in(o.input.scalar_type());
  const auto out = torch::zeros(shape, o.input.options().dtype(type));
  if (out.numel() > 0) {
    kernels_of(out).forward(o.input.to(type).contiguous(), o.weight.to(type).contiguous(), o.offset.contiguous(),
                            o.mask.contiguous(), d, out);
  }
  const auto bias = o.bias.view({1, -1, 1, 1});
  if (o.bias.scalar_type() != o.input.scalar_type()) return out.to(o.input.scalar_type()) + bias;
  return (out + bias.to(type)).to(o.input.scalar_type());
}

DeformGradients deform_backward(const Tensor& grad, const Operands& o, const Deformation& d) {
  check_deformation(o.input, o.weight, o.offset, o.mask, o.bias, d);
  OPSIS_CHECK(grad.sizes() == std::vector<int64_t>({o.input.size(0), o.weight.size(0), o.offset.size(2), o.offset.size(3)}) &&
                  grad.scalar_type() == type_of_result(o) && grad.device() == o.input.device(),
              "deform_conv2d: the gradient {} is not of this result", opsis::detail::shape(grad));
  if (grad.is_meta()) {
    return {torch::empty_like(o.input), torch::empty_like(o.weight), torch::empty_like(o.offset), torch::empty_like(o.mask),
            torch::empty_like(o.bias)};
  }
  const auto type = detail::computed_in(o.input.scalar_type());
  const auto zeros = [&](const Tensor& like) { return torch::zeros(like.sizes(), like.options().dtype(type)); };
  const auto grads = grad.to(type).contiguous();
  const DeformGradients out{zeros(o.input), zeros(o.weight), zeros(o.offset), zeros(o.mask), grads.sum({0, 2, 3})};
  if (grad.numel() > 0) {
    kernels_of(grad).backward(grads, o.input.to(type).contiguous(), o.weight.to(type).contiguous(), o.offset.contiguous(),
                              o.mask.contiguous(), d, out);
  }
  const auto& [input, weight, offset, mask, bias] = out;
  const auto back = [&](const Tensor& of) { return of.to(o.input.scalar_type()); };
  return {back(input), back(weight), back(offset), back(mask), bias.to(o.bias.scalar_type())};
}

Tensor call_deform(const Operands& o, const Deformation& d) {
  static const auto op = c10::Dispatcher::singleton()
                             .findSchemaOrThrow("opsis::deform_conv2d", "")
                             .typed<Tensor(const Tensor&, const Tensor&, const Tensor&, const Tensor&, const Tensor&, SymInt,
                                           SymInt, SymInt, SymInt, SymInt, SymInt, SymInt, SymInt, bool)>();
  return op.call(o.input, o.weight, o.offset, o.mask, o.bias, d.stride[0], d.stride[1], d.padding[0], d.padding[1],
                 d.dilation[0], d.dilation[1], d.groups, d.offset_groups, d.use_mask);
}

DeformGradients call_deform_backward(const Tensor& grad, const Operands& o, const Deformation& d) {
  static const auto op =
      c10::Dispatcher::singleton()
          .findSchemaOrThrow("opsis::_deform_conv2d_backward", "")
          .typed<DeformGradients(const Tensor&, const Tensor&, const Tensor&, const Tensor&, const Tensor&, const Tensor&,
                                 SymInt, SymInt, SymInt, SymInt, SymInt, SymInt, SymInt, SymInt, bool)>();
  return op.call(grad, o.input, o.weight, o.offset, o.mask, o.bias, d.stride[0], d.stride[1], d.padding[0], d.padding[1],
                 d.dilation[0], d.dilation[1], d.groups, d.offset_groups, d.use_mask);
}

class DeformFunction : public torch::autograd::Function<DeformFunction> {
 public:
  static Tensor forward(AutogradContext* ctx, const Tensor& input, const Tensor& weight, const Tensor& offset,
                        const Tensor& mask, const Tensor& bias, const Deformation& d) {
    const at::AutoDispatchBelowADInplaceOrView below;
    auto out = call_deform({input, weight, offset, mask, bias}, d);
    ctx->save_for_backward({input, weight, offset, mask, bias});
    ctx->saved_data["numbers"] = std::vector<int64_t>{d.stride[0],   d.stride[1], d.padding[0],    d.padding[1], d.dilation[0],
                                                      d.dilation[1], d.groups,    d.offset_groups, d.use_mask};
    return out;
  }
  static variable_list backward(AutogradContext* ctx, const variable_list& grads) {
    const auto saved = ctx->get_saved_variables();
    const auto n = ctx->saved_data["numbers"].toIntVector();
    const Deformation d{{n[0], n[1]}, {n[2], n[3]}, {n[4], n[5]}, n[6], n[7], n[8] != 0};
    const auto [input, weight, offset, mask, bias] =
        call_deform_backward(grads[0], {saved[0], saved[1], saved[2], saved[3], saved[4]}, d);
    return {input, weight, offset, mask, bias, Tensor()};
  }
};

Tensor deform_differentiable(const Operands& o, const Deformation& d) {
  return DeformFunction::apply(o.input, o.weight, o.offset, o.mask, o.bias, d);
}

DeformGradients deform_differentiable_once(const Tensor& grad, const Operands& o, const Deformation& d) {
  const detail::DifferentiableOnce::Compute compute = [&] {
    const auto [input, weight, offset, mask, bias] = call_deform_backward(grad, o, d);
    return variable_list{input, weight, offset, mask, bias};
  };
  const auto out = detail::DifferentiableOnce::apply("deform_conv2d", compute,
                                                     at::TensorList({grad, o.input, o.weight, o.offset, o.mask, o.bias}));
  return {out[0], out[1], out[2], out[3], out[4]};
}

// Under autocast, which torchvision has for CUDA alone.
Tensor deform_in_float32(const Operands& o, const Deformation& d) {
  const c10::impl::ExcludeDispatchKeyGuard no_autocast(c10::DispatchKey::AutocastCUDA);
  const auto cast = [](const Tensor& tensor) {
    return at::autocast::cached_cast(torch::kFloat32, tensor, c10::DeviceType::CUDA);
  };
  return call_deform({cast(o.input), cast(o.weight), cast(o.offset), cast(o.mask), cast(o.bias)}, d).to(o.input.scalar_type());
}

template <Tensor (*layer)(const Operands&, const Deformation&)>
Tensor by_schema(const Tensor& input, const Tensor& weight, const Tensor& offset, const Tensor& mask, const Tensor& bias,
                 int64_t stride_h, int64_t stride_w, int64_t pad_h, int64_t pad_w, int64_t dilation_h, int64_t dilation_w,
                 int64_t groups, int64_t offset_groups, bool use_mask) {
  return layer({input, weight, offset, mask, bias},
               {{stride_h, stride_w}, {pad_h, pad_w}, {dilation_h, dilation_w}, groups, offset_groups, use_mask});
}

template <DeformGradients (*layer)(const Tensor&, const Operands&, const Deformation&)>
DeformGradients by_schema(const Tensor& grad, const Tensor& input, const Tensor& weight, const Tensor& offset,
                          const Tensor& mask, const Tensor& bias, int64_t stride_h, int64_t stride_w, int64_t pad_h,
                          int64_t pad_w, int64_t dilation_h, int64_t dilation_w, int64_t groups, int64_t offset_groups,
                          bool use_mask) {
  return layer(grad, {input, weight, offset, mask, bias},
               {{stride_h, stride_w}, {pad_h, pad_w}, {dilation_h, dilation_w}, groups, offset_groups, use_mask});
}

TORCH_LIBRARY_FRAGMENT(opsis, m) {
  using c10::DispatchKey;
  m.def(
      "deform_conv2d(Tensor input, Tensor weight, Tensor offset, Tensor mask, Tensor bias, SymInt stride_h, SymInt stride_w, "
      "SymInt "
      "pad_h, SymInt pad_w, SymInt dilation_h, SymInt dilation_w, SymInt groups, SymInt offset_groups, bool use_mask) -> "
      "Tensor");
  m.def(
      "_deform_conv2d_backward(Tensor grad, Tensor input, Tensor weight, Tensor offset, Tensor mask, Tensor bias, SymInt "
      "stride_h, "
      "SymInt stride_w, SymInt pad_h, SymInt pad_w, SymInt dilation_h, SymInt dilation_w, SymInt groups, SymInt offset_groups, "
      "bool "
      "use_mask) -> (Tensor, Tensor, Tensor, Tensor, Tensor)");
  for (const auto key : {DispatchKey::CPU, DispatchKey::CUDA, DispatchKey::Meta}) {
    m.impl("deform_conv2d", key, by_schema<deform_forward>);
    m.impl("_deform_conv2d_backward", key, by_schema<deform_backward>);
  }
  m.impl("deform_conv2d", DispatchKey::Autograd, by_schema<deform_differentiable>);
  m.impl("_deform_conv2d_backward", DispatchKey::Autograd, by_schema<deform_differentiable_once>);
  m.impl("deform_conv2d", DispatchKey::AutocastCUDA, by_schema<deform_in_float32>);
}

}  // namespace

Tensor deform_conv2d(const Tensor& input, const Tensor& offset, const Tensor& weight, const DeformConv2dFuncOptions& options) {
  using opsis::detail::shape;
  for (const auto& [name, tensor] : {std::pair{"input", input}, {"offset", offset}, {"weight", weight}})
    OPSIS_CHECK(tensor.defined() && tensor.dim() == 4, "deform_conv2d: {} must have four dimensions, got {}", name,
                shape(tensor));
  const auto places = weight.size(2) * weight.size(3);
  OPSIS_CHECK(places > 0 && weight.size(1) > 0, "deform_conv2d: the kernel must have a size, got weight {}", shape(weight));
  const auto offset_groups = offset.size(1) / (2 * places);
  OPSIS_CHECK(offset_groups > 0, "deform_conv2d: offset must have 2 * {} * {} channels, or a multiple, got {}", weight.size(2),
              weight.size(3), shape(offset));
  const auto like_input = input.options().requires_grad(false);
  const auto mask = options.mask.defined() ? options.mask : torch::zeros({input.size(0), 1}, like_input);
  const auto bias = options.bias.defined() ? options.bias : torch::zeros({weight.size(0)}, like_input);
  return call_deform({input, weight, offset, mask, bias},
                     {*options.stride, *options.padding, *options.dilation, input.size(1) / weight.size(1), offset_groups,
                      options.mask.defined()});
}

DeformConv2dImpl::DeformConv2dImpl(int64_t in, int64_t out, torch::ExpandingArray<2> kernel, const DeformConv2dOptions& given)
    : torch::nn::Module("DeformConv2d"), in_channels(in), out_channels(out), kernel_size(kernel), options(given) {
  OPSIS_CHECK(options.groups > 0 && in % options.groups == 0 && out % options.groups == 0,
              "DeformConv2d: in_channels and out_channels must be multiples of groups, got {}, {} and {}", in, out,
              options.groups);
  weight = register_parameter("weight", torch::empty({out, in / options.groups, (*kernel)[0], (*kernel)[1]}));
  bias = options.bias ? register_parameter("bias", torch::empty({out})) : register_parameter("bias", {}, false);
  reset_parameters();
}

void DeformConv2dImpl::reset_parameters() {
  torch::nn::init::kaiming_uniform_(weight, std::sqrt(5.0));
  if (!bias.defined()) return;
  const auto inputs = static_cast<double>(weight[0].numel());
  torch::nn::init::uniform_(bias, -1 / std::sqrt(inputs), 1 / std::sqrt(inputs));
}

Tensor DeformConv2dImpl::forward(const Tensor& input, const Tensor& offset, const Tensor& mask) {
  return deform_conv2d(
      input, offset, weight,
      {.bias = bias, .stride = options.stride, .padding = options.padding, .dilation = options.dilation, .mask = mask});
}

void DeformConv2dImpl::pretty_print(std::ostream& out) const {
  const auto pair = [](const torch::ExpandingArray<2>& numbers) {
    return "(" + std::to_string((*numbers)[0]) + ", " + std::to_string((*numbers)[1]) + ")";
  };
  const auto is = [](const torch::ExpandingArray<2>& numbers, int64_t value) {
    return (*numbers)[0] == value && (*numbers)[1] == value;
  };
  out << "DeformConv2d(" << in_channels << ", " << out_channels << ", kernel_size=" << pair(kernel_size)
      << ", stride=" << pair(options.stride);
  if (!is(options.padding, 0)) out << ", padding=" << pair(options.padding);
  if (!is(options.dilation, 1)) out << ", dilation=" << pair(options.dilation);
  if (options.groups != 1) out << ", groups=" << options.groups;
  if (!options.bias) out << ", bias=False";
  out << ')';
}

}  // namespace opsis::inline v1::ops
