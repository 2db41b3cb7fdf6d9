// Batches in memory that a GPU reads by itself, while the CPU goes on.
#pragma once

#include <torch/types.h>

#include <concepts>
#include <type_traits>

#include "opsis/core/api.h"
#include "opsis/datasets/views.h"

namespace opsis::inline v1::data::detail {

// Whether memory can be pinned here: LibTorch has a GPU to pin it for.
OPSIS_API bool can_pin();

// The tensor in pinned memory; as it is, when there is none, or it lies in such or on another device.
OPSIS_API torch::Tensor pinned(const torch::Tensor& tensor);

// As torch's data.pin_memory().
template <class T>
concept PinsItself = requires(const T& value) {
  { value.pin_memory() } -> std::same_as<T>;
};

// Every tensor of a batch; or what its type has a pin_memory() of its own for.
template <class Batch>
void pin(Batch& batch) {
  if constexpr (PinsItself<Batch> && !std::is_same_v<Batch, torch::Tensor>) {
    batch = batch.pin_memory();
  } else {
    datasets::detail::each_tensor(batch, [](torch::Tensor& tensor) { tensor = pinned(tensor); });
  }
}

}  // namespace opsis::inline v1::data::detail
