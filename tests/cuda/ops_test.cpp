// Operators on CUDA tensors, each against what it gives on the CPU, which other tests hold against torchvision.
#include <ATen/autocast_mode.h>
#include <torch/torch.h>

#include <limits>

#include "opsis/ops.h"
#include "tests/support/expect.h"

namespace opsis {
namespace {

using torch::Tensor;

constexpr auto kGpu = torch::kCUDA;
constexpr auto kInf = std::numeric_limits<float>::infinity();
constexpr auto kNan = std::numeric_limits<float>::quiet_NaN();

double tolerance(torch::ScalarType type) { return type == torch::kFloat64 ? 1e-12 : type == torch::kFloat32 ? 2e-5 : 4e-3; }

Tensor maps(torch::ScalarType type, int64_t channels = 18) {
  torch::manual_seed(3);
  return torch::randn({2, channels, 21, 34}).to(type);
}

Tensor regions(torch::ScalarType type) {
  return torch::tensor({{0.f, 1.f, 2.f, 30.f, 17.f},
                        {1.f, 3.3f, 4.6f, 9.1f, 20.7f},
                        {0.f, -50.f, -20.f, 400.f, 300.f},
                        {1.f, 10.f, 10.f, 9.f, 8.f},
                        {1.f, 30.f, 20.f, 33.9f, 20.9f},
                        {0.f, 500.f, 500.f, 600.f, 600.f},
                        {0.f, kNan, 1.f, 5.f, 6.f},
                        {1.f, 0.f, 0.f, kInf, 12.f}})
      .to(type);
}

// `call` of maps and regions, and the gradient of the maps, on both.
template <class Call>
void expect_same(const Call& call, int64_t channels = 18) {
  for (const auto type : {torch::kFloat32, torch::kFloat64, torch::kHalf}) {
    SCOPED_TRACE(type);
    const auto on_cpu = maps(type, channels).requires_grad_(), on_gpu = maps(type, channels).to(kGpu).requires_grad_();
    const auto rois = regions(type);
    const auto expected = call(on_cpu, rois), actual = call(on_gpu, rois.to(kGpu));
    EXPECT_TRUE(actual.is_cuda());
    const auto number = [](const Tensor& t) { return t.detach().cpu().nan_to_num(-1, 0, 0); };
    EXPECT_TENSOR_NEAR(number(actual), number(expected), tolerance(type), 1e-6);
    EXPECT_TENSOR_EQ(actual.detach().isnan().cpu(), expected.detach().isnan());
    torch::manual_seed(4);
    const auto weights = torch::randn(expected.sizes()).to(type);
    expected.backward(weights);
    actual.backward(weights.to(kGpu));
    EXPECT_TENSOR_NEAR(number(on_gpu.grad()), number(on_cpu.grad()), tolerance(type), 1e-5);
  }
}

TEST(RoiAlignOnCuda, EqualsTheCpuWithItsGradient) {
  for (const bool aligned : {false, true}) {
    for (const int64_t ratio : {-1, 1, 2}) {
      SCOPED_TRACE(ratio);
      expect_same([&](const Tensor& x, const Tensor& rois) {
        return ops::roi_align(x, rois, torch::ExpandingArray<2>({3, 5}),
                              {.spatial_scale = 0.7, .sampling_ratio = ratio, .aligned = aligned});
      });
    }
  }
}

TEST(RoiPoolOnCuda, EqualsTheCpuWithItsGradient) {
  expect_same([](const Tensor& x, const Tensor& rois) {
    return ops::roi_pool(x, rois, torch::ExpandingArray<2>({3, 5}), 0.7);
  });
}

TEST(PsRoiAlignOnCuda, EqualsTheCpuWithItsGradient) {
  for (const int64_t ratio : {-1, 2}) {
    expect_same([&](const Tensor& x, const Tensor& rois) {
      return ops::ps_roi_align(x, rois, torch::ExpandingArray<2>({2, 3}), {.spatial_scale = 0.7, .sampling_ratio = ratio});
    });
  }
}

TEST(PsRoiPoolOnCuda, EqualsTheCpuWithItsGradient) {
  expect_same([](const Tensor& x, const Tensor& rois) {
    return ops::ps_roi_pool(x, rois, torch::ExpandingArray<2>({2, 3}), 0.7);
  });
}

TEST(RegionsOnCuda, MayBeNoneOrNameAnImageThatIsNotThere) {
  const auto x = maps(torch::kFloat32).to(kGpu);
  EXPECT_EQ(ops::roi_align(x, torch::zeros({0, 5}, kGpu), 7).sizes(), (std::vector<int64_t>{0, 18, 7, 7}));
  const auto wrong =
      torch::tensor({{5.f, 1.f, 2.f, 9.f, 9.f}, {-3.f, 1.f, 2.f, 9.f, 9.f}, {kNan, 1.f, 2.f, 9.f, 9.f}}).to(kGpu);
  EXPECT_TRUE(ops::roi_align(x, wrong, 3).eq(0).all().item<bool>());
  EXPECT_TRUE(ops::roi_pool(x, wrong, 3).eq(0).all().item<bool>());
  EXPECT_TRUE(ops::ps_roi_align(x, wrong, 3).eq(0).all().item<bool>());
  EXPECT_TRUE(ops::ps_roi_pool(x, wrong, 3).eq(0).all().item<bool>());
  EXPECT_ERROR(ops::roi_align(x, regions(torch::kFloat32), 7), ValueError, "on one device");
}

TEST(NmsOnCuda, KeepsTheBoxesThatTheCpuKeeps) {
  for (const int64_t count : {0, 1, 63, 64, 65, 511, 512, 513, 5000}) {
    for (const auto type : {torch::kFloat32, torch::kFloat64}) {
      SCOPED_TRACE(count);
      torch::manual_seed(count);
      const auto corners = torch::rand({count, 2}, type) * 60, sizes = torch::rand({count, 2}, type) * 20;
      const auto boxes = torch::cat({corners, corners + sizes}, 1);
      const auto scores = (torch::rand({count}, type) * 50).floor();  // many are equal
      for (const double threshold : {0.0, 0.3, 0.5, 0.9})
        EXPECT_TENSOR_EQ(ops::nms(boxes.to(kGpu), scores.to(kGpu), threshold).cpu(), ops::nms(boxes, scores, threshold));
    }
  }
}

// The CPU refuses float16, as torchvision's does. Of small whole numbers every step is exact, so float32 says what must stay.
TEST(NmsOnCuda, TakesFloat16) {
  for (const int64_t count : {0, 1, 65, 3000}) {
    SCOPED_TRACE(count);
    torch::manual_seed(count);
    const auto corners = torch::randint(0, 60, {count, 2}), sizes = torch::randint(1, 20, {count, 2});
    const auto boxes = torch::cat({corners, corners + sizes}, 1).to(torch::kFloat32);
    const auto scores = torch::randint(0, 50, {count}).to(torch::kFloat32), classes = torch::randint(0, 5, {count});
    const auto half = [](const Tensor& numbers) { return numbers.to(kGpu).to(torch::kHalf); };
    for (const double threshold : {0.0, 0.25, 0.5}) {
      EXPECT_TENSOR_EQ(ops::nms(half(boxes), half(scores), threshold).cpu(), ops::nms(boxes, scores, threshold));
      if (count == 0) continue;
      const auto by_class = ops::nms_per_class(half(boxes), half(scores), classes.to(kGpu), threshold).cpu();
      const auto expected = ops::nms_per_class(boxes, scores, classes, threshold);  // equal scores may change places
      EXPECT_TENSOR_EQ(std::get<0>(by_class.sort()), std::get<0>(expected.sort()));
      EXPECT_EQ(ops::batched_nms(half(boxes), half(scores), classes.to(kGpu), threshold).scalar_type(), torch::kInt64);
    }
  }
  const auto boxes = torch::zeros({2, 4}, kGpu).to(torch::kBFloat16);
  EXPECT_ERROR(ops::nms(boxes, boxes.select(1, 0), 0.5), ValueError,
               "nms: boxes must be float32, float16 or float64, got BFloat16");
}

TEST(NmsOnCuda, TreatsStrangeBoxesAsTheCpuDoes) {
  const auto boxes = torch::tensor({{0.f, 0.f, 4.f, 4.f},
                                    {kNan, 0.f, 4.f, 4.f},
                                    {4.f, 4.f, 0.f, 0.f},
                                    {0.f, 0.f, kInf, kInf},
                                    {0.f, 0.f, 4.f, 4.f},
                                    {1.f, 1.f, 1.f, 1.f},
                                    {-kInf, 0.f, 2.f, 2.f}});
  const auto scores = torch::tensor({0.5f, 0.9f, 0.4f, 0.3f, kNan, 0.1f, 0.2f});
  EXPECT_TENSOR_EQ(ops::nms(boxes.to(kGpu), scores.to(kGpu), 0.5).cpu(), ops::nms(boxes, scores, 0.5));
}

TEST(BatchedNmsOnCuda, KeepsTheBoxesThatTheCpuKeepsClassByClass) {
  for (const int64_t count : {100, 3000, 30000}) {
    torch::manual_seed(count);
    const auto corners = torch::rand({count, 2}) * 300, sizes = torch::rand({count, 2}) * 50;
    const auto boxes = torch::cat({corners, corners + sizes}, 1),
               scores = torch::randperm(count).to(torch::kFloat32);  // all differ
    const auto classes = torch::randint(7, {count});
    EXPECT_TENSOR_EQ(ops::nms_per_class(boxes.to(kGpu), scores.to(kGpu), classes.to(kGpu), 0.5).cpu(),
                     ops::nms_per_class(boxes, scores, classes, 0.5));
    EXPECT_EQ(ops::batched_nms(boxes.to(kGpu), scores.to(kGpu), classes.to(kGpu), 0.5).scalar_type(), torch::kInt64);
  }
}

TEST(DeformConvOnCuda, EqualsTheCpuWithItsGradients) {
  for (const auto type : {torch::kFloat32, torch::kFloat64, torch::kHalf}) {
    for (const int64_t groups : {1, 2}) {
      for (const bool masked : {false, true}) {
        SCOPED_TRACE(type);
        torch::manual_seed(5);
        const auto numbers = torch::dtype(torch::kFloat64);
        std::vector<Tensor> cpu{torch::randn({3, 24, 11, 13}, numbers), torch::randn({3, 4 * 18, 6, 7}, numbers) * 3,
                                torch::randn({6, 24 / groups, 3, 3}, numbers) / 8, torch::randn({6}, numbers),
                                torch::rand({3, 4 * 9, 6, 7}, numbers)};
        std::vector<Tensor> gpu;
        for (auto& tensor : cpu) {
          tensor = tensor.to(type).requires_grad_();
          gpu.push_back(tensor.detach().to(kGpu).requires_grad_());
        }
        const auto call = [&](const std::vector<Tensor>& t) {
          return ops::deform_conv2d(t[0], t[1], t[2],
                                    {.bias = t[3], .stride = 2, .padding = 1, .mask = masked ? t[4] : Tensor()});
        };
        const auto expected = call(cpu), actual = call(gpu);
        EXPECT_TENSOR_NEAR(actual.detach().cpu(), expected.detach(), tolerance(type), 1e-5);
        const auto weights = torch::randn(expected.sizes(), numbers).to(type);
        expected.backward(weights);
        actual.backward(weights.to(kGpu));
        for (size_t i = 0; i < (masked ? 5u : 4u); ++i) {
          SCOPED_TRACE(i);
          EXPECT_TENSOR_NEAR(gpu[i].grad().cpu(), cpu[i].grad(), tolerance(type), 1e-5);
        }
      }
    }
  }
}

TEST(OperatorsOnCuda, ComputeInFloat32UnderAutocast) {
  at::autocast::set_autocast_enabled(at::kCUDA, true);
  const auto x = maps(torch::kHalf).to(kGpu), rois = regions(torch::kHalf).to(kGpu);
  const auto out = ops::roi_align(x, rois, 3);
  at::autocast::clear_cache();
  at::autocast::set_autocast_enabled(at::kCUDA, false);
  EXPECT_EQ(out.scalar_type(), torch::kHalf);
  EXPECT_TENSOR_EQ(out, ops::roi_align(x.to(torch::kFloat32), rois.to(torch::kFloat32), 3).to(torch::kHalf));
}

TEST(BoxesOnCuda, HaveTheOverlapsThatTheyHaveOnTheCpu) {
  torch::manual_seed(6);
  const auto corners = torch::rand({40, 2}) * 60;
  const auto boxes = torch::cat({corners, corners + torch::rand({40, 2}) * 20}, 1), turned = torch::rand({40, 5}) * 30;
  EXPECT_TENSOR_NEAR(ops::box_iou(boxes.to(kGpu), boxes.to(kGpu)).cpu(), ops::box_iou(boxes, boxes), 1e-6, 0);
  EXPECT_TENSOR_NEAR(ops::generalized_box_iou(boxes.to(kGpu), boxes.to(kGpu)).cpu(), ops::generalized_box_iou(boxes, boxes),
                     1e-5, 0);
  EXPECT_TENSOR_NEAR(ops::box_area(boxes.to(kGpu)).cpu(), ops::box_area(boxes), 1e-6, 0);
  EXPECT_TENSOR_EQ(ops::nms_rotated(turned.to(kGpu), turned.select(1, 0).to(kGpu), 0.3).cpu(),
                   ops::nms_rotated(turned, turned.select(1, 0).contiguous(), 0.3));
  const auto masks = torch::rand({5, 30, 40}).gt(0.9);
  EXPECT_TENSOR_EQ(ops::masks_to_boxes(masks.to(kGpu)).cpu(), ops::masks_to_boxes(masks));
}

}  // namespace
}  // namespace opsis
