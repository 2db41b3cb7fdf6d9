#include "tests/support/expect.h"

#include <torch/torch.h>

#include "opsis/tv_tensors/print.h"

namespace support {
namespace {

using ::testing::AssertionFailure;
using ::testing::AssertionResult;
using ::testing::AssertionSuccess;

AssertionResult same_kind(const torch::Tensor& actual, const torch::Tensor& expected) {
  if (!actual.defined() || !expected.defined()) return AssertionFailure() << "an undefined tensor";
  if (actual.sizes() != expected.sizes()) {
    return AssertionFailure() << "shape " << opsis::detail::shape(actual) << ", expected " << opsis::detail::shape(expected);
  }
  if (actual.scalar_type() != expected.scalar_type()) {
    return AssertionFailure() << "type " << actual.scalar_type() << ", expected " << expected.scalar_type();
  }
  return AssertionSuccess();
}

AssertionResult differs(const torch::Tensor& actual, const torch::Tensor& expected, const torch::Tensor& wrong) {
  const auto a = actual.to(torch::kFloat64), e = expected.to(torch::kFloat64);
  const auto place = wrong.flatten().to(torch::kUInt8).argmax().item<int64_t>();
  return AssertionFailure() << wrong.sum().item<int64_t>() << " of " << wrong.numel() << " elements differ, by at most "
                            << (a - e).abs().nan_to_num(1e308).max().item<double>() << "; the first at flat index " << place
                            << ": " << a.flatten()[place].item<double>() << ", expected " << e.flatten()[place].item<double>();
}

}  // namespace

AssertionResult equal(const torch::Tensor& actual, const torch::Tensor& expected) {
  if (auto same = same_kind(actual, expected); !same) return same;
  if (actual.numel() == 0) return AssertionSuccess();
  auto wrong = actual.ne(expected);
  if (actual.is_floating_point()) wrong = wrong.logical_and(actual.isnan().logical_and(expected.isnan()).logical_not());
  return wrong.any().item<bool>() ? differs(actual, expected, wrong) : AssertionSuccess();
}

AssertionResult near(const torch::Tensor& actual, const torch::Tensor& expected, double relative, double absolute) {
  if (auto same = same_kind(actual, expected); !same) return same;
  if (actual.numel() == 0) return AssertionSuccess();
  const auto a = actual.to(torch::kFloat64), e = expected.to(torch::kFloat64);
  const auto bound = relative * e.abs().nan_to_num(0).max() + absolute;
  auto wrong = (a - e).abs().le(bound).logical_not();
  wrong = wrong.logical_and(a.isnan().logical_and(e.isnan()).logical_not());
  return wrong.any().item<bool>() ? differs(actual, expected, wrong) : AssertionSuccess();
}

}  // namespace support
