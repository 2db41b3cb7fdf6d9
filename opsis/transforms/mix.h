// Batches mixed with themselves, their labels too: MixUp, CutMix.
#pragma once

#include <torch/types.h>

#include <concepts>
#include <memory>
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

  template <class Visitor>
  void fields(Visitor&& visit) {
    visit("alpha", alpha);
    visit("num_classes", num_classes);
  }
};

namespace detail {

template <class T>
concept MixedPixels = std::same_as<T, Image> || std::same_as<T, Video> || std::same_as<T, torch::Tensor>;

// What MixUp and CutMix share: Derived has make_params and transform as Drawing's, and `label_part(params)`.
class OPSIS_API MixBase : public Transform {
 public:
  explicit MixBase(std::string_view name, MixOptions options);
  const MixOptions& options() const { return options_; }
  auto arguments() const { return std::tuple(options_); }
  std::string repr() const override;
  // As a part of a Compose there are no labels: throws ValueError.
  void apply(std::span<Value> values) const override;

 protected:
  // Throws unless labels are a batch of class numbers or of probabilities.
  void check_labels(const torch::Tensor& labels) const;
  // Throws unless there is only what can be mixed, in batches of this size.
  void check_values(std::span<const Value> values, int64_t batch) const;
  torch::Tensor mixed_labels(const torch::Tensor& labels, double part) const;
  double draw_part() const;

 private:
  std::string_view name_;
  MixOptions options_;
};

}  // namespace detail

/// The way MixUp and CutMix are called: with images or videos and their labels, or with a whole sample, as Transform takes it, whose
/// labels a function names (torchvision's labels_getter).
///     auto [images, labels] = MixUp({.num_classes = 10})(batch, numbers);        // (N) int64 -> (N, 10) float32
///     batch = mixup(std::move(batch), [](auto& sample) -> auto& { return sample.labels; });
///     auto [mixed, record] = mixup.record(batch, numbers);
template <class Derived>
class Mixing : public detail::MixBase {
 public:
  template <detail::MixedPixels Pixels>
  auto operator()(Pixels pixels, torch::Tensor labels) const {
    return (*this)(std::tuple(std::move(pixels), std::move(labels)), second);
  }
  template <class Sample, class LabelsOf>
  requires std::invocable<const LabelsOf&, Sample&> Sample operator()(Sample sample, const LabelsOf& labels_of) const {
    return mixed(std::move(sample), labels_of, [&](std::span<const Value> values) { return self().make_params(values); });
  }

  template <detail::MixedPixels Pixels>
  auto record(Pixels pixels, torch::Tensor labels) const {
    return record(std::tuple(std::move(pixels), std::move(labels)), second);
  }
  template <class Sample, class LabelsOf>
  requires std::invocable<const LabelsOf&, Sample&>
  auto record(Sample sample, const LabelsOf& labels_of) const {
    Record record;
    auto out = mixed(std::move(sample), labels_of, [&](std::span<const Value> values) {
      const detail::Recording recording(*this, values, record);
      const auto params = std::make_shared<const typename Derived::Params>(self().make_params(values));
      record.drawn = detail::Drawn(params);
      return *params;
    });
    return std::pair(std::move(out), std::move(record));
  }

  template <detail::MixedPixels Pixels>
  auto replay(const Record& record, Pixels pixels, torch::Tensor labels) const {
    return replay(record, std::tuple(std::move(pixels), std::move(labels)), second);
  }
  template <class Sample, class LabelsOf>
  requires std::invocable<const LabelsOf&, Sample&> Sample replay(const Record& record, Sample sample,
                                                                  const LabelsOf& labels_of)
  const {
    const detail::Replaying replaying(*this, record);
    return mixed(std::move(sample), labels_of, [&](std::span<const Value>) { return detail::params_of(self(), record); });
  }

  std::optional<Description> description() const final { return detail::description_of(self()); }

 protected:
  using MixBase::MixBase;

 private:
  static constexpr auto second = [](auto& sample) -> auto& { return std::get<1>(sample); };

  const Derived& self() const { return static_cast<const Derived&>(*this); }

  // With the parameters that `draw` gives for the values.
  template <class Sample, class LabelsOf, class Draw>
  Sample mixed(Sample sample, const LabelsOf& labels_of, const Draw& draw) const {
    const torch::Tensor labels = labels_of(sample);
    check_labels(labels);
    torch::Tensor shares;
    const auto mix = [&](std::span<Value> values) {
      check_values(values, labels.size(0));
      const typename Derived::Params params = draw(values);
      detail::change(self(), values, params);
      shares = mixed_labels(labels, self().label_part(params));
    };
    sample = detail::apply_to<Sample>(*this, mix, std::move(sample));
    labels_of(sample) = shares;
    return sample;
  }
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
