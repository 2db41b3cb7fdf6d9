// Programs that Python exported give here what they give there.
#include "opsis/models/exported_program.h"

#include <ATen/autocast_mode.h>
#include <torch/torch.h>

#include <algorithm>
#include <future>
#include <iterator>
#include <map>
#include <memory>
#include <random>
#include <string>
#include <vector>

#include "opsis/core/json.h"
#include "opsis/hub/export_archive.h"
#include "opsis/hub/zip_writer.h"
#include "opsis/io/file.h"
#include "opsis/io/zip_reader.h"
#include "opsis/models/exported_graph.h"
#include "opsis/torchvision_ops.h"
#include "tests/support/expect.h"
#include "tests/support/oracle.h"
#include "tests/support/temporary.h"

namespace opsis {
namespace {

using models::ExportedProgram;

std::filesystem::path python_file(const std::string& name) { return oracle::folder() / "models_exported" / (name + ".pt2"); }

oracle::Case python_case(const std::string& program) {
  for (const auto& c : oracle::cases("models_exported/programs")) {
    if (c.text("program") == program) return c;
  }
  throw std::runtime_error("the oracle has no program " + program);
}

/// The tensors in0, in1, ... of a case.
std::vector<c10::IValue> inputs(const oracle::Case& c) {
  std::vector<c10::IValue> out;
  while (c.has_tensor("in" + std::to_string(out.size()))) out.emplace_back(c.tensor("in" + std::to_string(out.size())).clone());
  return out;
}

/// Tensors and numbers, one after the other, of values that lie in each other.
void leaves_of(const c10::IValue& value, std::vector<c10::IValue>& out) {
  if (value.isTuple()) {
    for (const auto& item : value.toTupleRef().elements()) leaves_of(item, out);
  } else if (value.isList()) {
    for (const auto& item : value.toListRef()) leaves_of(item, out);
  } else if (value.isGenericDict()) {
    for (const auto& item : value.toGenericDict()) leaves_of(item.value(), out);
  } else {
    out.push_back(value);
  }
}

/// The same leaves as in Python, in its order.
void expect_results(const oracle::Case& c, const c10::IValue& result) {
  std::vector<c10::IValue> leaves;
  leaves_of(result, leaves);
  std::vector<double> numbers;
  for (size_t i = 0; i < leaves.size(); ++i) {
    SCOPED_TRACE("result " + std::to_string(i));
    if (leaves[i].isScalar()) numbers.push_back(leaves[i].toScalar().toDouble());
    if (!leaves[i].isTensor()) continue;
    const auto expected = c.tensor("out" + std::to_string(i));
    ASSERT_EQ(leaves[i].toTensor().scalar_type(), expected.scalar_type());
    if (leaves[i].toTensor().equal(expected)) continue;  // of infinities and complex numbers too
    EXPECT_TENSOR_NEAR(leaves[i].toTensor(), expected, 1e-5, 1e-6);
  }
  EXPECT_FALSE(c.has_tensor("out" + std::to_string(leaves.size())));
  EXPECT_EQ(numbers, c.numbers("numbers"));
}

/// Tensors among the arguments are afterwards what they are in Python.
void expect_arguments(const oracle::Case& c, const std::vector<c10::IValue>& arguments) {
  for (size_t i = 0; i < arguments.size(); ++i) {
    if (!arguments[i].isTensor()) continue;
    EXPECT_TENSOR_EQ(arguments[i].toTensor(), c.tensor("after" + std::to_string(i)));
  }
}

TEST(ExportedProgram, GivesWhatItGivesInPython) {
  ASSERT_TRUE(has_torchvision_ops());
  for (const auto* const name :
       {"resnet18", "mobilenet", "swin", "vit", "lraspp", "detects", "sizes", "derived", "counts", "types"}) {
    SCOPED_TRACE(name);
    const auto c = python_case(name);
    const ExportedProgram program(python_file(name));
    const auto arguments = inputs(c);
    const torch::NoGradGuard no_grad;
    torch::manual_seed(1);
    expect_results(c, program(arguments));
    expect_arguments(c, arguments);
    for (const auto& [key, value] : program.state_dict()) {
      if (!c.has_tensor("state." + key)) continue;
      EXPECT_TENSOR_EQ(value, c.tensor("state." + key));
    }
  }
}

/// What the program `nests` is called with: a pair of a tensor and a dict, a list, and two by name.
std::vector<c10::IValue> nested_arguments(const std::vector<c10::IValue>& leaves) {
  c10::Dict<std::string, torch::Tensor> inner;
  inner.insert("in", leaves.at(1).toTensor());
  return {c10::ivalue::Tuple::create(leaves.at(0), c10::IValue(inner)), c10::List<torch::Tensor>({leaves.at(2).toTensor()})};
}

TEST(ExportedProgram, TakesAndGivesValuesInEachOther) {
  const auto c = python_case("nests");
  const ExportedProgram program(python_file("nests"));
  const auto arguments = nested_arguments(inputs(c));
  const auto result = program(arguments, {{"mode", {}}, {"scale", 3.0}});
  const auto dict = result.toGenericDict();
  expect_results(c, result);
  EXPECT_EQ(dict.at("list").toListRef().size(), 2u);
  EXPECT_EQ(dict.at("list").toListRef()[1].toTupleRef().elements()[2].toInt(), 3);
  EXPECT_TRUE(dict.at("none").isNone());
  EXPECT_TRUE(dict.at("made").toTensor().requires_grad() == false && dict.at("tied").toTensor().requires_grad());
  EXPECT_FALSE(at::autocast::is_autocast_enabled(torch::kCPU));
  // A parameter and its view lie in the same memory, as they did.
  const auto& state = program.state_dict();
  ASSERT_EQ(state.size(), 2u);
  EXPECT_EQ(state[0].second.storage().data(), state[1].second.storage().data());
}

TEST(ExportedProgram, RunsOnSeveralThreadsEachInItsOwnMode) {
  const ExportedProgram program(python_file("nests"));
  const auto arguments = nested_arguments(inputs(python_case("nests")));
  const auto call = [&] {
    std::vector<c10::IValue> all, tensors;
    leaves_of(program(arguments, {{"mode", {}}, {"scale", 3.0}}), all);
    std::copy_if(all.begin(), all.end(), std::back_inserter(tensors), [](const auto& leaf) { return leaf.isTensor(); });
    return tensors;
  };
  const auto expected = call();
  const auto agrees = [&](bool learns) {
    for (int i = 0; i < 50; ++i) {
      const auto results = call();
      for (size_t k = 0; k < expected.size(); ++k) {
        const auto &result = results.at(k).toTensor(), &other = expected[k].toTensor();
        if (!result.equal(other) || result.requires_grad() != (learns && other.requires_grad())) return false;
      }
      if (torch::GradMode::is_enabled() != learns || at::autocast::is_autocast_enabled(torch::kCPU)) return false;
    }
    return true;
  };
  auto in_inference = std::async(std::launch::async, [&] {
    const torch::InferenceMode inference;
    return agrees(false);
  });
  auto without_gradients = std::async(std::launch::async, [&] {
    const torch::NoGradGuard no_grad;
    return agrees(false);
  });
  EXPECT_TRUE(agrees(true));
  EXPECT_TRUE(in_inference.get());
  EXPECT_TRUE(without_gradients.get());
}

TEST(ExportedProgram, RefusesArgumentsThatItWasNotExportedFor) {
  const ExportedProgram program(python_file("nests"));
  const auto leaves = inputs(python_case("nests"));
  const auto good = nested_arguments(leaves);
  const auto pair = [&](const c10::IValue& second) { return c10::ivalue::Tuple::create(leaves[0], second); };
  EXPECT_ERROR(program({good[0]}, {{"mode", {}}, {"scale", 3.0}}), ValueError,
               "it takes 2 arguments and 2 named ones, got 1 and 2");
  EXPECT_ERROR(program(good, {{"mode", {}}, {"scales", 3.0}}), ValueError, "its argument scale is missing");
  EXPECT_ERROR(program(good, {{"mode", {}}, {"scale", 2.5}}), ValueError, "scale was 3");
  EXPECT_ERROR(program(good, {{"mode", c10::List<int64_t>()}, {"scale", 3.0}}), ValueError, "mode was None");
  EXPECT_ERROR(program({pair(leaves[1]), good[1]}, {{"mode", {}}, {"scale", 3.0}}), ValueError, "pair[1] must be a dict of 1");
  EXPECT_ERROR(program({leaves[0], good[1]}, {{"mode", {}}, {"scale", 3.0}}), ValueError, "pair must be a tuple of 2");
  c10::Dict<std::string, torch::Tensor> other;
  other.insert("on", leaves[1].toTensor());
  EXPECT_ERROR(program({pair(other), good[1]}, {{"mode", {}}, {"scale", 3.0}}), ValueError, "a value of the key 'in'");
  EXPECT_ERROR(program({good[0], c10::List<torch::Tensor>()}, {{"mode", {}}, {"scale", 3.0}}), ValueError,
               "table must be a list of 1 values, got 0");
  EXPECT_NO_THROW(program(good, {{"scale", 3}, {"mode", {}}}));
  EXPECT_NO_THROW(program(good, {{"mode", "fast"}, {"scale", 3.0}}));  // Python, too, ignores what comes for None

  const ExportedProgram resnet(python_file("resnet18"));
  EXPECT_ERROR(resnet({torch::rand({9, 3, 64, 64})}), ValueError, "side 0 of x is 9, and was exported for");
  EXPECT_ERROR(resnet({torch::rand({2, 3, 64, 65})}), ValueError, "must be of the shape (s");
  EXPECT_ERROR(resnet({torch::rand({3, 64, 64})}), ValueError, "got [3, 64, 64]; export with dynamic_shapes");
  EXPECT_ERROR(resnet({1.5}), ValueError, "x must be a tensor, got Double");
  // What an operator refuses is told with its name, and without LibTorch's lines of code.
  EXPECT_ERROR(resnet({torch::zeros({2, 3, 64, 64}, torch::kLong)}), ValueError,
               "ExportedProgram: conv2d (torch.ops.aten.conv2d");
}

TEST(ExportedProgram, HoldsArgumentsAgainstWhatTheExportLearnedOfThem) {
  const auto c = python_case("guarded");
  const ExportedProgram program(python_file("guarded"));
  const auto call = [&](const torch::Tensor& x, const torch::Tensor& y, const c10::IValue& n) {
    c10::Dict<std::string, torch::Tensor> pair;
    pair.insert("x", x);
    return program({pair, y, n});
  };
  const auto given = inputs(c);
  expect_results(c, call(given[0].toTensor(), given[1].toTensor(), 5));
  EXPECT_ERROR(call(torch::rand({2, 2}), torch::rand(3), 5), ValueError, "it was exported for arguments of which");
  EXPECT_ERROR(call(torch::rand({6, 3}), torch::rand(3), 5), ValueError, "pair['x'].size()[1] % 2) == 0");
  EXPECT_ERROR(call(torch::rand({6, 2}), torch::rand(3), 7), ValueError, "n != 7");
  EXPECT_ERROR(call(torch::rand({6, 2}), torch::rand(3), 2.5), ValueError, "n must be a whole number");
  const auto counted = call(given[0].toTensor(), given[1].toTensor(), true).toTupleRef().elements();
  const auto one = call(given[0].toTensor(), given[1].toTensor(), 1).toTupleRef().elements();
  EXPECT_TENSOR_EQ(counted[0].toTensor(), one[0].toTensor());
  const ExportedProgram derived(python_file("derived"));
  EXPECT_ERROR(derived({torch::rand(9), torch::rand(6)}), ValueError, "y must be of the shape (s");
  EXPECT_ERROR(derived({torch::rand(8), torch::rand(5)}), ValueError, "x must be of the shape (2 * s");
  EXPECT_ERROR(derived({torch::rand(121), torch::rand(61)}), ValueError, "was exported for");
  // Sizes of 0 and 1 are no less than two, as in Python.
  EXPECT_NO_THROW(call(torch::rand({8, 2}), torch::rand(1), 5));
}

TEST(ExportedProgram, KnowsKeysThatPythonWritesWithEscapes) {
  using namespace std::string_literals;
  const auto c = python_case("keys");
  const ExportedProgram program(python_file("keys"));
  const std::string names[] = {"a\\b",
                               "it's",
                               "say \"x\"",
                               "both ' and \"",
                               "\xc3\xa9\xe4\xb8\xad\xf0\x9f\x98\x80",
                               "\t\n\r\0\x7f\xc2\xad\xe2\x80\xa8\xf3\xa0\x80\x81"s,
                               "L[']",
                               ""};
  const double numbers[] = {2.0, 0.5, 1e6, 1.0 / 3, 123456789.5, 1e16};
  const auto call = [&](std::vector<c10::IValue> given) {
    c10::Dict<std::string, torch::Tensor> named;
    c10::Dict<double, torch::Tensor> numbered;
    for (size_t i = 0; i < std::size(names); ++i) named.insert(names[i], given.at(i).toTensor());
    for (size_t i = 0; i < std::size(numbers); ++i) numbered.insert(numbers[i], given.at(std::size(names) + i).toTensor());
    return program({named, numbered});
  };
  const auto given = inputs(c);
  const auto result = call(given);
  expect_results(c, result);
  EXPECT_TENSOR_EQ(result.toGenericDict().at(names[5]).toTensor(), given[5].toTensor() + 1);
  for (size_t i = 0; i < given.size(); ++i) {
    auto changed = given;
    changed[i] = torch::rand(3);
    EXPECT_ERROR(call(changed), ValueError, i == 6 ? "named[\"L[']\"].size()[0]" : "it was exported for arguments of which");
  }
}

TEST(ExportedProgram, LearnsThoughItWasReadWhereNothingIsLearned) {
  const auto c = python_case("nests");
  const auto program = [] {
    const torch::InferenceMode inference;
    return ExportedProgram(python_file("nests"));
  }();
  const auto result = program(nested_arguments(inputs(c)), {{"mode", {}}, {"scale", 3.0}}).toGenericDict();
  result.at("tied").toTensor().sum().backward();
  EXPECT_TRUE(program.state_dict()[0].second.grad().defined() || program.state_dict()[1].second.grad().defined());
  EXPECT_ERROR(program(nested_arguments(inputs(c)), {{"mode", {}}, {"scale", c10::complex<double>(3, 0)}}), ValueError,
               "scale was 3");
}

TEST(ExportedProgram, ParametersOfTheOtherBranchHaveGradientsOfZero) {
  const auto c = python_case("branches");
  const ExportedProgram program(python_file("branches"));
  const auto arguments = inputs(c);
  const auto result = program(arguments).toTensor();
  expect_results(c, result.detach());
  result.sum().backward();
  for (const auto& [name, parameter] : program.state_dict()) {
    SCOPED_TRACE(name);
    ASSERT_TRUE(parameter.grad().defined());
    EXPECT_TENSOR_EQ(parameter.grad(), c.tensor("gradient." + name));
    parameter.mutable_grad().reset();
  }
  // The other way, and results that are changed in place.
  program({-arguments[0].toTensor()}).toTensor().mul_(2).sum().backward();
  for (const auto& [name, parameter] : program.state_dict()) {
    ASSERT_TRUE(parameter.grad().defined()) << name;
    EXPECT_EQ(parameter.grad().count_nonzero().item<int64_t>(), name == "negative" || name == "both" ? 3 : 0) << name;
  }
  const torch::NoGradGuard no_grad;
  EXPECT_FALSE(program(arguments).toTensor().requires_grad());
}

TEST(ExportedProgram, CalculatesAsPythonDoes) {
  const auto number = [](const char* name, std::vector<c10::IValue> of) {
    const auto* const found = models::detail::find_number_operator(name);
    if (!found || found->arguments != of.size()) throw std::runtime_error(name);
    return found->function(of);
  };
  EXPECT_EQ(number("_operator.floordiv", {-7, 2}).toInt(), -4);
  EXPECT_EQ(number("_operator.mod", {-7, 3}).toInt(), 2);
  EXPECT_EQ(number("_operator.mod", {7, -3}).toInt(), -2);
  EXPECT_EQ(number("_operator.mod", {-7.5, 2}).toDouble(), 0.5);
  EXPECT_EQ(number("_operator.floordiv", {1.0, 0.1}).toDouble(), 9.0);
  EXPECT_EQ(number("_operator.floordiv", {-7.5, 2}).toDouble(), -4.0);
  EXPECT_EQ(number("_operator.pow", {3, 4}).toInt(), 81);
  EXPECT_EQ(number("_operator.pow", {2, -1}).toDouble(), 0.5);
  EXPECT_EQ(number("_operator.truediv", {7, 2}).toDouble(), 3.5);
  EXPECT_EQ(number("_operator.add", {true, 2}).toInt(), 3);
  EXPECT_EQ(number("_operator.neg", {2.5}).toDouble(), -2.5);
  EXPECT_TRUE(number("_operator.and_", {true, true}).isBool());
  EXPECT_EQ(number("_operator.lshift", {3, 4}).toInt(), 48);
  EXPECT_EQ(number("_operator.rshift", {-9, 99}).toInt(), -1);
  EXPECT_EQ(number("math.trunc", {-2.5}).toInt(), -2);
  EXPECT_EQ(number("torch.sym_max", {2, 3.0}).toDouble(), 3.0);
  EXPECT_EQ(number("torch.sym_max", {3, 2.0}).toDouble(), 3.0);
  EXPECT_EQ(number("torch.sym_ite", {false, 1, 2}).toInt(), 2);
  EXPECT_TRUE(number("torch.sym_not", {0}).toBool());
  EXPECT_ERROR(number("_operator.mul", {INT64_MAX, 2}), ValueError, "more than 64 bits");
  EXPECT_ERROR(number("_operator.pow", {10, 19}), ValueError, "more than 64 bits");
  EXPECT_ERROR(number("_operator.floordiv", {1, 0}), ValueError, "division by zero");
  EXPECT_ERROR(number("math.trunc", {std::numeric_limits<double>::infinity()}), ValueError, "no whole number");
  EXPECT_EQ(number("_operator.floordiv", {INT64_MIN, 1}).toInt(), INT64_MIN);
  EXPECT_ERROR(number("_operator.floordiv", {INT64_MIN, -1}), ValueError, "more than 64 bits");
}

/// A file of Python's taken apart, changed and written again, checksums and all.
class Changed {
 public:
  explicit Changed(const std::string& name) {
    const io::MappedFile file(python_file(name));
    for (const auto& entry : io::read_zip(file.bytes()).entries) {
      files_[entry.name] = std::string(io::as_text(io::read_zip_entry(file.bytes(), entry)));
    }
  }
  /// The file whose name ends so.
  std::string& file(const std::string& end) {
    for (auto& [name, content] : files_) {
      if (name.ends_with(end)) return content;
    }
    throw std::runtime_error("there is no " + end);
  }
  Changed& replace(const std::string& end, const std::string& from, const std::string& to) {
    auto& content = file(end);
    const auto place = content.find(from);
    if (place == std::string::npos) throw std::runtime_error(end + " does not have " + from);
    content.replace(place, from.size(), to);
    return *this;
  }
  Changed& remove(const std::string& end) {
    std::erase_if(files_, [&](const auto& item) { return item.first.ends_with(end); });
    return *this;
  }
  std::filesystem::path write() const {
    std::string bytes;
    hub::ZipWriter zip([&](io::Bytes part) { bytes += io::as_text(part); });
    for (const auto& [name, content] : files_) zip.add(name, io::as_bytes(content));
    zip.finish();
    return folder_.write("changed.pt2", bytes);
  }

 private:
  std::map<std::string, std::string> files_;
  support::TemporaryFolder folder_;
};

TEST(HostileProgram, IsRefusedWithTheReason) {
  const auto model = std::string("models/model.json"), weights = std::string("model_weights_config.json");
  const auto refused = [](const Changed& changed, const std::string& why) {
    EXPECT_ERROR(ExportedProgram(changed.write()), DecodeError, why);
  };
  refused(Changed("counts").replace(model, "\"major\": 8", "\"major\": 9"), "version 9");
  refused(Changed("counts").replace(model, "\"major\": 8", "\"major\": 7"), "before 2.9");
  refused(Changed("counts").replace(model, "\"as_tensor\": {\"name\": \"x\"}}, \"kind\"",
                                    "\"as_tensor\": {\"name\": \"y\"}}, \"kind\""),
          "nothing computes y");
  refused(Changed("counts").replace(model, "aten.sum.default", "aten.from_file.default"), "may not reach files");
  refused(Changed("counts").replace(model, "torch.ops.aten.sum.default", "torch.ops.higher_order.flex_attention"),
          "in Python only");
  refused(Changed("counts").replace(model, "torch.ops.aten.sum.default", "os.system"), "only Python can make");
  refused(Changed("counts").replace(model, "\"buffer_name\": \"calls\"", "\"buffer_name\": \"called\""), "called is missing");
  refused(Changed("counts").replace(model, "aten.sum.default", "aten.matmul.default"), "its argument other is missing");
  refused(Changed("counts").replace(model, "torch.ops.aten.sum.default", "torch.ops.image.read_file.default"),
          "may not reach files");
  refused(Changed("types").replace(model, "\"as_scalar_type\": 3", "\"as_int\": -1"), "it is as_int, not as_scalar_type");
  refused(Changed("nests").replace(model, "\"as_scalar_type\": 13", "\"as_int\": 99"), "its device, type or switches are none");
  refused(Changed("counts").replace("archive_version", "0", "1"), "version 1 of the archive");
  refused(Changed("counts").remove("byteorder").remove(model), "holds no program");
  refused(Changed("counts").remove("weight_0"), "weight_0 is missing");
  refused(Changed("counts").replace(weights, "\"sizes\": [{\"as_int\": 2}]", "\"sizes\": [{\"as_int\": 3}]"), "a storage of 2");
  refused(Changed("counts").replace(weights, "\"sizes\": [{\"as_int\": 2}]", "\"sizes\": [{\"as_int\": -1}]"), "is -1");
  refused(
      Changed("counts").replace(weights, "\"strides\": [{\"as_int\": 1}]", "\"strides\": [{\"as_int\": 4611686018427387904}]"),
      "reaches");
  refused(Changed("counts").replace(weights, "\"use_pickle\": false", "\"use_pickle\": true"), "an object of Python's");
  refused(Changed("counts").replace(weights, "\"dtype\": 7", "\"dtype\": 27"), "type 27 is unknown");
  const auto under = [&](const std::string& condition) {
    auto changed = std::make_unique<Changed>("counts");
    changed->replace(model, "\"guards_code\": []", "\"guards_code\": [\"" + condition + "\"]");
    return changed;
  };
  refused(*under("L['x'].is_contiguous()"), "its condition L['x'].is_contiguous() is not arithmetic");
  refused(*under("L['z'].size()[0] > 1"), "is not arithmetic");
  std::string endless = "1";
  for (int i = 0; i < 100'000; ++i) endless += "+1";
  refused(*under(endless), "is not arithmetic");
  refused(*under(std::string(100'000, '(') + "1"), "is not arithmetic");
  const auto arguments = std::vector<c10::IValue>{torch::rand(2)};
  for (const auto* const holds :
       {"1", "max(1, L['x'].size()[0], 0) == 2 and not 3 < 2", "torch.sym_float(L['x'].size()[0]) / 2.5e0 == 0.8",
        "1e-05*torch.sym_float(L['x'].size()[0]) < 1e+20", "-2**2 + 5 & 3 | 4 == 5", "0 < L['x'].size()[0] <= 2 or 1 // 0 == 1",
        "abs(1 + -1*L['x'].size()[0]) == round(2 / 3)"}) {
    EXPECT_NO_THROW(ExportedProgram(under(holds)->write())(arguments)) << holds;
  }
  for (const auto* const fails : {"0", "1 // 0 == 1", "L['x'].size()[1] > 0", "L['x'] == 1", "9223372036854775807 + 1 > 0"}) {
    EXPECT_ERROR(ExportedProgram(under(fails)->write())(arguments), ValueError, "it was exported for arguments of which");
  }
  Limits small;
  small.program_bytes = 1000;
  EXPECT_ERROR(ExportedProgram(python_file("counts"), small), DecodeError, "limits.program_bytes of 1000; raise it");
  Changed long_one("counts");
  long_one.file(model) += std::string(size_t{16} << 20, ' ');
  refused(long_one, "limits.program_bytes");
  const auto long_name = "\"forward_arg_names\": [\"" + std::string(size_t{12} << 20, 'n') + "\"";
  refused(Changed("keys").replace(model, "\"forward_arg_names\": [\"named\"", long_name),
          "the names of its arguments are too long");
  EXPECT_ERROR(ExportedProgram(Changed("counts").replace(model, "aten.sum.default", "nowhere.sum.default").write()),
               NotFoundError, "nowhere::sum is not registered");
  EXPECT_ERROR(ExportedProgram(oracle::folder() / "suppressed.pt2"), DecodeError, "AOTIModelPackageLoader");
  EXPECT_ERROR(ExportedProgram(oracle::folder() / "rest.pt"), DecodeError, "holds no program");
  EXPECT_ERROR(ExportedProgram("absent.pt2"), IoError, "absent.pt2");
}

/// A program that gives back the last of its arguments, all of which it takes by name: a0, a1, ...
std::string model_of(int arguments) {
  std::string inputs, values, specs;
  Json::List keys, leaves;
  for (int i = 0; i < arguments; ++i) {
    keys.emplace_back("a" + std::to_string(i));
    leaves.emplace_back(Json::Object{{"type", Json()}});
    const auto name = keys.back().dump(), argument = R"({"as_tensor":{"name":)" + name + "}}";
    inputs += (i == 0 ? "" : ",") + argument;
    values += (i == 0 ? "" : ",") + name + R"(:{"sizes":[]})";
    specs += (i == 0 ? "" : ",") + (R"({"user_input":{"arg":)" + argument) + "}}";
  }
  const auto last = R"({"as_tensor":{"name":)" + keys.back().dump() + "}}";
  const auto nested = [](const char* type, const Json& context, const Json::List& children) {
    return Json(Json::Object{{"type", type}, {"context", context}, {"children_spec", children}});
  };
  const Json::List called{nested("builtins.tuple", "null", {}), nested("builtins.dict", Json(keys).dump(), leaves)};
  const Json::List takes{1, nested("builtins.tuple", "null", called)}, gives{1, Json::Object{{"type", Json()}}};
  return R"({"schema_version":{"major":8},"range_constraints":{},"graph_module":{"graph":{"inputs":[)" + inputs +
         R"(],"outputs":[)" + last + R"(],"nodes":[],"tensor_values":{)" + values + R"(}},"signature":{"input_specs":[)" +
         specs + R"(],"output_specs":[{"user_output":{}}]},"module_call_graph":[{"signature":{"in_spec":)" +
         Json(Json(takes).dump()).dump() + R"(,"out_spec":)" + Json(Json(gives).dump()).dump() + "}}]}}";
}

// Half a minute, if each name were looked for among all of them.
TEST(HostileProgram, MayHaveManyNames) {
  constexpr int arguments = 50'000;
  Changed changed("counts");
  changed.file("models/model.json") = model_of(arguments);
  const ExportedProgram program(changed.write());
  ExportedProgram::Named named;
  for (int i = 0; i < arguments; ++i) named.emplace_back("a" + std::to_string(i), torch::zeros(at::IntArrayRef()));
  const auto last = named.back().second.toTensor();
  std::reverse(named.begin(), named.end());
  EXPECT_TRUE(program({}, named).toTensor().is_same(last));
  named.front().first = "b";
  EXPECT_ERROR(program({}, named), ValueError, "its argument a49999 is missing");
}

TEST(HostileProgram, GivesAnErrorOrAProgramForEveryDamage) {
  const support::TemporaryFolder folder;
  const auto attempt = [&](const std::filesystem::path& path) {
    try {
      const ExportedProgram program(path);
      for (const auto& [name, tensor] : program.state_dict()) (void)tensor.sum();
    } catch (const Error&) {
    }
  };
  std::mt19937 draw(0);
  for (const auto* const name : {"counts", "nests"}) {
    const io::MappedFile file(python_file(name));
    const std::string sound(io::as_text(file.bytes()));
    for (size_t i = 0; i < sound.size(); i += 7) attempt(folder.write("cut.pt2", sound.substr(0, i)));
    for (const auto* const part : {"models/model.json", "model_weights_config.json", "model_constants_config.json"}) {
      Changed changed(name);
      const auto content = changed.file(part);
      for (int i = 0; i < 1'700; ++i) {
        auto& text = changed.file(part) = content;
        for (auto left = 1 + draw() % 4; left > 0; --left) {
          // A byte, or a word in the place of another: what a number, a name or a bracket may become.
          const auto at = draw() % text.size();
          if (draw() % 2 == 0) {
            text[at] = static_cast<char>(draw());
          } else {
            text.replace(
                at, draw() % 6,
                std::vector<std::string>{"-1", "9223372036854775807", "\"x\"", "null", "[]", "}", "as_graph"}[draw() % 7]);
          }
        }
        attempt(changed.write());
      }
    }
  }
}

}  // namespace
}  // namespace opsis
