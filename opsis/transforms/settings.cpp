#include "opsis/transforms/settings.h"

#include <ATen/ops/tensor.h>

#include "opsis/core/check.h"

namespace opsis::inline v1::transforms::detail {

Size size_of_numbers(std::string_view where, torch::IntArrayRef size) {
  OPSIS_CHECK(size.size() == 1 || size.size() == 2, "{}: size must have 1 or 2 numbers, got {}", where, size.size());
  return {size.front(), size.back()};
}

double exp_in_float(double value) { return at::tensor({value}, torch::kFloat32).exp_().item<double>(); }
double log_in_float(double value) { return at::tensor({value}, torch::kFloat32).log_().item<double>(); }

}  // namespace opsis::inline v1::transforms::detail
