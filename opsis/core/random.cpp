#include "opsis/core/random.h"

#include <ATen/CPUGeneratorImpl.h>
#include <ATen/core/DistributionsHelper.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/rand.h>
#include <ATen/ops/randint.h>
#include <ATen/ops/randperm.h>

#include <cmath>
#include <limits>
#include <mutex>
#include <typeinfo>
#include <utility>

#include "opsis/core/check.h"

namespace opsis::inline v1::random {
namespace {

thread_local std::optional<at::Generator> innermost;
thread_local std::optional<uint64_t> innermost_seed;  // of a generator that nobody has asked for yet

// What a tensor of one number would be filled with, drawn without one, which takes a tenth of the time. None where the generator
// is not just the CPU's: what it draws, its own functions know.
template <class Draw>
auto drawn(const std::optional<at::Generator>& generator, const Draw& draw)
    -> std::optional<decltype(draw(std::declval<at::CPUGeneratorImpl*>()))> {
  auto* const any = generator && generator->defined() ? generator->unsafeGetGeneratorImpl()
                                                      : at::detail::getDefaultCPUGenerator().unsafeGetGeneratorImpl();
  const auto& type = typeid(*any);
  if (type != typeid(at::CPUGeneratorImpl)) return std::nullopt;
  auto* const own = static_cast<at::CPUGeneratorImpl*>(any);
  const std::scoped_lock lock(own->mutex_);
  return draw(own);
}

// A float in [0, 1) made one in [from, to). LibTorch's kernels are compiled for several instruction sets, and round once where
// one instruction multiplies and adds.
float between(float x, float from, float to, bool rounds_once) {
  const float value = rounds_once ? std::fma(x, to - from, from) : x * (to - from) + from;
  return value == to ? from : value;
}

float unit(uint32_t word) { return static_cast<float>(word & 0xFFFFFFu) * 0x1p-24f; }

// How LibTorch's kernel rounds on this machine; none, if in another way than those.
std::optional<bool> kernel_rounds_once() {
  constexpr float from = 0.08f, to = 1.7f;
  const auto generator = at::make_generator<at::CPUGeneratorImpl>(uint64_t{1});
  at::CPUGeneratorImpl same(uint64_t{1});
  const auto numbers = at::empty({256}, at::kFloat).uniform_(from, to, generator);
  bool once = true, twice = true;
  for (int64_t i = 0; i < numbers.numel(); ++i) {
    const float expected = numbers.const_data_ptr<float>()[i], x = unit(same.random());
    once = once && between(x, from, to, true) == expected;
    twice = twice && between(x, from, to, false) == expected;
  }
  if (!once && !twice) return std::nullopt;  // both: the compiler made one operation of the other way too
  return once;
}

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

float uniform() {
  const auto generator = current();
  if (const auto number = drawn(generator, [](auto* own) { return unit(own->random()); })) return *number;
  return at::rand({1}, generator, at::kFloat).item<float>();
}

bool spans(double low, double high) {
  constexpr double most = std::numeric_limits<float>::max();
  return low <= high && low >= -most && high <= most && high - low <= most &&
         static_cast<float>(high) - static_cast<float>(low) <= std::numeric_limits<float>::max();
}

double uniform(double low, double high) {
  OPSIS_CHECK(spans(low, high), "random::uniform: the range must be of numbers of float32, got [{}, {})", low, high);
  static const auto rounds_once = kernel_rounds_once();
  const auto generator = current();
  if (rounds_once) {
    const auto number = drawn(generator, [&](auto* own) {
      return between(unit(own->random()), static_cast<float>(low), static_cast<float>(high), *rounds_once);
    });
    if (number) return *number;
  }
  return at::empty({1}, at::kFloat).uniform_(low, high, generator).item<double>();
}

int64_t integer(int64_t low, int64_t high) {
  OPSIS_CHECK(low < high, "random::integer: low must be below high, got {} and {}", low, high);
  const auto generator = current();
  const auto number = drawn(generator, [&](auto* own) {
    const auto range = static_cast<uint64_t>(high) - static_cast<uint64_t>(low);
    return at::uniform_int_from_to_distribution<int64_t>(range, low)(own);
  });
  return number ? *number : at::randint(low, high, {1}, generator, at::kLong).item<int64_t>();
}

torch::Tensor permutation(int64_t n) { return at::randperm(n, current(), at::kLong); }

}  // namespace opsis::inline v1::random
