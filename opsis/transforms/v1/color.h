// The first version's transforms of colours and levels: ColorJitter and what changes each pixel by itself.
#pragma once

#include <span>
#include <string>

#include "opsis/core/api.h"
#include "opsis/transforms/color.h"
#include "opsis/transforms/transform.h"

namespace opsis::inline v1::transforms::v1 {

/// Changes brightness, contrast, saturation and hue by v1's kernels, in a random order. Draws and settings of
/// transforms::ColorJitter.
/// Source   torchvision.transforms.ColorJitter
class OPSIS_API ColorJitter final : public Drawing<ColorJitter> {
 public:
  using Params = transforms::ColorJitter::Params;
  explicit ColorJitter(ColorJitterOptions options = {});

  Params make_params(std::span<const Value> values) const { return drawing_.make_params(values); }
  Value transform(const Value& value, const Params& params) const;
  std::string repr() const override;

 private:
  transforms::ColorJitter drawing_;
  ColorJitterOptions options_;
};

/// v1::functional::rgb_to_grayscale.
/// Source   torchvision.transforms.Grayscale
class OPSIS_API Grayscale final : public Fixed<Grayscale> {
 public:
  explicit Grayscale(int64_t num_output_channels = 1) : num_output_channels_(num_output_channels) {}

  Value transform(const Value& value) const;
  std::string repr() const override;

 private:
  int64_t num_output_channels_;
};

/// v1::functional::rgb_to_grayscale to as many channels as before, with probability p.
/// Draws    one torch.rand(1)
/// Throws   ValueError when p is not in [0, 1]; and, applied, when channels are neither 1 nor 3
/// Source   torchvision.transforms.RandomGrayscale
class OPSIS_API RandomGrayscale final : public Sometimes<RandomGrayscale> {
 public:
  explicit RandomGrayscale(double p = 0.1) : Sometimes("RandomGrayscale", p) {}
  Value transform(const Value& value) const;
  std::string repr() const override;
};

/// v1::functional::invert with probability p.
/// Draws    one torch.rand(1)
/// Throws   ValueError when p is not in [0, 1]; and, applied, as the kernel. So do the five below
/// Source   torchvision.transforms.RandomInvert
class OPSIS_API RandomInvert final : public Sometimes<RandomInvert> {
 public:
  explicit RandomInvert(double p = 0.5) : Sometimes("RandomInvert", p) {}
  Value transform(const Value& value) const;
  std::string repr() const override;
};

/// v1::functional::posterize with probability p.
/// Source   torchvision.transforms.RandomPosterize
class OPSIS_API RandomPosterize final : public Sometimes<RandomPosterize> {
 public:
  explicit RandomPosterize(int64_t bits, double p = 0.5) : Sometimes("RandomPosterize", p), bits_(bits) {}
  Value transform(const Value& value) const;
  std::string repr() const override;

 private:
  int64_t bits_;
};

/// v1::functional::solarize with probability p.
/// Source   torchvision.transforms.RandomSolarize
class OPSIS_API RandomSolarize final : public Sometimes<RandomSolarize> {
 public:
  explicit RandomSolarize(double threshold, double p = 0.5) : Sometimes("RandomSolarize", p), threshold_(threshold) {}
  Value transform(const Value& value) const;
  std::string repr() const override;

 private:
  double threshold_;
};

/// v1::functional::adjust_sharpness with probability p.
/// Source   torchvision.transforms.RandomAdjustSharpness
class OPSIS_API RandomAdjustSharpness final : public Sometimes<RandomAdjustSharpness> {
 public:
  explicit RandomAdjustSharpness(double sharpness_factor, double p = 0.5)
      : Sometimes("RandomAdjustSharpness", p), sharpness_factor_(sharpness_factor) {}
  Value transform(const Value& value) const;
  std::string repr() const override;

 private:
  double sharpness_factor_;
};

/// v1::functional::autocontrast with probability p.
/// Source   torchvision.transforms.RandomAutocontrast
class OPSIS_API RandomAutocontrast final : public Sometimes<RandomAutocontrast> {
 public:
  explicit RandomAutocontrast(double p = 0.5) : Sometimes("RandomAutocontrast", p) {}
  Value transform(const Value& value) const;
  std::string repr() const override;
};

/// v1::functional::equalize with probability p.
/// Source   torchvision.transforms.RandomEqualize
class OPSIS_API RandomEqualize final : public Sometimes<RandomEqualize> {
 public:
  explicit RandomEqualize(double p = 0.5) : Sometimes("RandomEqualize", p) {}
  Value transform(const Value& value) const;
  std::string repr() const override;
};

}  // namespace opsis::inline v1::transforms::v1
