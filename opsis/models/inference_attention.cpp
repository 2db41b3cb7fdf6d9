// Of inference_ops.h, attention.
#include <ATen/Parallel.h>
#include <hwy/aligned_allocator.h>
#include <torch/library.h>

#include <algorithm>
#include <optional>
#include <utility>
#include <vector>

#include "opsis/core/team.h"
#include "opsis/models/inference_ops.h"
#include "opsis/models/inference_tensors.h"
#include "opsis/models/row_products.h"
#include "opsis/simd/attention.h"
#include "opsis/tv_tensors/print.h"

namespace opsis::inline v1::models::detail {
namespace {

using torch::Tensor;

constexpr auto kName = "inference_attention";

// (batch, heads, tokens, numbers), whose numbers lie side by side.
Tensor as_heads(const Tensor& x) {
  const auto four = x.dim() == 4 ? x : x.flatten(0, -4);
  return four.stride(3) == 1 ? four : four.contiguous();
}

// The masks that there are, (masks, heads, tokens, keys), and which of them each of a batch has.
class HeadMasks {
 public:
  HeadMasks(const std::optional<Tensor>& mask, at::IntArrayRef which, at::IntArrayRef scores) : which_(which.vec()) {
    if (!mask) {
      OPSIS_CHECK(which_.empty(), "{}: there is no mask to choose", kName);
      return;
    }
    OPSIS_CHECK(mask->scalar_type() == torch::kFloat32 && mask->dim() == 4 && mask->size(0) > 0,
                "{}: a mask must be (masks, heads, tokens, keys) of float32, got {} of {}", kName, opsis::detail::shape(*mask),
                c10::toString(mask->scalar_type()));
    for (int64_t i = 1; i < 4; ++i) {
      OPSIS_CHECK(mask->size(i) == scores[i] || mask->size(i) == 1, "{}: masks {} are not for scores {}", kName,
                  opsis::detail::shape(*mask), c10::str(scores));
    }
    const auto count = mask->size(0);
    if (which_.empty()) {
      for (int64_t i = 0; i < count; ++i) which_.push_back(i);
    }
    const auto chosen = static_cast<int64_t>(which_.size());
    OPSIS_CHECK(scores[0] % chosen == 0 &&
                    std::all_of(which_.begin(), which_.end(), [&](int64_t one) { return one >= 0 && one < count; }),
                "{}: of {} masks {} cannot be those of a batch of {}", kName, count, c10::str(which_), scores[0]);
    masks_ = mask->expand({count, scores[1], scores[2], scores[3]});
    if (masks_.stride(3) != 1) masks_ = masks_.contiguous();
  }

  const float* of(int64_t n, int64_t head) const {
    if (!masks_.defined()) return nullptr;
    const auto one = which_[static_cast<size_t>(n % static_cast<int64_t>(which_.size()))];
    return read<float>(masks_) + one * masks_.stride(0) + head * masks_.stride(1);
  }
  int64_t stride() const { return masks_.defined() ? masks_.stride(2) : 0; }

 private:
  Tensor masks_{};
  std::vector<int64_t> which_;
};

// Heads are work for threads; where they are few, so are parts of their tokens, although each turns all keys again.
int64_t parts_of_head(int64_t heads, int64_t tokens) {
  constexpr int64_t kManyTokens = 48, kEach = 2;
  const auto threads = static_cast<int64_t>(at::get_num_threads());
  if (threads == 1 || heads == 0) return 1;
  return std::clamp<int64_t>((threads * kEach + heads - 1) / heads, 1, std::max<int64_t>(1, tokens / kManyTokens));
}

Tensor attention(const Tensor& query, const Tensor& key, const Tensor& value, const std::optional<Tensor>& mask,
                 at::IntArrayRef which, at::ArrayRef<double> scale) {
  const auto rank = query.dim();
  OPSIS_CHECK(rank >= 4 && key.dim() == rank && value.dim() == rank,
              "{}: expected (..., heads, tokens, numbers), got {}, {} and {}", kName, opsis::detail::shape(query),
              opsis::detail::shape(key), opsis::detail::shape(value));
  const auto before = query.sizes().slice(0, static_cast<size_t>(rank - 2));
  const auto tokens = query.size(-2), keys = key.size(-2), depth = query.size(-1), width = value.size(-1);
  OPSIS_CHECK(key.sizes().slice(0, before.size()) == before && value.sizes().slice(0, before.size()) == before &&
                  value.size(-2) == keys && key.size(-1) == depth,
              "{}: keys {} and values {} are not for {}", kName, opsis::detail::shape(key), opsis::detail::shape(value),
              opsis::detail::shape(query));
  OPSIS_CHECK(std::max(keys, depth) <= simd::kMostKeys, "{}: {} keys of {} numbers are more than {}", kName, keys, depth,
              simd::kMostKeys);
  OPSIS_CHECK(key.scalar_type() == query.scalar_type() && value.scalar_type() == query.scalar_type(),
              "{}: queries, keys and values are of {}, {} and {}", kName, c10::toString(query.scalar_type()),
              c10::toString(key.scalar_type()), c10::toString(value.scalar_type()));
  const auto heads = query.size(-3);
  OPSIS_CHECK(scale.size() == 1 || static_cast<int64_t>(scale.size()) == heads, "{}: {} scales are not for {} heads", kName,
              scale.size(), heads);
  auto shape = before.vec();  // heads behind tokens, so that what they find of a token is one row
  shape.back() = tokens;
  shape.insert(shape.end(), {heads, width});
  return for_type(kName, query, [&]<class T>(T) {
    auto out = room_for(shape, kType<T>).transpose(-3, -2);
    if (out.numel() == 0) return out;
    const auto q = as_heads(query), k = as_heads(key), v = as_heads(value), to = rank == 4 ? out : out.flatten(0, -4);
    const HeadMasks masks(mask, which, {q.size(0), heads, tokens, keys});
    const auto all = q.size(0) * heads, cut = parts_of_head(all, tokens);
    const auto parts = parts_of(all * tokens * keys * (depth + width), all * cut);
    on_team(parts, [&](int64_t part) {
      const auto room = hwy::AllocateAligned<float>(static_cast<size_t>(simd::attention_room(keys, depth, width)));
      for (auto i = all * cut * part / parts; i < all * cut * (part + 1) / parts; ++i) {
        const auto n = i / cut / heads, head = i / cut % heads, first = tokens * (i % cut) / cut,
                   end = tokens * (i % cut + 1) / cut;
        const auto at = [&](const Tensor& x) { return n * x.stride(0) + head * x.stride(1); };
        const auto* hidden = masks.of(n, head);
        simd::attend(simd::Attention<T>{.tokens = end - first,
                                        .keys = keys,
                                        .depth = depth,
                                        .width = width,
                                        .scale = static_cast<float>(scale[scale.size() == 1 ? 0 : static_cast<size_t>(head)]),
                                        .query = read<T>(q) + at(q) + first * q.stride(2),
                                        .key = read<T>(k) + at(k),
                                        .value = read<T>(v) + at(v),
                                        .query_stride = q.stride(2),
                                        .key_stride = k.stride(2),
                                        .value_stride = v.stride(2),
                                        .mask = hidden ? hidden + first * masks.stride() : nullptr,
                                        .mask_stride = masks.stride(),
                                        .out = write<T>(to) + at(to) + first * to.stride(2),
                                        .out_stride = to.stride(2)},
                     room.get());
      }
    });
    return out;
  });
}

TORCH_LIBRARY_FRAGMENT(opsis, m) {
  m.def("inference_attention(Tensor query, Tensor key, Tensor value, Tensor? mask, int[] which, float[] scale) -> Tensor");
  m.impl("inference_attention", c10::DispatchKey::CPU, attention);
}

}  // namespace

bool suits_attention(int64_t keys, int64_t depth, int64_t width) {
  constexpr int64_t kMostNumbers = 128;
  return keys <= simd::kMostKeys && depth <= kMostNumbers && width <= kMostNumbers;
}

}  // namespace opsis::inline v1::models::detail
