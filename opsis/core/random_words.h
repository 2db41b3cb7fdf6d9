// The words of a CPU generator, many at a time. For Opsis's own sources.
#pragma once

#include <ATen/CPUGeneratorImpl.h>
#include <torch/types.h>

#include <cstdint>
#include <mutex>
#include <optional>

#include "opsis/core/api.h"

namespace opsis::inline v1::random::detail {

/// Takes words as drawing one by one would, only sooner, and leaves the generator where that had left it. Holds its lock.
/// Throws c10::Error when the generator is not one of the CPU.
class OPSIS_API Words {
 public:
  explicit Words(const std::optional<at::Generator>& generator);
  ~Words();
  Words(const Words&) = delete;
  Words& operator=(const Words&) = delete;

  /// The next words, raw: simd/mersenne.h tempers them.
  void take(int64_t count, uint32_t* out);

 private:
  at::CPUGeneratorImpl& generator_;
  std::scoped_lock<std::mutex> lock_;
  at::mt19937_data_pod state_;
};

/// torch.rand(sizes): float32, from the current generator.
OPSIS_API torch::Tensor uniform(torch::IntArrayRef sizes);

}  // namespace opsis::inline v1::random::detail
