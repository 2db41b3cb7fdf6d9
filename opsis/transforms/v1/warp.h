// The first version's transforms that bend or blur: RandomRotation, RandomAffine, RandomPerspective, ElasticTransform,
// GaussianBlur. They draw as v2's, whose settings they have, and call v1's kernels.
#pragma once

#include <initializer_list>
#include <span>
#include <string>
#include <vector>

#include "opsis/core/api.h"
#include "opsis/transforms/blur.h"
#include "opsis/transforms/transform.h"
#include "opsis/transforms/warp.h"

namespace opsis::inline v1::transforms::v1 {

/// v1::functional::rotate by a random angle. Settings, draws and refusals as transforms::RandomRotation.
/// Source   torchvision.transforms.RandomRotation
class OPSIS_API RandomRotation final : public Drawing<RandomRotation> {
 public:
  using Params = transforms::RandomRotation::Params;
  explicit RandomRotation(double degrees, RandomRotationOptions options = {});
  explicit RandomRotation(std::vector<double> degrees, RandomRotationOptions options = {});

  Params make_params(std::span<const Value> values) const { return drawing_.make_params(values); }
  Value transform(const Value& value, const Params& params) const;
  Value inverse(const Value& value, const Params& params, Size source) const { return drawing_.inverse(value, params, source); }
  std::string repr() const override;

 private:
  transforms::RandomRotation drawing_;
  std::vector<double> degrees_;
  RandomRotationOptions options_;
};

/// v1::functional::affine by random numbers. Settings, draws and refusals as transforms::RandomAffine.
/// Source   torchvision.transforms.RandomAffine
class OPSIS_API RandomAffine final : public Drawing<RandomAffine> {
 public:
  using Params = transforms::RandomAffine::Params;
  explicit RandomAffine(double degrees, RandomAffineOptions options = {});
  explicit RandomAffine(std::vector<double> degrees, RandomAffineOptions options = {});

  Params make_params(std::span<const Value> values) const { return drawing_.make_params(values); }
  Value transform(const Value& value, const Params& params) const;
  Value inverse(const Value& value, const Params& params, Size source) const { return drawing_.inverse(value, params, source); }
  std::string repr() const override;

 private:
  transforms::RandomAffine drawing_;
  std::vector<double> degrees_;
  RandomAffineOptions options_;
};

/// v1::functional::perspective from a random place. Settings, draws and refusals as transforms::RandomPerspective.
/// Differs  a distortion_scale above 1 is refused, which would turn the picture inside out
/// Source   torchvision.transforms.RandomPerspective
class OPSIS_API RandomPerspective final : public Sometimes<RandomPerspective> {
 public:
  using Params = transforms::RandomPerspective::Params;
  explicit RandomPerspective(double distortion_scale = 0.5, RandomPerspectiveOptions options = {});

  Params make_params(std::span<const Value> values) const { return drawing_.make_params(values); }
  Value transform(const Value& value, const Params& params) const;
  Value inverse(const Value& value, const Params& params, Size source) const { return drawing_.inverse(value, params, source); }
  std::string repr() const override;

 private:
  transforms::RandomPerspective drawing_;
  RandomPerspectiveOptions options_;
};

/// v1::functional::elastic_transform by noise that v1::functional::gaussian_blur smooths. Settings and draws of
/// transforms::ElasticTransform, always `exact`.
/// Throws   ValueError when alpha or sigma has not 1 or 2 numbers; and, applied, when only one sigma is positive, or the
///          smoothing reaches further than the sample (4 sigma)
/// Source   torchvision.transforms.ElasticTransform
class OPSIS_API ElasticTransform final : public Drawing<ElasticTransform> {
 public:
  using Params = transforms::ElasticTransform::Params;
  explicit ElasticTransform(ElasticTransformOptions options = {});

  Params make_params(std::span<const Value> values) const;
  Value transform(const Value& value, const Params& params) const;
  Value inverse(const Value& value, const Params& params, Size source) const;
  std::string repr() const override;

 private:
  ElasticTransformOptions options_;
};

/// v1::functional::gaussian_blur by a random sigma. Settings, draws and refusals as transforms::GaussianBlur, always `exact`.
/// Source   torchvision.transforms.GaussianBlur
class OPSIS_API GaussianBlur final : public Drawing<GaussianBlur> {
 public:
  using Params = transforms::GaussianBlur::Params;
  explicit GaussianBlur(torch::IntArrayRef kernel_size, SigmaRange sigma = {0.1, 2.0});
  explicit GaussianBlur(std::initializer_list<int64_t> kernel_size, SigmaRange sigma = {0.1, 2.0})
      : GaussianBlur(torch::IntArrayRef(kernel_size), sigma) {}

  Params make_params(std::span<const Value> values) const { return drawing_.make_params(values); }
  Value transform(const Value& value, const Params& params) const;
  std::string repr() const override;

 private:
  transforms::GaussianBlur drawing_;
  std::vector<int64_t> kernel_size_;
  SigmaRange sigma_;
};

}  // namespace opsis::inline v1::transforms::v1
