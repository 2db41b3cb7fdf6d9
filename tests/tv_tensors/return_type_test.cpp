#include "opsis/tv_tensors/return_type.h"

#include <torch/cuda.h>

#include <functional>
#include <map>
#include <sstream>
#include <string>
#include <thread>
#include <tuple>
#include <type_traits>
#include <variant>
#include <vector>

#include "opsis/core/check.h"
#include "opsis/transforms/leaves.h"
#include "opsis/tv_tensors.h"
#include "tests/support/expect.h"
#include "tests/support/oracle.h"

namespace opsis {
namespace {

using torch::Tensor;
using transforms::Custom;
using transforms::Value;
using tv_tensors::Returned;
using tv_tensors::ReturnType;
using tv_tensors::ReturnTypeScope;

// A test that fails must not change what the others see.
class ReturnTypes : public ::testing::Test {
 protected:
  ~ReturnTypes() override { tv_tensors::set_return_type(ReturnType::Tensor); }
};
using Apply = ReturnTypes;

Value value_of(const std::string& kind, const Tensor& data) {
  if (kind == "Image") return Image(data);
  if (kind == "Video") return Video(data);
  if (kind == "Mask") return Mask(data);
  if (kind == "KeyPoints") return KeyPoints(data, {8, 9});
  return BoundingBoxes(data, BoundingBoxFormat::XYWH, {8, 9}, ClampingMode::Hard);
}

// The tensor of a value, and its kind with its metadata in the oracle's words.
struct Seen {
  explicit Seen(const Tensor& tensor) : data(tensor), words("Tensor") {}
  explicit Seen(const Image& image) : data(image.data), words("Image") {}
  explicit Seen(const Video& video) : data(video.data), words("Video") {}
  explicit Seen(const Mask& mask) : data(mask.data), words("Mask") {}
  explicit Seen(const BoundingBoxes& boxes)
      : data(boxes.data), words(text("BoundingBoxes {} {} {}", boxes.format, boxes.canvas_size, boxes.clamping_mode)) {}
  explicit Seen(const KeyPoints& points) : data(points.data), words(text("KeyPoints {}", points.canvas_size)) {}
  explicit Seen(const Custom&) : words("Custom") {}
  template <class... Kinds>
  explicit Seen(const std::variant<Kinds...>& value) : Seen(std::visit([](const auto& held) { return Seen(held); }, value)) {}

  Tensor data;
  std::string words;
};

std::string kind(const Returned& value) { return Seen(value).words; }

std::vector<Seen> parts(const Returned& value) { return {Seen(value)}; }
std::vector<Seen> parts(const Value& value) { return {Seen(value)}; }
std::vector<Seen> parts(const std::vector<Returned>& values) {
  std::vector<Seen> out;
  for (const auto& value : values) out.emplace_back(value);
  return out;
}
std::vector<Seen> parts(const std::tuple<Returned, Returned>& values) {
  return {Seen(std::get<0>(values)), Seen(std::get<1>(values))};
}

// tests/oracle/tv_tensors.py has the same.
template <class Function>
auto applied(Function function) {
  return [function](const Value& value) { return parts(tv_tensors::apply(value, function)); };
}
const std::map<std::string, std::function<std::vector<Seen>(const Value&)>>& functions() {
  static const std::map<std::string, std::function<std::vector<Seen>(const Value&)>> all{
      {"add", applied([](const Tensor& x) { return x + 2; })},
      {"add_from_the_right", applied([](const Tensor& x) { return torch::ones({}) + x; })},
      {"add_", applied([](Tensor x) { return x.add_(2); })},
      {"sum", applied([](const Tensor& x) { return x.sum(); })},
      {"first", applied([](const Tensor& x) { return x[0]; })},
      {"to_bool", applied([](const Tensor& x) { return x > 0.5; })},
      {"unbind", applied([](const Tensor& x) { return x.unbind(0); })},
      {"max", applied([](const Tensor& x) { return x.max(0); })},
      {"clone", [](const Value& value) { return parts(tv_tensors::clone(value)); }},
      {"to", [](const Value& value) { return parts(tv_tensors::to(value, torch::kFloat64)); }},
      {"to_nothing_else", [](const Value& value) { return parts(tv_tensors::to(value, torch::kFloat32)); }},
      {"detach", [](const Value& value) { return parts(tv_tensors::detach(value)); }},
      {"requires_grad_", [](const Value& value) { return parts(tv_tensors::requires_grad_(value)); }},
  };
  return all;
}

Tensor plus_two(const Tensor& x) { return x + 2; }
Image any_image() { return Image(torch::rand({3, 4, 5})); }

TEST_F(Apply, GivesTheKindsAndMetadataThatTorchvisionGives) {
  size_t seen = 0;
  for (const auto& c : oracle::cases("tv_tensors/returned")) {
    SCOPED_TRACE(c.name());
    const ReturnTypeScope scope(c.text("type"));
    const auto value = value_of(c.text("kind"), c.tensor("data"));
    const auto out = functions().at(c.text("function"))(value);
    const auto described = c.texts("described");
    ASSERT_EQ(out.size(), described.size());
    for (size_t i = 0; i < out.size(); ++i) {
      EXPECT_EQ(out[i].words + (out[i].data.requires_grad() ? " with a gradient" : ""), described[i]);
      EXPECT_TENSOR_EQ(out[i].data.detach(), c.tensor("part" + std::to_string(i)));
    }
    EXPECT_TENSOR_EQ(Seen(value).data.detach(), c.tensor("value_afterwards"));
    ++seen;
  }
  EXPECT_EQ(seen, 5 * functions().size() * 2);
}

TEST_F(Apply, GivesOfAKindKnownWhenCompiledWhatItGivesOfAValue) {
  EXPECT_EQ(kind(tv_tensors::apply(any_image(), plus_two)), "Tensor");
  const ReturnTypeScope scope("TVTensor");
  const auto out = tv_tensors::apply(any_image(), plus_two);
  static_assert(std::is_same_v<decltype(out), const Returned>);
  EXPECT_EQ(kind(out), "Image");
  EXPECT_EQ(kind(tv_tensors::apply(out, plus_two)), "Image");
}

TEST_F(Apply, LeavesABareTensorBare) {
  const ReturnTypeScope scope("TVTensor");
  EXPECT_EQ(kind(tv_tensors::apply(Returned(torch::rand({2})), plus_two)), "Tensor");
}

TEST_F(Apply, GivesWhatIsNoTensorAsItIs) {
  const ReturnTypeScope scope("TVTensor");
  const auto size = tv_tensors::apply(Value(any_image()), [](const Tensor& x) { return x.size(1); });
  static_assert(std::is_same_v<decltype(size), const int64_t>);
  EXPECT_EQ(size, 4);
  const auto both = tv_tensors::apply(any_image(), [](const Tensor& x) { return std::tuple(x.unbind(0), x.dim()); });
  EXPECT_EQ(kind(std::get<0>(both).at(2)), "Image");
  EXPECT_EQ(std::get<1>(both), 3);
}

TEST_F(Apply, TakesAFunctionThatChangesItself) {
  int calls = 0;
  const auto counted = [calls](const Tensor& x) mutable { return x * ++calls; };
  auto own = counted;
  tv_tensors::apply(Value(any_image()), own);
  const auto out = tv_tensors::apply(Image(torch::ones({1, 1, 1})), own);
  EXPECT_EQ(Seen(out).data.item<float>(), 2);
}

TEST_F(Apply, RefusesAValueWithoutATensor) {
  struct Nothing {};
  const Value value{Custom(Nothing())};
  EXPECT_ERROR(tv_tensors::apply(value, plus_two), ValueError, "apply: the value must hold a tensor");
  EXPECT_ERROR(tv_tensors::clone(value), ValueError, "clone: the value must hold a tensor");
  EXPECT_ERROR(tv_tensors::to(value, torch::kFloat64), ValueError, "to: the value must hold a tensor");
  EXPECT_ERROR(tv_tensors::detach(value), ValueError, "detach: the value must hold a tensor");
  EXPECT_ERROR(tv_tensors::requires_grad_(value), ValueError, "requires_grad_: the value must hold a tensor");
  EXPECT_ERROR(tv_tensors::pin_memory(value), ValueError, "pin_memory: the value must hold a tensor");
}

TEST_F(Apply, LetsTheErrorsOfTheFunctionThrough) {
  EXPECT_THROW(tv_tensors::apply(Value(any_image()), [](const Tensor& x) { return x.reshape({7}); }), c10::Error);
}

TEST_F(ReturnTypes, WordsAreTorchvisions) {
  for (const auto& c : oracle::cases("tv_tensors/return_type_words")) {
    SCOPED_TRACE(c.name());
    tv_tensors::set_return_type(ReturnType::Tensor);
    if (c.boolean("refused")) {
      EXPECT_THROW(tv_tensors::set_return_type(c.text("word")), ValueError);
      EXPECT_THROW(ReturnTypeScope(c.text("word")), ValueError);
    } else {
      tv_tensors::set_return_type(c.text("word"));
    }
    EXPECT_EQ(kind(tv_tensors::apply(any_image(), plus_two)), c.text("kind"));
  }
}

TEST_F(ReturnTypes, ErrorsNameWhatWasMeant) {
  EXPECT_ERROR(tv_tensors::set_return_type("TVTensors"), ValueError,
               "return_type: must be TVTensor or Tensor, got \"TVTensors\"; did you mean TVTensor or Tensor?");
  EXPECT_ERROR(tv_tensors::set_return_type("Image"), ValueError, "return_type: must be TVTensor or Tensor, got \"Image\"");
}

TEST_F(ReturnTypes, PrintTheirName) {
  std::ostringstream out;
  out << ReturnType::Tensor << ' ' << ReturnType::TVTensor;
  EXPECT_EQ(out.str(), "Tensor TVTensor");
}

TEST_F(ReturnTypes, ScopesNestAndRestoreAsTorchvisions) {
  std::vector<std::string> seen;
  const auto look = [&] { seen.push_back(kind(tv_tensors::apply(any_image(), plus_two))); };
  look();
  {
    const ReturnTypeScope outer("TVTensor");
    look();
    {
      const ReturnTypeScope inner("Tensor");
      look();
      tv_tensors::set_return_type("TVTensor");
      look();
    }
    look();
    tv_tensors::set_return_type("Tensor");
    look();
    {
      const ReturnTypeScope inner("TVTensor");
      look();
    }
    look();
  }
  look();
  {
    const ReturnTypeScope scope("Tensor");
    tv_tensors::set_return_type("TVTensor");
    look();
  }
  look();
  tv_tensors::set_return_type("TVTensor");
  look();
  {
    const ReturnTypeScope scope("Tensor");
    look();
  }
  look();
  try {
    const ReturnTypeScope scope("Tensor");
    look();
    tv_tensors::set_return_type("neither");
  } catch (const ValueError&) {
    look();
  }
  tv_tensors::set_return_type("Tensor");
  look();
  EXPECT_EQ(seen, oracle::cases("tv_tensors/return_type_scopes").at(0).texts("seen"));
}

TEST_F(ReturnTypes, AreSeenByEveryThreadWhenSetForTheProgram) {
  tv_tensors::set_return_type(ReturnType::TVTensor);
  auto seen = ReturnType::Tensor;
  std::thread([&] { seen = tv_tensors::current_return_type(); }).join();
  EXPECT_EQ(seen, ReturnType::TVTensor);
  std::thread([] { tv_tensors::set_return_type(ReturnType::Tensor); }).join();
  EXPECT_EQ(tv_tensors::current_return_type(), ReturnType::Tensor);
}

TEST_F(ReturnTypes, OfAScopeAreItsThreadsAlone) {
  const ReturnTypeScope scope(ReturnType::TVTensor);
  auto elsewhere = ReturnType::TVTensor;
  std::thread([&] {
    elsewhere = tv_tensors::current_return_type();
    tv_tensors::set_return_type(ReturnType::Tensor);
  }).join();
  EXPECT_EQ(elsewhere, ReturnType::Tensor);
  EXPECT_EQ(tv_tensors::current_return_type(), ReturnType::TVTensor);
}

TEST(KindKeepers, ShareTheMemoryThatTorchShares) {
  const auto image = any_image();
  EXPECT_TRUE(tv_tensors::detach(image).data.is_alias_of(image.data));
  EXPECT_TRUE(tv_tensors::to(image, torch::kFloat32).data.is_alias_of(image.data));
  EXPECT_FALSE(tv_tensors::clone(image).data.is_alias_of(image.data));
  EXPECT_TRUE(tv_tensors::clone(image, torch::MemoryFormat::Contiguous).data.is_contiguous());
}

TEST(KindKeepers, GiveAKindOrAVariantAsItsOwnType) {
  const BoundingBoxes boxes(torch::rand({2, 4}), BoundingBoxFormat::CXCYWH, {6, 7}, ClampingMode::None);
  static_assert(std::is_same_v<decltype(tv_tensors::to(boxes, torch::kFloat64)), BoundingBoxes>);
  static_assert(std::is_same_v<decltype(tv_tensors::clone(Value(boxes))), Value>);
  const auto doubles = tv_tensors::to(boxes, torch::kFloat64);
  EXPECT_EQ(doubles.data.scalar_type(), torch::kFloat64);
  EXPECT_EQ(doubles.format, BoundingBoxFormat::CXCYWH);
  EXPECT_EQ(doubles.canvas_size, (Size{6, 7}));
  EXPECT_EQ(doubles.clamping_mode, ClampingMode::None);
  EXPECT_EQ(kind(tv_tensors::clone(Returned(torch::rand({2})))), "Tensor");
}

TEST(KindKeepers, PinWhereTorchCan) {
  if (torch::cuda::is_available()) {
    EXPECT_TRUE(tv_tensors::pin_memory(any_image()).data.is_pinned());
  } else {
    EXPECT_THROW(tv_tensors::pin_memory(any_image()), c10::Error);
  }
}

}  // namespace
}  // namespace opsis
