#include "opsis/transforms/fuse.h"

#include <ATen/EmptyTensor.h>
#include <ATen/ops/empty.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <limits>
#include <utility>

#include "opsis/core/check.h"
#include "opsis/core/parallel.h"
#include "opsis/simd/interleave.h"
#include "opsis/simd/mirror.h"
#include "opsis/simd/resize.h"
#include "opsis/simd/scale.h"
#include "opsis/transforms/functional/resize.h"
#include "opsis/tv_tensors/print.h"

namespace opsis::inline v1::transforms::detail {
namespace {

constexpr int64_t longest_fused = std::numeric_limits<int32_t>::max() / 16;
constexpr int64_t room = 256;                      // bytes that a kernel may read behind what it uses
constexpr int64_t block_bytes = int64_t{1} << 14;  // rows on their way to floats, in the first cache
constexpr int64_t large = int64_t{1} << 18;        // of a picture: a batch of such is larger than the caches
constexpr int64_t huge = int64_t{1} << 30;         // pixels

// Pixels next to each other, or planes; C by strides, since a single pixel or channel fits both.
bool lies_interleaved(const torch::Tensor& images) {
  return images.size(1) > 1 && images.stride(1) == 1 && images.stride(3) == images.size(1);
}

bool lies_in_planes(const torch::Tensor& images) { return images.stride(3) == 1 || images.size(3) == 1; }

bool contains(Size canvas, const functional::Region& region) {
  return region.top >= 0 && region.left >= 0 && region.height > 0 && region.width > 0 &&
         region.top + region.height <= canvas.height && region.left + region.width <= canvas.width;
}

// `inner` of `outer`, in the coordinates of what `outer` is of.
functional::Region within(const functional::Region& outer, const functional::Region& inner) {
  return {outer.top + inner.top, outer.left + inner.left, inner.height, inner.width};
}

simd::ResizeFilter filter_of(InterpolationMode mode) {
  return mode == InterpolationMode::BILINEAR ? simd::ResizeFilter::Bilinear : simd::ResizeFilter::Bicubic;
}

}  // namespace

// Rows of a picture of which a part is in memory: what is asked for lies in that part.
struct FusedImage::Source {
  torch::Tensor part{};       // (N, C, h, w)
  int64_t top = 0, left = 0;  // where it lies in the picture
  bool interleaved = false;
  std::vector<uint8_t> last{};  // the last row of it, with room behind: kernels read a little further
  // What the part is asked for once, and not for each row.
  const uint8_t* pixels = nullptr;
  int64_t channels = 0, last_row = -1;
  std::array<int64_t, 3> strides{};  // of pictures, channels and rows

  void look_at_part() {
    pixels = part.const_data_ptr<uint8_t>();
    channels = part.size(1);
    strides = {part.stride(0), part.stride(1), part.stride(2)};
  }
  int64_t samples() const { return interleaved ? channels : 1; }
  int64_t pictures() const { return interleaved ? part.size(0) : part.size(0) * channels; }
  const uint8_t* row(int64_t picture, int64_t y) const {
    if (y == last_row) return last.data() - left * samples();
    const auto offset = interleaved ? picture * strides[0] : picture / channels * strides[0] + picture % channels * strides[1];
    return pixels + offset + (y - top) * strides[2] - left * samples();
  }
};

bool FusedImage::fits(const torch::Tensor& image) {
  if (!image.defined() || image.scalar_type() != torch::kUInt8 || !image.device().is_cpu() || image.numel() == 0 ||
      image.layout() != torch::kStrided || image.requires_grad() || image.dim() < 3 || image.dim() > 4) {
    return false;
  }
  const auto images = image.dim() == 3 ? image.unsqueeze(0) : image;
  if (std::max(images.size(2), images.size(3)) > longest_fused || images.stride(2) < 0) return false;
  if (lies_interleaved(images)) return images.size(1) == 3 || images.size(1) == 4;
  return lies_in_planes(images);
}

FusedImage::FusedImage(const torch::Tensor& image, bool cut)
    : pixels_(image.dim() == 3 ? image.unsqueeze(0) : image),
      batch_(image.dim() == 4),
      count_(pixels_.size(0)),
      channels_(pixels_.size(1)),
      from_{pixels_.size(2), pixels_.size(3)},
      before_{0, 0, from_.height, from_.width},
      cut_(cut || (from_.height > 1 && pixels_.stride(2) > from_.width * channels_)),
      size_(from_) {}

FusedImage::FusedImage(int64_t channels, Size size, Load load)
    : load_(std::move(load)), channels_(channels), from_(size), before_{0, 0, size.height, size.width}, size_(size) {}

torch::Tensor FusedImage::placeholder() const {
  // One number that is all of them. Made past the dispatcher: each step of a pipeline makes one.
  const std::array<int64_t, 4> sizes{count_, channels_, size_.height, size_.width};
  constexpr std::array<int64_t, 4> strides{};
  const size_t left_out = batch_ ? 0 : 1;
  return at::detail::empty_strided_cpu(at::IntArrayRef(sizes).slice(left_out), at::IntArrayRef(strides).slice(left_out),
                                       to_float_ ? torch::kFloat32 : torch::kUInt8);
}

bool FusedImage::take(const std::vector<PixelStep>& steps) {
  const auto before = *this;
  for (const auto& step : steps) {
    if (!take_one(step)) {
      *this = before;
      return false;
    }
  }
  return true;
}

bool FusedImage::take_one(const PixelStep& step) {
  if (const auto* resize = std::get_if<ResizeStep>(&step)) {
    if (resize->size == size_) return true;
    const bool blends = resizes_bytes(resize->interpolation) && resize->interpolation != InterpolationMode::LANCZOS;
    if (resize_ || flip_ || flip_rows_ || to_float_ || !blends || resize->size.height <= 0 || resize->size.width <= 0 ||
        std::max(resize->size.height, resize->size.width) > longest_fused) {
      return false;
    }
    resize_ = *resize;
    was_cut_ = std::exchange(cut_, false);
    size_ = resize->size;
    window_ = {0, 0, size_.height, size_.width};
    return true;
  }
  if (const auto* crop = std::get_if<CropStep>(&step)) {
    auto region = crop->region;
    if (!contains(size_, region)) return false;
    if (flip_) region.left = size_.width - region.left - region.width;
    if (flip_rows_) region.top = size_.height - region.top - region.height;
    auto& cut = resize_ ? window_ : before_;
    cut = within(cut, region);
    cut_ = region.height > 1 && (cut_ || region.width < size_.width);
    size_ = {region.height, region.width};
    return true;
  }
  cut_ = false;
  if (const auto* flip = std::get_if<FlipStep>(&step)) {
    auto& turned = flip->rows ? flip_rows_ : flip_;
    turned = !turned;
    return true;
  }
  if (std::holds_alternative<ToFloatStep>(step)) {
    // Interleaved pixels of four channels have no kernel.
    if (to_float_ || (interleaved() && channels_ != 3)) return false;
    to_float_ = true;
    return true;
  }
  if (const auto* channels = std::get_if<ChannelsStep>(&step)) return take_channels(channels->order);
  const auto& normalize = std::get<NormalizeStep>(step);
  const auto fits = [&](const std::vector<double>& numbers) {
    return numbers.size() == 1 || static_cast<int64_t>(numbers.size()) == channels_;
  };
  const bool divides = std::find(normalize.std.begin(), normalize.std.end(), 0.0) == normalize.std.end();
  if (!to_float_ || normalize_ || !fits(normalize.mean) || !fits(normalize.std) || !divides) return false;
  normalize_ = normalize;
  return true;
}

bool FusedImage::take_channels(const std::vector<int64_t>& order) {
  auto all = order;
  std::sort(all.begin(), all.end());
  for (int64_t c = 0; c < channels_; ++c) {
    if (static_cast<int64_t>(all.size()) != channels_ || all[static_cast<size_t>(c)] != c) return false;  // no permutation
  }
  if (interleaved() && channels_ != 3) return false;  // has no kernel
  const auto permuted = [&](auto& list) {
    auto before = list;
    for (size_t c = 0; c < order.size(); ++c) list[c] = before[static_cast<size_t>(order[c])];
  };
  if (order_.empty()) {
    order_ = order;
  } else {
    permuted(order_);
  }
  if (normalize_ && normalize_->mean.size() > 1) permuted(normalize_->mean);
  if (normalize_ && normalize_->std.size() > 1) permuted(normalize_->std);
  return true;
}

// A file's pixels are decoded one after the other.
bool FusedImage::interleaved() const { return pixels_.defined() ? lies_interleaved(pixels_) : channels_ > 1; }

// As torchvision leaves pixels that came one after the other: in planes behind another order of channels, and behind the
// resizing of a single picture that was cut out of wider rows.
bool FusedImage::ends_in_planes() const { return !order_.empty() || (was_cut_ && count_ == 1 && interleaved()); }

FusedImage::Source FusedImage::load_source(const simd::Resizer* resizer) const {
  Source source{.interleaved = interleaved()};
  if (!load_) {
    source.part =
        pixels_.slice(2, before_.top, before_.top + before_.height).slice(3, before_.left, before_.left + before_.width);
    source.look_at_part();
    return source;
  }
  // In the coordinates of before_ first, as the resizer counts.
  functional::Region used{0, 0, before_.height, before_.width};
  if (resizer) {
    const auto [top, bottom] = resizer->source_rows(0, resizer->height());
    const auto [left, right] = resizer->source_columns();
    used = {top, left, bottom - top, right - left};
  }
  const auto in_file = within(before_, used);
  // To cut costs a little: only when it spares something.
  const bool part = in_file.height * in_file.width * 10 < from_.height * from_.width * 9 && in_file.width >= room;
  auto loaded = load_(part ? std::optional(in_file) : std::nullopt).unsqueeze(0);
  if (!part)
    loaded = loaded.slice(2, in_file.top, in_file.top + in_file.height).slice(3, in_file.left, in_file.left + in_file.width);
  source.part = loaded;
  source.top = used.top;
  source.left = used.left;
  source.look_at_part();
  TORCH_INTERNAL_ASSERT(lies_interleaved(loaded) == source.interleaved);
  const auto* last = source.row(0, source.top + used.height - 1) + source.left * source.samples();
  if (source.interleaved || source.pictures() == 1) {
    source.last.resize(static_cast<size_t>(used.width * source.samples() + room));
    std::copy_n(last, used.width * source.samples(), source.last.data());
    source.last_row = source.top + used.height - 1;
  }
  return source;
}

torch::Tensor FusedImage::finished(const torch::Tensor& out) const { return batch_ ? out : out.squeeze(0); }

// Planes for the pixels, (1, C, H, W); an undefined tensor where there are none, or no kernel takes the pixels apart.
torch::Tensor FusedImage::room_in(const ImagePlace& place) const {
  if (!place || batch_ || (interleaved() && channels_ != 3)) return {};
  const std::array<int64_t, 3> sizes{channels_, size_.height, size_.width};
  const auto type = to_float_ ? torch::kFloat32 : torch::kUInt8;
  const auto room = place(sizes, type);
  if (!room.defined()) return {};
  OPSIS_CHECK(room.is_contiguous() && room.sizes() == sizes && room.scalar_type() == type && room.device().is_cpu(),
              "decode: the place of a picture must be contiguous, of its shape and type, got {}", opsis::detail::shape(room));
  return room.unsqueeze(0);
}

torch::Tensor FusedImage::compute(const ImagePlace& place) const {
  const int64_t samples = interleaved() ? channels_ : 1;
  // What a resizer counts beforehand takes seconds for a picture that no memory has room for: that is said at once.
  if (resize_ && size_.height * size_.width > huge) torch::empty({count_, channels_, size_.height, size_.width}, torch::kUInt8);
  std::optional<simd::Resizer> resizer;
  if (resize_) {
    resizer.emplace(simd::ResizePlan{.from_height = before_.height,
                                     .from_width = before_.width,
                                     .to_height = resize_->size.height,
                                     .to_width = resize_->size.width,
                                     .channels = samples,
                                     .filter = filter_of(resize_->interpolation),
                                     .antialias = resize_->antialias,
                                     .top = window_.top,
                                     .left = window_.left,
                                     .height = window_.height,
                                     .width = window_.width});
  }
  const auto source = load_source(resizer ? &*resizer : nullptr);
  if (!resize_ && !to_float_ && order_.empty()) {
    std::vector<int64_t> dims;
    if (flip_rows_) dims.push_back(-2);
    if (flip_) dims.push_back(-1);
    return finished(dims.empty() ? source.part : source.part.flip(dims));  // a crop stays a view
  }
  const int64_t height = size_.height, width = size_.width;
  auto out = room_in(place);
  const bool separates = source.interleaved && channels_ == 3 && (out.defined() || ends_in_planes());
  if (!out.defined()) {
    out = torch::empty({count_, channels_, height, width},
                       torch::dtype(to_float_ ? torch::kFloat32 : torch::kUInt8)
                           .memory_format(source.interleaved && !separates ? torch::MemoryFormat::ChannelsLast
                                                                           : torch::MemoryFormat::Contiguous));
  }
  auto* const to = static_cast<uint8_t*>(out.mutable_data_ptr());
  const int64_t row_bytes = width * samples;
  std::array<int64_t, 3> plane_of{0, 1, 2};  // the place of each channel that is taken apart
  for (size_t c = 0; separates && c < order_.size(); ++c) plane_of.at(static_cast<size_t>(order_[c])) = static_cast<int64_t>(c);
  const auto source_picture = [&](int64_t picture) {
    if (order_.empty() || source.interleaved) return picture;
    return picture / channels_ * channels_ + order_[static_cast<size_t>(picture % channels_)];
  };

  const auto normal = [&](int64_t channel) {
    if (!normalize_) return simd::Normal{0, 1};
    const auto of = [&](const std::vector<double>& numbers) {
      return static_cast<float>(numbers[numbers.size() == 1 ? 0 : static_cast<size_t>(channel)]);
    };
    return simd::Normal{of(normalize_->mean), of(normalize_->std)};
  };

  // Of rows that begin with row y of a picture.
  const auto to_floats = [&](int64_t picture, int64_t y, const uint8_t* bytes, int64_t pixels) {
    auto* const floats = reinterpret_cast<float*>(to) + (picture * height + y) * row_bytes;
    if (!normalize_) {
      simd::to_unit(bytes, pixels * samples, floats);
    } else if (interleaved()) {
      simd::to_normal(bytes, pixels, {normal(0), normal(1), normal(2)}, floats);
    } else {
      simd::to_normal(bytes, pixels, normal(picture % channels_), floats);
    }
  };
  // The same of interleaved pixels, or just their bytes, into planes.
  const auto to_planes = [&](int64_t picture, int64_t y, const uint8_t* bytes, int64_t pixels) {
    const int64_t plane = height * width, at = picture * 3 * plane + y * width;
    if (to_float_) {
      auto* const floats = reinterpret_cast<float*>(to) + at;
      float* const planes[] = {floats + plane_of[0] * plane, floats + plane_of[1] * plane, floats + plane_of[2] * plane};
      const auto stores = 3 * plane * int64_t{sizeof(float)} >= large ? simd::Stores::PastCaches : simd::Stores::Cached;
      simd::to_normal_planes(bytes, pixels, {normal(plane_of[0]), normal(plane_of[1]), normal(plane_of[2])}, planes, stores);
    } else {
      auto* const first = to + at;
      uint8_t* const planes[] = {first + plane_of[0] * plane, first + plane_of[1] * plane, first + plane_of[2] * plane};
      simd::separate3(bytes, static_cast<size_t>(pixels), planes);
    }
  };
  // Whole rows behind each other, and nothing but floats wanted of them.
  const bool as_they_lie =
      to_float_ && !separates && !resizer && !flip_ && !flip_rows_ && source.last.empty() && source.part.stride(2) == row_bytes;
  const bool in_blocks = to_float_ || separates;

  // Rows [first, last) of one picture, before they are mirrored top to bottom: handed on in blocks, for the kernels look at their
  // arguments in each call.
  const auto rows = [&](int64_t picture, int64_t first, int64_t last) {
    const int64_t from = source_picture(picture);
    if (as_they_lie) {
      to_floats(picture, first, source.row(from, source.top + first) + source.left * samples, (last - first) * width);
      return;
    }
    const int64_t block_rows = std::max<int64_t>(block_bytes / row_bytes, 1);
    std::vector<uint8_t> block(in_blocks ? static_cast<size_t>(block_rows * row_bytes) : 0);
    int64_t begin = first, held = 0;
    const auto flush = [&] {
      // Mirrored, a block is filled from its end on.
      const auto* const bytes = block.data() + (flip_rows_ ? (block_rows - held) * row_bytes : 0);
      const int64_t y = flip_rows_ ? height - begin - held : begin;
      if (separates) {
        to_planes(picture, y, bytes, held * width);
      } else {
        to_floats(picture, y, bytes, held * width);
      }
      begin += held;
      held = 0;
    };
    const auto emit = [&](int64_t y, const uint8_t* row) {
      const int64_t in_block = flip_rows_ ? block_rows - 1 - held : held, in_picture = flip_rows_ ? height - 1 - y : y;
      auto* const place = in_blocks ? block.data() + in_block * row_bytes : to + (picture * height + in_picture) * row_bytes;
      if (flip_) {
        simd::mirror_rows(row, 0, 1, width, samples, place, 0);
      } else {
        std::memcpy(place, row, static_cast<size_t>(row_bytes));
      }
      if (in_blocks && ++held == block_rows) flush();
    };
    if (resizer) {
      resizer->rows([&](int64_t y) { return source.row(from, y); }, first, last, emit);
    } else {
      for (int64_t y = first; y < last; ++y) emit(y, source.row(from, source.top + y) + source.left * samples);
    }
    if (held > 0) flush();
  };

  const int64_t work = std::max<int64_t>(before_.height * before_.width * samples / height, 1);
  const int64_t grain = std::max<int64_t>((int64_t{1} << 17) / work, 16);
  parallel_for(0, source.pictures() * height, grain, [&](int64_t first, int64_t last) {
    while (first < last) {
      const int64_t picture = first / height, row = first % height;
      const int64_t count = std::min(height - row, last - first);
      rows(picture, row, row + count);
      first += count;
    }
  });
  return finished(ends_in_planes() ? out.contiguous() : out);
}

}  // namespace opsis::inline v1::transforms::detail
