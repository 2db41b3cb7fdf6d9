#include "opsis/core/random.h"

#include <ATen/CPUGeneratorImpl.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/rand.h>
#include <ATen/ops/randint.h>
#include <ATen/ops/randperm.h>

#include "opsis/core/check.h"

namespace opsis::inline v1::random {
namespace {

thread_local std::optional<at::Generator> innermost;

}  // namespace

std::optional<at::Generator> current() { return innermost; }

Scope::Scope(at::Generator generator) : outer_(std::exchange(innermost, std::move(generator))) {}
Scope::Scope(uint64_t seed) : Scope(at::make_generator<at::CPUGeneratorImpl>(seed)) {}
Scope::~Scope() { innermost = std::move(outer_); }

float uniform() { return at::rand({1}, current(), at::kFloat).item<float>(); }

double uniform(double low, double high) { return at::empty({1}, at::kFloat).uniform_(low, high, current()).item<double>(); }

int64_t integer(int64_t low, int64_t high) {
  OPSIS_CHECK(low < high, "random::integer: low must be below high, got {} and {}", low, high);
  return at::randint(low, high, {1}, current(), at::kLong).item<int64_t>();
}

torch::Tensor permutation(int64_t n) { return at::randperm(n, current(), at::kLong); }

}  // namespace opsis::inline v1::random
