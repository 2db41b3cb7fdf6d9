// Python's `random`, for the two transforms of torchvision's first version that draw from it. Knows no tensor.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "opsis/core/api.h"

namespace opsis::inline v1::random {

/// Python's random.Random: the Mersenne twister MT19937, seeded and read as CPython does it.
///     PythonRandom random(7);
///     random.uniform();        // 0.32383276483316237, as random.Random(7).random()
/// Threads  one thread at a time
class OPSIS_API PythonRandom {
 public:
  /// random.Random(seed)
  explicit PythonRandom(uint64_t seed);

  /// random(): 53 bits, in [0, 1)
  double uniform();
  /// randrange(n): 0 <= it < n. Throws ValueError when n is 0.
  uint64_t below(uint64_t n);
  /// shuffle(list(range(n))): the indices in their new order
  std::vector<int64_t> shuffled(int64_t n);
  /// choices(range(n), weights)[0]; all alike when there are no weights.
  /// Throws   ValueError when n is 0, for another number of weights than n, and unless their sum is positive and finite
  int64_t choice(int64_t n, const std::optional<std::vector<double>>& weights = {});

 private:
  uint32_t next();
  uint64_t bits(int count);

  std::array<uint32_t, 624> state_{};
  size_t at_ = 624;
};

/// random.seed(seed): sets the twister that this process's draws come from. Until then it is seeded by the system, as Python's.
OPSIS_API void seed_python(uint64_t seed);

/// Gives this thread a twister of its own while it lives.
///     random::PythonScope scope(7);   // draws what Python draws after random.seed(7)
class OPSIS_API PythonScope {
 public:
  explicit PythonScope(uint64_t seed);
  ~PythonScope();
  PythonScope(const PythonScope&) = delete;
  PythonScope& operator=(const PythonScope&) = delete;

 private:
  PythonRandom random_;
  PythonRandom* outer_;
};

/// PythonRandom's shuffled and choice by the twister of this thread's innermost PythonScope, else that of the process.
OPSIS_API std::vector<int64_t> python_shuffled(int64_t n);
OPSIS_API int64_t python_choice(int64_t n, const std::optional<std::vector<double>>& weights = {});

}  // namespace opsis::inline v1::random
