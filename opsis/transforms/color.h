// Transforms of colours and levels: ColorJitter and all that changes each pixel by itself.
#pragma once

#include <torch/types.h>

#include <array>
#include <optional>
#include <span>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include "opsis/core/api.h"
#include "opsis/transforms/functional/color.h"
#include "opsis/transforms/transform.h"

namespace opsis::inline v1::transforms {

/// How much to jitter: not at all, by a number around the middle, or between two.
///     Jitter()    Jitter(0.4)    Jitter(0.5, 1.5)
class OPSIS_API Jitter {
 public:
  Jitter() = default;
  Jitter(double amount) : amount_(amount) {}
  Jitter(double least, double greatest) : range_({least, greatest}) {}

  /// The range that factors are drawn from: [middle - amount, middle + amount], from 0 on when `from_zero`, or what was given; none
  /// when it would change nothing. `where` and `name` begin the message.
  /// Throws   ValueError for a negative amount, and for a range that is not within the bounds and increasing
  std::optional<std::pair<double, double>> range(std::string_view where, std::string_view name, double middle,
                                                 std::pair<double, double> bounds, bool from_zero) const;

  /// null, 0.4 or [0.5, 1.5]
  friend OPSIS_API Json json_of(const Jitter& jitter);
  friend OPSIS_API void read_json(const Json& json, Jitter& jitter);
  friend OPSIS_API std::string code_of(const Jitter& jitter);

 private:
  std::optional<double> amount_;
  std::optional<std::pair<double, double>> range_;
};
OPSIS_API Json json_of(const Jitter& jitter);
OPSIS_API void read_json(const Json& json, Jitter& jitter);
OPSIS_API std::string code_of(const Jitter& jitter);

/// Of ColorJitter.
struct ColorJitterOptions {
  Jitter brightness{};  ///< around 1, not negative
  Jitter contrast{};    ///< around 1, not negative
  Jitter saturation{};  ///< around 1, not negative
  Jitter hue{};         ///< around 0, within [-0.5, 0.5]

  template <class Visitor>
  void fields(Visitor&& visit) {
    visit("brightness", brightness);
    visit("contrast", contrast);
    visit("saturation", saturation);
    visit("hue", hue);
  }
};

/// Changes brightness, contrast, saturation and hue of images and videos, in a random order.
///     ColorJitter({.brightness = 0.4, .contrast = 0.4, .saturation = 0.4, .hue = 0.1})(image)
///     ColorJitter({.brightness = {0.5, 1.5}})
/// Draws    torch.randperm(4), then a uniform() for each that is jittered
/// Throws   ValueError as Jitter::range; and, applied, for images of other than 1 or 3 channels
/// Source   torchvision.transforms.v2.ColorJitter
class OPSIS_API ColorJitter final : public Drawing<ColorJitter> {
 public:
  explicit ColorJitter(ColorJitterOptions options = {});

  /// What was drawn: factors that are not there change nothing.
  struct Params {
    std::vector<int64_t> order;  ///< of 0 brightness, 1 contrast, 2 saturation, 3 hue
    std::optional<double> brightness, contrast, saturation, hue;
    template <class Visitor>
    void fields(Visitor&& visit) {
      visit("order", order);
      visit("brightness", brightness);
      visit("contrast", contrast);
      visit("saturation", saturation);
      visit("hue", hue);
    }
  };
  Params make_params(std::span<const Value> values) const;
  Value transform(const Value& value, const Params& params) const;
  auto arguments() const { return std::tuple(options_); }
  std::string repr() const override;

 private:
  using Factors = std::optional<std::pair<double, double>>;
  ColorJitterOptions options_;
  Factors brightness_, contrast_, saturation_, hue_;
};

/// Of RandomPhotometricDistort: the least and greatest factors, and how probable each change is.
struct RandomPhotometricDistortOptions {
  std::pair<double, double> brightness{0.875, 1.125};
  std::pair<double, double> contrast{0.5, 1.5};
  std::pair<double, double> saturation{0.5, 1.5};
  std::pair<double, double> hue{-0.05, 0.05};
  double p = 0.5;

  template <class Visitor>
  void fields(Visitor&& visit) {
    visit("brightness", brightness);
    visit("contrast", contrast);
    visit("saturation", saturation);
    visit("hue", hue);
    visit("p", p);
  }
};

/// Changes brightness, contrast, saturation, hue and the order of channels, each or not: how SSD was trained.
/// Draws    for each of the four torch.rand(1) and, when below p, a uniform(); then torch.rand(1) for whether contrast comes first;
///          then torch.rand(1) and, when below p, torch.randperm(channels)
/// Throws   applied, ValueError when the sample has neither an image nor a video
/// Source   torchvision.transforms.v2.RandomPhotometricDistort
class OPSIS_API RandomPhotometricDistort final : public Drawing<RandomPhotometricDistort> {
 public:
  explicit RandomPhotometricDistort(RandomPhotometricDistortOptions options = {});

  struct Params {
    std::optional<double> brightness, contrast, saturation, hue;
    bool contrast_before = false;
    std::vector<int64_t> permutation;  ///< empty for none
    template <class Visitor>
    void fields(Visitor&& visit) {
      visit("brightness", brightness);
      visit("contrast", contrast);
      visit("saturation", saturation);
      visit("hue", hue);
      visit("contrast_before", contrast_before);
      visit("permutation", permutation);
    }
  };
  Params make_params(std::span<const Value> values) const;
  Value transform(const Value& value, const Params& params) const;
  auto arguments() const { return std::tuple(options_); }
  std::string repr() const override;

 private:
  RandomPhotometricDistortOptions options_;
};

/// Puts the channels of images and videos into a random order.
/// Draws    torch.randperm(channels)
/// Throws   applied, ValueError when the sample has neither an image nor a video
/// Source   torchvision.transforms.v2.RandomChannelPermutation
class OPSIS_API RandomChannelPermutation final : public Drawing<RandomChannelPermutation> {
 public:
  struct Params {
    std::vector<int64_t> permutation;
    template <class Visitor>
    void fields(Visitor&& visit) {
      visit("permutation", permutation);
    }
  };
  Params make_params(std::span<const Value> values) const;
  Value transform(const Value& value, const Params& params) const;
  detail::PixelSteps pixel_steps(const Params& params, Size) const { return {{detail::ChannelsStep{params.permutation}}}; }
  auto arguments() const { return std::tuple(); }
  std::string repr() const override;
};

/// Channels of images and videos in another order, always this one: channel c becomes what channel permutation[c] was.
///     Compose{Resize(224), PermuteChannels({2, 1, 0}), ToDtype(torch::kFloat32, {.scale = true})}   // BGR, as some models have it
/// Throws   applied, ValueError as functional::permute_channels
/// Differs  torchvision has it as a function only
class OPSIS_API PermuteChannels final : public Fixed<PermuteChannels> {
 public:
  explicit PermuteChannels(std::vector<int64_t> permutation) : permutation_(std::move(permutation)) {}
  Value transform(const Value& value) const;
  detail::PixelSteps pixel_steps(Size) const { return {{detail::ChannelsStep{permutation_}}}; }
  auto arguments() const { return std::tuple(argument<"permutation">(permutation_)); }
  std::string repr() const override;

 private:
  std::vector<int64_t> permutation_;
};

/// Images in shades of gray. Videos pass, as in torchvision.
/// Throws   applied, ValueError as functional::rgb_to_grayscale
/// Source   torchvision.transforms.v2.Grayscale
class OPSIS_API Grayscale final : public Fixed<Grayscale> {
 public:
  explicit Grayscale(int64_t num_output_channels = 1) : num_output_channels_(num_output_channels) {}
  Value transform(const Value& value) const;
  auto arguments() const { return std::tuple(argument<"num_output_channels">(num_output_channels_)); }
  std::string repr() const override;

 private:
  int64_t num_output_channels_;
};

/// Images in shades of gray with probability p, and as many channels as before. Videos pass, as in torchvision.
/// Draws    one torch.rand(1)
/// Throws   ValueError when p is not in [0, 1]; and, applied, when the sample has neither an image nor a video
/// Source   torchvision.transforms.v2.RandomGrayscale
class OPSIS_API RandomGrayscale final : public Sometimes<RandomGrayscale> {
 public:
  explicit RandomGrayscale(double p = 0.1) : Sometimes("RandomGrayscale", p) {}

  struct Params {
    int64_t num_input_channels = 0;
    template <class Visitor>
    void fields(Visitor&& visit) {
      visit("num_input_channels", num_input_channels);
    }
  };
  Params make_params(std::span<const Value> values) const;
  Value transform(const Value& value, const Params& params) const;
  auto arguments() const { return std::tuple(argument<"p">(probability())); }
  std::string repr() const override;
};

/// Three channels out of one; images that have three are as they were. Videos pass, as in torchvision.
/// Throws   applied, ValueError for two channels
/// Source   torchvision.transforms.v2.RGB
class OPSIS_API RGB final : public Fixed<RGB> {
 public:
  Value transform(const Value& value) const;
  auto arguments() const { return std::tuple(); }
  std::string repr() const override;
};

/// The negative of images and videos, with probability p.
/// Draws    one torch.rand(1)
/// Throws   ValueError when p is not in [0, 1]
/// Source   torchvision.transforms.v2.RandomInvert
class OPSIS_API RandomInvert final : public Sometimes<RandomInvert> {
 public:
  explicit RandomInvert(double p = 0.5) : Sometimes("RandomInvert", p) {}
  Value transform(const Value& value) const;
  auto arguments() const { return std::tuple(argument<"p">(probability())); }
  std::string repr() const override;
};

/// functional::posterize with probability p.
/// Draws    one torch.rand(1)
/// Throws   ValueError when p is not in [0, 1]; and, applied, for bits outside [0, 8]
/// Source   torchvision.transforms.v2.RandomPosterize
class OPSIS_API RandomPosterize final : public Sometimes<RandomPosterize> {
 public:
  explicit RandomPosterize(int64_t bits, double p = 0.5) : Sometimes("RandomPosterize", p), bits_(bits) {}
  Value transform(const Value& value) const;
  auto arguments() const { return std::tuple(argument<"bits">(bits_), argument<"p">(probability())); }
  std::string repr() const override;

 private:
  int64_t bits_;
};

/// functional::solarize with probability p.
/// Draws    one torch.rand(1)
/// Throws   ValueError when p is not in [0, 1]; and, applied, for a threshold above the largest pixel
/// Source   torchvision.transforms.v2.RandomSolarize
class OPSIS_API RandomSolarize final : public Sometimes<RandomSolarize> {
 public:
  explicit RandomSolarize(double threshold, double p = 0.5) : Sometimes("RandomSolarize", p), threshold_(threshold) {}
  Value transform(const Value& value) const;
  auto arguments() const { return std::tuple(argument<"threshold">(threshold_), argument<"p">(probability())); }
  std::string repr() const override;

 private:
  double threshold_;
};

/// functional::autocontrast with probability p.
/// Draws    one torch.rand(1)
/// Throws   ValueError when p is not in [0, 1]
/// Source   torchvision.transforms.v2.RandomAutocontrast
class OPSIS_API RandomAutocontrast final : public Sometimes<RandomAutocontrast> {
 public:
  explicit RandomAutocontrast(double p = 0.5) : Sometimes("RandomAutocontrast", p) {}
  Value transform(const Value& value) const;
  auto arguments() const { return std::tuple(argument<"p">(probability())); }
  std::string repr() const override;
};

/// functional::equalize with probability p.
/// Draws    one torch.rand(1)
/// Throws   ValueError when p is not in [0, 1]
/// Source   torchvision.transforms.v2.RandomEqualize
class OPSIS_API RandomEqualize final : public Sometimes<RandomEqualize> {
 public:
  explicit RandomEqualize(double p = 0.5) : Sometimes("RandomEqualize", p) {}
  Value transform(const Value& value) const;
  auto arguments() const { return std::tuple(argument<"p">(probability())); }
  std::string repr() const override;
};

/// functional::adjust_sharpness with probability p.
/// Draws    one torch.rand(1)
/// Throws   ValueError when p is not in [0, 1]; and, applied, for a negative factor
/// Source   torchvision.transforms.v2.RandomAdjustSharpness
class OPSIS_API RandomAdjustSharpness final : public Sometimes<RandomAdjustSharpness> {
 public:
  explicit RandomAdjustSharpness(double sharpness_factor, double p = 0.5)
      : Sometimes("RandomAdjustSharpness", p), sharpness_factor_(sharpness_factor) {}
  Value transform(const Value& value) const;
  auto arguments() const { return std::tuple(argument<"sharpness_factor">(sharpness_factor_), argument<"p">(probability())); }
  std::string repr() const override;

 private:
  double sharpness_factor_;
};

}  // namespace opsis::inline v1::transforms
