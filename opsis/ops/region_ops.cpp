#include "opsis/ops/region_ops.h"

#include <ATen/autocast_mode.h>
#include <torch/library.h>
#include <torch/torch.h>

#include <array>

#include "opsis/core/check.h"
#include "opsis/core/huge_pages.h"
#include "opsis/ops/cuda.h"
#include "opsis/ops/differentiable.h"
#include "opsis/tv_tensors/print.h"

namespace opsis::inline v1::ops::detail {
namespace {

using torch::Tensor;
using torch::autograd::AutogradContext;
using torch::autograd::variable_list;
using TwoTensors = std::tuple<Tensor, Tensor>;
using c10::SymInt;

// --- Checks, the same for every backend --------------------------------------------------------------------------------

void check_regions(std::string_view where, const Tensor& input, const Tensor& rois, const Pooling& pooling) {
  using opsis::detail::shape;
  OPSIS_CHECK(input.dim() == 4, "{}: input must be (N, C, H, W), got {}", where, shape(input));
  OPSIS_CHECK(rois.dim() == 2 && rois.size(1) == 5, "{}: regions must be (K, 5), an image and its box, got {}", where,
              shape(rois));
  OPSIS_CHECK(input.scalar_type() == rois.scalar_type(), "{}: input and regions must be of one type, got {} and {}", where,
              input.scalar_type(), rois.scalar_type());
  OPSIS_CHECK(input.device() == rois.device(), "{}: input and regions must be on one device, got {} and {}", where,
              input.device(), rois.device());
  const auto type = input.scalar_type();
  // Where nothing comes out, torchvision does not look at the type.
  const bool gives_none = rois.size(0) == 0 || input.size(1) == 0 || pooling.height == 0 || pooling.width == 0;
  OPSIS_CHECK(
      (gives_none && !input.is_quantized()) || type == torch::kFloat32 || type == torch::kFloat64 || type == torch::kHalf,
      "{}: input must be float32, float64 or float16, got {}", where, type);
  OPSIS_CHECK(pooling.height >= 0 && pooling.width >= 0, "{}: output_size must not be negative, got ({}, {})", where,
              pooling.height, pooling.width);
}

// A position-sensitive operator has channels for each bin.
void check_sensitive(std::string_view where, const Tensor& input, const Pooling& pooling) {
  const auto bins = pooling.height * pooling.width;
  OPSIS_CHECK(bins > 0 && input.size(1) % bins == 0,
              "{}: the channels of input must be a multiple of the {} bins of output_size, got {}", where, bins, input.size(1));
}

// A gradient comes by the same schema from anywhere, so it is held against what it is the gradient of.
void check_grad(std::string_view where, const Tensor& grad, const Tensor& rois, const Pooling& pooling, const Maps& maps,
                int64_t channels) {
  OPSIS_CHECK(rois.dim() == 2 && rois.size(1) == 5 && grad.scalar_type() == rois.scalar_type() && maps.batch >= 0 &&
                  maps.channels >= 0 && maps.height >= 0 && maps.width >= 0 && grad.device() == rois.device() &&
                  grad.sizes() == std::vector<int64_t>({rois.size(0), channels, pooling.height, pooling.width}),
              "{}: the gradient {} is not of these regions {}", where, opsis::detail::shape(grad), opsis::detail::shape(rois));
}

// --- The four operators ------------------------------------------------------------------------------------------------

// Each: its name, its kernels, and the channels of its result.

struct RoiAlign {
  static constexpr auto name = "roi_align";
  static constexpr auto forward = &RegionKernels::roi_align;
  static constexpr auto backward = &RegionKernels::roi_align_backward;
  static int64_t channels_out(const Pooling&, int64_t channels) { return channels; }
};
struct RoiPool {
  static constexpr auto name = "roi_pool";
  static constexpr auto forward = &RegionKernels::roi_pool;
  static constexpr auto backward = &RegionKernels::roi_pool_backward;
  static int64_t channels_out(const Pooling&, int64_t channels) { return channels; }
};
struct PsRoiAlign {
  static constexpr auto name = "ps_roi_align";
  static constexpr auto forward = &RegionKernels::ps_roi_align;
  static constexpr auto backward = &RegionKernels::ps_roi_align_backward;
  static int64_t channels_out(const Pooling& pooling, int64_t channels) {
    return channels / std::max<int64_t>(pooling.height * pooling.width, 1);
  }
};
struct PsRoiPool : PsRoiAlign {
  static constexpr auto name = "ps_roi_pool";
  static constexpr auto forward = &RegionKernels::ps_roi_pool;
  static constexpr auto backward = &RegionKernels::ps_roi_pool_backward;
};

constexpr RegionKernels kCpuKernels{
    roi_align_cpu,          roi_pool_cpu,          ps_roi_align_cpu,          ps_roi_pool_cpu,
    roi_align_backward_cpu, roi_pool_backward_cpu, ps_roi_align_backward_cpu, ps_roi_pool_backward_cpu};

const RegionKernels& kernels_of(std::string_view where, const Tensor& tensor) {
  return tensor.is_cuda() ? cuda_kernels(where).regions : kCpuKernels;
}

template <class Op>
void check(const Tensor& input, const Tensor& rois, const Pooling& pooling) {
  check_regions(Op::name, input, rois, pooling);
  if constexpr (std::is_base_of_v<PsRoiAlign, Op>) check_sensitive(Op::name, input, pooling);
}

template <class Op>
TwoTensors forward(const Tensor& input, const Tensor& rois, const Pooling& pooling) {
  check<Op>(input, rois, pooling);
  const std::vector<int64_t> shape{rois.size(0), Op::channels_out(pooling, input.size(1)), pooling.height, pooling.width};
  const auto type = computed_in(input.scalar_type());
  const auto out = torch::empty(shape, input.options().dtype(type));
  const auto source = std::is_same_v<Op, RoiAlign> ? Tensor() : torch::empty(shape, input.options().dtype(torch::kInt32));
  if (!input.is_meta() && out.numel() > 0) {
    for (const auto& tensor : {out, source}) {
      if (tensor.defined() && tensor.is_cpu()) prefer_huge_pages(tensor.const_data_ptr(), tensor.nbytes());
    }
    (kernels_of(Op::name, input).*Op::forward)(input.to(type).contiguous(), rois.contiguous(), pooling, out, source);
  }
  return {out.to(input.scalar_type()), source};
}

template <class Op>
Tensor backward(const Tensor& grad, const Tensor& rois, const Tensor& source, const Pooling& pooling, const Maps& maps) {
  check_grad(Op::name, grad, rois, pooling, maps, Op::channels_out(pooling, maps.channels));
  OPSIS_CHECK(!source.defined() || (source.sizes() == grad.sizes() && source.device() == grad.device()),
              "{}: sources {} are not of the gradient {}", Op::name, opsis::detail::shape(source), opsis::detail::shape(grad));
  const std::vector<int64_t> shape{maps.batch, maps.channels, maps.height, maps.width};
  if (grad.is_meta()) return grad.new_empty(shape);
  const auto type = computed_in(grad.scalar_type());
  const auto out = torch::zeros(shape, grad.options().dtype(type));
  if (grad.numel() > 0) {
    const auto from = source.defined() ? source.to(torch::kInt32).contiguous() : source;
    (kernels_of(Op::name, grad).*Op::backward)(grad.to(type).contiguous(), rois.contiguous(), from, pooling, out);
  }
  return out.to(grad.scalar_type());
}

// --- Calls by the dispatcher -------------------------------------------------------------------------------------------

template <class Signature>
c10::TypedOperatorHandle<Signature> operator_of(const char* name) {
  return c10::Dispatcher::singleton().findSchemaOrThrow(name, "").typed<Signature>();
}

template <class Op>
TwoTensors call_forward(const Tensor& input, const Tensor& rois, const Pooling& p) {
  if constexpr (std::is_same_v<Op, RoiAlign>) {
    static const auto op =
        operator_of<Tensor(const Tensor&, const Tensor&, double, SymInt, SymInt, int64_t, bool)>("opsis::roi_align");
    return {op.call(input, rois, p.spatial_scale, p.height, p.width, p.sampling_ratio, p.aligned), Tensor()};
  } else if constexpr (std::is_same_v<Op, PsRoiAlign>) {
    static const auto op =
        operator_of<TwoTensors(const Tensor&, const Tensor&, double, SymInt, SymInt, int64_t)>("opsis::ps_roi_align");
    return op.call(input, rois, p.spatial_scale, p.height, p.width, p.sampling_ratio);
  } else {
    static const auto op = operator_of<TwoTensors(const Tensor&, const Tensor&, double, SymInt, SymInt)>(
        std::is_same_v<Op, RoiPool> ? "opsis::roi_pool" : "opsis::ps_roi_pool");
    return op.call(input, rois, p.spatial_scale, p.height, p.width);
  }
}

template <class Op>
Tensor call_backward(const Tensor& grad, const Tensor& rois, const Tensor& source, const Pooling& p, const Maps& m) {
  if constexpr (std::is_same_v<Op, RoiAlign>) {
    static const auto op = operator_of<Tensor(const Tensor&, const Tensor&, double, SymInt, SymInt, SymInt, SymInt, SymInt,
                                              SymInt, int64_t, bool)>("opsis::_roi_align_backward");
    return op.call(grad, rois, p.spatial_scale, p.height, p.width, m.batch, m.channels, m.height, m.width, p.sampling_ratio,
                   p.aligned);
  } else if constexpr (std::is_same_v<Op, PsRoiAlign>) {
    static const auto op = operator_of<Tensor(const Tensor&, const Tensor&, const Tensor&, double, SymInt, SymInt, int64_t,
                                              SymInt, SymInt, SymInt, SymInt)>("opsis::_ps_roi_align_backward");
    return op.call(grad, rois, source, p.spatial_scale, p.height, p.width, p.sampling_ratio, m.batch, m.channels, m.height,
                   m.width);
  } else {
    static const auto op =
        operator_of<Tensor(const Tensor&, const Tensor&, const Tensor&, double, SymInt, SymInt, SymInt, SymInt, SymInt,
                           SymInt)>(std::is_same_v<Op, RoiPool> ? "opsis::_roi_pool_backward" : "opsis::_ps_roi_pool_backward");
    return op.call(grad, rois, source, p.spatial_scale, p.height, p.width, m.batch, m.channels, m.height, m.width);
  }
}

// --- Autograd and autocast ---------------------------------------------------------------------------------------------

// The regions have no gradient: torchvision gives them none.
template <class Op>
class RegionFunction : public torch::autograd::Function<RegionFunction<Op>> {
 public:
  static variable_list forward(AutogradContext* ctx, const Tensor& input, const Tensor& rois, const Pooling& pooling) {
    const at::AutoDispatchBelowADInplaceOrView below;
    const auto [out, source] = call_forward<Op>(input, rois, pooling);
    const auto maps = maps_of(input);
    ctx->saved_data["scale"] = pooling.spatial_scale;
    ctx->saved_data["numbers"] =
        std::vector<int64_t>{pooling.height, pooling.width, pooling.sampling_ratio, pooling.aligned, maps.batch, maps.channels,
                             maps.height,    maps.width};
    if (!source.defined()) {
      ctx->save_for_backward({rois});
      return {out};
    }
    ctx->save_for_backward({rois, source});
    ctx->mark_non_differentiable({source});
    return {out, source};
  }
  static variable_list backward(AutogradContext* ctx, const variable_list& grads) {
    const auto saved = ctx->get_saved_variables();
    const auto n = ctx->saved_data["numbers"].toIntVector();
    const Pooling pooling{ctx->saved_data["scale"].toDouble(), n[0], n[1], n[2], n[3] != 0};
    const auto grad =
        call_backward<Op>(grads[0], saved[0], saved.size() > 1 ? saved[1] : Tensor(), pooling, {n[4], n[5], n[6], n[7]});
    return {grad, Tensor(), Tensor()};
  }
};

template <class Op>
TwoTensors differentiable(const Tensor& input, const Tensor& rois, const Pooling& pooling) {
  check<Op>(input, rois, pooling);  // before the context reads the shape of the maps
  const auto out = RegionFunction<Op>::apply(input, rois, pooling);
  return {out[0], out.size() > 1 ? out[1] : Tensor()};
}

template <class Op>
Tensor differentiable_once(const Tensor& grad, const Tensor& rois, const Tensor& source, const Pooling& pooling,
                           const Maps& maps) {
  const auto compute = [&] { return variable_list{call_backward<Op>(grad, rois, source, pooling, maps)}; };
  return DifferentiableOnce::apply(Op::name, DifferentiableOnce::Compute(compute), at::TensorList(grad))[0];
}

// In float32; what comes out has the type that came in.
template <class Op>
TwoTensors in_float32(c10::DispatchKey key, c10::DeviceType device, const Tensor& input, const Tensor& rois,
                      const Pooling& pooling) {
  const c10::impl::ExcludeDispatchKeyGuard no_autocast(key);
  const auto cast = [&](const Tensor& tensor) { return at::autocast::cached_cast(torch::kFloat32, tensor, device); };
  auto [out, source] = call_forward<Op>(cast(input), cast(rois), pooling);
  return {out.to(input.scalar_type()), source};
}

// --- Registration ------------------------------------------------------------------------------------------------------

// `layer` with the arguments of the schema, which are torchvision's and have an order of their own for each operator.
template <class Op, class Layer>
void register_forward(torch::Library& m, c10::DispatchKey key, Layer layer) {
  if constexpr (std::is_same_v<Op, RoiAlign>) {
    m.impl(Op::name, key,
           [layer](const Tensor& x, const Tensor& rois, double scale, int64_t h, int64_t w, int64_t ratio, bool a) {
             return std::get<0>(layer(x, rois, Pooling{scale, h, w, ratio, a}));
           });
  } else if constexpr (std::is_same_v<Op, PsRoiAlign>) {
    m.impl(Op::name, key, [layer](const Tensor& x, const Tensor& rois, double scale, int64_t h, int64_t w, int64_t ratio) {
      return layer(x, rois, Pooling{scale, h, w, ratio, true});
    });
  } else {
    m.impl(Op::name, key, [layer](const Tensor& x, const Tensor& rois, double scale, int64_t h, int64_t w) {
      return layer(x, rois, Pooling{scale, h, w});
    });
  }
}

template <class Op, class Layer>
void register_backward(torch::Library& m, c10::DispatchKey key, Layer layer) {
  const auto name = text("_{}_backward", Op::name);
  if constexpr (std::is_same_v<Op, RoiAlign>) {
    m.impl(name.c_str(), key,
           [layer](const Tensor& grad, const Tensor& rois, double scale, int64_t ph, int64_t pw, int64_t n, int64_t c,
                   int64_t h, int64_t w, int64_t ratio, bool aligned) {
             return layer(grad, rois, Tensor(), Pooling{scale, ph, pw, ratio, aligned}, Maps{n, c, h, w});
           });
  } else if constexpr (std::is_same_v<Op, PsRoiAlign>) {
    m.impl(name.c_str(), key,
           [layer](const Tensor& grad, const Tensor& rois, const Tensor& source, double scale, int64_t ph, int64_t pw,
                   int64_t ratio, int64_t n, int64_t c, int64_t h, int64_t w) {
             return layer(grad, rois, source, Pooling{scale, ph, pw, ratio, true}, Maps{n, c, h, w});
           });
  } else {
    m.impl(name.c_str(), key,
           [layer](const Tensor& grad, const Tensor& rois, const Tensor& source, double scale, int64_t ph, int64_t pw,
                   int64_t n, int64_t c, int64_t h, int64_t w) {
             return layer(grad, rois, source, Pooling{scale, ph, pw}, Maps{n, c, h, w});
           });
  }
}

template <class Op>
void register_all(torch::Library& m) {
  using c10::DispatchKey;
  for (const auto key : {DispatchKey::CPU, DispatchKey::CUDA, DispatchKey::Meta}) {
    register_forward<Op>(m, key, forward<Op>);
    register_backward<Op>(m, key, backward<Op>);
  }
  register_forward<Op>(m, DispatchKey::QuantizedCPU, forward<Op>);  // whose checks refuse it by name
  register_forward<Op>(m, DispatchKey::Autograd, differentiable<Op>);
  register_backward<Op>(m, DispatchKey::Autograd, differentiable_once<Op>);
  const auto autocast = [&](DispatchKey key, c10::DeviceType device) {
    register_forward<Op>(m, key, [key, device](const Tensor& input, const Tensor& rois, const Pooling& pooling) {
      return in_float32<Op>(key, device, input, rois, pooling);
    });
  };
  autocast(DispatchKey::AutocastCUDA, c10::DeviceType::CUDA);
  if (std::is_same_v<Op, RoiAlign>) autocast(DispatchKey::AutocastCPU, c10::DeviceType::CPU);  // the others not, in torchvision
}

TORCH_LIBRARY_FRAGMENT(opsis, m) {
  m.def(
      "roi_align(Tensor input, Tensor rois, float spatial_scale, SymInt pooled_height, SymInt pooled_width, int "
      "sampling_ratio, "
      "bool aligned) -> Tensor");
  m.def(
      "_roi_align_backward(Tensor grad, Tensor rois, float spatial_scale, SymInt pooled_height, SymInt pooled_width, SymInt "
      "batch_size, SymInt channels, SymInt height, SymInt width, int sampling_ratio, bool aligned) -> Tensor");
  m.def(
      "roi_pool(Tensor input, Tensor rois, float spatial_scale, SymInt pooled_height, SymInt pooled_width) -> (Tensor, "
      "Tensor)");
  m.def(
      "_roi_pool_backward(Tensor grad, Tensor rois, Tensor argmax, float spatial_scale, SymInt pooled_height, SymInt "
      "pooled_width, SymInt batch_size, SymInt channels, SymInt height, SymInt width) -> Tensor");
  m.def(
      "ps_roi_align(Tensor input, Tensor rois, float spatial_scale, SymInt pooled_height, SymInt pooled_width, int "
      "sampling_ratio) -> (Tensor, Tensor)");
  m.def(
      "_ps_roi_align_backward(Tensor grad, Tensor rois, Tensor channel_mapping, float spatial_scale, SymInt pooled_height, "
      "SymInt "
      "pooled_width, int sampling_ratio, SymInt batch_size, SymInt channels, SymInt height, SymInt width) -> Tensor");
  m.def(
      "ps_roi_pool(Tensor input, Tensor rois, float spatial_scale, SymInt pooled_height, SymInt pooled_width) -> (Tensor, "
      "Tensor)");
  m.def(
      "_ps_roi_pool_backward(Tensor grad, Tensor rois, Tensor channel_mapping, float spatial_scale, SymInt pooled_height, "
      "SymInt "
      "pooled_width, SymInt batch_size, SymInt channels, SymInt height, SymInt width) -> Tensor");
  register_all<RoiAlign>(m);
  register_all<RoiPool>(m);
  register_all<PsRoiAlign>(m);
  register_all<PsRoiPool>(m);
}

}  // namespace

Tensor call_roi_align(const Tensor& input, const Tensor& rois, const Pooling& pooling) {
  return std::get<0>(call_forward<RoiAlign>(input, rois, pooling));
}
Tensor call_roi_pool(const Tensor& input, const Tensor& rois, const Pooling& pooling) {
  return std::get<0>(call_forward<RoiPool>(input, rois, pooling));
}
Tensor call_ps_roi_align(const Tensor& input, const Tensor& rois, const Pooling& pooling) {
  return std::get<0>(call_forward<PsRoiAlign>(input, rois, pooling));
}
Tensor call_ps_roi_pool(const Tensor& input, const Tensor& rois, const Pooling& pooling) {
  return std::get<0>(call_forward<PsRoiPool>(input, rois, pooling));
}

}  // namespace opsis::inline v1::ops::detail
