#include "opsis/ops/roi_pool.h"

#include <torch/torch.h>

#include "opsis/core/check.h"
#include "opsis/ops/print.h"
#include "opsis/ops/region_ops.h"

namespace opsis::inline v1::ops {

torch::Tensor roi_pool(const torch::Tensor& input, const Rois& boxes, torch::ExpandingArray<2> output_size,
                       double spatial_scale) {
  OPSIS_CHECK(input.defined() && boxes.rows().defined(), "roi_pool: input and regions must be tensors, got an undefined one");
  return detail::call_roi_pool(input, boxes.rows(), {spatial_scale, (*output_size)[0], (*output_size)[1]});
}

torch::Tensor ps_roi_pool(const torch::Tensor& input, const Rois& boxes, torch::ExpandingArray<2> output_size,
                          double spatial_scale) {
  OPSIS_CHECK(input.defined() && boxes.rows().defined(),
              "ps_roi_pool: input and regions must be tensors, got an undefined one");
  return detail::call_ps_roi_pool(input, boxes.rows(), {spatial_scale, (*output_size)[0], (*output_size)[1]});
}

RoIPoolImpl::RoIPoolImpl(torch::ExpandingArray<2> size, double scale)
    : torch::nn::Module("RoIPool"), output_size(size), spatial_scale(scale) {}

torch::Tensor RoIPoolImpl::forward(const torch::Tensor& input, const Rois& rois) {
  return roi_pool(input, rois, output_size, spatial_scale);
}

void RoIPoolImpl::pretty_print(std::ostream& out) const {
  out << detail::repr("RoIPool",
                      {{"output_size", detail::python(output_size)}, {"spatial_scale", detail::python(spatial_scale)}});
}

PSRoIPoolImpl::PSRoIPoolImpl(torch::ExpandingArray<2> size, double scale)
    : torch::nn::Module("PSRoIPool"), output_size(size), spatial_scale(scale) {}

torch::Tensor PSRoIPoolImpl::forward(const torch::Tensor& input, const Rois& rois) {
  return ps_roi_pool(input, rois, output_size, spatial_scale);
}

void PSRoIPoolImpl::pretty_print(std::ostream& out) const {
  out << detail::repr("PSRoIPool",
                      {{"output_size", detail::python(output_size)}, {"spatial_scale", detail::python(spatial_scale)}});
}

}  // namespace opsis::inline v1::ops
