// The generator that Opsis draws from, and the draws torchvision makes.
#pragma once

#include <ATen/core/Generator.h>
#include <torch/types.h>

#include <cstdint>
#include <optional>

#include "opsis/core/api.h"

namespace opsis::inline v1::random {

/// The generator that every draw of Opsis comes from: that of this thread's innermost Scope, else none, which LibTorch reads
/// as its default CPU generator (the one torch::manual_seed sets).
OPSIS_API std::optional<at::Generator> current();

/// Names the current generator of this thread while it lives.
///     random::Scope scope(7);              // everything drawn below equals Python's after torch.manual_seed(7)
///     auto crop = transforms::RandomCrop(32)(image);
class OPSIS_API Scope {
 public:
  explicit Scope(at::Generator generator);
  /// A new CPU generator with this seed. It is made when somebody draws: to seed one takes longer than to read a small picture.
  explicit Scope(uint64_t seed);
  ~Scope();
  Scope(const Scope&) = delete;
  Scope& operator=(const Scope&) = delete;

 private:
  std::optional<at::Generator> outer_;
  std::optional<uint64_t> outer_seed_;
};

/// torch.rand(1): a float in [0, 1). Compare it with a probability as torch does, in float.
OPSIS_API float uniform();
/// torch.empty(1).uniform_(low, high).item(). Throws ValueError when the range is empty or float32 has not all of it.
OPSIS_API double uniform(double low, double high);
/// Whether float32 has all numbers from low to high, so that one can be drawn.
OPSIS_API bool spans(double low, double high);
/// torch.randint(low, high, (1,)).item(): low <= it < high. Throws ValueError when the range is empty.
OPSIS_API int64_t integer(int64_t low, int64_t high);
/// torch.randperm(n): (n) int64
OPSIS_API torch::Tensor permutation(int64_t n);

}  // namespace opsis::inline v1::random
