// Runs of transforms done in one pass over the pixels. For Compose and for the classes that take part.
//
// A class takes part when it can say what it does to pixels, as steps that are known here:
//     detail::PixelSteps pixel_steps(const Params& params, Size canvas) const;   // without params when there are none
// Draws are made when and how they are made without this; only the pixels wait. Until they are computed, an image without memory
// stands in their place, so that what asks for sizes gets them.
#pragma once

#include <torch/types.h>

#include <functional>
#include <optional>
#include <variant>
#include <vector>

#include "opsis/core/api.h"
#include "opsis/core/size.h"
#include "opsis/transforms/functional/crop.h"
#include "opsis/transforms/functional/interpolation.h"
#include "opsis/transforms/image_place.h"
#include "opsis/tv_tensors.h"

namespace opsis::inline v1::simd {
class Resizer;
}

namespace opsis::inline v1::transforms::detail {

struct ResizeStep {
  Size size;
  InterpolationMode interpolation = InterpolationMode::BILINEAR;
  bool antialias = true;
};
struct CropStep {
  functional::Region region;  ///< within the canvas, else the pass ends before it
};
struct FlipStep {
  bool rows = false;  ///< top to bottom instead of left to right
};
/// uint8 -> float32 in [0, 1]
struct ToFloatStep {};
struct NormalizeStep {
  std::vector<double> mean, std;
};
/// Channel c becomes what channel order[c] was.
struct ChannelsStep {
  std::vector<int64_t> order;
};
using PixelStep = std::variant<ResizeStep, CropStep, FlipStep, ToFloatStep, NormalizeStep, ChannelsStep>;
/// None: with these settings it is none of those.
using PixelSteps = std::optional<std::vector<PixelStep>>;

/// An image whose pixels wait.
class OPSIS_API FusedImage {
 public:
  /// Whether an image's pixels can wait: uint8 on the CPU, (C, H, W) or (N, C, H, W), planes or interleaved.
  static bool fits(const torch::Tensor& image);
  /// `cut`: as is_cut says of the pass before, whose result this is.
  explicit FusedImage(const torch::Tensor& image, bool cut = false);
  /// Pixels that are still in their file: `load` gives a part of the picture (channels, height, width) when it is known which.
  using Load = std::function<torch::Tensor(std::optional<functional::Region> part)>;
  FusedImage(int64_t channels, Size size, Load load);

  Size size() const { return size_; }
  /// Whether it lies within wider rows in torchvision, as what is cut out does.
  bool is_cut() const { return cut_; }
  /// As large as the result and of its type, without its memory.
  torch::Tensor placeholder() const;
  /// Whether the steps go into this pass; they all do, or none.
  bool take(const std::vector<PixelStep>& steps);
  /// The pixels; of one picture that is not just cut or mirrored in `place`, if that is given and has room for them.
  torch::Tensor compute(const ImagePlace& place = {}) const;

 private:
  struct Source;
  bool take_one(const PixelStep& step);
  bool take_channels(const std::vector<int64_t>& order);
  bool interleaved() const;
  bool ends_in_planes() const;
  Source load_source(const simd::Resizer* resizer) const;
  torch::Tensor finished(const torch::Tensor& out) const;
  torch::Tensor room_in(const ImagePlace& place) const;

  torch::Tensor pixels_;  // (N, C, H, W); undefined while in the file
  Load load_;
  bool batch_ = false;
  int64_t count_ = 1, channels_ = 0;
  Size from_{};                  // of pixels_, or of the picture in the file
  functional::Region before_{};  // what of it is used
  std::optional<ResizeStep> resize_;
  functional::Region window_{};  // what of the resized is wanted
  bool flip_ = false, flip_rows_ = false, to_float_ = false;
  bool cut_ = false, was_cut_ = false;      // the result so far; what is resized
  std::optional<NormalizeStep> normalize_;  // by the channels of the result
  std::vector<int64_t> order_;              // of the channels, as ChannelsStep; empty where they stay
  Size size_{};                             // of the result so far
};

}  // namespace opsis::inline v1::transforms::detail
