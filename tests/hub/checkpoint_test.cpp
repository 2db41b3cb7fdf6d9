#include "opsis/hub/checkpoint.h"

#include <torch/torch.h>

#include <algorithm>
#include <complex>
#include <nlohmann/json.hpp>

#include "opsis/hub/safetensors.h"
#include "tests/support/expect.h"
#include "tests/support/oracle.h"
#include "tests/support/python.h"
#include "tests/support/temporary.h"

namespace opsis {
namespace {

using hub::Value;
using nlohmann::json;

std::filesystem::path python_file(const std::string& name) { return oracle::folder() / "hub" / name; }

/// The same bits, for types whose elements LibTorch cannot compare.
void expect_same_bits(const torch::Tensor& actual, const torch::Tensor& expected) {
  ASSERT_EQ(actual.sizes(), expected.sizes());
  ASSERT_EQ(actual.scalar_type(), expected.scalar_type());
  EXPECT_TENSOR_EQ(actual.detach().contiguous().reshape({-1}).view(torch::kUInt8),
                   expected.contiguous().reshape({-1}).view(torch::kUInt8));
}

void expect_quantized(const torch::Tensor& tensor, const json& tree, const oracle::Case& c) {
  EXPECT_STREQ(c10::toString(tensor.scalar_type()), tree[2] == "torch.qint8"    ? "QInt8"
                                                    : tree[2] == "torch.quint8" ? "QUInt8"
                                                                                : "QInt32");
  EXPECT_TENSOR_EQ(tensor.int_repr(), c.tensor(std::to_string(tree[1].get<int>())));
  const bool channels = tree[5] != -1;
  ASSERT_EQ(tensor.qscheme() == at::kPerChannelAffine, channels);
  const std::vector<double> scales = tree[3];
  const std::vector<int64_t> zero_points = tree[4];
  if (channels) {
    EXPECT_EQ(tensor.q_per_channel_axis(), tree[5].get<int64_t>());
    EXPECT_TENSOR_EQ(tensor.q_per_channel_scales(), torch::tensor(scales, torch::kDouble));
    EXPECT_TENSOR_EQ(tensor.q_per_channel_zero_points(), torch::tensor(zero_points));
  } else {
    EXPECT_EQ(tensor.q_scale(), scales[0]);
    EXPECT_EQ(tensor.q_zero_point(), zero_points[0]);
  }
}

void expect_sparse(const torch::Tensor& tensor, const json& tree, const oracle::Case& c) {
  static const std::map<std::string, torch::Layout> layouts{{"torch.sparse_coo", torch::kSparse},
                                                            {"torch.sparse_csr", torch::kSparseCsr},
                                                            {"torch.sparse_csc", torch::kSparseCsc},
                                                            {"torch.sparse_bsr", torch::kSparseBsr},
                                                            {"torch.sparse_bsc", torch::kSparseBsc}};
  EXPECT_EQ(tensor.layout(), layouts.at(tree[2].get<std::string>()));
  EXPECT_EQ(tensor._nnz(), tree[3].get<int64_t>());
  if (tensor.is_sparse()) {
    EXPECT_EQ(tensor.is_coalesced(), tree[4].get<bool>());
  }
  EXPECT_TENSOR_EQ(tensor.to_dense(), c.tensor(std::to_string(tree[1].get<int>())));
}

void expect_meta(const torch::Tensor& tensor, const json& tree) {
  EXPECT_TRUE(tensor.is_meta());
  EXPECT_EQ(tensor.scalar_type(), tree[1] == "torch.float16" ? torch::kFloat16 : torch::kFloat32);
  EXPECT_EQ(tensor.sizes(), tree[2].get<std::vector<int64_t>>());
  EXPECT_EQ(tensor.strides(), tree[3].get<std::vector<int64_t>>());
  EXPECT_EQ(tensor.requires_grad(), tree[4].get<bool>());
}

/// Holds a value against its description by tests/oracle/hub.py.
void expect_like(const Value& value, const json& tree, const oracle::Case& c, const std::string& way) {
  SCOPED_TRACE(way);
  const std::string kind = tree[0];
  if (kind == "none") {
    EXPECT_TRUE(value.is_none());
  } else if (kind == "bool") {
    EXPECT_EQ(value.as_bool(), tree[1].get<bool>());
  } else if (kind == "int") {
    EXPECT_EQ(value.as_int(), tree[1].get<int64_t>());
  } else if (kind == "float") {
    EXPECT_TRUE(value.is_double());
    EXPECT_EQ(value.as_double(), tree[1].get<double>());
  } else if (kind == "complex") {
    EXPECT_TRUE(value.is_complex());
    EXPECT_EQ(value.as_complex(), std::complex<double>(tree[1].get<double>(), tree[2].get<double>()));
  } else if (kind == "string") {
    EXPECT_EQ(value.as_string(), tree[1].get<std::string>());
  } else if (kind == "bytes") {
    std::string expected;
    for (const int byte : tree[1]) expected += static_cast<char>(byte);
    EXPECT_EQ(value.as_bytes(), expected);
  } else if (kind == "tensor") {
    const auto& tensor = value.as_tensor();
    EXPECT_EQ(tensor.requires_grad(), tree[2].get<bool>());
    expect_same_bits(tensor.is_complex() ? torch::view_as_real(tensor) : tensor, c.tensor(std::to_string(tree[1].get<int>())));
  } else if (kind == "quantized") {
    expect_quantized(value.as_tensor(), tree, c);
  } else if (kind == "sparse") {
    expect_sparse(value.as_tensor(), tree, c);
  } else if (kind == "meta") {
    expect_meta(value.as_tensor(), tree);
  } else if (kind == "dict") {
    ASSERT_EQ(value.entries().size(), tree[1].size());
    for (size_t i = 0; i < tree[1].size(); ++i) {
      expect_like(value.entries()[i].first, tree[1][i][0], c, way + " key");
      expect_like(value.entries()[i].second, tree[1][i][1], c, way + "." + tree[1][i][0].dump());
    }
  } else {
    EXPECT_EQ(value.is_list(), kind == "list");
    ASSERT_EQ(value.items().size(), tree[1].size());
    for (size_t i = 0; i < tree[1].size(); ++i)
      expect_like(value.items()[i], tree[1][i], c, way + "[" + std::to_string(i) + "]");
  }
}

testing::AssertionResult python_reads_back(const std::string& files) {
  return support::python_agrees("tests/hub/read_back.py", files);
}

std::string quoted(const std::filesystem::path& path) { return " '" + path.string() + "'"; }

TEST(Checkpoint, LoadsWhatPythonWrote) {
  for (const auto& c : oracle::cases("hub/checkpoints")) {
    SCOPED_TRACE(c.name());
    expect_like(hub::load(python_file(c.text("file"))), json::parse(c.text("tree")), c, "top");
  }
}

TEST(Checkpoint, LoadsTheStreamsThatPythonWroteBeforeZip) {
  for (const auto& c : oracle::cases("hub/streams")) {
    SCOPED_TRACE(c.name());
    expect_like(hub::load(python_file(c.text("file"))), json::parse(c.text("tree")), c, "top");
  }
}

TEST(Checkpoint, LoadsArraysAndNumbersOfNumPy) {
  for (const auto& c : oracle::cases("hub/numpy")) {
    SCOPED_TRACE(c.name());
    expect_like(hub::load(python_file(c.text("file"))), json::parse(c.text("tree")), c, "top");
  }
}

TEST(Checkpoint, LoadsTensorsOfDevicesWithoutStorages) {
  for (const auto& c : oracle::cases("hub/of_devices")) {
    SCOPED_TRACE(c.name());
    const auto tensor = hub::load(python_file(c.text("file"))).at("x").as_tensor();
    EXPECT_TENSOR_EQ(tensor.detach(), c.tensor("expected"));
    EXPECT_EQ(tensor.requires_grad(), c.boolean("wanted"));
  }
}

TEST(Checkpoint, LoadsScalesAndZeroPointsThatAreLists) {
  for (const auto& c : oracle::cases("hub/quantized_lists")) {
    SCOPED_TRACE(c.name());
    const auto tensor = hub::load(python_file(c.text("file"))).at("x").as_tensor();
    EXPECT_EQ(tensor.q_per_channel_axis(), 1);
    EXPECT_TENSOR_EQ(tensor.q_per_channel_scales(), c.tensor("scales"));
    EXPECT_TENSOR_EQ(tensor.q_per_channel_zero_points(), c.tensor("zero_points"));
    EXPECT_TENSOR_EQ(tensor.int_repr(), c.tensor("numbers"));
  }
}

TEST(Checkpoint, KeepsTheVersionsOfAStateDict) {
  const auto state = hub::load_state_dict_file(python_file("resnet18.pth"));
  const auto version = [&](const std::string& module) {
    const auto found =
        std::find_if(state.versions.begin(), state.versions.end(), [&](const auto& v) { return v.first == module; });
    return found == state.versions.end() ? 0 : found->second;
  };
  EXPECT_EQ(version(""), 1);
  EXPECT_EQ(version("layer1.0.bn1"), 2);
  EXPECT_EQ(version("layer1.0.bn9"), 0);
  const support::TemporaryFolder folder;
  hub::save(folder.path() / "x.pth", Value::dict({{"model", state}, {"epoch", 1}}));
  EXPECT_EQ(hub::load_state_dict_file(folder.path() / "x.pth").versions, state.versions);
  EXPECT_TRUE(hub::load(folder.path() / "x.pth").versions().empty());
  EXPECT_ERROR(Value(1).set_versions({}), ValueError, "is an int, not a dict");
}

/// Holds a dict of tensors against those of a case, named alike.
void expect_tensors(const Value& value, const oracle::Case& c, size_t count) {
  size_t seen = 0;
  for (const auto& [key, held] : value.entries()) {
    if (!held.is_tensor()) continue;
    EXPECT_TENSOR_EQ(held.as_tensor(), c.tensor("tensor " + key.as_string())) << key;
    ++seen;
  }
  EXPECT_EQ(seen, count);
}

TEST(Checkpoint, LoadsPartsOfStoragesAndStreamsOfEveryMachine) {
  for (const auto& c : oracle::cases("hub/old_streams")) {
    SCOPED_TRACE(c.name());
    const auto value = hub::load(python_file(c.text("file")));
    expect_tensors(value, c, c.boolean("views") ? 4 : 1);
    if (!c.boolean("views")) continue;
    value.at("part").as_tensor().fill_(-1);
    EXPECT_EQ(value.at("whole").as_tensor()[1][2].item<float>(), -1);
  }
}

TEST(Checkpoint, LoadsTarArchives) {
  const auto c = oracle::cases("hub/tar")[0];
  const auto value = hub::load(python_file(c.text("file")));
  expect_tensors(value, c, 4);
  EXPECT_EQ(value.get<int64_t>("epoch"), 3);
  value.at("weight").as_tensor().fill_(-1);
  EXPECT_TENSOR_EQ(value.at("turned").as_tensor(), torch::full({4, 3}, -1.0f));
}

TEST(Checkpoint, IsReadBackByPython) {
  const support::TemporaryFolder folder;
  std::string files;
  for (const auto& c : oracle::cases("hub/checkpoints")) {
    const auto rewritten = folder.path() / c.text("file");
    hub::save(rewritten, hub::load(python_file(c.text("file"))));
    // weights_only reads no newer protocol, which holds the same.
    files += quoted(python_file(c.text("object") + "_2.pth")) + quoted(rewritten);
  }
  for (const auto& c : oracle::cases("hub/safetensors")) {
    const auto original = python_file(c.text("file")), rewritten = folder.path() / c.text("file");
    hub::save_safetensors(rewritten, hub::load_safetensors(original), {{"format", "pt"}, {"note", "ü"}});
    files += quoted(original) + quoted(rewritten);
  }
  EXPECT_TRUE(python_reads_back(files));
}

TEST(Checkpoint, OfAResNetGoesBothWaysInBothFormats) {
  const auto c = oracle::cases("hub/resnet18")[0];
  const auto torch_file = python_file("resnet18.pth"), other_file = python_file("resnet18_weights.safetensors");
  const auto state = hub::load_state_dict_file(torch_file);
  std::vector<std::string> names;
  for (const auto& [name, tensor] : state) names.push_back(name);
  EXPECT_EQ(names, c.texts("names"));
  auto other = hub::load_state_dict_file(other_file);
  ASSERT_EQ(other.size(), state.size());
  std::map<std::string, torch::Tensor> by_name(other.begin(), other.end());
  for (const auto& [name, tensor] : state) EXPECT_TENSOR_EQ(tensor, by_name.at(name));
  const auto stream = hub::load_state_dict_file(python_file("resnet18.stream"));
  ASSERT_EQ(stream.size(), state.size());
  for (size_t i = 0; i < state.size(); ++i) {
    EXPECT_EQ(stream[i].first, state[i].first);
    EXPECT_TENSOR_EQ(stream[i].second, state[i].second);
  }

  const support::TemporaryFolder folder;
  hub::save(folder.path() / "a.pth", state);
  hub::save_safetensors(folder.path() / "a.safetensors", state);
  EXPECT_TRUE(python_reads_back(quoted(torch_file) + quoted(folder.path() / "a.pth") + quoted(other_file) +
                                quoted(folder.path() / "a.safetensors")));
}

TEST(Checkpoint, KeepsWhatSharesMemory) {
  const auto loaded = hub::load(python_file("views_2.pth"));
  auto whole = loaded.at("whole").as_tensor();
  EXPECT_TRUE(loaded.at("part").as_tensor().is_alias_of(whole));
  EXPECT_FALSE(loaded.at("turned").as_tensor().is_contiguous());
  whole.fill_(-1);
  EXPECT_EQ(loaded.at("one").as_tensor().item<float>(), -1);
  EXPECT_EQ(hub::load(python_file("views_2.pth")).at("one").as_tensor().item<float>(), 59);
}

TEST(Checkpoint, WritesSharedMemoryOnce) {
  const support::TemporaryFolder folder;
  const auto big = torch::zeros({1000, 100});
  auto value = Value::list();
  for (int i = 0; i < 100; ++i) value.push_back(big[i]);
  hub::save(folder.path() / "x.pth", value);
  EXPECT_LT(std::filesystem::file_size(folder.path() / "x.pth"), 420'000u);
}

TEST(Checkpoint, TensorsPointIntoTheFileAndOutliveIt) {
  const support::TemporaryFolder folder;
  const auto path = folder.path() / "x.pth";
  hub::save(path, hub::StateDict{{"a", torch::arange(8.0f)}});
  auto tensor = hub::load(path).at("a").as_tensor();
  EXPECT_EQ(reinterpret_cast<uintptr_t>(tensor.data_ptr()) % 64, 0u);
  std::filesystem::remove(path);
  tensor.add_(1);
  EXPECT_TENSOR_EQ(tensor, torch::arange(8.0f) + 1);
}

TEST(Checkpoint, CanBeWrittenOverTheFileItCameFrom) {
  const support::TemporaryFolder folder;
  const auto path = folder.path() / "x.pth";
  hub::save(path, hub::StateDict{{"a", torch::arange(100'000)}});
  const auto state = hub::load_state_dict_file(path);
  hub::save(path, state);
  EXPECT_TENSOR_EQ(hub::load_state_dict_file(path)[0].second, torch::arange(100'000));
}

TEST(Checkpoint, IsReadWithoutChecksumsAndInTheOtherByteOrder) {
  for (const auto* name : {"without_checksums", "big_endian"}) {
    const auto c = oracle::cases(std::string("hub/") + name)[0];
    for (const auto& [key, tensor] : hub::load_state_dict_file(python_file(std::string(name) + ".pth"))) {
      EXPECT_TENSOR_EQ(tensor.is_complex() ? torch::view_as_real(tensor) : tensor, c.tensor(key)) << key;
    }
  }
}

TEST(Checkpoint, FindsTheStateDictOfATrainingCheckpoint) {
  const auto state = hub::load_state_dict_file(python_file("training_2.pth"));
  EXPECT_EQ(state[0].first, "0.weight");
  const support::TemporaryFolder folder;
  const auto path = folder.path() / "x.pth";
  const hub::StateDict model{{"w", torch::ones({2})}};
  const auto load = [&](const Value& value) {
    hub::save(path, value);
    return hub::load_state_dict_file(path);
  };
  EXPECT_EQ(load(Value::dict({{"state_dict", model}, {"epoch", 1}})).size(), 1u);
  EXPECT_EQ(load(Value::dict()).size(), 0u);
  EXPECT_ERROR(load(Value::dict({{"state_dict", model}, {"model", model}, {"epoch", 1}})), ValueError, "choose");
  EXPECT_ERROR(load(Value::dict({{"net", model}, {"epoch", 1}})), ValueError,
               "no state dict at the top, under \"model\" or under \"state_dict\"; take it out of load(path), whose keys are: "
               "'net' (a dict), 'epoch' (an int)");
  EXPECT_ERROR(load(Value::dict({{"model", Value::dict({{"model", model}})}})), ValueError, "no state dict");
  EXPECT_ERROR(load(torch::ones({1})), ValueError, "no state dict: the checkpoint is a tensor");
  const auto eye = torch::eye(2);
  EXPECT_ERROR(load(hub::StateDict{{"w", eye.to_sparse()}}), ValueError,
               "\"w\" is a sparse tensor, which no model has; make it plain");
  EXPECT_ERROR(load(hub::StateDict{{"w", eye}, {"b", eye.to(torch::kMeta)}}), ValueError,
               "\"b\" is a meta tensor: the file has its shape, and no numbers");
}

TEST(Checkpoint, RefusesWhatItCannotHold) {
  const support::TemporaryFolder folder;
  const auto save = [&](const Value& value) { hub::save(folder.path() / "x.pth", value); };
  EXPECT_ERROR(save(Value::dict({{"a", Value::list({torch::Tensor()})}})), ValueError, "save: a[0] is an undefined tensor");
  EXPECT_ERROR(save(torch::eye(2).to_mkldnn()), ValueError, "save: the value has a layout that a checkpoint cannot hold");
  const auto x = torch::zeros({4});
  EXPECT_ERROR(save(Value::dict({{"a", x}, {"b", x.view(torch::kInt32)}})), ValueError,
               "save: a and b are one memory seen as float32 and int32; clone one of them");
  EXPECT_ERROR(save(Value::dict({{"\xff", 1}})), ValueError, "not UTF-8");
  Value deep;
  for (int i = 0; i < 1100; ++i) deep = Value::list({std::move(deep)});
  EXPECT_ERROR(save(deep), ValueError, "nests deeper than 1000");
  EXPECT_ERROR(hub::save(folder.path() / "no" / "x.pth", Value(1)), IoError, "No such file");
  EXPECT_TRUE(std::filesystem::is_empty(folder.path()));
}

TEST(Checkpoint, SaysWhatAFileIsThatItDoesNotRead) {
  const std::map<std::string, std::string> messages{
      {"tar_of_others", "it has no file \"storages\", so it is not one of torch.save"},
      {"script", "a TorchScript archive"},
      {"code", "it wants torch.nn.modules.linear.Linear"},
      {"npz", "not one of torch.save: it has no data.pkl"}};
  for (const auto& c : oracle::cases("hub/refused")) {
    SCOPED_TRACE(c.name());
    const auto path = python_file(c.text("file"));
    EXPECT_ERROR(hub::load(path), DecodeError, messages.at(c.text("kind")));
    EXPECT_ERROR(hub::load(path), DecodeError, "load " + path.string());
    EXPECT_ERROR(hub::load_state_dict_file(path), DecodeError, messages.at(c.text("kind")));
  }
  const support::TemporaryFolder folder;
  EXPECT_ERROR(hub::load(folder.write("empty", "")), DecodeError, "the file is empty");
  EXPECT_ERROR(hub::load(folder.write("page", "<html>404</html>")), DecodeError,
               "neither a checkpoint of torch.save nor a safetensors file");
  EXPECT_ERROR(hub::load(python_file("small.safetensors")), DecodeError, "a safetensors file; read it with load_safetensors");
  EXPECT_ERROR(hub::load(folder.path() / "none.pth"), IoError, "No such file");
  EXPECT_ERROR(hub::load(folder.path()), IoError, "it is a folder");
}

}  // namespace
}  // namespace opsis
