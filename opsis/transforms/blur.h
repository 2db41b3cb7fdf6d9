// GaussianBlur.
#pragma once

#include <torch/types.h>

#include <initializer_list>
#include <span>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include "opsis/core/api.h"
#include "opsis/transforms/functional/blur.h"
#include "opsis/transforms/transform.h"

namespace opsis::inline v1::transforms {

/// A sigma, or the least and the greatest of those that one is drawn from.
struct OPSIS_API SigmaRange {
  SigmaRange() : SigmaRange(0.1, 2.0) {}
  SigmaRange(double sigma) : least(sigma), greatest(sigma) {}
  SigmaRange(double least, double greatest) : least(least), greatest(greatest) {}
  double least, greatest;
};
OPSIS_API Json json_of(const SigmaRange& range);
OPSIS_API void read_json(const Json& json, SigmaRange& range);
OPSIS_API std::string code_of(const SigmaRange& range);

/// Blurs images and videos by a Gaussian of random width.
///     GaussianBlur(5)(image)
///     GaussianBlur({5, 9}, {0.1, 5.0})       // 5 wide, 9 high
/// Draws    a uniform() of sigma
/// Throws   ValueError when kernel_size has not 1 or 2 numbers, odd and positive; when sigma is not positive and increasing
/// Differs  as functional::gaussian_blur
/// Source   torchvision.transforms.v2.GaussianBlur
class OPSIS_API GaussianBlur final : public Drawing<GaussianBlur> {
 public:
  explicit GaussianBlur(torch::IntArrayRef kernel_size, SigmaRange sigma = {0.1, 2.0}, bool exact = false);
  explicit GaussianBlur(std::initializer_list<int64_t> kernel_size, SigmaRange sigma = {0.1, 2.0}, bool exact = false)
      : GaussianBlur(torch::IntArrayRef(kernel_size), sigma, exact) {}

  struct Params {
    std::vector<double> sigma;  ///< horizontal and vertical
    template <class Visitor>
    void fields(Visitor&& visit) {
      visit("sigma", sigma);
    }
  };
  Params make_params(std::span<const Value> values) const;
  Value transform(const Value& value, const Params& params) const;
  auto arguments() const {
    return std::tuple(argument<"kernel_size">(kernel_size_), argument<"sigma">(sigma_), argument<"exact">(exact_));
  }
  std::string repr() const override;

 private:
  std::vector<int64_t> kernel_size_;
  SigmaRange sigma_;
  bool exact_;
};

}  // namespace opsis::inline v1::transforms
