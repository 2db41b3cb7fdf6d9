#include "opsis/transforms/functional/noise_bytes.h"

#include <ATen/core/DistributionsHelper.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/empty_like.h>
#include <ATen/ops/tensor.h>

#include <algorithm>
#include <array>
#include <memory>
#include <optional>
#include <utility>
#include <vector>

#include "opsis/core/random.h"
#include "opsis/core/random_words.h"
#include "opsis/simd/mersenne.h"
#include "opsis/simd/noise.h"
#include "opsis/transforms/functional/tensor.h"

namespace opsis::inline v1::transforms::detail {
namespace {

using torch::Tensor;

constexpr int64_t kSixteen = 16;   // normal numbers that LibTorch makes at once, of contiguous memory
constexpr int64_t kPart = 2048;    // bytes that get noise at once
constexpr int64_t kReplayed = 38;  // sixteens of which the words fit into a generator

Tensor line_of(const uint8_t* bytes, int64_t count) {
  return at::from_blob(const_cast<uint8_t*>(bytes), {count}, torch::kUInt8);
}

// A generator for LibTorch's own formula that gives the words of one pair.
class OnePair {
 public:
  explicit OnePair(const uint32_t* words) : words_(words) {}
  uint64_t random64() {
    const uint64_t upper = simd::tempered(*words_++);
    return upper << 32 | simd::tempered(*words_++);
  }
  std::optional<double> next_double_normal_sample() const { return second_; }
  void set_next_double_normal_sample(std::optional<double> second) { second_ = second; }

 private:
  const uint32_t* words_;
  std::optional<double> second_;
};

// Bytes in doubt, with LibTorch's own normal numbers for them.
class DoubtfulPairs {
 public:
  void add(int64_t index, const uint32_t* words, int64_t number) {
    OnePair pair(words + number / 2 * 4);
    const at::normal_distribution<double> normal(0, 1);
    auto value = normal(&pair);
    if (number % 2 == 1) value = normal(&pair);
    indices.push_back(index);
    normals_.push_back(static_cast<float>(value));
  }
  Tensor normals() const { return at::tensor(normals_, torch::kFloat32); }
  std::vector<int64_t> indices;

 private:
  std::vector<float> normals_;
};

// The same of sixteens: how exactly LibTorch rounds them depends on the machine, so a generator with their words draws again.
class DoubtfulSixteens {
 public:
  void add(int64_t index, const uint32_t* words, int64_t number) {
    const auto* const first = words + number / kSixteen * kSixteen;
    if (indices.empty() || indices.back() / kSixteen != index / kSixteen) words_.insert(words_.end(), first, first + kSixteen);
    places_.push_back(static_cast<int64_t>(words_.size()) - kSixteen + index % kSixteen);
    indices.push_back(index);
  }
  Tensor normals() const {
    auto generator = at::make_generator<at::CPUGeneratorImpl>();
    auto& impl = *at::check_generator<at::CPUGeneratorImpl>(generator);
    const auto drawn = at::empty({static_cast<int64_t>(words_.size())}, torch::kFloat32);
    for (int64_t i = 0; i < drawn.numel(); i += kReplayed * kSixteen) {
      const auto count = std::min(drawn.numel() - i, kReplayed * kSixteen);
      auto state = impl.engine().data();
      std::copy_n(words_.begin() + i, count, state.state_.begin());
      state.next_ = 0;
      state.left_ = at::MERSENNE_STATE_N;
      at::mt19937 engine;
      engine.set_data(state);
      impl.set_engine(engine);
      drawn.slice(0, i, i + count).normal_(0, 1, generator);
    }
    return drawn.index_select(0, at::tensor(places_, torch::kInt64));
  }
  std::vector<int64_t> indices;

 private:
  std::vector<uint32_t> words_;
  std::vector<int64_t> places_;
};

// Draws for `count` bytes, `words_each` words a byte, and lets `kernel` add the noise; what it doubts is done again.
template <int64_t words_each, class Doubtful, class Kernel>
void add_noise(const uint8_t* in, int64_t count, const ByteNoise& noise, const Kernel& kernel, uint8_t* out,
               random::detail::Words& source) {
  const simd::Noise numbers{static_cast<float>(noise.factor), static_cast<float>(noise.offset), noise.clip};
  struct Part {
    std::array<uint32_t, words_each * kPart> words;
    std::array<int32_t, kPart> doubtful;
  };
  const auto part = std::make_unique_for_overwrite<Part>();
  Doubtful doubtful;
  for (int64_t i = 0; i < count; i += kPart) {
    const auto some = std::min(kPart, count - i);
    source.take(words_each * some, part->words.data());
    const auto found = kernel(part->words.data(), some, in + i, numbers, out + i, part->doubtful.data());
    for (int64_t k = 0; k < found; ++k) {
      const int64_t number = part->doubtful[static_cast<size_t>(k)];
      doubtful.add(i + number, part->words.data(), number);
    }
  }
  if (doubtful.indices.empty()) return;
  const auto indices = at::tensor(doubtful.indices, torch::kInt64);
  line_of(out, count)
      .index_copy_(0, indices, noisy_bytes(line_of(in, count).index_select(0, indices), doubtful.normals(), noise));
}

// Noise drawn by LibTorch itself, for a few bytes.
void add_drawn(const uint8_t* in, int64_t count, const ByteNoise& noise, uint8_t* out) {
  const auto normals = at::empty({count}, torch::kFloat32).normal_(0, 1, random::current());
  line_of(out, count).copy_(noisy_bytes(line_of(in, count), normals, noise));
}

void add_contiguous(const uint8_t* in, int64_t count, const ByteNoise& noise, uint8_t* out) {
  const int64_t whole = count / kSixteen * kSixteen, rest = count - whole;
  {
    random::detail::Words source(random::current());
    add_noise<1, DoubtfulSixteens>(in, whole, noise, simd::add_noise_by_sixteens, out, source);
    std::array<uint32_t, kSixteen> unused;
    source.take(rest, unused.data());
  }
  // LibTorch fills the memory with words, then makes the last sixteen anew.
  if (rest > 0) add_drawn(in + count - kSixteen, kSixteen, noise, out + count - kSixteen);
}

void add_scattered(const uint8_t* in, int64_t count, const ByteNoise& noise, uint8_t* out) {
  auto generator = at::get_generator_or_default<at::CPUGeneratorImpl>(random::current(), at::detail::getDefaultCPUGenerator());
  // Pairs are drawn, and the second number of the last one may be left from before, or be left over.
  const int64_t left = generator->next_double_normal_sample() ? 1 : 0;
  if (left > 0) add_drawn(in, 1, noise, out);
  const int64_t paired = (count - left) / 2 * 2;
  {
    random::detail::Words source(random::current());
    add_noise<2, DoubtfulPairs>(in + left, paired, noise, simd::add_noise_by_pairs, out + left, source);
  }
  if (left + paired < count) add_drawn(in + count - 1, 1, noise, out + count - 1);
}

}  // namespace

Tensor noisy_bytes(const Tensor& bytes, Tensor normals, const ByteNoise& noise) {
  auto out = bytes + normals.mul_(noise.factor).add_(python_number(noise.offset)).to(torch::kInt16);
  if (noise.clip) out.clamp_(0, 255);
  return out.to(torch::kUInt8);
}

Tensor noisy_bytes(const Tensor& bytes, const ByteNoise& noise) {
  const simd::Noise numbers{static_cast<float>(noise.factor), static_cast<float>(noise.offset), noise.clip};
  if (!bytes.is_cpu() || bytes.numel() < kSixteen || !numbers.is_moderate()) {
    return noisy_bytes(bytes, at::empty_like(bytes, torch::kFloat32).normal_(0, 1, random::current()), noise);
  }
  const auto dense = bytes.is_non_overlapping_and_dense() ? bytes : at::empty_like(bytes).copy_(bytes);
  auto out = at::empty_like(dense);
  const auto add = dense.is_contiguous() ? add_contiguous : add_scattered;
  add(dense.const_data_ptr<uint8_t>(), dense.numel(), noise, out.mutable_data_ptr<uint8_t>());
  return out;
}

}  // namespace opsis::inline v1::transforms::detail
