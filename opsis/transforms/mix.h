// Batches mixed with themselves, their labels too: MixUp, CutMix.
#pragma once

#include <torch/types.h>

#include <array>
#include <concepts>
#include <optional>
#include <span>
#include <string>
#include <tuple>
#include <utility>

#include "opsis/core/api.h"
#include "opsis/transforms/transform.h"

namespace opsis::inline v1::transforms {

/// Of MixUp and CutMix.
struct MixOptions {
  double alpha = 1.0;                    ///< of the Beta distribution of the two parts
  std::optional<int64_t> num_classes{};  ///< needed when the labels are class numbers
};

namespace detail {

// What MixUp and CutMix share: Derived has make_params and transform as Drawing's, and `label_part(params)`.
class OPSIS_API MixBase {
 public:
  explicit MixBase(std::string_view name, MixOptions options);
  const MixOptions& options() const { return options_; }
  std::string repr() const;

 protected:
  // Throws unless labels are a batch of class numbers or of probabilities.
  void check_labels(const torch::Tensor& labels) const;
  // Throws unless there is only what can be mixed, in batches of this size.
  void check_values(std::span<const Value> values, int64_t batch) const;
  torch::Tensor mixed_labels(const torch::Tensor& labels, double part) const;
  double draw_part() const;
  std::string_view name() const { return name_; }

 private:
  std::string_view name_;
  MixOptions options_;
};

}  // namespace detail

/// The way MixUp and CutMix are called.
///     auto [images, labels] = MixUp({.num_classes = 10})(batch, numbers);        // (N) int64 -> (N, 10) float32
///     batch = mixup(std::move(batch), [](auto& sample) -> auto& { return sample.labels; });
template <class Derived>
class Mixing : public detail::MixBase {
 public:
  /// Images or videos and their labels.
  template <class Pixels>
  requires std::same_as<Pixels, Image> || std::same_as<Pixels, Video> || std::same_as<Pixels, torch::Tensor>
  auto operator()(Pixels pixels, torch::Tensor labels) const {
    return (*this)(
        std::tuple(std::move(pixels), std::move(labels)), [](auto& sample) -> auto& { return std::get<1>(sample); });
  }

  /// A whole sample, as Transform takes it, whose labels `labels_of(sample)` names: torchvision's labels_getter.
  template <class Sample, class LabelsOf>
  requires std::invocable<const LabelsOf&, Sample&> Sample operator()(Sample sample, const LabelsOf& labels_of) const {
    const torch::Tensor labels = labels_of(sample);
    check_labels(labels);
    torch::Tensor mixed;
    sample = Applied(*this, labels, mixed)(std::move(sample));
    labels_of(sample) = mixed;
    return sample;
  }

 protected:
  using MixBase::MixBase;

 private:
  class Applied final : public Transform {
   public:
    Applied(const Mixing& mixing, const torch::Tensor& labels, torch::Tensor& mixed)
        : mixing_(mixing), labels_(labels), mixed_(mixed) {}
    void apply(std::span<Value> values) const override {
      const auto& self = static_cast<const Derived&>(mixing_);
      mixing_.check_values(values, labels_.size(0));
      const auto params = self.make_params(std::span<const Value>(values));
      for (auto& value : values) value = self.transform(value, params);
      mixed_ = mixing_.mixed_labels(labels_, self.label_part(params));
    }
    std::string repr() const override { return mixing_.repr(); }

   private:
    const Mixing& mixing_;
    const torch::Tensor& labels_;
    torch::Tensor& mixed_;
  };
};

/// Each image mixed with the one before it in the batch: https://arxiv.org/abs/1710.09412.
/// Shapes   images (N, C, H, W), videos (N, T, C, H, W); labels (N) int64 or (N, num_classes) -> (N, num_classes)
/// Types    floating point images; labels become floating point
/// Draws    one Beta(alpha, alpha)
/// Throws   ValueError for other shapes and types, for masks, boxes and key points, and for class numbers without num_classes
/// Source   torchvision.transforms.v2.MixUp
class OPSIS_API MixUp final : public Mixing<MixUp> {
 public:
  struct Params {
    double part = 1;  ///< of the image itself

    template <class Visitor>
    void fields(Visitor&& visit) {
      visit("part", part);
    }
  };
  explicit MixUp(MixOptions options = {}) : Mixing("MixUp", options) {}

  Params make_params(std::span<const Value> values) const;
  Value transform(const Value& value, const Params& params) const;
  double label_part(const Params& params) const { return params.part; }
};

/// A rectangle of each image from the one before it in the batch: https://arxiv.org/abs/1905.04899.
/// Shapes and Throws as MixUp
/// Types    any number; labels become floating point
/// Draws    one Beta(alpha, alpha), then the rectangle's middle: one torch.randint(W), one torch.randint(H)
/// Source   torchvision.transforms.v2.CutMix
class OPSIS_API CutMix final : public Mixing<CutMix> {
 public:
  struct Params {
    int64_t left = 0, top = 0, right = 0, bottom = 0;  ///< of the rectangle; the last two do not belong to it
    double part = 1;                                   ///< of the image itself

    template <class Visitor>
    void fields(Visitor&& visit) {
      visit("left", left);
      visit("top", top);
      visit("right", right);
      visit("bottom", bottom);
      visit("part", part);
    }
  };
  explicit CutMix(MixOptions options = {}) : Mixing("CutMix", options) {}

  Params make_params(std::span<const Value> values) const;
  Value transform(const Value& value, const Params& params) const;
  double label_part(const Params& params) const { return params.part; }
};

}  // namespace opsis::inline v1::transforms
