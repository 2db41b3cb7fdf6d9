// A transform and the generator that it draws from.
#pragma once

#include <ATen/core/Generator.h>

#include <concepts>
#include <optional>
#include <span>
#include <string>
#include <utility>

#include "opsis/core/api.h"
#include "opsis/core/random.h"
#include "opsis/transforms/mix.h"
#include "opsis/transforms/transform.h"

namespace opsis::inline v1::transforms {

/// A transform that draws from a generator of its own, wherever it is called.
///     auto generator = at::detail::createCPUGenerator(7);
///     auto x = with_generator(train, generator)(image);        // the generator moves on with each call
///     const Compose both{with_generator(RandomCrop(224), generator), RandomHorizontalFlip()};   // the flip by the current one
/// Threads  calls that share a generator share its draws, in the order in which they come; for draws that do not depend on that,
///          give each its own
class OPSIS_API WithGenerator final : public Transform {
 public:
  WithGenerator(AnyTransform transform, at::Generator generator);

  void apply(std::span<Value> values) const override;
  /// The transform's own: a generator is no argument.
  std::string repr() const override { return transform_.repr(); }
  std::optional<Description> description() const override { return transform_.description(); }
  std::span<const AnyTransform> parts() const override { return transform_.parts(); }
  void apply_and_record(std::span<Value> values, Record& record) const override;
  void apply_record(std::span<Value> values, const Record& record) const override;
  bool apply_fused(std::span<Value> values, detail::FusedRun& run) const override;
  void apply_inverse(std::span<Value> values, const Record& record) const override;

 private:
  AnyTransform transform_;
  at::Generator generator_;
};

OPSIS_API WithGenerator with_generator(AnyTransform transform, at::Generator generator);
/// A new CPU generator with this seed: each of these gives what Python's does after torch.manual_seed(seed).
OPSIS_API WithGenerator with_generator(AnyTransform transform, uint64_t seed);

namespace detail {

/// The generator, which must be one, and a new one.
OPSIS_API at::Generator given_generator(at::Generator generator);
OPSIS_API at::Generator new_generator(uint64_t seed);

}  // namespace detail

/// MixUp or CutMix, which are called with labels, and the generator that it draws from.
///     const auto mix = with_generator(MixUp({.num_classes = 10}), 7);
///     auto [images, labels] = mix(batch, numbers);
/// Replaying draws nothing: mix.transform().replay(record, batch, numbers).
/// Threads  as WithGenerator
template <std::derived_from<detail::MixBase> Mix>
class MixingWithGenerator {
 public:
  MixingWithGenerator(Mix mix, at::Generator generator)
      : mix_(std::move(mix)), generator_(detail::given_generator(std::move(generator))) {}

  const Mix& transform() const { return mix_; }

  template <class Sample, class Labels>
  auto operator()(Sample sample, const Labels& labels) const {
    const random::Scope scope(generator_);
    return mix_(std::move(sample), labels);
  }
  template <class Sample, class Labels>
  auto record(Sample sample, const Labels& labels) const {
    const random::Scope scope(generator_);
    return mix_.record(std::move(sample), labels);
  }

 private:
  Mix mix_;
  at::Generator generator_;
};

template <std::derived_from<detail::MixBase> Mix>
MixingWithGenerator<Mix> with_generator(Mix mix, at::Generator generator) {
  return {std::move(mix), std::move(generator)};
}
template <std::derived_from<detail::MixBase> Mix>
MixingWithGenerator<Mix> with_generator(Mix mix, uint64_t seed) {
  return {std::move(mix), detail::new_generator(seed)};
}

}  // namespace opsis::inline v1::transforms
