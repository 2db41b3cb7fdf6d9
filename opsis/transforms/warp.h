// Transforms that bend the picture: RandomRotation, RandomAffine, RandomPerspective, ElasticTransform.
#pragma once

#include <torch/types.h>

#include <optional>
#include <span>
#include <string>
#include <tuple>
#include <utility>
#include <variant>
#include <vector>

#include "opsis/core/api.h"
#include "opsis/transforms/functional/interpolation.h"
#include "opsis/transforms/functional/warp.h"
#include "opsis/transforms/geometry.h"
#include "opsis/transforms/transform.h"

namespace opsis::inline v1::transforms {

namespace detail {

/// One number for a range that goes as far either way.
using Degrees = std::variant<double, std::vector<double>>;
OPSIS_API Degrees given_degrees(const std::vector<double>& range);

}  // namespace detail

/// Of RandomRotation; as in RotateOptions.
struct RandomRotationOptions {
  InterpolationMode interpolation = InterpolationMode::NEAREST;
  bool expand = false;
  std::optional<Point> center{};
  Fills fill = 0;

  template <class Visitor>
  void fields(Visitor&& visit) {
    visit("interpolation", interpolation);
    visit("expand", expand);
    visit("center", center);
    visit("fill", fill);
  }
};

/// Turns everything by a random angle, counter-clockwise, of -degrees to degrees or {least, greatest}.
///     RandomRotation(30, {.interpolation = InterpolationMode::BILINEAR})(image)
///     RandomRotation({90, 90}, {.expand = true})(image)   // (3, 375, 500) -> (3, 500, 375)
/// Draws    uniform(least, greatest)
/// Throws   ValueError when degrees is negative, or has not 2 numbers
/// Differs  a least above the greatest is refused here, by torchvision when it is first applied
/// Source   torchvision.transforms.v2.RandomRotation
class OPSIS_API RandomRotation final : public Drawing<RandomRotation> {
 public:
  explicit RandomRotation(double degrees, RandomRotationOptions options = {});
  explicit RandomRotation(std::vector<double> degrees, RandomRotationOptions options = {});

  struct Params {
    double angle = 0;
    template <class Visitor>
    void fields(Visitor&& visit) {
      visit("angle", angle);
    }
  };
  Params make_params(std::span<const Value> values) const;
  Value transform(const Value& value, const Params& params) const;
  Value inverse(const Value& value, const Params& params, Size source) const;
  auto arguments() const { return std::tuple(argument<"degrees">(detail::given_degrees(degrees_)), options_); }
  std::string repr() const override;

 private:
  std::vector<double> degrees_;
  RandomRotationOptions options_;
};

/// Of RandomAffine. What is not named does not happen.
struct RandomAffineOptions {
  std::optional<std::pair<double, double>> translate{};  ///< at most these parts of the width and the height, either way
  std::optional<std::pair<double, double>> scale{};      ///< least and greatest
  std::vector<double> shear{};  ///< degrees: {along x} either way, {least, greatest}, or both with those along y behind
  InterpolationMode interpolation = InterpolationMode::NEAREST;
  Fills fill = 0;
  std::optional<Point> center{};

  template <class Visitor>
  void fields(Visitor&& visit) {
    visit("translate", translate);
    visit("scale", scale);
    visit("shear", shear);
    visit("interpolation", interpolation);
    visit("fill", fill);
    visit("center", center);
  }
};

/// Turns (clockwise, by -degrees to degrees or {least, greatest}), moves, scales and shears everything.
///     RandomAffine(30, {.translate = {{0.1, 0.1}}, .scale = {{0.8, 1.2}}, .shear = {10}})(image)
/// Draws    uniform(degrees); for translate, uniform along x and along y, rounded to pixels; for scale, uniform; for shear, uniform
///          along x, and along y when it has 4 numbers
/// Throws   ValueError when degrees or a single shear is negative, when degrees has not 2 numbers or shear not 1, 2 or 4, when
///          translate is not in [0, 1], or scale not positive
/// Differs  a least above the greatest is refused here, by torchvision when it is first applied
/// Source   torchvision.transforms.v2.RandomAffine
class OPSIS_API RandomAffine final : public Drawing<RandomAffine> {
 public:
  explicit RandomAffine(double degrees, RandomAffineOptions options = {});
  explicit RandomAffine(std::vector<double> degrees, RandomAffineOptions options = {});

  struct Params {
    double angle = 0;
    std::vector<double> translate;  ///< x and y, in whole pixels
    double scale = 1;
    std::vector<double> shear;  ///< along x and y
    template <class Visitor>
    void fields(Visitor&& visit) {
      visit("angle", angle);
      visit("translate", translate);
      visit("scale", scale);
      visit("shear", shear);
    }
  };
  Params make_params(std::span<const Value> values) const;
  Value transform(const Value& value, const Params& params) const;
  Value inverse(const Value& value, const Params& params, Size source) const;
  auto arguments() const { return std::tuple(argument<"degrees">(detail::given_degrees(degrees_)), options_); }
  std::string repr() const override;

 private:
  std::vector<double> degrees_;
  RandomAffineOptions options_;
};

/// Of RandomPerspective.
struct RandomPerspectiveOptions {
  double p = 0.5;
  InterpolationMode interpolation = InterpolationMode::BILINEAR;
  Fills fill = 0;

  template <class Visitor>
  void fields(Visitor&& visit) {
    visit("p", p);
    visit("interpolation", interpolation);
    visit("fill", fill);
  }
};

/// Sees everything from a random place, or leaves it: each corner moves inwards by at most distortion_scale of half the size.
///     RandomPerspective(0.6, {.p = 1.0})(image)
/// Draws    one torch.rand(1); below p, torch.randint for x and y of the top left, top right, bottom right and bottom left corner
/// Throws   ValueError when p or distortion_scale is not in [0, 1]
/// Source   torchvision.transforms.v2.RandomPerspective
class OPSIS_API RandomPerspective final : public Sometimes<RandomPerspective> {
 public:
  explicit RandomPerspective(double distortion_scale = 0.5, RandomPerspectiveOptions options = {});

  struct Params {
    std::vector<double> coefficients;  ///< as in PerspectiveOptions
    template <class Visitor>
    void fields(Visitor&& visit) {
      visit("coefficients", coefficients);
    }
  };
  Params make_params(std::span<const Value> values) const;
  Value transform(const Value& value, const Params& params) const;
  Value inverse(const Value& value, const Params& params, Size source) const;
  auto arguments() const { return std::tuple(argument<"distortion_scale">(distortion_scale_), options_); }
  std::string repr() const override;

 private:
  double distortion_scale_;
  RandomPerspectiveOptions options_;
};

/// Of ElasticTransform. One number of alpha or sigma is for x and y.
struct ElasticTransformOptions {
  std::vector<double> alpha{50.0};  ///< strength of the displacement, in pixels before smoothing
  std::vector<double> sigma{5.0};   ///< of the smoothing, in pixels; not positive: none
  InterpolationMode interpolation = InterpolationMode::BILINEAR;
  Fills fill = 0;
  /// Smooths by the convolution that torchvision calls, many times slower. Without, by rows and then by columns, which gives
  /// the same but for rounding: blended uint8 pixels differ by at most 1, in about 1 of 10,000. What is not blended would here
  /// and there be another pixel altogether: nearest, and samples with a mask or with boxes or key points of integers, are
  /// always exact.
  bool exact = false;

  template <class Visitor>
  void fields(Visitor&& visit) {
    visit("alpha", alpha);
    visit("sigma", sigma);
    visit("interpolation", interpolation);
    visit("fill", fill);
    visit("exact", exact);
  }
};

/// Bends everything as if seen through water: each pixel moves by smoothed noise.
///     ElasticTransform({.alpha = {250}})(image)
/// A mask to which a record of another sample is replayed is as exact as that sample was.
/// Inverted, boxes and key points go to where the pixels under them came from; theirs there, torchvision's, is only near that way
/// backwards. Pixels and masks come back as far as the displacement did not fold them.
/// Draws    torch.rand(1, 1, height, width) for x, then for y
/// Throws   ValueError when alpha or sigma has not 1 or 2 numbers, or only one sigma is positive; and, applied, when the
///          smoothing reaches further than the sample (4 sigma)
/// Differs  sigma of which only one is positive is refused here, by torchvision when it is first applied
/// Source   torchvision.transforms.v2.ElasticTransform
class OPSIS_API ElasticTransform final : public Drawing<ElasticTransform> {
 public:
  explicit ElasticTransform(ElasticTransformOptions options = {});

  struct Params {
    torch::Tensor displacement;  ///< (1, height, width, 2), as in functional::elastic
    template <class Visitor>
    void fields(Visitor&& visit) {
      visit("displacement", displacement);
    }
  };
  Params make_params(std::span<const Value> values) const;
  Value transform(const Value& value, const Params& params) const;
  Value inverse(const Value& value, const Params& params, Size source) const;
  auto arguments() const { return std::tuple(options_); }
  std::string repr() const override;

 private:
  ElasticTransformOptions options_;
  std::vector<double> alpha_, sigma_;  // along x and y
};

}  // namespace opsis::inline v1::transforms
