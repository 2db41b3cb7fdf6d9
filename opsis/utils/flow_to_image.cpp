#include "opsis/utils/flow_to_image.h"

#include <ATen/Parallel.h>
#include <torch/torch.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <vector>

#include "opsis/core/check.h"
#include "opsis/core/parallel.h"
#include "opsis/simd/flow.h"
#include "opsis/tv_tensors/print.h"

namespace opsis::inline v1::utils {
namespace {

constexpr auto hues = simd::kFlowHues;

// The paper's wheel of 55 hues, each of three levels: from red to yellow in 15 steps, on to green in 6, and so on around. In each
// part one channel is full and another rises or falls.
constexpr std::array<uint8_t, 3 * hues> color_wheel() {
  struct Part {
    int steps;
    size_t full, changing;
    bool rises;
  };
  constexpr Part parts[] = {{15, 0, 1, true},  {6, 1, 0, false}, {4, 1, 2, true},
                            {11, 2, 1, false}, {13, 2, 0, true}, {6, 0, 2, false}};
  std::array<uint8_t, 3 * hues> wheel{};
  size_t hue = 0;
  for (const auto& part : parts) {
    for (int step = 0; step < part.steps; ++step, hue += 3) {
      const int grown = 255 * step / part.steps;
      wheel[hue + part.full] = 255;
      wheel[hue + part.changing] = static_cast<uint8_t>(part.rises ? grown : 255 - grown);
    }
  }
  return wheel;
}

simd::FlowWheel levels_of_wheel() {
  constexpr auto wheel = color_wheel();
  simd::FlowWheel levels{};
  for (size_t channel = 0; channel < 3; ++channel) {
    for (size_t i = 0; i < levels[channel].size(); ++i) {
      levels[channel][i] = static_cast<float>(wheel[(i + hues - 1) % hues * 3 + channel]) / 255.0F;
    }
  }
  return levels;
}

// Pixels of all pictures, one after another.
struct Block {
  int64_t first, last;
  int64_t size() const { return last - first; }

  // body(picture, the first pixel in it, how many, where they are in the block)
  template <class Body>
  void each_picture(int64_t plane, const Body& body) const {
    for (auto i = first; i < last;) {
      const auto count = std::min(plane - i % plane, last - i);
      body(i / plane, i % plane, count, i - first);
      i += count;
    }
  }
};

constexpr int64_t pixels_a_block = 4096;  // a few arrays of so many floats stay in a core's cache

// LibTorch's atan2 computes whole vectors by one formula and what is left over at the end of a thread's part by another, whose
// last bit may differ. So blocks begin where those parts do, and hold whole vectors up to the end of theirs.
std::vector<Block> blocks_of(int64_t count) {
  constexpr int64_t grain = at::internal::GRAIN_SIZE;
  const bool serial = count <= grain || at::in_parallel_region();
  const int64_t threads = serial ? 1 : std::min<int64_t>(at::get_num_threads(), (count + grain - 1) / grain);
  const int64_t part = (count + threads - 1) / threads;
  std::vector<Block> blocks;
  for (int64_t begin = 0; begin < count; begin += part) {
    const auto end = std::min(begin + part, count);
    for (auto first = begin; first < end; first += pixels_a_block) {
      blocks.push_back({first, std::min(first + pixels_a_block, end)});
    }
  }
  return blocks;
}

// Memory for numbers of a block, and tensors upon it for the operators.
template <int64_t kCount>
class Buffers {
 public:
  float* at(int64_t row) { return memory_.mutable_data_ptr<float>() + row * pixels_a_block; }
  std::vector<torch::Tensor>& rows(int64_t pixels) {
    if (rows_.empty() || rows_[0].size(0) != pixels) rows_ = memory_.narrow(1, 0, pixels).unbind();
    return rows_;
  }

 private:
  torch::NoGradGuard no_grad_;  // each thread has its own
  torch::Tensor memory_ = torch::empty({kCount, pixels_a_block}, torch::kFloat32);
  std::vector<torch::Tensor> rows_;
};

// (N, 2, H, W) without gaps on the CPU: two passes, of blocks that stay in the cache.
torch::Tensor colors_by_blocks(const torch::Tensor& flows) {
  const int64_t plane = flows.size(2) * flows.size(3);
  const auto* const x = flows.const_data_ptr<float>();
  const auto* const y = x + plane;
  const auto blocks = blocks_of(flows.size(0) * plane);
  const auto on_blocks = [&](const auto& body) {
    parallel_for(0, std::ssize(blocks), at::internal::GRAIN_SIZE / pixels_a_block, body);
  };

  // Roots are LibTorch's too: its library of mathematics does not round them to the nearest.
  std::vector<float> longest(blocks.size());
  on_blocks([&](int64_t first, int64_t last) {
    Buffers<1> buffers;
    for (auto i = static_cast<size_t>(first); i < static_cast<size_t>(last); ++i) {
      auto* const squares = buffers.at(0);
      blocks[i].each_picture(plane, [&](int64_t picture, int64_t pixel, int64_t count, int64_t here) {
        const auto at = 2 * picture * plane + pixel;
        simd::squared_lengths(x + at, y + at, count, squares + here);
      });
      longest[i] = buffers.rows(blocks[i].size())[0].sqrt_().max().item<float>();
    }
  });
  const auto divisor = *std::ranges::max_element(longest) + std::numeric_limits<float>::epsilon();

  static const auto wheel = levels_of_wheel();
  auto out = torch::empty({flows.size(0), 3, flows.size(2), flows.size(3)}, torch::kUInt8);
  auto* const red = out.mutable_data_ptr<uint8_t>();
  on_blocks([&](int64_t first, int64_t last) {
    Buffers<3> buffers;
    auto *const minus_x = buffers.at(0), *const angle = buffers.at(1), *const length = buffers.at(2);
    for (int64_t i = first; i < last; ++i) {
      const auto& block = blocks[static_cast<size_t>(i)];
      bool finite = true;
      block.each_picture(plane, [&](int64_t picture, int64_t pixel, int64_t count, int64_t here) {
        const auto at = 2 * picture * plane + pixel;
        finite &= simd::reversed_parts(x + at, y + at, count, divisor, minus_x + here, angle + here, length + here);
      });
      OPSIS_CHECK(finite, "flow_to_image: the flow must be finite");
      auto& rows = buffers.rows(block.size());
      at::atan2_out(rows[1], rows[1], rows[0]);  // of y, in its place
      rows[2].sqrt_();
      block.each_picture(plane, [&](int64_t picture, int64_t pixel, int64_t count, int64_t here) {
        auto* const to = red + 3 * picture * plane + pixel;
        simd::flow_colors(angle + here, length + here, count, wheel, to, to + plane, to + 2 * plane);
      });
    }
  });
  return out;
}

// The same by operators, wherever the flow is.
torch::Tensor colors_by_operators(const torch::Tensor& flows) {
  const auto longest = flows.pow(2).sum(1).sqrt().max();
  const auto parts = flows.div(longest + std::numeric_limits<float>::epsilon());
  const auto length = parts.pow(2).sum(1).sqrt();
  OPSIS_CHECK(length.isfinite().all().item<bool>(), "flow_to_image: the flow must be finite");

  constexpr auto hues_of_paper = color_wheel();
  const auto wheel = torch::tensor(torch::ArrayRef<uint8_t>(hues_of_paper), torch::kFloat32).view({hues, 3}).to(flows.device());
  const auto angle = torch::atan2(-parts.select(1, 1), -parts.select(1, 0)).div(M_PI);
  const auto hue = (angle + 1).div(2).mul(hues - 1);
  const auto below = hue.floor().to(torch::kInt64);
  const auto above = (below + 1).masked_fill(below + 1 == hues, 0);
  const auto between = hue - below;
  auto out = torch::zeros({flows.size(0), 3, flows.size(2), flows.size(3)}, flows.options().dtype(torch::kUInt8));
  for (int64_t channel = 0; channel < 3; ++channel) {
    const auto levels = wheel.select(1, channel);
    const auto level = (1 - between) * levels.index({below}).div(255.0) + between * levels.index({above}).div(255.0);
    out.select(1, channel).copy_(torch::floor((1 - length * (1 - level)).mul(255)));
  }
  return out;
}

}  // namespace

torch::Tensor flow_to_image(const torch::Tensor& flow) {
  const torch::NoGradGuard no_grad;
  OPSIS_CHECK(flow.defined() && flow.scalar_type() == torch::kFloat32, "flow_to_image: the flow must be float32");
  const bool batched = flow.dim() == 4;
  OPSIS_CHECK((batched || flow.dim() == 3) && flow.size(-3) == 2,
              "flow_to_image: the flow must be (2, H, W) or (N, 2, H, W), got {}", opsis::detail::shape(flow));
  OPSIS_CHECK(flow.numel() > 0, "flow_to_image: the flow must not be empty, got {}", opsis::detail::shape(flow));

  const auto flows = batched ? flow : flow.unsqueeze(0);
  const bool in_memory = flows.device().is_cpu() && flows.layout() == torch::kStrided && !flows.is_neg();
  const auto out = in_memory ? colors_by_blocks(flows.contiguous()) : colors_by_operators(flows);
  return batched ? out : out[0];
}

}  // namespace opsis::inline v1::utils
