#include "opsis/ops/roi_align_rotated.h"

#include <torch/library.h>
#include <torch/torch.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <numbers>

#include "opsis/core/check.h"
#include "opsis/core/parallel.h"
#include "opsis/ops/differentiable.h"
#include "opsis/ops/region_ops.h"
#include "opsis/tv_tensors/print.h"

namespace opsis::inline v1::ops {
namespace {

using detail::Maps;
using torch::Tensor;
using torch::autograd::AutogradContext;
using torch::autograd::variable_list;

/// Of the operator: RoIAlignRotatedOptions and the size that comes out.
struct TurnedPooling {
  double spatial_scale;
  int64_t height, width;
  int64_t sampling_ratio;
};

// --- Samples -----------------------------------------------------------------------------------------------------------

// Numbers from `first` on, before `last`.
struct Numbers {
  int64_t first, last;
};

// The samples along one side of a region, in its own frame, whose origin is its middle.
struct TurnedSide {
  double length;
  int64_t samples;  // of a bin
  double step;

  TurnedSide(double side, int64_t bins, int64_t ratio) : length(side) {
    const auto per_bin = std::min(side / static_cast<double>(bins), 1e4);
    samples = ratio > 0 ? ratio : per_bin > 0 ? static_cast<int64_t>(std::ceil(per_bin)) : 0;
    step = length / static_cast<double>(bins * samples);
  }

  double place(int64_t number) const { return (static_cast<double>(number) + 0.5) * step - length / 2; }

  // Those of a bin that may lie in [low, high], and somewhat more; places are exact to `rounding`.
  Numbers within(int64_t bin, double low, double high, double rounding) const {
    const Numbers all{bin * samples, (bin + 1) * samples};
    if (!(std::abs(step) > 1e-6)) return all;
    const auto a = (low + length / 2) / step, b = (high + length / 2) / step;
    const auto slack = 2 + rounding / std::abs(step);
    const auto cut = [&](double number) {  // what is no number cuts all
      if (!(number > static_cast<double>(all.first))) return all.first;
      return number < static_cast<double>(all.last) ? static_cast<int64_t>(number) : all.last;
    };
    return {cut(std::min(a, b) - slack), cut(std::max(a, b) + slack)};
  }
};

// The four pixels of a plane that a sample lies between, and their shares.
struct TurnedTap {
  std::array<int64_t, 4> at;
  std::array<double, 4> share;
};

// A turned box on maps of one size.
class TurnedRegion {
 public:
  TurnedRegion(const double* region, const TurnedPooling& pooling, int64_t map_height, int64_t map_width)
      : x_(region[1] * pooling.spatial_scale - 0.5),
        y_(region[2] * pooling.spatial_scale - 0.5),
        down_(region[4] * pooling.spatial_scale, pooling.height, pooling.sampling_ratio),
        across_(region[3] * pooling.spatial_scale, pooling.width, pooling.sampling_ratio),
        cos_(std::cos(region[5] * std::numbers::pi / 180)),
        sin_(std::sin(region[5] * std::numbers::pi / 180)),
        h_(map_height),
        w_(map_width),
        rounding_(1e-12 * (std::abs(x_) + std::abs(y_) + std::abs(down_.length) + std::abs(across_.length))),
        is_empty_(down_.samples <= 0 || across_.samples <= 0 || h_ * w_ == 0 ||
                  !std::isfinite(x_ + y_ + down_.length + across_.length + region[5])) {
    double low = std::numeric_limits<double>::infinity(), high = -low;
    for (const auto corner_x : {-1.0, static_cast<double>(w_)}) {
      for (const auto corner_y : {-1.0, static_cast<double>(h_)}) {
        const auto v = (corner_x - x_) * sin_ + (corner_y - y_) * cos_;
        low = std::min(low, v), high = std::max(high, v);
      }
    }
    lowest_ = low, highest_ = high;
  }

  // How many samples a bin has.
  double count() const { return static_cast<double>(down_.samples) * static_cast<double>(across_.samples); }

  // Calls visit(tap) for each sample of a bin that is on the maps, or beside them by up to a pixel. Of a region far larger than
  // the maps the others, which add nothing, are not looked at.
  template <class Visit>
  void each_tap(int64_t row, int64_t column, const Visit& visit) const {
    if (is_empty_) return;
    const auto rows = down_.within(row, lowest_, highest_, rounding_);
    for (auto i = rows.first; i < rows.last; ++i) {
      const auto v = down_.place(i);
      const auto from_x = v * sin_ + x_, from_y = v * cos_ + y_;
      double low = -std::numeric_limits<double>::infinity(), high = -low;
      const auto cut = [&](double a, double b) { low = std::max(low, std::min(a, b)), high = std::min(high, std::max(a, b)); };
      // Along a row that runs nearly along an axis the other axis tells.
      if (std::abs(cos_) > 1e-6) cut((-1 - from_x) / cos_, (static_cast<double>(w_) - from_x) / cos_);
      if (std::abs(sin_) > 1e-6) cut((from_y + 1) / sin_, (from_y - static_cast<double>(h_)) / sin_);
      const auto rounding = 1e6 * rounding_;  // divided by as little as 1e-6
      if (low > high + rounding + 1) continue;
      const auto columns = across_.within(column, low, high, rounding);
      for (auto j = columns.first; j < columns.last; ++j) {
        const auto u = across_.place(j);
        TurnedTap tap;
        if (between(from_x + u * cos_, from_y - u * sin_, tap)) visit(tap);
      }
    }
  }

 private:
  bool between(double x, double y, TurnedTap& tap) const {
    if (!(x >= -1 && x <= static_cast<double>(w_) && y >= -1 && y <= static_cast<double>(h_))) return false;
    x = std::clamp(x, 0.0, static_cast<double>(w_ - 1));
    y = std::clamp(y, 0.0, static_cast<double>(h_ - 1));
    const auto left = static_cast<int64_t>(x), top = static_cast<int64_t>(y);
    const auto right = std::min(left + 1, w_ - 1), bottom = std::min(top + 1, h_ - 1);
    const auto across = x - static_cast<double>(left), down = y - static_cast<double>(top);
    tap.at = {top * w_ + left, top * w_ + right, bottom * w_ + left, bottom * w_ + right};
    tap.share = {(1 - down) * (1 - across), (1 - down) * across, down * (1 - across), down * across};
    return true;
  }

  double x_, y_;
  TurnedSide down_, across_;
  double cos_, sin_;
  int64_t h_, w_;
  double rounding_;
  bool is_empty_;
  double lowest_, highest_;  // of the maps, across the region's rows
};

// Calls use(taps) for the samples of a bin, some at a time, so that the channels are gone through once for many.
template <class Use>
void taps_of_bin(const TurnedRegion& region, int64_t row, int64_t column, std::vector<TurnedTap>& taps, const Use& use) {
  taps.clear();
  region.each_tap(row, column, [&](const TurnedTap& tap) {
    taps.push_back(tap);
    if (taps.size() < 1024) return;
    use(taps);
    taps.clear();
  });
  if (!taps.empty()) use(taps);
}

// --- Kernels -----------------------------------------------------------------------------------------------------------

// What both need of the regions.
struct TurnedRegions {
  std::vector<int64_t> images;
  std::vector<TurnedRegion> boxes;

  TurnedRegions(const Tensor& rois, const TurnedPooling& pooling, const Maps& maps)
      : images(detail::images_of("roi_align_rotated", rois, maps.batch)) {
    const auto numbers = rois.to(torch::kFloat64).contiguous();
    for (int64_t i = 0; i < rois.size(0); ++i)
      boxes.emplace_back(numbers.const_data_ptr<double>() + 6 * i, pooling, maps.height, maps.width);
  }
};

template <class T>
void sample_turned(const Tensor& input, const TurnedRegions& regions, const TurnedPooling& pooling, const Tensor& out) {
  const auto maps = detail::maps_of(input);
  const auto plane = maps.height * maps.width, channels = maps.channels;
  const auto* const from = input.const_data_ptr<T>();
  auto* const to = out.mutable_data_ptr<T>();
  parallel_for(0, std::ssize(regions.boxes) * pooling.height, 1, [&](int64_t begin, int64_t end) {
    std::vector<TurnedTap> taps;
    std::vector<double> sums(static_cast<size_t>(channels));
    for (auto i = begin; i < end; ++i) {
      const auto k = i / pooling.height, row = i % pooling.height;
      const auto& region = regions.boxes[static_cast<size_t>(k)];
      const auto* const image = from + regions.images[static_cast<size_t>(k)] * channels * plane;
      for (int64_t column = 0; column < pooling.width; ++column) {
        std::fill(sums.begin(), sums.end(), 0.0);
        taps_of_bin(region, row, column, taps, [&](const std::vector<TurnedTap>& some) {
          for (int64_t c = 0; c < channels; ++c) {
            const auto* const pixels = image + c * plane;
            for (const auto& tap : some) {
              for (size_t n = 0; n < 4; ++n)
                sums[static_cast<size_t>(c)] += tap.share[n] * static_cast<double>(pixels[tap.at[n]]);
            }
          }
        });
        for (int64_t c = 0; c < channels; ++c) {
          const auto sum = sums[static_cast<size_t>(c)];
          to[((k * channels + c) * pooling.height + row) * pooling.width + column] =
              sum == 0 ? T(0) : static_cast<T>(sum / region.count());
        }
      }
    }
  });
}

// Threads share the channels, as regions may lie on the same pixels.
template <class T>
void sample_turned_backward(const Tensor& grad, const TurnedRegions& regions, const TurnedPooling& pooling, const Tensor& out) {
  const auto maps = detail::maps_of(out);
  const auto plane = maps.height * maps.width, channels = maps.channels;
  const auto* const from = grad.const_data_ptr<T>();
  auto* const to = out.mutable_data_ptr<T>();
  parallel_for(0, channels, 8, [&](int64_t begin, int64_t end) {
    std::vector<TurnedTap> taps;
    for (int64_t k = 0; k < std::ssize(regions.boxes); ++k) {
      const auto& region = regions.boxes[static_cast<size_t>(k)];
      auto* const image = to + regions.images[static_cast<size_t>(k)] * channels * plane;
      for (int64_t bin = 0; bin < pooling.height * pooling.width; ++bin) {
        taps_of_bin(region, bin / pooling.width, bin % pooling.width, taps, [&](const std::vector<TurnedTap>& some) {
          for (auto c = begin; c < end; ++c) {
            const auto share =
                static_cast<double>(from[(k * channels + c) * pooling.height * pooling.width + bin]) / region.count();
            auto* const pixels = image + c * plane;
            for (const auto& tap : some) {
              for (size_t n = 0; n < 4; ++n) pixels[tap.at[n]] += static_cast<T>(tap.share[n] * share);
            }
          }
        });
      }
    }
  });
}

// --- The operator ------------------------------------------------------------------------------------------------------

void check_turned(const Tensor& input, const Tensor& rois, const TurnedPooling& pooling) {
  using opsis::detail::shape;
  OPSIS_CHECK(input.defined() && input.dim() == 4, "roi_align_rotated: input must be (N, C, H, W), got {}", shape(input));
  OPSIS_CHECK(rois.defined() && rois.dim() == 2 && rois.size(1) == 6,
              "roi_align_rotated: regions must be (K, 6), an image and its box, got {}", shape(rois));
  const auto type = input.scalar_type();
  OPSIS_CHECK((type == torch::kFloat32 || type == torch::kFloat64) && rois.scalar_type() == type,
              "roi_align_rotated: input and regions must both be float32 or float64, got {} and {}", type, rois.scalar_type());
  OPSIS_CHECK(pooling.height > 0 && pooling.width > 0, "roi_align_rotated: output_size must be positive, got ({}, {})",
              pooling.height, pooling.width);
  OPSIS_CHECK(pooling.sampling_ratio <= 1'000'000, "roi_align_rotated: sampling_ratio must be at most 1000000, got {}",
              pooling.sampling_ratio);
}

void check_turned_grad(const Tensor& grad, const Tensor& rois, const TurnedPooling& pooling, const Maps& maps) {
  OPSIS_CHECK(rois.dim() == 2 && rois.size(1) == 6 && grad.scalar_type() == rois.scalar_type() &&
                  (grad.scalar_type() == torch::kFloat32 || grad.scalar_type() == torch::kFloat64) && maps.batch >= 0 &&
                  maps.channels >= 0 && maps.height >= 0 && maps.width >= 0 &&
                  grad.sizes() == std::vector<int64_t>({rois.size(0), maps.channels, pooling.height, pooling.width}),
              "roi_align_rotated: the gradient {} is not of these regions {}", opsis::detail::shape(grad),
              opsis::detail::shape(rois));
}

Tensor turned_forward(const Tensor& input, const Tensor& rois, const TurnedPooling& pooling) {
  check_turned(input, rois, pooling);
  auto out = torch::zeros({rois.size(0), input.size(1), pooling.height, pooling.width}, input.options());
  if (input.is_meta()) return out;
  const TurnedRegions regions(rois.cpu(), pooling, detail::maps_of(input));
  AT_DISPATCH_FLOATING_TYPES(input.scalar_type(), "roi_align_rotated",
                             [&] { sample_turned<scalar_t>(input.contiguous(), regions, pooling, out); });
  return out;
}

Tensor turned_backward(const Tensor& grad, const Tensor& rois, const TurnedPooling& pooling, const Maps& maps) {
  check_turned_grad(grad, rois, pooling, maps);
  auto out = torch::zeros({maps.batch, maps.channels, maps.height, maps.width}, grad.options());
  if (grad.is_meta()) return out;
  const TurnedRegions regions(rois.cpu(), pooling, maps);
  AT_DISPATCH_FLOATING_TYPES(grad.scalar_type(), "roi_align_rotated",
                             [&] { sample_turned_backward<scalar_t>(grad.contiguous(), regions, pooling, out); });
  return out;
}

Tensor call_turned_forward(const Tensor& input, const Tensor& rois, const TurnedPooling& p) {
  static const auto op = c10::Dispatcher::singleton()
                             .findSchemaOrThrow("opsis::roi_align_rotated", "")
                             .typed<Tensor(const Tensor&, const Tensor&, double, int64_t, int64_t, int64_t)>();
  return op.call(input, rois, p.spatial_scale, p.height, p.width, p.sampling_ratio);
}

Tensor call_turned_backward(const Tensor& grad, const Tensor& rois, const TurnedPooling& p, const Maps& m) {
  static const auto op =
      c10::Dispatcher::singleton()
          .findSchemaOrThrow("opsis::_roi_align_rotated_backward", "")
          .typed<Tensor(const Tensor&, const Tensor&, double, int64_t, int64_t, int64_t, int64_t, int64_t, int64_t, int64_t)>();
  return op.call(grad, rois, p.spatial_scale, p.height, p.width, m.batch, m.channels, m.height, m.width, p.sampling_ratio);
}

class TurnedFunction : public torch::autograd::Function<TurnedFunction> {
 public:
  static variable_list forward(AutogradContext* ctx, const Tensor& input, const Tensor& rois, const TurnedPooling& pooling) {
    const at::AutoDispatchBelowADInplaceOrView below;
    const auto maps = detail::maps_of(input);
    ctx->saved_data["scale"] = pooling.spatial_scale;
    ctx->saved_data["numbers"] = std::vector<int64_t>{
        pooling.height, pooling.width, pooling.sampling_ratio, maps.batch, maps.channels, maps.height, maps.width};
    ctx->save_for_backward({rois});
    return {call_turned_forward(input, rois, pooling)};
  }
  static variable_list backward(AutogradContext* ctx, const variable_list& grads) {
    const auto n = ctx->saved_data["numbers"].toIntVector();
    const TurnedPooling pooling{ctx->saved_data["scale"].toDouble(), n[0], n[1], n[2]};
    return {call_turned_backward(grads[0], ctx->get_saved_variables()[0], pooling, {n[3], n[4], n[5], n[6]}), Tensor(),
            Tensor()};
  }
};

// The two operators by one registration key, whose functions take the arguments as structs.
template <class Forward, class Backward>
void register_turned(torch::Library& m, c10::DispatchKey key, Forward forward, Backward backward) {
  m.impl("roi_align_rotated", key,
         [forward](const Tensor& x, const Tensor& rois, double scale, int64_t h, int64_t w, int64_t ratio) {
           return forward(x, rois, TurnedPooling{scale, h, w, ratio});
         });
  m.impl("_roi_align_rotated_backward", key,
         [backward](const Tensor& grad, const Tensor& rois, double scale, int64_t ph, int64_t pw, int64_t n, int64_t c,
                    int64_t h, int64_t w, int64_t ratio) {
           return backward(grad, rois, TurnedPooling{scale, ph, pw, ratio}, Maps{n, c, h, w});
         });
}

TORCH_LIBRARY_FRAGMENT(opsis, m) {
  using c10::DispatchKey;
  m.def(
      "roi_align_rotated(Tensor input, Tensor rois, float spatial_scale, int pooled_height, int pooled_width, int "
      "sampling_ratio) -> Tensor");
  m.def(
      "_roi_align_rotated_backward(Tensor grad, Tensor rois, float spatial_scale, int pooled_height, int pooled_width, int "
      "batch_size, int channels, int height, int width, int sampling_ratio) -> Tensor");
  register_turned(m, DispatchKey::CPU, turned_forward, turned_backward);
  register_turned(m, DispatchKey::Meta, turned_forward, turned_backward);
  register_turned(
      m, DispatchKey::CompositeExplicitAutograd,
      [](const Tensor& input, const Tensor& rois, const TurnedPooling& pooling) {
        return turned_forward(input.cpu(), rois.cpu(), pooling).to(input.device());
      },
      [](const Tensor& grad, const Tensor& rois, const TurnedPooling& pooling, const Maps& maps) {
        return turned_backward(grad.cpu(), rois.cpu(), pooling, maps).to(grad.device());
      });
  register_turned(
      m, DispatchKey::Autograd,
      [](const Tensor& input, const Tensor& rois, const TurnedPooling& pooling) {
        check_turned(input, rois, pooling);  // before the context reads the shape of the maps
        return TurnedFunction::apply(input, rois, pooling)[0];
      },
      [](const Tensor& grad, const Tensor& rois, const TurnedPooling& pooling, const Maps& maps) {
        const auto compute = [&] { return variable_list{call_turned_backward(grad, rois, pooling, maps)}; };
        return detail::DifferentiableOnce::apply("roi_align_rotated", detail::DifferentiableOnce::Compute(compute),
                                                 at::TensorList(grad))[0];
      });
}

}  // namespace

Tensor roi_align_rotated(const Tensor& input, const Tensor& rois, torch::ExpandingArray<2> output_size,
                         const RoIAlignRotatedOptions& options) {
  const auto& size = *output_size;
  const TurnedPooling pooling{options.spatial_scale, size[0], size[1], options.sampling_ratio};
  check_turned(input, rois, pooling);
  return call_turned_forward(input, rois, pooling);
}

}  // namespace opsis::inline v1::ops
