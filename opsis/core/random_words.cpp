#include "opsis/core/random_words.h"

#include <ATen/ops/empty.h>

#include <algorithm>
#include <array>
#include <cstring>

#include "opsis/core/random.h"
#include "opsis/simd/mersenne.h"

namespace opsis::inline v1::random::detail {

Words::Words(const std::optional<at::Generator>& generator)
    : generator_(*at::get_generator_or_default<at::CPUGeneratorImpl>(generator, at::detail::getDefaultCPUGenerator())),
      lock_(generator_.mutex_),
      state_(generator_.engine().data()) {
  static_assert(at::MERSENNE_STATE_N == simd::kMersenneWords);
}

Words::~Words() {
  at::mt19937 engine;
  engine.set_data(state_);
  generator_.set_engine(engine);
}

void Words::take(int64_t count, uint32_t* out) {
  while (count > 0) {
    if (state_.left_ == 1) {  // the engine counts one more than it has, and makes new words when it needs one
      simd::twist(state_.state_.data());
      state_.left_ = at::MERSENNE_STATE_N + 1;
      state_.next_ = 0;
    }
    const auto some = std::min<int64_t>(count, state_.left_ - 1);
    std::memcpy(out, state_.state_.data() + state_.next_, static_cast<size_t>(some) * sizeof(uint32_t));
    state_.left_ -= static_cast<int>(some);
    state_.next_ += static_cast<uint32_t>(some);
    out += some;
    count -= some;
  }
}

torch::Tensor uniform(torch::IntArrayRef sizes) {
  auto out = at::empty(sizes, torch::kFloat32);
  auto* const numbers = out.mutable_data_ptr<float>();
  Words words(current());
  std::array<uint32_t, 2 * simd::kMersenneWords> some;
  for (int64_t i = 0; i < out.numel(); i += static_cast<int64_t>(some.size())) {
    const auto count = std::min<int64_t>(out.numel() - i, static_cast<int64_t>(some.size()));
    words.take(count, some.data());
    simd::uniform(some.data(), count, numbers + i);
  }
  return out;
}

}  // namespace opsis::inline v1::random::detail
