// RandomErasing.
#pragma once

#include <torch/types.h>

#include <initializer_list>
#include <span>
#include <string>
#include <tuple>
#include <utility>
#include <variant>
#include <vector>

#include "opsis/core/api.h"
#include "opsis/transforms/functional/erase.h"
#include "opsis/transforms/transform.h"

namespace opsis::inline v1::transforms {

/// What is erased becomes: a number, a number for each channel, or noise.
///     ErasingValue(0.5)    ErasingValue({0.4, 0.5, 0.6})    ErasingValue::random()
class OPSIS_API ErasingValue {
 public:
  ErasingValue(double number) : numbers_{number} {}
  ErasingValue(std::initializer_list<double> channels) : numbers_(channels) {}
  ErasingValue(std::vector<double> channels) : numbers_(std::move(channels)) {}
  /// Each pixel drawn from the standard normal distribution.
  static ErasingValue random() { return ErasingValue(); }

  bool is_random() const { return random_; }
  const std::vector<double>& numbers() const { return numbers_; }

 private:
  ErasingValue() : random_(true) {}
  std::vector<double> numbers_;
  bool random_ = false;
};
/// 0.5, [0.4, 0.5, 0.6] or "random"
OPSIS_API Json json_of(const ErasingValue& value);
OPSIS_API void read_json(const Json& json, ErasingValue& value);
OPSIS_API std::string code_of(const ErasingValue& value);

/// Of RandomErasing.
struct RandomErasingOptions {
  double p = 0.5;
  std::pair<double, double> scale{0.02, 0.33};  ///< least and greatest part of the area
  std::pair<double, double> ratio{0.3, 3.3};    ///< least and greatest height / width
  ErasingValue value = 0.0;
  bool inplace = false;  ///< writes into the input's memory

  template <class Visitor>
  void fields(Visitor&& visit) {
    visit("p", p);
    visit("scale", scale);
    visit("ratio", ratio);
    visit("value", value);
    visit("inplace", inplace);
  }
};

/// Erases a random rectangle of images and videos. Zhong et al., https://arxiv.org/abs/1708.04896
///     RandomErasing({.value = ErasingValue::random()})(image)
/// Draws    one torch.rand(1); when it is below p, up to ten times uniform(scale) and uniform(log ratio) until a rectangle fits,
///          then its noise if that is wanted, then torch.randint for its top and its left. When none fits nothing is erased
/// Throws   ValueError when p is not in [0, 1] or scale not within it; and, applied, when the numbers are not as many as channels
/// Differs  torchvision warns of masks, boxes and key points, which pass here and there
/// Source   torchvision.transforms.v2.RandomErasing
class OPSIS_API RandomErasing final : public Sometimes<RandomErasing> {
 public:
  explicit RandomErasing(RandomErasingOptions options = {});

  struct Params {
    functional::Region region;
    torch::Tensor pixels;  ///< (1 or C, 1 or height, 1 or width); undefined when nothing is erased
    template <class Visitor>
    void fields(Visitor&& visit) {
      visit("region", region);
      visit("pixels", pixels);
    }
  };
  Params make_params(std::span<const Value> values) const;
  Value transform(const Value& value, const Params& params) const;
  auto arguments() const { return std::tuple(options_); }
  std::string repr() const override;

 private:
  RandomErasingOptions options_;
  double least_log_ratio_, greatest_log_ratio_;
};

}  // namespace opsis::inline v1::transforms
