#include "opsis/models/optimize.h"

#include <ATen/record_function.h>
#include <torch/torch.h>

#include <functional>
#include <future>
#include <limits>
#include <set>

#include "opsis/models/quantization/quantize.h"
#include "opsis/models/registry.h"
#include "opsis/models/resnet.h"
#include "opsis/transforms.h"
#include "tests/support/expect.h"
#include "tests/support/families.h"
#include "tests/support/memory.h"
#include "tests/support/model.h"
#include "tests/support/peak_allocation.h"

namespace opsis {
namespace {

using models::optimize;
using models::ResNetBlock;

// The operators that a call of the dispatcher reaches while it lives, on this thread.
class Operators {
 public:
  Operators() {
    names().clear();
    handle_ = at::addThreadLocalCallback(at::RecordFunctionCallback([](const at::RecordFunction& function) {
      names().insert(function.name());
      return std::unique_ptr<at::ObserverContext>();
    }));
  }
  ~Operators() { at::removeCallback(handle_); }
  static std::multiset<std::string>& names() {
    static thread_local std::multiset<std::string> all;
    return all;
  }

 private:
  at::CallbackHandle handle_;
};

models::ResNet small_resnet() {
  models::ResNet model(ResNetBlock::BOTTLENECK, std::array<int64_t, 4>{1, 2, 1, 1}, models::ResNetOptions{.num_classes = 5});
  model->eval();
  return model;
}

class OptimizeFamily : public ::testing::TestWithParam<support::Family> {};
INSTANTIATE_TEST_SUITE_P(, OptimizeFamily, ::testing::ValuesIn(support::families()),
                         [](const auto& info) { return info.param.name; });

TEST_P(OptimizeFamily, GivesWhatTheModelGives) {
  const torch::NoGradGuard no_grad;
  const support::OneThread one_thread;
  const auto model = support::smallest_of(GetParam());
  torch::manual_seed(1);
  const auto images = torch::randn({2, 3, GetParam().size, GetParam().size});
  const auto before = images.clone();
  const auto expected = model->forward(images);
  const auto quick = optimize(model);
  EXPECT_TENSOR_NEAR(quick->forward(images), expected, 1e-4, 0);  // sums in another order, folded weights
  EXPECT_TENSOR_EQ(images, before);
  // bfloat16 has 8 bits of mantissa; errors add up over the layers.
  const auto halved = optimize(model, {.dtype = torch::kBFloat16})->forward(images);
  EXPECT_TENSOR_NEAR(halved, expected, 0.1, 0);
}

TEST(Optimize, FoldsNormsAndFusesActivationsAndAdditions) {
  const auto model = small_resnet();
  const auto quick = optimize(model);
  const auto images = torch::rand({1, 3, 32, 32});
  quick->forward(images);
  const Operators operators;
  quick->forward(images);
  const auto& names = Operators::names();
  EXPECT_EQ(names.count("aten::batch_norm"), 0);
  EXPECT_EQ(names.count("aten::relu_"), 0);
  EXPECT_EQ(names.count("aten::add_"), 0);
  EXPECT_EQ(names.count("opsis::inference_conv2d"), 1 + 5 * 3 + 4);
}

TEST(Optimize, TakesImagesOfEveryShape) {
  const torch::NoGradGuard no_grad;
  auto model = small_resnet();
  const auto quick = optimize(model);
  for (const auto& shape : std::vector<std::vector<int64_t>>{
           {2, 3, 32, 40}, {1, 3, 32, 40}, {2, 3, 40, 32}, {0, 3, 32, 32}, {1, 3, 48, 40}, {1, 3, 56, 40}, {2, 3, 32, 40}}) {
    const auto images = torch::rand(shape);
    EXPECT_TENSOR_NEAR(quick->forward(images), model.ptr()->forward(images), 1e-4, 0);
  }
}

// A stranger's models, each with something that the operators alone do not tell.
struct Stranger final : models::ImageClassifier {
  explicit Stranger(std::function<torch::Tensor(torch::Tensor)> forward_)
      : ImageClassifier("Stranger"), forward_of(std::move(forward_)) {
    weight = register_parameter("weight", torch::ones({1}));
    eval();
  }
  torch::Tensor forward(torch::Tensor images) override { return forward_of(std::move(images)); }
  std::function<torch::Tensor(torch::Tensor)> forward_of;
  torch::Tensor weight;
};

// As many multiply-adds in an image as make it worth a part of its own.
torch::Tensor seen_by_heavy_layer(const torch::Tensor& images) {
  torch::manual_seed(1);
  static const auto weight = torch::randn({192, 192, 3, 3}) / 41;
  return torch::conv2d(images.repeat({1, 64, 1, 1}).contiguous(torch::MemoryFormat::ChannelsLast), weight, {}, 1, 1);
}

TEST(Optimize, ComputesALargeBatchInParts) {
  torch::manual_seed(0);
  const auto images = torch::randn({4, 3, 48, 48});
  const std::shared_ptr<models::ImageClassifier> model =
      std::make_shared<Stranger>([](const torch::Tensor& x) { return torch::relu(seen_by_heavy_layer(x)); });
  const auto expected = model->forward(images);
  const auto quick = optimize(model);
  const auto products = [&](const torch::Tensor& batch) {
    const Operators operators;
    EXPECT_TENSOR_NEAR(quick->forward(batch), expected.slice(0, 0, batch.size(0)), 1e-4, 0);
    size_t count = 0;
    for (const auto& name : Operators::names()) count += name.starts_with("opsis::inference_");
    return count;
  };
  {
    const support::OneThread one_thread;  // whose operators are seen
    quick->forward(images);
    const auto of_one = products(images.slice(0, 0, 1));
    EXPECT_GT(of_one, 0);
    EXPECT_EQ(products(images), 4 * of_one);
  }
  const auto threads = at::get_num_threads();
  for (const int count : {2, 3}) {
    at::set_num_threads(count);
    products(images);
  }
  at::set_num_threads(threads);
  const torch::InferenceMode inference;
  EXPECT_TENSOR_NEAR(quick->forward(images), expected, 1e-4, 0);
}

TEST(Optimize, KeepsABatchWholeWhoseImagesSeeEachOther) {
  const support::OneThread one_thread;  // many would have no part each
  torch::manual_seed(0);
  const auto images = torch::randn({4, 3, 48, 48}) * torch::tensor({8, 1, 1, 1}).view({4, 1, 1, 1});
  const std::function<torch::Tensor(const torch::Tensor&)> forwards[] = {
      [](const torch::Tensor& x) { return x - x.mean(0); },
      [](const torch::Tensor& x) { return x - x.mean(0) + 1000; },
      [](const torch::Tensor& x) { return torch::where(x.amax() > 20, x / 255, x); },
      [](const torch::Tensor& x) { return x / x.slice(0, 0, 1).abs().amax().clamp_min(8); },
      [](const torch::Tensor& x) {
        return torch::cat({x.slice(0, 0, 1), x.slice(0, 1, 3).flip(0), x.slice(0, 3)});
      },
      [](const torch::Tensor& x) { return x.flip(0); },
      // Fewer results than images; none but for four of them.
      [](const torch::Tensor& x) {
        return x.reshape({2, -1, 48, 48});
      },
      [](const torch::Tensor& x) {
        return (x / 8).view({4, 192, -1}).softmax(0);
      },
      [](const torch::Tensor& x) { return x.mean(); },
  };
  for (const auto& forward : forwards) {
    const std::shared_ptr<models::ImageClassifier> model =
        std::make_shared<Stranger>([&](const torch::Tensor& x) { return forward(seen_by_heavy_layer(x)); });
    const auto quick = optimize(model);
    for (int round = 0; round < 2; ++round) EXPECT_TENSOR_NEAR(quick->forward(images), model->forward(images), 1e-4, 0);
  }
}

TEST(Optimize, KeepsTheParametersItWasMadeWith) {
  const torch::NoGradGuard no_grad;
  const auto model = small_resnet();
  const auto quick = optimize(model);
  const auto images = torch::rand({1, 3, 32, 32});
  const auto before = quick->forward(images).clone();
  for (auto& parameter : model->parameters()) parameter.mul_(2);
  EXPECT_TENSOR_EQ(quick->forward(images), before);
  EXPECT_TRUE(quick->parameters().empty());
}

TEST(Optimize, IsCalledFromManyThreads) {
  const auto quick = optimize(small_resnet());
  const auto images = torch::rand({2, 3, 32, 32});
  const auto expected = quick->forward(images);
  std::vector<std::future<torch::Tensor>> results;
  for (int i = 0; i < 4; ++i) {
    results.push_back(std::async(std::launch::async, [&, i] { return quick->forward(images.slice(0, 0, 1 + i % 2)); }));
  }
  for (size_t i = 0; i < results.size(); ++i) {
    EXPECT_TENSOR_NEAR(results[i].get(), expected.slice(0, 0, 1 + static_cast<int64_t>(i) % 2), 1e-5, 0);
  }
}

TEST(Optimize, KeepsItsWeightsOnceForAllShapes) {
  const torch::NoGradGuard no_grad;
  const auto weights = torch::rand({2, 2048, 2048});
  const std::shared_ptr<models::ImageClassifier> model = std::make_shared<Stranger>([&](const torch::Tensor& images) {
    const auto x = images.mean({2, 3}).repeat({1, 683}).narrow(1, 0, 2048);
    return torch::linear(torch::linear(x, weights[0]), weights[1]);
  });
  const auto quick = optimize(model);
  quick->forward(torch::rand({1, 3, 4, 4}));
  const auto before = support::allocated_memory();
  for (int64_t side = 5; side < 8; ++side) quick->forward(torch::rand({1, 3, side, side}));
  EXPECT_LT(support::allocated_memory() - before, weights.nbytes() / 2);
}

TEST(Optimize, RefusesAModelThatWritesIntoABufferOfItsOwn) {
  const auto model = std::make_shared<Stranger>([](const torch::Tensor& images) {
    auto out = torch::zeros({images.size(0), 3});
    out.copy_(images.mean({2, 3}));
    return out + 1;
  });
  EXPECT_ERROR(optimize(std::shared_ptr<models::ImageClassifier>(model))->forward(torch::rand({1, 3, 4, 4})), ValueError,
               "optimize");
}

// Else it would give what it gave for the first images.
TEST(Optimize, RefusesWhatIsComputedPastTheDispatcherOrIntoOtherTensors) {
  const auto weight = torch::rand({48, 10});
  const auto into = [=](const torch::Tensor& x) {
    auto out = torch::empty({x.size(0), 10});
    torch::mm_out(out, x.flatten(1), weight);
    return out;
  };
  const std::function<torch::Tensor(const torch::Tensor&)> forwards[] = {
      [](const torch::Tensor& x) { return x + transforms::functional::horizontal_flip(x); },
      [](const torch::Tensor& x) { return transforms::functional::horizontal_flip(x); },
      [](const torch::Tensor& x) { return x + x.data() * 2; },
      into,
      [=](const torch::Tensor& x) { return x.flatten(1).matmul(weight) + into(x); },
  };
  for (const auto& forward : forwards) {
    const std::shared_ptr<models::ImageClassifier> model = std::make_shared<Stranger>(forward);
    EXPECT_ERROR(optimize(model)->forward(torch::rand({1, 3, 4, 4})), ValueError, "optimize: ");
    EXPECT_ERROR(optimize(model)->forward(torch::zeros({1, 3, 4, 4})), ValueError, "optimize: ");
  }
  const auto quantized =
      models::get_model<models::quantization::QuantizableClassifier>("quantized_resnet18", {.quantize = true});
  EXPECT_FALSE(models::can_be_optimized(*quantized));
  EXPECT_ERROR(optimize(std::shared_ptr<models::ImageClassifier>(quantized)), ValueError, "the model is quantized; use it as");
}

TEST(Optimize, MakesAProgramOnceForEachOfManyShapes) {
  int calls = 0;
  const std::shared_ptr<models::ImageClassifier> model = std::make_shared<Stranger>([&](const torch::Tensor& images) {
    ++calls;
    return images.mean({2, 3});
  });
  const auto quick = optimize(model);
  for (int round = 0; round < 3; ++round) {
    for (int64_t side = 4; side < 14; ++side) quick->forward(torch::rand({1, 3, side, side}));
  }
  EXPECT_LE(calls, 11);  // the first time it is looked at twice
}

TEST(Optimize, TakesLayersThatAreNotAsUsual) {
  const torch::NoGradGuard no_grad;
  const auto weight = torch::rand({8, 3, 3, 3}), shift = torch::rand({1}), matrix = torch::rand({8, 4});
  const std::function<torch::Tensor(const torch::Tensor&)> forwards[] = {
      [=](const torch::Tensor& x) { return torch::conv2d(x, weight, x.mean() * torch::ones({8}), 1, 1); },
      [=](const torch::Tensor& x) { return torch::linear(x, matrix, x.mean() * torch::ones({8})); },
      [=](const torch::Tensor& x) { return torch::linear(x, matrix, shift); },
      [=](const torch::Tensor& x) { return torch::matmul(x, matrix.t()) + x.mean() * torch::ones({8}); },
      [=](const torch::Tensor& x) { return torch::matmul(x, matrix.t()).add(torch::ones({8}), 2); },
      [=](const torch::Tensor& x) { return torch::matmul(matrix, x.transpose(-2, -1)); },
      [=](const torch::Tensor& x) { return torch::linear(x, matrix.narrow(0, 0, 0)) + x.sum(); },
      [=](const torch::Tensor& x) {
        return torch::linear(x, matrix).permute({0, -1, 1, 2}) + torch::ones({2, 8, 3, 4}) * x.sum();
      },
  };
  for (const auto& forward : forwards) {
    const std::shared_ptr<models::ImageClassifier> model = std::make_shared<Stranger>(forward);
    const auto quick = optimize(model);
    for (int time = 0; time < 2; ++time) {
      const auto images = torch::rand({2, 3, 4, 4});
      EXPECT_TENSOR_NEAR(quick->forward(images), model->forward(images), 1e-5, 0);
    }
  }
}

TEST(Optimize, TakesPicturesOfSeveralTypes) {
  const torch::NoGradGuard no_grad;
  const auto weight = torch::rand({8, 3, 3, 3}) / 9;
  const auto see = [=](const torch::Tensor& x) { return torch::conv2d(x, weight, {}, 1, 1); };
  const auto pool = [](const torch::Tensor& x) { return torch::adaptive_avg_pool2d(x, {1, 1}); };
  const auto mean = [](const torch::Tensor& x) { return x.mean({2, 3}, true).to(torch::kFloat32); };
  const auto high = [](const torch::Tensor& x) { return (x > 0.5).to(torch::kFloat32); };
  const std::function<torch::Tensor(const torch::Tensor&)> forwards[] = {
      [=](const torch::Tensor& x) { return mean(see(x) * pool(high(see(x)))); },
      [=](const torch::Tensor& x) { return mean(high(see(x)) * pool(see(x))); },
      [=](const torch::Tensor& x) { return mean((see(x).to(torch::kFloat64) * 2).to(torch::kFloat32) * pool(see(x))); },
      [=](const torch::Tensor& x) { return mean(see(x).to(torch::kFloat64)); },
      [=](const torch::Tensor& x) {
        return mean(torch::max_pool2d(see(x).to(torch::kFloat64), {2, 2}));
      },
      [=](const torch::Tensor& x) { return mean(see(x) * pool(see(x)).to(torch::kFloat64)); },
  };
  const auto images = torch::rand({2, 3, 16, 16});
  for (const auto& forward : forwards) {
    const std::shared_ptr<models::ImageClassifier> model = std::make_shared<Stranger>(forward);
    EXPECT_TENSOR_NEAR(optimize(model)->forward(images), model->forward(images), 1e-5, 0);
    // Rounded to 8 bits, some pixels are on the other side of what is high.
    EXPECT_TENSOR_NEAR(optimize(model, {.dtype = torch::kBFloat16})->forward(images), model->forward(images), 0.03, 0.05);
  }
}

TEST(Optimize, RecordsWithoutKeepingWhatIsComputed) {
  const torch::NoGradGuard no_grad;
  const std::shared_ptr<models::ImageClassifier> model = std::make_shared<Stranger>([](torch::Tensor x) {
    for (int i = 0; i < 50; ++i) x = x * 0.9 + 0.1;
    return x;
  });
  const auto quick = optimize(model);
  const auto images = torch::rand({1, 3, 300, 300});
  const support::PeakAllocation peak;
  quick->forward(images);
  EXPECT_LT(peak.bytes(), static_cast<int64_t>(images.nbytes()) * 6);
}

TEST(Optimize, TakesImagesHoweverTheyLie) {
  torch::manual_seed(0);
  const auto plain = models::get_model("mobilenet_v3_small");
  plain->eval();
  const torch::NoGradGuard no_grad;
  const auto images = torch::rand({2, 3, 65, 70});
  for (const auto dtype : {torch::kFloat32, torch::kBFloat16}) {
    const auto optimized = models::optimize(plain, {.dtype = dtype});
    const auto expected = optimized->forward(images);
    const double most = dtype == torch::kFloat32 ? 1e-4 : 0.1;  // of the largest
    EXPECT_LT((expected - plain->forward(images)).abs().max().item<double>(), most * expected.abs().max().item<double>());
    EXPECT_TRUE(optimized->forward(images.contiguous(torch::MemoryFormat::ChannelsLast)).equal(expected));
    EXPECT_TRUE(optimized->forward(images.permute({3, 0, 2, 1}).contiguous().permute({1, 3, 2, 0})).equal(expected));
    const auto gray = images.narrow(1, 0, 1).expand({2, 3, 65, 70});
    EXPECT_TRUE(optimized->forward(gray).equal(optimized->forward(gray.contiguous())));
  }
}

TEST(Optimize, TakesModelsThatArrangeTheirTensors) {
  const torch::NoGradGuard no_grad;
  const auto weight = torch::rand({8, 3, 3, 3}) / 9, grouped = torch::rand({8, 4, 3, 3}) / 9,
             solid = torch::rand({4, 3, 1, 3, 3});
  const auto see = [=](const torch::Tensor& x) { return torch::conv2d(x.contiguous(), weight, {}, 1, 1); };
  const std::function<torch::Tensor(const torch::Tensor&)> forwards[] = {
      [=](const torch::Tensor& x) {
        return see(x).contiguous().view({2, -1});
      },
      [=](const torch::Tensor& x) {
        return see(x).relu().view({2, 4, -1}).flatten(1).view({-1, 8});
      },
      [=](const torch::Tensor& x) {
        return torch::conv2d(see(x), grouped, {}, 1, 1, 1, 2).view({2, -1});
      },
      [=](const torch::Tensor& x) {
        auto seen = see(x);
        return seen.add_(x.sum()).view({2, -1});
      },
      [=](const torch::Tensor& x) {
        auto seen = see(x) + 1;
        seen.view({2, -1}).mul_(2);
        return seen;
      },
      [=](const torch::Tensor& x) {
        return torch::conv3d(x.contiguous().unsqueeze(2), solid).view({2, -1});
      },
  };
  const auto images = torch::rand({2, 3, 16, 20});
  for (const auto& forward : forwards) {
    const std::shared_ptr<models::ImageClassifier> model = std::make_shared<Stranger>(forward);
    EXPECT_TENSOR_NEAR(optimize(model)->forward(images), model->forward(images), 1e-5, 0);
    EXPECT_TENSOR_NEAR(optimize(model, {.dtype = torch::kBFloat16})->forward(images), model->forward(images), 0.02, 0.02);
  }
}

TEST(Optimize, WritesOverImagesAsOftenAsTheModelDoes) {
  const torch::NoGradGuard no_grad;
  const auto weight = torch::rand({8, 3, 3, 3});
  const std::shared_ptr<models::ImageClassifier> model = std::make_shared<Stranger>([=](torch::Tensor x) {
    x.sub_(1);
    return torch::conv2d(x, weight);
  });
  const auto optimized = optimize(model);
  const auto images = torch::rand({2, 3, 8, 8}).contiguous(torch::MemoryFormat::ChannelsLast);
  for (int call = 0; call < 2; ++call) {  // the first is recorded
    const auto ours = images.clone(), theirs = images.clone();
    EXPECT_TENSOR_NEAR(optimized->forward(ours), model->forward(theirs), 1e-5, 0);
    EXPECT_TENSOR_EQ(ours, theirs);
  }
}

TEST(Optimize, TakesNoImages) {
  const auto model = small_resnet();
  for (const auto type : {torch::kFloat32, torch::kBFloat16}) {
    EXPECT_EQ(optimize(model, {.dtype = type})->forward(torch::rand({0, 3, 64, 64})).size(0), 0);
  }
}

// Each as some network has it.
TEST(Optimize, FusesAttentionHoweverItIsWritten) {
  const torch::NoGradGuard no_grad;
  torch::manual_seed(0);
  const auto bias = torch::randn({1, 2, 15, 15}), window = torch::randn({1, 2, 1, 15, 15}), each = torch::rand({2, 1, 1}),
             other = torch::randn({4, 1, 15, 15}), flat = torch::randn({15, 15});
  const auto plain = [](const torch::Tensor& x) { return x.reshape({4, 2, 15, 16}); };
  const auto scores = [](const torch::Tensor& q, const torch::Tensor& k) { return q.matmul(k.transpose(-2, -1)); };
  const auto joined = [](const torch::Tensor& x) { return x.transpose(1, 2).reshape({4, 15, 32}); };
  const auto apart = [](const torch::Tensor& x) { return x.view({2, 2, 2, 15, 15}); };
  using Attend = std::function<torch::Tensor(const torch::Tensor&)>;
  const Attend forwards[] = {
      [=](const torch::Tensor& x) {  // Swin
        const auto found = apart(scores(x * 0.3, x) + bias) + window;
        return torch::softmax(found.view({-1, 2, 15, 15}), -1).matmul(x);
      },
      [=](const torch::Tensor& x) { return torch::softmax(scores(x * 0.3, x) * each + bias, -1).matmul(x); },
      [=](const torch::Tensor& x) { return torch::softmax(scores(x, x * 0.3) * 0.5 + other + bias, 3).matmul(x); },
      [=](const torch::Tensor& x) {
        return torch::softmax((apart(scores(x, x)) + window).view({4, 2, 15, 15}), -1).matmul(x);
      },
      [=](const torch::Tensor& x) { return torch::softmax(scores(x, x), -1).matmul(x); },
      [=](const torch::Tensor& x) {  // MaxViT
        const auto groups = x.view({2, 2, 2, 15, 16});
        return torch::softmax(scores(groups, groups * 0.3) + bias, -1).matmul(groups).view({4, 2, 15, 16});
      },
      [=](const torch::Tensor& x) { return torch::scaled_dot_product_attention(x, x, x); },
      [=](const torch::Tensor& x) { return torch::scaled_dot_product_attention(x, x, x, flat, 0, false, 0.3); },
  };
  const auto images = torch::randn({2, 3, 20, 16});
  int number = 0;
  for (const auto& forward : forwards) {
    SCOPED_TRACE(number++);
    const std::shared_ptr<models::ImageClassifier> model =
        std::make_shared<Stranger>([=](const torch::Tensor& x) { return joined(forward(plain(x))); });
    const auto quick = optimize(model), halved = optimize(model, {.dtype = torch::kBFloat16});
    const auto expected = model->forward(images);
    EXPECT_TENSOR_NEAR(quick->forward(images), expected, 1e-5, 0);
    EXPECT_TENSOR_NEAR(halved->forward(images), expected, 0.2, 0);  // scores are large, and rounded to 8 bits before
    for (const auto& one : {quick, halved}) {
      const Operators called;
      one->forward(images);
      EXPECT_EQ(Operators::names().count("opsis::inference_attention"), 1U);
      EXPECT_EQ(Operators::names().count("aten::softmax") + Operators::names().count("aten::mul"), 0U);
    }
  }
}

TEST(Optimize, LeavesAttentionToManyKeysToLibTorch) {
  const torch::NoGradGuard no_grad;
  const auto bias = torch::randn({1, 1, 600, 600});
  const std::shared_ptr<models::ImageClassifier> model = std::make_shared<Stranger>([=](const torch::Tensor& images) {
    const auto x = images.reshape({2, 1, 600, 4});
    return torch::softmax((x * 0.3).matmul(x.transpose(-2, -1)) + bias, -1).matmul(x).flatten(1);
  });
  const auto images = torch::randn({2, 3, 40, 20}), expected = model->forward(images);
  const auto quick = optimize(model);
  EXPECT_TENSOR_NEAR(quick->forward(images), expected, 1e-5, 0);
  const Operators called;
  quick->forward(images);
  EXPECT_EQ(Operators::names().count("aten::scaled_dot_product_attention"), 1U);
}

// As it lay before it was fused.
TEST(Optimize, GivesAttentionToWhoReadsItInAnyWay) {
  const torch::NoGradGuard no_grad;
  torch::manual_seed(0);
  const auto bias = torch::randn({1, 2, 15, 15}), few = torch::randn({4, 2, 5, 5}), many = torch::randn({6, 2, 5, 5});
  auto hidden = torch::zeros({15, 15});
  hidden[3].fill_(-std::numeric_limits<float>::infinity());
  const auto attend = [](const torch::Tensor& x, const torch::Tensor& added) {
    return torch::softmax(x.matmul(x.transpose(-2, -1)) + added, -1).matmul(x);
  };
  const std::function<torch::Tensor(const torch::Tensor&)> forwards[] = {
      [=](const torch::Tensor& x) {
        return attend(x, bias).view({4, -1});
      },
      [=](const torch::Tensor& x) {
        return torch::scaled_dot_product_attention(x, x, x).view({4, -1});
      },
      [=](const torch::Tensor& x) {
        return attend(x, bias).as_strided({4, 480}, {480, 1});
      },
      [=](const torch::Tensor& x) { return attend(x, hidden).nan_to_num(7); },  // a token that sees nothing
      [=](const torch::Tensor& x) {
        const auto rows = x.reshape({-1}).narrow(0, 0, 12 * 2 * 5 * 16).view({12, 2, 5, 16});
        auto scores = rows.matmul(rows.transpose(-2, -1)).view({3, 4, 2, 5, 5}) + few;
        scores = scores.view({12, 2, 5, 5}).view({2, 6, 2, 5, 5}) + many;
        return torch::softmax(scores.view({12, 2, 5, 5}), -1).matmul(rows);
      },
  };
  const auto images = torch::randn({2, 3, 20, 16});
  int number = 0;
  for (const auto& forward : forwards) {
    SCOPED_TRACE(number++);
    const std::shared_ptr<models::ImageClassifier> model = std::make_shared<Stranger>([=](const torch::Tensor& x) {
      return forward(x.reshape({4, 2, 15, 16}));
    });
    EXPECT_TENSOR_NEAR(optimize(model)->forward(images), model->forward(images), 1e-5, 0);
  }
}

TEST(Optimize, FusesNoAttentionThatIsAnother) {
  const torch::NoGradGuard no_grad;
  const auto bias = torch::rand({4, 4});
  const auto attention = [&](double alpha, int64_t over) {
    return std::make_shared<Stranger>([=](const torch::Tensor& x) {
      return torch::matmul(torch::softmax(torch::matmul(x, x.transpose(-2, -1)).add(bias, alpha), over), x);
    });
  };
  const auto images = torch::rand({2, 3, 4, 4});
  for (const auto& [alpha, over] : {std::pair{1.0, -1}, {0.5, -1}, {1.0, -2}}) {
    const std::shared_ptr<models::ImageClassifier> model = attention(alpha, over);
    EXPECT_TENSOR_NEAR(optimize(model)->forward(images), model->forward(images), 1e-5, 0);
  }
}

TEST(Optimize, RefusesWhatItCannotDo) {
  EXPECT_ERROR(optimize(models::ResNet(ResNetBlock::BASIC, std::array<int64_t, 4>{1, 1, 1, 1})), ValueError,
               "optimize: the model must not be training; call eval() first");
  EXPECT_ERROR(optimize(std::shared_ptr<models::ImageClassifier>()), ValueError, "optimize: there is no model");
  auto model = small_resnet();
  EXPECT_ERROR(optimize(model, {.dtype = torch::kFloat16}), ValueError,
               "optimize: dtype must be float32 or bfloat16, got Half");
  EXPECT_ERROR(optimize(model)->forward(torch::rand({3, 32, 32})), ValueError, "optimize: images must be (N, 3, H, W)");
  model->to(torch::kFloat64);
  EXPECT_ERROR(optimize(model), ValueError, "optimize: parameters must be of float32 and on the CPU");
}

class OptimizeVideo : public ::testing::TestWithParam<const char*> {};
INSTANTIATE_TEST_SUITE_P(, OptimizeVideo, ::testing::Values("r3d_18", "mc3_18", "r2plus1d_18", "swin3d_t"),
                         [](const auto& info) { return std::string(info.param); });

TEST_P(OptimizeVideo, GivesWhatTheModelGives) {
  const torch::NoGradGuard no_grad;
  const support::OneThread one_thread;
  torch::manual_seed(1);
  const auto model = models::get_model<models::VideoClassifier>(GetParam(), {.num_classes = 5});
  EXPECT_ERROR(optimize(model), ValueError, "call eval() first");
  model->eval();
  const auto clips = torch::randn({2, 3, 4, 32, 40});
  const auto expected = model->forward(clips);
  const auto quick = optimize(model);
  EXPECT_TENSOR_NEAR(quick->forward(clips), expected, 1e-4, 1e-5);
  const Operators called;
  EXPECT_TENSOR_NEAR(quick->forward(clips), expected, 1e-4, 1e-5);
  EXPECT_EQ(Operators::names().count("aten::conv3d"), 0U);
  EXPECT_EQ(Operators::names().count("aten::batch_norm"), 0U);
  EXPECT_ERROR(quick->forward(clips[0]), ValueError, "optimize: clips must be (N, 3, T, H, W) on the CPU");
}

class OptimizeFlow : public ::testing::TestWithParam<const char*> {};
INSTANTIATE_TEST_SUITE_P(, OptimizeFlow, ::testing::Values("raft_small", "raft_large"),
                         [](const auto& info) { return std::string(info.param); });

TEST_P(OptimizeFlow, GivesWhatTheModelGives) {
  torch::manual_seed(0);
  const torch::NoGradGuard no_grad;
  const auto model = models::get_model<models::FlowModel>(GetParam());
  EXPECT_ERROR(optimize(model), ValueError, "call eval() first");
  model->eval();
  const auto quick = optimize(model);
  const auto first = torch::rand({1, 3, 128, 136}) * 2 - 1, second = torch::rand({1, 3, 128, 136}) * 2 - 1;
  const auto expected = model->outputs(first, second, 2);
  const auto found = quick->outputs(first, second, 2);
  ASSERT_EQ(found.size(), 2);
  // Sums are taken in another order.
  for (size_t i = 0; i < found.size(); ++i) EXPECT_TENSOR_NEAR(found[i], expected[i], 1e-4, 0);
  EXPECT_TENSOR_NEAR(quick->forward(first, second, 2), expected[1], 1e-4, 0);
  EXPECT_TENSOR_NEAR(quick->forward(second, first, 1), model->forward(second, first, 1), 1e-4, 0);
  EXPECT_ERROR(quick->forward(first, second.slice(3, 8), 1), ValueError,
               "optimize: images must be (N, 3, H, W), both alike, got (1, 3, 128, 136) and (1, 3, 128, 128)");
  EXPECT_ERROR(optimize(model, {.dtype = torch::kBFloat16}), ValueError,
               "optimize: of a model of optical flow dtype must be float32, got BFloat16");
}

class OptimizeDetector : public ::testing::TestWithParam<const char*> {};
INSTANTIATE_TEST_SUITE_P(, OptimizeDetector,
                         ::testing::Values("fasterrcnn_mobilenet_v3_large_fpn", "retinanet_resnet50_fpn_v2",
                                           "fcos_resnet50_fpn", "ssdlite320_mobilenet_v3_large"),
                         [](const auto& info) { return std::string(info.param); });

TEST_P(OptimizeDetector, GivesWhatTheModelGivesFromTheSecondBatchOfAShapeOn) {
  const torch::NoGradGuard no_grad;
  torch::manual_seed(1);
  const auto model = models::get_model<models::DetectionModel>(GetParam(), {.num_classes = 5, .weights_backbone = ""});
  EXPECT_ERROR(optimize(model), ValueError, "call eval() first");
  model->eval();
  const auto quick = optimize(model);
  const auto batch = torch::randn({1, 3, 128, 160});
  const auto expected = model->network(batch);
  for (int i = 0; i < 3; ++i) {
    const Operators called;
    const auto found = quick->network(batch);
    ASSERT_EQ(found.size(), expected.size());
    for (size_t k = 0; k < found.size(); ++k) {
      SCOPED_TRACE(found[k].first);
      EXPECT_EQ(found[k].first, expected[k].first);
      EXPECT_TENSOR_NEAR(found[k].second.contiguous(), expected[k].second.contiguous(), 1e-4, 1e-5);
    }
    if (i == 2) {
      EXPECT_EQ(Operators::names().count("aten::conv2d"), 0U);
    }
  }
  if (std::string_view(GetParam()).find("320") == std::string_view::npos) return;  // they make pictures large
  const auto picture = torch::rand({3, 40, 50});
  quick->forward({picture});  // now its shape is known
  const auto boxes = quick->forward({picture}).front().boxes;
  EXPECT_TENSOR_NEAR(boxes, model->forward({picture}).front().boxes, 1e-3, 1e-2);
}

}  // namespace
}  // namespace opsis
