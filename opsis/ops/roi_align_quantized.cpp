// The operator works on the whole numbers that stand for others, as torchvision's does: what they stand for are its arguments.
#include "opsis/ops/roi_align_quantized.h"

#include <torch/library.h>
#include <torch/torch.h>

#include "opsis/core/check.h"
#include "opsis/tv_tensors/print.h"

namespace opsis::inline v1::ops::detail {
namespace {

using torch::Tensor;

void check_quantized_regions(const Tensor& input, const Tensor& rois, const Pooling& pooling) {
  using opsis::detail::shape;
  OPSIS_CHECK(input.dim() == 4 && input.size(0) == 1,
              "qroi_align: input must be one image (1, C, H, W), for it is quantized, got {}", shape(input));
  OPSIS_CHECK(rois.dim() == 2 && rois.size(1) == 5, "qroi_align: regions must be (K, 5), an image and its box, got {}",
              shape(rois));
  OPSIS_CHECK(input.scalar_type() == rois.scalar_type(), "qroi_align: input and regions must be of one type, got {} and {}",
              input.scalar_type(), rois.scalar_type());
  OPSIS_CHECK(input.device() == rois.device(), "qroi_align: input and regions must be on one device, got {} and {}",
              input.device(), rois.device());
  OPSIS_CHECK(torch::isIntegralType(input.scalar_type(), /*includeBool=*/false),
              "qroi_align: input must be whole numbers, got {}", input.scalar_type());
  OPSIS_CHECK(pooling.height >= 0 && pooling.width >= 0, "qroi_align: output_size must not be negative, got ({}, {})",
              pooling.height, pooling.width);
}

Tensor qroi_align(const Tensor& input, const Tensor& rois, double input_scale, int64_t input_zero_point, double rois_scale,
                  int64_t rois_zero_point, double spatial_scale, int64_t pooled_height, int64_t pooled_width,
                  int64_t sampling_ratio, bool aligned) {
  const Pooling pooling{spatial_scale, pooled_height, pooled_width, sampling_ratio, aligned};
  check_quantized_regions(input, rois, pooling);
  auto out = torch::empty({rois.size(0), input.size(1), pooled_height, pooled_width}, input.options());
  if (out.numel() == 0 || out.is_meta()) return out;
  const auto places = (rois.to(torch::kFloat32) - static_cast<float>(rois_zero_point)) * static_cast<float>(rois_scale);
  roi_align_quantized_cpu(input.contiguous(), places.contiguous(), {input_scale, input_zero_point}, pooling, out);
  return out;
}

TORCH_LIBRARY_FRAGMENT(opsis, m) {
  m.def(
      "qroi_align(Tensor input, Tensor rois, float input_scale, int input_zero_point, float rois_scale, int rois_zero_point, "
      "float spatial_scale, SymInt pooled_height, SymInt pooled_width, int sampling_ratio, bool aligned) -> Tensor");
  m.impl("qroi_align", c10::DispatchKey::CPU, qroi_align);
  m.impl("qroi_align", c10::DispatchKey::Meta, qroi_align);
}

}  // namespace

Tensor roi_align_quantized(const Tensor& input, const Tensor& rois, const Pooling& pooling) {
  OPSIS_CHECK(input.is_quantized() && rois.is_quantized(),
              "roi_align: of input and regions both or neither must be quantized, got {} and {}", input.scalar_type(),
              rois.scalar_type());
  for (const auto& tensor : {input, rois}) {
    const auto type = tensor.scalar_type();
    OPSIS_CHECK(tensor.qscheme() == torch::kPerTensorAffine,
                "roi_align: input and regions must be quantized per tensor, got one quantized per channel");
    OPSIS_CHECK(type == torch::kQUInt8 || type == torch::kQInt8 || type == torch::kQInt32,
                "roi_align: quantized input must be quint8, qint8 or qint32, got {}", type);
  }
  static const auto op = c10::Dispatcher::singleton()
                             .findSchemaOrThrow("opsis::qroi_align", "")
                             .typed<Tensor(const Tensor&, const Tensor&, double, int64_t, double, int64_t, double, c10::SymInt,
                                           c10::SymInt, int64_t, bool)>();
  const auto whole =
      op.call(input.int_repr(), rois.int_repr(), input.q_scale(), input.q_zero_point(), rois.q_scale(), rois.q_zero_point(),
              pooling.spatial_scale, pooling.height, pooling.width, pooling.sampling_ratio, pooling.aligned);
  return at::_make_per_tensor_quantized_tensor(whole, input.q_scale(), input.q_zero_point());
}

}  // namespace opsis::inline v1::ops::detail
