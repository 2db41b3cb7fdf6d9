// Matsumoto and Nishimura, Mersenne Twister: A 623-dimensionally equidistributed uniform pseudo-random number generator, 1998;
// the seeding by a key is that of their mt19937ar of 2002.
#include "opsis/core/python_random.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <mutex>
#include <numeric>
#include <random>
#include <utility>

#include "opsis/core/check.h"

namespace opsis::inline v1::random {
namespace {

constexpr size_t kWords = 624, kAhead = 397;

// The process's own, which threads share.
struct Shared {
  std::mutex mutex;
  PythonRandom random{std::random_device{}()};
};
Shared& shared() {
  static Shared state;
  return state;
}

thread_local PythonRandom* innermost_python = nullptr;

template <class Draw>
auto with_current(const Draw& draw) {
  if (innermost_python != nullptr) return draw(*innermost_python);
  const std::lock_guard lock(shared().mutex);
  return draw(shared().random);
}

}  // namespace

PythonRandom::PythonRandom(uint64_t seed) {
  // Python's key is the number's words, the lowest first: one when it fits.
  const std::array<uint32_t, 2> key{static_cast<uint32_t>(seed), static_cast<uint32_t>(seed >> 32)};
  const size_t length = key[1] == 0 ? 1 : 2;

  state_[0] = 19650218;
  for (uint32_t i = 1; i < kWords; ++i) state_[i] = 1812433253U * (state_[i - 1] ^ state_[i - 1] >> 30) + i;
  size_t i = 1;
  const auto step = [&] {
    if (++i < kWords) return;
    state_[0] = state_[kWords - 1];
    i = 1;
  };
  for (size_t k = 0; k < kWords; ++k, step()) {
    const auto j = static_cast<uint32_t>(k % length);
    state_[i] = (state_[i] ^ (state_[i - 1] ^ state_[i - 1] >> 30) * 1664525U) + key[j] + j;
  }
  for (size_t k = 1; k < kWords; ++k, step()) {
    state_[i] = (state_[i] ^ (state_[i - 1] ^ state_[i - 1] >> 30) * 1566083941U) - static_cast<uint32_t>(i);
  }
  state_[0] = 0x80000000U;
}

uint32_t PythonRandom::next() {
  if (at_ == kWords) {
    for (size_t i = 0; i < kWords; ++i) {
      const auto joined = (state_[i] & 0x80000000U) | (state_[(i + 1) % kWords] & 0x7fffffffU);
      state_[i] = state_[(i + kAhead) % kWords] ^ joined >> 1 ^ (joined & 1U ? 0x9908b0dfU : 0U);
    }
    at_ = 0;
  }
  auto word = state_[at_++];
  word ^= word >> 11;
  word ^= word << 7 & 0x9d2c5680U;
  word ^= word << 15 & 0xefc60000U;
  return word ^ word >> 18;
}

double PythonRandom::uniform() {
  const double high = next() >> 5, low = next() >> 6;  // 27 and 26 bits
  return (high * 67108864.0 + low) / 9007199254740992.0;
}

uint64_t PythonRandom::bits(int count) {
  if (count <= 32) return next() >> (32 - count);
  const uint64_t low = next();
  return low | static_cast<uint64_t>(next() >> (64 - count)) << 32;
}

uint64_t PythonRandom::below(uint64_t n) {
  OPSIS_CHECK(n > 0, "PythonRandom: n must be positive, got 0");
  const auto width = std::bit_width(n);
  auto drawn = bits(width);
  while (drawn >= n) drawn = bits(width);
  return drawn;
}

std::vector<int64_t> PythonRandom::shuffled(int64_t n) {
  std::vector<int64_t> order(static_cast<size_t>(std::max<int64_t>(n, 0)));
  std::iota(order.begin(), order.end(), 0);
  for (auto i = order.size(); i-- > 1;) std::swap(order[i], order[below(i + 1)]);
  return order;
}

int64_t PythonRandom::choice(int64_t n, const std::optional<std::vector<double>>& weights) {
  OPSIS_CHECK(n > 0, "PythonRandom: there must be something to choose from, got {}", n);
  if (!weights) return static_cast<int64_t>(std::floor(uniform() * static_cast<double>(n)));
  OPSIS_CHECK(std::ssize(*weights) == n, "PythonRandom: there must be a weight for each of {}, got {}", n, weights->size());
  std::vector<double> sums(weights->size());
  std::partial_sum(weights->begin(), weights->end(), sums.begin());
  OPSIS_CHECK(sums.back() > 0 && std::isfinite(sums.back()), "PythonRandom: the weights' sum must be positive, got {}",
              sums.back());
  return std::upper_bound(sums.begin(), sums.end() - 1, uniform() * sums.back()) - sums.begin();
}

void seed_python(uint64_t seed) {
  const std::lock_guard lock(shared().mutex);
  shared().random = PythonRandom(seed);
}

PythonScope::PythonScope(uint64_t seed) : random_(seed), outer_(std::exchange(innermost_python, &random_)) {}
PythonScope::~PythonScope() { innermost_python = outer_; }

std::vector<int64_t> python_shuffled(int64_t n) {
  return with_current([&](PythonRandom& random) { return random.shuffled(n); });
}

int64_t python_choice(int64_t n, const std::optional<std::vector<double>>& weights) {
  return with_current([&](PythonRandom& random) { return random.choice(n, weights); });
}

}  // namespace opsis::inline v1::random
