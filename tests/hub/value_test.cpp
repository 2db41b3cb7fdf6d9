#include "opsis/hub/value.h"

#include <complex>

#include "tests/support/expect.h"

namespace opsis {
namespace {

using hub::Value;

Value example() {
  return Value::dict(
      {{"model", hub::StateDict{{"fc.weight", torch::ones({2, 3})}, {"fc.bias", torch::zeros({2})}}},
       {"optimizer",
        Value::dict({{"state", Value::dict({{0, Value::dict({{"step", 5}})}})},
                     {"param_groups", Value::list({Value::dict({{"lr", 0.1}, {"betas", Value::tuple({0.9, 0.999})}})})}})},
       {"epoch", 3},
       {"best", 1.5},
       {"done", false},
       {"note", "it's"},
       {"raw", Value::bytes("ab")},
       {"none", Value()}});
}

TEST(CheckpointValue, IsReadByAWay) {
  const auto value = example();
  EXPECT_EQ(value.get<int64_t>("epoch"), 3);
  EXPECT_EQ(value.get<int>("optimizer", "state", 0, "step"), 5);
  EXPECT_EQ(value.get<double>("optimizer", "param_groups", 0, "lr"), 0.1);
  EXPECT_EQ(value.get<double>("epoch"), 3.0);
  EXPECT_EQ(value.get<std::vector<double>>("optimizer", "param_groups", 0, "betas"), (std::vector<double>{0.9, 0.999}));
  EXPECT_FALSE(value.get<bool>("done"));
  EXPECT_EQ(value.get<std::string>("note"), "it's");
  EXPECT_EQ(value.at("raw").as_bytes(), "ab");
  EXPECT_TRUE(value.at("none").is_none());
  EXPECT_TENSOR_EQ(value.get<torch::Tensor>("model", "fc.weight"), torch::ones({2, 3}));
  EXPECT_EQ(value.get<hub::StateDict>("model").at(1).first, "fc.bias");
  EXPECT_EQ(value.at("model").as_state_dict().size(), 2u);
  EXPECT_TRUE(value.contains("optimizer", "state", 0));
  EXPECT_FALSE(value.contains("optimizer", "state", 1));
  EXPECT_FALSE(value.contains("epoch", "x"));
}

TEST(CheckpointValue, SaysWhereItIsNotWhatIsWanted) {
  const auto value = example();
  EXPECT_ERROR(value.get<double>("optimizer", "param_groups", 0, "lr2"), NotFoundError,
               "checkpoint: optimizer.param_groups[0] has no \"lr2\"; did you mean lr?");
  EXPECT_ERROR(value.at("optimizer", "param_groups", 1), NotFoundError,
               "checkpoint: optimizer.param_groups is a list of 1 elements, it has no [1]");
  EXPECT_ERROR(value.at("optimizer", "state", 7), NotFoundError, "checkpoint: optimizer.state has no key 7");
  EXPECT_ERROR(value.at("epoch", "x"), NotFoundError, "checkpoint: epoch is an int, it has no \"x\"");
  EXPECT_ERROR(value.get<torch::Tensor>("optimizer", "state", 0, "step"), ValueError,
               "checkpoint: optimizer.state[0].step is an int, not a tensor");
  EXPECT_ERROR(value.get<int64_t>("best"), ValueError, "checkpoint: best is a float, not an int");
  EXPECT_ERROR(value.get<bool>("epoch"), ValueError, "checkpoint: epoch is an int, not a bool");
  EXPECT_ERROR(value.get<double>("note"), ValueError, "not a real number");
  EXPECT_ERROR(value.get<std::string>("raw"), ValueError, "raw is bytes, not a string");
  EXPECT_ERROR(value.as_tensor(), ValueError, "checkpoint: the value is a dict, not a tensor");
  EXPECT_ERROR(value.items(), ValueError, "not a list");
  EXPECT_ERROR(value.at("note").entries(), ValueError, "not a dict");
  EXPECT_ERROR(value.get<hub::StateDict>("optimizer"), ValueError,
               "checkpoint: optimizer is no state dict: \"state\" is a dict");
}

TEST(CheckpointValue, OfATypeOfTensorsIsAString) {
  const auto type = Value::dtype("torch.qint8");
  EXPECT_TRUE(type.is_string() && type.is_dtype());
  EXPECT_FALSE(Value("torch.qint8").is_dtype());
  EXPECT_EQ(type.as_string(), "torch.qint8");
  EXPECT_ERROR(Value::dtype("qint8"), ValueError, "no type of tensors is named qint8");
  EXPECT_ERROR(Value::dtype("torch.load"), ValueError, "no type of tensors is named torch.load");
}

TEST(CheckpointValue, MayBeAComplexNumber) {
  const std::complex<double> number(0.5, -2);
  const auto value = Value::dict({{"z", number}, {"x", 1.5}, {"s", "1j"}});
  EXPECT_TRUE(value.at("z").is_complex());
  EXPECT_EQ(value.get<std::complex<double>>("z"), number);
  EXPECT_EQ(value.at("x").as_complex(), 1.5);
  EXPECT_ERROR(value.get<double>("z"), ValueError, "z is a complex number, not a real number");
  EXPECT_ERROR(value.at("s").as_complex(), ValueError, "is a string, not a number");
  std::ostringstream out;
  out << Value::list({number, std::complex<double>(0, 1)});
  EXPECT_EQ(out.str(), "[(0.5-2j), (0+1j)]");
}

TEST(CheckpointValue, IsBuiltStepByStep) {
  Value value;
  value.set("a", 1).set("b", 2).set("a", 3).set(7, "x");
  value.set("list", Value().push_back(1).push_back("two"));
  std::ostringstream out;
  out << value;
  EXPECT_EQ(out.str(), "{'a': 3, 'b': 2, 7: 'x', 'list': [1, 'two']}");
  EXPECT_ERROR(value.push_back(1), ValueError, "not a list");
  EXPECT_ERROR(Value(1).set("a", 1), ValueError, "not a dict");
  EXPECT_ERROR(value.set(Value(), 1), ValueError, "a key must be a string or an int, got None");
  EXPECT_ERROR(Value::dict({{"a", 1}, {"a", 2}}), ValueError, "the key \"a\" stands twice");
  EXPECT_ERROR(Value::dict({{1, 1}, {1, 2}}), ValueError, "the key 1 stands twice");
  EXPECT_ERROR(Value::dict({{Value::list(), 1}}), ValueError, "a list cannot be the key of a dict");
  EXPECT_EQ(Value::dict({{Value::tuple({1, "a"}), 2}}).entries()[0].first.items()[1].as_string(), "a");
  EXPECT_ERROR(Value::dict({{Value::tuple({1, Value::list()}), 2}}), ValueError, "a tuple cannot be the key of a dict");
}

TEST(CheckpointValue, PrintsAsPythonDoes) {
  std::ostringstream out;
  out << example();
  EXPECT_EQ(out.str(),
            "{'model': {'fc.weight': tensor((2, 3), Float), 'fc.bias': tensor((2,), Float)}, 'optimizer': {'state': {0: "
            "{'step': 5}}, "
            "'param_groups': [{'lr': 0.1, 'betas': (0.9, 0.999)}]}, 'epoch': 3, 'best': 1.5, 'done': False, 'note': 'it\\'s', "
            "'raw': b'ab', 'none': None}");
}

TEST(CheckpointValue, TakesUnsignedNumbersThatFit) {
  EXPECT_EQ(Value(size_t{5}).as_int(), 5);
  EXPECT_EQ(Value(uint8_t{200}).as_int(), 200);
  EXPECT_ERROR(Value(uint64_t{1} << 63), ValueError, "larger than the largest int64_t");
}

}  // namespace
}  // namespace opsis
