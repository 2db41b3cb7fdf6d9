#include "opsis/ops/roi_align.h"

#include <torch/torch.h>

#include "opsis/core/check.h"
#include "opsis/ops/print.h"
#include "opsis/ops/region_ops.h"
#include "opsis/ops/roi_align_quantized.h"
#include "opsis/tv_tensors/print.h"

namespace opsis::inline v1::ops {
namespace {

void check_defined(std::string_view where, const torch::Tensor& input, const Rois& boxes) {
  OPSIS_CHECK(input.defined() && boxes.rows().defined(), "{}: input and regions must be tensors, got an undefined one", where);
}

}  // namespace

Rois::Rois(const std::vector<torch::Tensor>& boxes) {
  OPSIS_CHECK(!boxes.empty(), "Rois: boxes must be a tensor (L, 4) for each image, got none");
  std::vector<torch::Tensor> rows;
  for (size_t i = 0; i < boxes.size(); ++i) {
    const auto& of_image = boxes[i];
    OPSIS_CHECK(of_image.defined() && of_image.dim() == 2 && of_image.size(1) == 4,
                "Rois: the boxes of image {} must be (L, 4), got {}", i, opsis::detail::shape(of_image));
    const auto image = torch::full_like(of_image.slice(1, 0, 1), static_cast<double>(i));
    rows.push_back(torch::cat({image, of_image}, 1));
  }
  rows_ = torch::cat(rows);
}

torch::Tensor roi_align(const torch::Tensor& input, const Rois& boxes, torch::ExpandingArray<2> output_size,
                        const RoIAlignOptions& options) {
  check_defined("roi_align", input, boxes);
  const auto& rois = boxes.rows();
  const detail::Pooling pooling{options.spatial_scale, (*output_size)[0], (*output_size)[1], options.sampling_ratio,
                                options.aligned};
  if (input.is_quantized() || rois.is_quantized()) return detail::roi_align_quantized(input, rois, pooling);
  return detail::call_roi_align(input, rois, pooling);
}

torch::Tensor ps_roi_align(const torch::Tensor& input, const Rois& boxes, torch::ExpandingArray<2> output_size,
                           const PSRoIAlignOptions& options) {
  check_defined("ps_roi_align", input, boxes);
  return detail::call_ps_roi_align(input, boxes.rows(),
                                   {options.spatial_scale, (*output_size)[0], (*output_size)[1], options.sampling_ratio, true});
}

RoIAlignImpl::RoIAlignImpl(torch::ExpandingArray<2> size, const RoIAlignOptions& given)
    : torch::nn::Module("RoIAlign"), output_size(size), options(given) {}

torch::Tensor RoIAlignImpl::forward(const torch::Tensor& input, const Rois& rois) {
  return roi_align(input, rois, output_size, options);
}

void RoIAlignImpl::pretty_print(std::ostream& out) const {
  out << detail::repr("RoIAlign", {{"output_size", detail::python(output_size)},
                                   {"spatial_scale", detail::python(options.spatial_scale)},
                                   {"sampling_ratio", detail::python(options.sampling_ratio)},
                                   {"aligned", detail::python(options.aligned)}});
}

PSRoIAlignImpl::PSRoIAlignImpl(torch::ExpandingArray<2> size, const PSRoIAlignOptions& given)
    : torch::nn::Module("PSRoIAlign"), output_size(size), options(given) {}

torch::Tensor PSRoIAlignImpl::forward(const torch::Tensor& input, const Rois& rois) {
  return ps_roi_align(input, rois, output_size, options);
}

void PSRoIAlignImpl::pretty_print(std::ostream& out) const {
  out << detail::repr("PSRoIAlign", {{"output_size", detail::python(output_size)},
                                     {"spatial_scale", detail::python(options.spatial_scale)},
                                     {"sampling_ratio", detail::python(options.sampling_ratio)}});
}

}  // namespace opsis::inline v1::ops
