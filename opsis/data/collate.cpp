#include "opsis/data/collate.h"

#include <ATen/ops/constant_pad_nd.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/stack.h>
#include <ATen/ops/tensor.h>

#include <algorithm>
#include <cstring>

#include "opsis/core/check.h"
#include "opsis/simd/interleave.h"
#include "opsis/tv_tensors/print.h"

namespace opsis::inline v1::data::detail {
namespace {

std::string sample_name(size_t place, std::span<const size_t> indices) {
  return place < indices.size() ? text("sample {}", indices[place]) : text("number {} of the batch", place);
}

bool is_plain(const torch::Tensor& tensor) {
  return tensor.device().is_cpu() && tensor.layout() == at::kStrided && !tensor.requires_grad() && !tensor.is_conj() &&
         !tensor.is_neg();
}

bool is_like(const torch::Tensor& a, const torch::Tensor& b) {
  return is_plain(a) && is_plain(b) && a.scalar_type() == b.scalar_type() && a.sizes() == b.sizes();
}

// Pixels next to each other, (3, H, W), into planes.
template <class T>
void separate(const torch::Tensor& pixels, const torch::Tensor& planes) {
  const auto height = pixels.size(1), width = pixels.size(2);
  auto* out = planes.mutable_data_ptr<T>();
  for (int64_t y = 0; y < height; ++y, out += width) {
    T* const rows[] = {out, out + height * width, out + 2 * height * width};
    simd::separate3(pixels.const_data_ptr<T>() + y * pixels.stride(1), static_cast<size_t>(width), rows);
  }
}

// What was decoded lies pixel by pixel, and ATen takes four times as long to take that apart.
void copy_pixels(const torch::Tensor& from, const torch::Tensor& to) {
  if (from.numel() == 0) return;  // whose pointer may be null, which memcpy does not take
  const bool pixels = from.dim() == 3 && from.size(0) == 3 && from.stride(0) == 1 && from.stride(2) == 3;
  if (from.is_contiguous()) {
    std::memcpy(to.mutable_data_ptr(), from.const_data_ptr(), from.nbytes());
  } else if (pixels && from.scalar_type() == at::kByte) {
    separate<uint8_t>(from, to);
  } else if (pixels && from.scalar_type() == at::kFloat) {
    separate<float>(from, to);
  } else {
    to.copy_(from);
  }
}

// For so many tensors of this shape and type; pinned without a memory.
torch::Tensor room_for(at::IntArrayRef sizes, torch::ScalarType type, size_t count, const TensorPool* memory) {
  auto all = sizes.vec();
  all.insert(all.begin(), static_cast<int64_t>(count));
  if (memory) return memory->empty(all, type);
  return at::empty(all, at::TensorOptions(type).pinned_memory(true));
}

}  // namespace

torch::Tensor Slab::place(at::IntArrayRef sizes, torch::ScalarType type, size_t slot, size_t slots, const TensorPool* memory) {
  const std::lock_guard lock(mutex_);
  if (!memory_.defined()) memory_ = room_for(sizes, type, slots, memory);
  if (memory_.scalar_type() != type || memory_.sizes().slice(1) != sizes) return {};
  return memory_.select(0, static_cast<int64_t>(slot));
}

torch::Tensor Slab::put(torch::Tensor tensor, size_t slot, size_t slots, const TensorPool* memory) {
  if (!tensor.defined() || !is_plain(tensor) || tensor.numel() == 0) return tensor;
  auto place = this->place(tensor.sizes(), tensor.scalar_type(), slot, slots, memory);
  if (!place.defined()) return tensor;
  const bool is_there = tensor.const_data_ptr() == place.const_data_ptr() && tensor.is_contiguous();
  if (!is_there) copy_pixels(tensor, place);
  return place;
}

torch::Tensor Slab::batch_of(const std::vector<torch::Tensor>& tensors) const {
  if (!memory_.defined() || std::ssize(tensors) != memory_.size(0)) return {};
  for (size_t i = 0; i < tensors.size(); ++i) {
    const auto place = memory_.select(0, static_cast<int64_t>(i));
    if (!is_like(tensors[i], place) || !tensors[i].is_contiguous() || tensors[i].const_data_ptr() != place.const_data_ptr()) {
      return {};
    }
  }
  return memory_;
}

torch::Tensor stack(const std::vector<torch::Tensor>& tensors, std::span<const size_t> indices, std::span<const Slab> slabs) {
  for (const auto& slab : slabs) {
    if (auto batch = slab.batch_of(tensors); batch.defined()) return batch;
  }
  OPSIS_CHECK(!tensors.empty(), "collate: there are no samples to make a batch of");
  for (size_t i = 0; i < tensors.size(); ++i) {
    OPSIS_CHECK(tensors[i].defined(), "collate: {} has an undefined tensor", sample_name(i, indices));
    OPSIS_CHECK(
        tensors[i].sizes() == tensors[0].sizes(),
        "collate: shapes must be equal to be stacked: {} is {}, {} is {}; give the data set a transform that makes "
        "them one size (Resize, RandomResizedCrop), or the loader data::PadCollate, which fills pictures and sounds up, or "
        "a collate of your own",
        sample_name(0, indices), opsis::detail::shape(tensors[0]), sample_name(i, indices), opsis::detail::shape(tensors[i]));
  }
  const bool alike =
      std::all_of(tensors.begin(), tensors.end(), [&](const torch::Tensor& tensor) { return is_like(tensor, tensors[0]); });
  if (!alike) return at::stack(tensors);
  const TensorPool memory;  // for this one alone
  auto out = room_for(tensors[0].sizes(), tensors[0].scalar_type(), tensors.size(), &memory);
  for (size_t i = 0; i < tensors.size(); ++i) copy_pixels(tensors[i], out.select(0, static_cast<int64_t>(i)));
  return out;
}

torch::Tensor interleaved(const std::vector<torch::Tensor>& parts, const std::vector<std::vector<size_t>>& slots) {
  const auto row_of = [&](size_t part) { return parts[part].select(0, 0); };
  int64_t rows = 0;
  for (size_t part = 0; part < parts.size(); ++part) {
    if (!parts[part].defined() || parts[part].dim() == 0 || parts[part].size(0) != std::ssize(slots[part])) return {};
    if (parts[part].size(0) == 0 || !is_like(row_of(part), row_of(0))) return {};
    rows += parts[part].size(0);
  }
  auto sizes = parts.front().sizes().vec();
  sizes.front() = rows;
  auto out = at::empty(sizes, parts.front().scalar_type());
  for (size_t part = 0; part < parts.size(); ++part) {
    out.index_copy_(0, numbers(std::vector<int64_t>(slots[part].begin(), slots[part].end())), parts[part]);
  }
  return out;
}

void Extent::cover(const torch::Tensor& tensor) {
  if (!tensor.defined() || tensor.dim() < 2) return;
  height = std::max(height, tensor.size(-2));
  width = std::max(width, tensor.size(-1));
}

torch::Tensor Extent::padded(const torch::Tensor& tensor, double fill) const {
  if (!tensor.defined() || tensor.dim() < 2 || (tensor.size(-2) == height && tensor.size(-1) == width)) return tensor;
  return at::constant_pad_nd(tensor, {0, width - tensor.size(-1), 0, height - tensor.size(-2)}, fill);
}

torch::Tensor numbers(const std::vector<int64_t>& values) { return at::tensor(values, at::kLong); }
torch::Tensor numbers(const std::vector<double>& values) { return at::tensor(values, at::kDouble); }
torch::Tensor numbers(const std::vector<float>& values) { return at::tensor(values, at::kFloat); }

torch::Tensor booleans(const std::vector<bool>& values) {
  auto out = at::empty({static_cast<int64_t>(values.size())}, at::kBool);
  std::copy(values.begin(), values.end(), out.data_ptr<bool>());
  return out;
}

}  // namespace opsis::inline v1::data::detail
