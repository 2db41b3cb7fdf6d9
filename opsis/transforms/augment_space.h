// The operations of AutoAugment and its kin, and how strong they can be. For Opsis's own sources.
#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <span>
#include <string_view>

#include "opsis/core/size.h"
#include "opsis/transforms/auto_augment.h"
#include "opsis/transforms/transform.h"

namespace opsis::inline v1::transforms::detail {

struct PolicyStep {
  std::string_view operation;
  double p;
  int64_t magnitude;  // the number of its bin
};
using SubPolicy = std::array<PolicyStep, 2>;

/// The 25 pairs of a policy.
std::span<const SubPolicy> sub_policies(AutoAugmentPolicy policy);

/// How strong an operation can be. Numbers go from `low` to `high`, which for shifts is a part of the image's side; bits are kept
/// from `low` downwards, by `high` in all.
struct Strength {
  enum class Of { Nothing, Number, Width, Height, Bits };
  std::string_view operation;
  Of of = Of::Nothing;
  double low = 0, high = 0, over = 1;  // the end is high * side / over
  bool has_magnitude() const { return of != Of::Nothing; }
  bool has_sign() const { return has_magnitude() && of != Of::Bits && low == 0; }
};

/// The operations of each augmentation in torchvision's order, by which they are drawn.
std::span<const Strength> auto_space();
std::span<const Strength> rand_space();
std::span<const Strength> wide_space();
std::span<const Strength> mix_space(bool all_ops);
/// That of the operation in auto_space.
const Strength& strength_of(std::string_view operation);

/// The magnitude of one of `bins`, in float32 as torch has it; a negative bin counts from the end.
/// Throws   ValueError when the bin is not there; `where` begins the message
double magnitude_of(std::string_view where, const Strength& strength, int64_t bins, int64_t bin, Size size);

/// The bits that posterize keeps, of a magnitude. With one bin it is no number, which Python refuses too.
/// Throws   ValueError when it is none from 0 to 8
int64_t bits_of(std::string_view where, double magnitude);

/// The size of the one image or video that such a transform is for.
/// Throws   ValueError when there is none, or several, or a mask, boxes or key points
Size size_of_only_image(std::string_view where, std::span<const Value> values);

/// What AugMix draws for a batch of so many images; `draw` draws an operation out of a space, which each of its versions does in
/// its own way.
AugMix::Params draw_mix(const AugMixOptions& options, int64_t images,
                        const std::function<AugmentStep(std::span<const Strength> space)>& draw);

/// The image after one operation, by the kernels of functional/.
/// Throws   ValueError when there is no such operation, and what the kernel throws
Image apply_augment_step(std::string_view where, const Image& image, const AugmentStep& step, InterpolationMode mode,
                         const Fill& fill);

/// The value where it was before the operations, by `invert`; those that move no pixels leave it alone.
Value undo_augment_steps(const Value& value, const AugmentParams& params, InterpolationMode mode, Size source);

}  // namespace opsis::inline v1::transforms::detail
