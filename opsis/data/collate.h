// Many samples made one batch.
#pragma once

#include <torch/types.h>

#include <cstdint>
#include <mutex>
#include <optional>
#include <span>
#include <string>
#include <tuple>
#include <type_traits>
#include <utility>
#include <vector>

#include "opsis/core/api.h"
#include "opsis/core/tensor_pool.h"
#include "opsis/datasets/dataset.h"
#include "opsis/tv_tensors.h"

namespace opsis::inline v1::data {

using datasets::ClassifiedBatch;

namespace detail {

// Where tensors of a batch lie side by side. Whoever reads a sample puts its tensor there, while it is in the cache; to stack them
// is then no work.
class OPSIS_API Slab {
 public:
  // A slot, one of `slots`, of `memory` or, when that is null, pinned; an undefined tensor when another shape or type came first.
  // From any thread, as put.
  torch::Tensor place(at::IntArrayRef sizes, torch::ScalarType type, size_t slot, size_t slots, const TensorPool* memory);
  // The tensor in its slot, where it may lie already; the tensor as it is when there is no place for it.
  torch::Tensor put(torch::Tensor tensor, size_t slot, size_t slots, const TensorPool* memory);
  // The batch, if it is just the tensors of all slots; else an undefined tensor.
  torch::Tensor batch_of(const std::vector<torch::Tensor>& tensors) const;

 private:
  std::mutex mutex_;  // guards the making of memory_
  torch::Tensor memory_;
};

OPSIS_API torch::Tensor stack(const std::vector<torch::Tensor>& tensors, std::span<const size_t> indices,
                              std::span<const Slab> slabs);
// The rows of several tensors in these places of one; an undefined tensor when they are unlike.
OPSIS_API torch::Tensor interleaved(const std::vector<torch::Tensor>& parts, const std::vector<std::vector<size_t>>& slots);
OPSIS_API torch::Tensor numbers(const std::vector<int64_t>& values);
OPSIS_API torch::Tensor numbers(const std::vector<double>& values);
OPSIS_API torch::Tensor numbers(const std::vector<float>& values);
OPSIS_API torch::Tensor booleans(const std::vector<bool>& values);

// A height and width that others fit into.
struct OPSIS_API Extent {
  int64_t height = 0, width = 0;
  // What has no height and width is left alone.
  void cover(const torch::Tensor& tensor);
  torch::Tensor padded(const torch::Tensor& tensor, double fill) const;
};

// What is stacked: a tensor, or a value whose pixels are all that it has.
template <class T>
concept Pixels = std::is_same_v<T, Image> || std::is_same_v<T, Video> || std::is_same_v<T, Mask>;

template <class T>
concept HasFields = requires(T& value) {
  value.fields();
};

template <class T>
concept HasBatch = requires {
  typename T::Batch;
};

template <class T>
concept Tuple = requires {
  typename std::tuple_size<T>::type;
};

// A tuple of references to the parts of a sample.
template <class T>
auto parts(T& sample) {
  if constexpr (HasFields<T>) {
    return sample.fields();
  } else {
    return std::apply([](auto&... element) { return std::tie(element...); }, sample);
  }
}

template <class T>
torch::Tensor& tensor_of(T& part) {
  if constexpr (Pixels<T>) {
    return part.data;
  } else {
    return part;
  }
}

// Calls visit(part) for each part of a sample that collate stacks: a tensor, an image, a video or a mask.
template <class T, class Visit>
void each_stacked(T& sample, const Visit& visit) {
  if constexpr (std::is_same_v<T, torch::Tensor> || Pixels<T>) {
    visit(sample);
  } else if constexpr (HasFields<T> || Tuple<T>) {
    std::apply([&](auto&... part) { (each_stacked(part, visit), ...); }, parts(sample));
  }
}

// How many those are.
template <class T>
constexpr size_t stacked_tensors() {
  if constexpr (std::is_same_v<T, torch::Tensor> || Pixels<T>) {
    return 1;
  } else if constexpr (HasFields<T> || Tuple<T>) {
    return []<class... Part>(std::tuple<Part...>*) {
      return (size_t{0} + ... + stacked_tensors<std::remove_cvref_t<Part>>());
    }(static_cast<decltype(parts(std::declval<T&>()))*>(nullptr));
  } else {
    return 0;
  }
}

// Whether a batch is made of tensors, and nothing else.
template <class T>
constexpr bool is_all_tensors() {
  if constexpr (std::is_same_v<T, torch::Tensor> || Pixels<T>) {
    return true;
  } else if constexpr (HasFields<T> || Tuple<T>) {
    return []<class... Part>(std::tuple<Part...>*) {
      return (true && ... && is_all_tensors<std::remove_cvref_t<Part>>());
    }(static_cast<decltype(parts(std::declval<T&>()))*>(nullptr));
  } else {
    return false;
  }
}

// Several batches as one, in which the samples of each have these slots; nothing when their tensors are unlike.
template <class T>
std::optional<T> interleave(std::vector<T> batches, const std::vector<std::vector<size_t>>& slots) {
  std::vector<std::vector<torch::Tensor>> columns(stacked_tensors<T>());
  for (auto& batch : batches) {
    size_t number = 0;
    each_stacked(batch, [&](auto& part) { columns[number++].push_back(tensor_of(part)); });
  }
  bool alike = true;
  size_t number = 0;
  each_stacked(batches.front(), [&](auto& part) {
    tensor_of(part) = interleaved(columns[number++], slots);
    alike = alike && tensor_of(part).defined();
  });
  return alike ? std::optional<T>(std::move(batches.front())) : std::nullopt;
}

// collate, of tensors that may lie in slabs.
template <class T>
auto collate_from(std::vector<T> samples, std::span<const size_t> indices, std::span<const Slab> slabs) {
  if constexpr (std::is_same_v<T, torch::Tensor>) {
    return stack(samples, indices, slabs);
  } else if constexpr (Pixels<T>) {
    std::vector<torch::Tensor> tensors;
    for (auto& sample : samples) tensors.push_back(std::move(sample.data));
    return stack(tensors, indices, slabs);
  } else if constexpr (std::is_same_v<T, bool>) {
    return booleans(samples);
  } else if constexpr (std::is_integral_v<T>) {
    return numbers(std::vector<int64_t>(samples.begin(), samples.end()));
  } else if constexpr (std::is_floating_point_v<T>) {
    return numbers(samples);
  } else if constexpr (HasFields<T> || Tuple<T>) {
    using Parts = decltype(parts(samples.front()));
    const auto column = [&]<size_t I>(std::integral_constant<size_t, I>) {
      std::vector<std::remove_cvref_t<std::tuple_element_t<I, Parts>>> values;
      values.reserve(samples.size());
      for (auto& sample : samples) values.push_back(std::move(std::get<I>(parts(sample))));
      return collate_from(std::move(values), indices, slabs);
    };
    return [&]<size_t... I>(std::index_sequence<I...>) {
      if constexpr (HasBatch<T>) {
        return typename T::Batch{column(std::integral_constant<size_t, I>{})...};
      } else {
        return std::make_tuple(column(std::integral_constant<size_t, I>{})...);
      }
    }
    (std::make_index_sequence<std::tuple_size_v<Parts>>{});
  } else {
    return samples;
  }
}

}  // namespace detail

/// One batch of many samples, part by part:
///   - tensors, images, videos and masks are stacked along a new first dimension;
///   - integers become an int64 tensor, bool, float and double one of theirs;
///   - a tuple or pair becomes a tuple of batches; so does a struct with fields(), unless it names its own `Batch`, an
///     aggregate of the same parts: Classified becomes ClassifiedBatch{images, labels};
///   - all else (strings, boxes, key points, vectors) becomes a std::vector.
/// `indices` are the samples' numbers in the data set, for the message.
///     auto [images, labels] = collate(std::vector{digits.get(0), digits.get(1)});   // (2, 1, 8, 8), (2)
/// Throws   ValueError when tensors differ in shape
/// Differs  Python's turns lists inside out and refuses unknown types; here both are kept as vectors
/// Source   torch.utils.data.default_collate
template <class T>
auto collate(std::vector<T> samples, std::span<const size_t> indices = {}) {
  return detail::collate_from(std::move(samples), indices, {});
}

/// `collate` as a function object: what a data loader uses when it is given nothing else.
struct DefaultCollate {
  template <class T>
  auto operator()(std::vector<T> samples, std::span<const size_t> indices) const {
    return collate(std::move(samples), indices);
  }
};

/// Collates pictures of different sizes: each is filled up, on the right and at the bottom, to the greatest height and width of
/// its part of the batch. So are sounds of different lengths, (channels, samples), at their end and with channels: 0 is silence.
///     data::DataLoader loader(voc, {.batch_size = 4}, data::PadCollate{});   // images filled up with 0, masks with 255
///     data::DataLoader clips(ucf101, {.batch_size = 4}, data::PadCollate{});   // sounds filled up with silence
/// Shapes   (..., H, W) of sizes of their own -> (N, ..., greatest H, greatest W)
/// Throws   ValueError when other dimensions differ
/// Source   collate_fn of torchvision's references/segmentation
struct PadCollate {
  double fill = 0;         ///< of tensors, images and videos
  double mask_fill = 255;  ///< of masks: what losses are told to ignore

  template <class T>
  auto operator()(std::vector<T> samples, std::span<const size_t> indices) const {
    std::vector<detail::Extent> greatest(detail::stacked_tensors<T>());
    for (auto& sample : samples) {
      size_t number = 0;
      detail::each_stacked(sample, [&](auto& part) { greatest[number++].cover(detail::tensor_of(part)); });
    }
    for (auto& sample : samples) {
      size_t number = 0;
      detail::each_stacked(sample, [&](auto& part) {
        const bool mask = std::is_same_v<std::remove_cvref_t<decltype(part)>, Mask>;
        auto& tensor = detail::tensor_of(part);
        tensor = greatest[number++].padded(tensor, mask ? mask_fill : fill);
      });
    }
    return collate(std::move(samples), indices);
  }
};

}  // namespace opsis::inline v1::data
