// Many samples made one batch.
#pragma once

#include <torch/types.h>

#include <span>
#include <string>
#include <tuple>
#include <type_traits>
#include <utility>
#include <vector>

#include "opsis/core/api.h"
#include "opsis/datasets/dataset.h"
#include "opsis/tv_tensors.h"

namespace opsis::inline v1::data {

using datasets::ClassifiedBatch;

namespace detail {

OPSIS_API torch::Tensor stack(const std::vector<torch::Tensor>& tensors, std::span<const size_t> indices);
OPSIS_API torch::Tensor numbers(const std::vector<int64_t>& values);
OPSIS_API torch::Tensor numbers(const std::vector<double>& values);
OPSIS_API torch::Tensor numbers(const std::vector<float>& values);
OPSIS_API torch::Tensor booleans(const std::vector<bool>& values);

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
  if constexpr (std::is_same_v<T, torch::Tensor>) {
    return detail::stack(samples, indices);
  } else if constexpr (detail::Pixels<T>) {
    std::vector<torch::Tensor> tensors;
    for (auto& sample : samples) tensors.push_back(std::move(sample.data));
    return detail::stack(tensors, indices);
  } else if constexpr (std::is_same_v<T, bool>) {
    return detail::booleans(samples);
  } else if constexpr (std::is_integral_v<T>) {
    return detail::numbers(std::vector<int64_t>(samples.begin(), samples.end()));
  } else if constexpr (std::is_floating_point_v<T>) {
    return detail::numbers(samples);
  } else if constexpr (detail::HasFields<T> || detail::Tuple<T>) {
    using Parts = decltype(detail::parts(samples.front()));
    const auto column = [&]<size_t I>(std::integral_constant<size_t, I>) {
      std::vector<std::remove_cvref_t<std::tuple_element_t<I, Parts>>> values;
      values.reserve(samples.size());
      for (auto& sample : samples) values.push_back(std::move(std::get<I>(detail::parts(sample))));
      return collate(std::move(values), indices);
    };
    return [&]<size_t... I>(std::index_sequence<I...>) {
      if constexpr (detail::HasBatch<T>) {
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

/// `collate` as a function object: what a data loader uses when it is given nothing else.
struct DefaultCollate {
  template <class T>
  auto operator()(std::vector<T> samples, std::span<const size_t> indices) const {
    return collate(std::move(samples), indices);
  }
};

}  // namespace opsis::inline v1::data
