// The kernels of opsis/simd/resize.h against ATen's: on every instruction set of this machine, not one level may differ.
#include "opsis/transforms/functional/resize_pixels.h"

#include <hwy/targets.h>

#include <cstring>

#include "opsis/core/parallel.h"
#include "opsis/simd/resize.h"
#include "opsis/transforms/functional/resize.h"
#include "tests/support/expect.h"

namespace opsis {
namespace {

using transforms::InterpolationMode;

// Runs the body once for each instruction set that the kernels are compiled for and this machine has.
template <class Body>
void on_every_target(const Body& body) {
  for (auto left = static_cast<uint64_t>(hwy::SupportedTargets()); left != 0; left &= left - 1) {
    const auto target = static_cast<int64_t>(left & (~left + 1));
    SCOPED_TRACE(hwy::TargetName(target));
    hwy::SetSupportedTargetsForTest(target);
    body();
    hwy::SetSupportedTargetsForTest(0);
  }
}

enum class Layout { Planes, ChannelsLast, PartOfPlanes, PartOfChannelsLast };

torch::Tensor noise(int64_t channels, Size size, Layout layout) {
  const bool part = layout == Layout::PartOfPlanes || layout == Layout::PartOfChannelsLast;
  const int64_t more = part ? 5 : 0;
  auto pixels = torch::randint(256, {2, channels, size.height + more, size.width + more}, torch::kUInt8);
  if (layout == Layout::ChannelsLast || layout == Layout::PartOfChannelsLast) {
    pixels = pixels.contiguous(torch::MemoryFormat::ChannelsLast);
  }
  return part ? pixels.slice(2, 2, -3).slice(3, 3, -2) : pixels;
}

torch::Tensor by_aten(const torch::Tensor& pixels, Size size, InterpolationMode mode, bool antialias) {
  const std::array<int64_t, 2> to{size.height, size.width};
  switch (mode) {
    case InterpolationMode::NEAREST: return at::upsample_nearest2d(pixels, to);
    case InterpolationMode::NEAREST_EXACT: return at::_upsample_nearest_exact2d(pixels, to);
    case InterpolationMode::BILINEAR:
      return antialias ? at::_upsample_bilinear2d_aa(pixels, to, false) : at::upsample_bilinear2d(pixels, to, false);
    default: return antialias ? at::_upsample_bicubic2d_aa(pixels, to, false) : at::upsample_bicubic2d(pixels, to, false);
  }
}

constexpr Size resize_sizes[] = {{1, 1}, {2, 3}, {7, 5}, {16, 16}, {33, 47}, {64, 9}, {5, 130}, {90, 61}};

TEST(ResizePixels, BlendsAsATenOnEveryTarget) {
  const SerialScope serial;
  torch::manual_seed(0);
  on_every_target([] {
    for (const auto layout : {Layout::Planes, Layout::ChannelsLast, Layout::PartOfPlanes, Layout::PartOfChannelsLast}) {
      for (const int64_t channels : {1, 3, 4}) {
        for (const auto from : resize_sizes) {
          const auto pixels = noise(channels, from, layout);
          for (const auto to : resize_sizes) {
            for (const auto mode : {InterpolationMode::BILINEAR, InterpolationMode::BICUBIC}) {
              for (const bool antialias : {true, false}) {
                const auto ours = transforms::detail::resize_pixels(pixels, to, mode, antialias);
                ASSERT_TRUE(ours.has_value());
                // Plane by plane: ATen fails on some batches of pictures of one pixel, which it takes for channels last.
                const auto planes = pixels.contiguous().reshape({-1, 1, from.height, from.width});
                const auto expected = by_aten(planes, to, mode, antialias).reshape({2, channels, to.height, to.width});
                ASSERT_TRUE(torch::equal(*ours, expected))
                    << channels << " channels, " << from << " to " << to << ", " << mode << ", antialias " << antialias
                    << ", layout " << static_cast<int>(layout);
              }
            }
          }
        }
      }
    }
  });
}

// Scales at which a tap's place or weight falls between two numbers: lines of every length to many others.
TEST(ResizePixels, BlendsAsATenAtEveryScale) {
  const SerialScope serial;
  torch::manual_seed(1);
  for (int64_t from = 1; from <= 130; from += 3) {
    const auto pixels = torch::randint(256, {1, 1, from, 2 * from + 1}, torch::kUInt8);
    for (int64_t to = 1; to <= 130; to += 4) {
      for (const auto mode : {InterpolationMode::BILINEAR, InterpolationMode::BICUBIC}) {
        for (const bool antialias : {true, false}) {
          const Size size{to, 131 - to};
          const auto ours = transforms::detail::resize_pixels(pixels, size, mode, antialias);
          ASSERT_TRUE(ours.has_value());
          ASSERT_TRUE(torch::equal(*ours, by_aten(pixels, size, mode, antialias)))
              << from << " to " << size << ", " << mode << ", antialias " << antialias;
        }
      }
    }
  }
}

TEST(ResizePixels, CopiesAsATenAtEveryScale) {
  const SerialScope serial;
  torch::manual_seed(2);
  for (int64_t from = 1; from <= 400; from += 7) {
    // Indices, so that a wrong one is seen.
    const auto line = torch::arange(from, torch::kFloat32);
    for (const auto& pixels : {line.reshape({1, 1, 1, from}), line.reshape({1, 1, from, 1}),
                               torch::stack({line, line}, 1).reshape({1, 1, from, 2}).permute({0, 3, 1, 2})}) {
      for (int64_t to = 1; to <= 400; to += 3) {
        for (const auto mode : {InterpolationMode::NEAREST, InterpolationMode::NEAREST_EXACT}) {
          const Size size{pixels.size(2) > 1 ? to : 1, pixels.size(3) > 1 ? to : 1};
          const auto ours = transforms::detail::resize_pixels(pixels, size, mode, false);
          ASSERT_TRUE(ours.has_value());
          ASSERT_TRUE(torch::equal(*ours, by_aten(pixels, size, mode, false)))
              << pixels.sizes() << " to " << size << ", " << mode;
        }
      }
    }
  }
}

TEST(ResizePixels, CopiesWhatATenPlacesInAnotherWay) {
  for (const auto type : {torch::kFloat32, torch::kFloat64}) {
    for (const auto& [from, to] :
         {std::pair<int64_t, int64_t>{480, 224}, {72, 500}, {62, 224}, {2, 41}, {2, 47}, {4, 82}, {6, 123}}) {
      const auto pixels = torch::arange(from, type).reshape({1, 1, from, 1}).expand({1, 1, from, 3}).contiguous();
      for (const auto mode : {InterpolationMode::NEAREST, InterpolationMode::NEAREST_EXACT}) {
        EXPECT_TENSOR_EQ(transforms::functional::resize(pixels, {to, 3}, {.interpolation = mode}),
                         by_aten(pixels, {to, 3}, mode, false));
      }
    }
  }
}

TEST(ResizePixels, CopiesPixelsOfAnySize) {
  torch::manual_seed(3);
  for (const auto type : {torch::kUInt8, torch::kInt16, torch::kFloat32}) {
    for (const int64_t channels : {1, 2, 3, 4, 5}) {
      for (const auto format : {torch::MemoryFormat::Contiguous, torch::MemoryFormat::ChannelsLast}) {
        const auto pixels = torch::randint(100, {2, channels, 9, 13}).to(type).contiguous(format);
        const auto ours = transforms::detail::resize_pixels(pixels, {17, 7}, InterpolationMode::NEAREST, false);
        ASSERT_TRUE(ours.has_value());
        const auto expected = by_aten(pixels.to(torch::kFloat64), {17, 7}, InterpolationMode::NEAREST, false);
        EXPECT_TENSOR_EQ(*ours, expected.to(type));
      }
    }
  }
}

TEST(Resizer, ComputesAWindowOfTheResult) {
  torch::manual_seed(4);
  const auto pixels = torch::randint(256, {61, 83, 3}, torch::kUInt8);
  simd::ResizePlan plan{.from_height = 61, .from_width = 83, .to_height = 29, .to_width = 37, .channels = 3};
  const simd::Resizer resizer(plan);
  const auto whole = torch::empty({29, 37, 3}, torch::kUInt8);
  resizer.resize(pixels.const_data_ptr<uint8_t>(), pixels.stride(0), 0, 29, whole.mutable_data_ptr<uint8_t>(), whole.stride(0));

  plan.top = 4, plan.left = 5, plan.height = 20, plan.width = 23;
  const simd::Resizer window(plan);
  int64_t next_source = 0;
  int64_t next = 3;
  const auto source = [&](int64_t row) {
    EXPECT_GE(row, next_source);  // each row is asked for once, in rising order
    next_source = row + 1;
    return pixels.const_data_ptr<uint8_t>() + row * pixels.stride(0);
  };
  window.rows(source, 3, 17, [&](int64_t y, const uint8_t* row) {
    EXPECT_EQ(y, next++);
    const auto expected = whole[4 + y].slice(0, 5, 28).contiguous();
    EXPECT_EQ(std::memcmp(row, expected.const_data_ptr(), expected.nbytes()), 0);
  });
  EXPECT_EQ(next, 17);
  EXPECT_EQ(next_source, window.source_rows(3, 17).end);
}

}  // namespace
}  // namespace opsis
