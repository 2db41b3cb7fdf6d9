#include "opsis/core/random.h"

#include <ATen/CPUGeneratorImpl.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/rand.h>
#include <ATen/ops/randint.h>
#include <ATen/ops/randperm.h>

#include <limits>

#include "opsis/core/check.h"

namespace opsis::inline v1::random {
namespace {

thread_local std::optional<at::Generator> innermost;
thread_local std::optional<uint64_t> innermost_seed;  // of a generator that nobody has asked for yet

}  // namespace

std::optional<at::Generator> current() {
  if (const auto seed = std::exchange(innermost_seed, std::nullopt))
    innermost = at::make_generator<at::CPUGeneratorImpl>(*seed);
  return innermost;
}

Scope::Scope(at::Generator generator)
    : outer_(std::exchange(innermost, std::move(generator))), outer_seed_(std::exchange(innermost_seed, std::nullopt)) {}
Scope::Scope(uint64_t seed)
    : outer_(std::exchange(innermost, std::nullopt)), outer_seed_(std::exchange(innermost_seed, seed)) {}
Scope::~Scope() {
  innermost = std::move(outer_);
  innermost_seed = outer_seed_;
}

float uniform() { return at::rand({1}, current(), at::kFloat).item<float>(); }

bool spans(double low, double high) {
  constexpr double most = std::numeric_limits<float>::max();
  return low <= high && low >= -most && high <= most && high - low <= most;
}

double uniform(double low, double high) {
  OPSIS_CHECK(spans(low, high), "random::uniform: the range must be of numbers of float32, got [{}, {})", low, high);
  return at::empty({1}, at::kFloat).uniform_(low, high, current()).item<double>();
}

int64_t integer(int64_t low, int64_t high) {
  OPSIS_CHECK(low < high, "random::integer: low must be below high, got {} and {}", low, high);
  return at::randint(low, high, {1}, current(), at::kLong).item<int64_t>();
}

torch::Tensor permutation(int64_t n) { return at::randperm(n, current(), at::kLong); }

}  // namespace opsis::inline v1::random
