#include "opsis/hub/safetensors.h"

#include <torch/torch.h>

#include <fstream>
#include <random>

#include "opsis/core/check.h"
#include "opsis/hub/safetensors_header.h"
#include "tests/support/damage.h"
#include "tests/support/expect.h"
#include "tests/support/oracle.h"
#include "tests/support/temporary.h"

namespace opsis {
namespace {

using hub::load_safetensors;
using hub::save_safetensors;

std::string with_length(std::string_view head, std::string_view data = "", uint64_t length = 0) {
  std::string out(8, '\0');
  if (length == 0) length = head.size();
  for (int i = 0; i < 8; ++i) out[i] = static_cast<char>(length >> (8 * i));
  return out.append(head).append(data);
}

hub::SafetensorsHeader read_header(const std::string& bytes) { return hub::read_safetensors_header(io::as_bytes(bytes)); }

torch::Tensor comparable(const torch::Tensor& tensor) {
  return tensor.is_complex() ? torch::view_as_real(tensor) : tensor.contiguous().reshape({-1}).view(torch::kUInt8);
}

TEST(Safetensors, LoadWhatPythonWrote) {
  for (const auto& c : oracle::cases("hub/safetensors")) {
    SCOPED_TRACE(c.name());
    const auto state = load_safetensors(oracle::folder() / "hub" / c.text("file"));
    const auto names = c.texts("names");
    ASSERT_EQ(state.size(), names.size());
    for (const auto& [name, tensor] : state) {
      SCOPED_TRACE(name);
      const auto expected = c.tensor("tensor " + name);
      if (!tensor.is_complex()) {
        EXPECT_EQ(tensor.sizes(), expected.sizes());
        EXPECT_EQ(tensor.scalar_type(), expected.scalar_type());
      }
      EXPECT_TENSOR_EQ(comparable(tensor), tensor.is_complex() ? expected : comparable(expected));
    }
  }
}

TEST(Safetensors, KeepOrderWhateverTheTypes) {
  const support::TemporaryFolder folder;
  const auto path = folder.path() / "x.safetensors";
  const hub::StateDict state{{"flag", torch::tensor({true, false, true})},
                             {"wide", torch::arange(3, torch::kFloat64)},
                             {"empty", torch::zeros({0, 4})},
                             {"turned", torch::arange(6.0f).reshape({2, 3}).t()},
                             {"scalar", torch::tensor(7)},
                             {"half", torch::ones({3}, torch::kBFloat16)}};
  save_safetensors(path, state, {{"format", "pt"}});
  const auto loaded = load_safetensors(path);
  ASSERT_EQ(loaded.size(), state.size());
  for (size_t i = 0; i < state.size(); ++i) {
    EXPECT_EQ(loaded[i].first, state[i].first);
    EXPECT_TENSOR_EQ(loaded[i].second, state[i].second);
    if (loaded[i].second.numel() > 0) {
      EXPECT_EQ(reinterpret_cast<uintptr_t>(loaded[i].second.data_ptr()) % loaded[i].second.element_size(), 0u);
    }
  }
}

TEST(Safetensors, TensorsAreWritableAndOutliveTheFile) {
  const support::TemporaryFolder folder;
  const auto path = folder.path() / "x.safetensors";
  save_safetensors(path, {{"a", torch::zeros({4})}});
  auto tensor = load_safetensors(path)[0].second;
  tensor.fill_(3);
  EXPECT_TENSOR_EQ(load_safetensors(path)[0].second, torch::zeros({4}));
  std::filesystem::remove(path);
  EXPECT_TENSOR_EQ(tensor, torch::full({4}, 3.0f));
}

TEST(Safetensors, AnEmptyFileOfThemIsOne) {
  const support::TemporaryFolder folder;
  save_safetensors(folder.path() / "x", {});
  EXPECT_TRUE(load_safetensors(folder.path() / "x").empty());
}

TEST(Safetensors, CopyWhatLiesAskew) {
  const support::TemporaryFolder folder;
  const std::string data("\1\0\0\0\0\0\0\0\x3f", 9);
  const auto path = folder.write(
      "x", with_length(
               R"({"b":{"dtype":"U8","shape":[1],"data_offsets":[0,1]},"f":{"dtype":"F32","shape":[2],"data_offsets":[1,9]}})",
               data));
  EXPECT_TENSOR_EQ(load_safetensors(path)[1].second, torch::tensor({0.0f, 0.5f}));
}

TEST(Safetensors, RefuseWhatTheFormatCannotHold) {
  const support::TemporaryFolder folder;
  const auto save = [&](const hub::StateDict& state) { save_safetensors(folder.path() / "x", state); };
  EXPECT_ERROR(save({{"a", torch::ones({1})}, {"a", torch::ones({1})}}), ValueError, "the name \"a\" stands twice");
  EXPECT_ERROR(save({{"__metadata__", torch::ones({1})}}), ValueError, "for itself");
  EXPECT_ERROR(save({{"a", torch::Tensor()}}), ValueError, "\"a\" is an undefined tensor");
  EXPECT_ERROR(save({{"a", torch::eye(2).to_sparse()}}), ValueError, "sparse");
  EXPECT_ERROR(save({{"a", torch::ones({1}, torch::kComplexDouble)}}), ValueError, "no dtype for \"a\"");
  EXPECT_ERROR(save({{"\xff", torch::ones({1})}}), ValueError, "not UTF-8");
  EXPECT_ERROR(save_safetensors(folder.path() / "x", {}, {{"k", "\xc0\x80"}}), ValueError, "not UTF-8");
  EXPECT_ERROR(save_safetensors(folder.path() / "no" / "x", {}), IoError, "No such file");
  EXPECT_TRUE(std::filesystem::is_empty(folder.path()));
}

TEST(Safetensors, RefuseHeadersThatLie) {
  const auto one = [](std::string_view entry) { return R"({"a":)" + std::string(entry) + "}"; };
  EXPECT_ERROR(read_header(""), DecodeError, "within its first 8 bytes (0 there)");
  EXPECT_ERROR(read_header("1234567"), DecodeError, "(7 there)");
  EXPECT_ERROR(read_header(with_length("{}", "", 3)), DecodeError, "the header claims 3 bytes, the file has 2");
  EXPECT_ERROR(read_header(with_length("{}", "", 200'000'000)), DecodeError, "limits.safetensors_header_bytes is 100000000");
  EXPECT_ERROR(read_header(with_length("{}", "", uint64_t{1} << 63)), DecodeError, "limits.safetensors_header_bytes");
  EXPECT_ERROR(read_header(with_length("{}", "x")), DecodeError, "the tensors need 0 bytes, the file has 1");
  EXPECT_ERROR(read_header(with_length("[]")), DecodeError, "does not begin with {");
  EXPECT_ERROR(read_header(with_length("{")), DecodeError, "not valid JSON");
  EXPECT_ERROR(read_header(with_length("{}{}")), DecodeError, "not valid JSON");
  EXPECT_ERROR(read_header(with_length("{\"\xff\":1}")), DecodeError, "not valid JSON");
  EXPECT_ERROR(read_header(with_length(one("1"))), DecodeError, "\"a\" must be an object");
  EXPECT_ERROR(read_header(with_length(one("[]"))), DecodeError, "a list stands where an object belongs");
  EXPECT_ERROR(read_header(with_length(one("{}"))), DecodeError, "\"a\" must have dtype, shape and data_offsets");
  EXPECT_ERROR(read_header(with_length(one(R"({"dtype":"F32","shape":[[1]],"data_offsets":[0,4]})"), "1234")), DecodeError,
               "a list stands");
  EXPECT_ERROR(read_header(with_length(one(R"({"dtype":"F32","shape":[{}],"data_offsets":[0,4]})"), "1234")), DecodeError,
               "an object within");
  EXPECT_ERROR(read_header(with_length(one(R"({"dtype":"F32","shape":[-1],"data_offsets":[0,4]})"), "1234")), DecodeError,
               "not a whole number");
  EXPECT_ERROR(read_header(with_length(one(R"({"dtype":"F32","shape":[1.5],"data_offsets":[0,4]})"), "1234")), DecodeError,
               "not a whole number");
  EXPECT_ERROR(read_header(with_length(one(R"({"dtype":"F31","shape":[1],"data_offsets":[0,4]})"), "1234")), DecodeError,
               "unknown dtype \"F31\"");
  EXPECT_ERROR(read_header(with_length(one(R"({"dtype":"F32","shape":[1],"data_offsets":[0]})"), "1234")), DecodeError,
               "two data_offsets");
  EXPECT_ERROR(read_header(with_length(one(R"({"dtype":"F32","shape":[1],"data_offsets":[4,0]})"), "1234")), DecodeError,
               "needs 4 bytes by its shape");
  EXPECT_ERROR(read_header(with_length(one(R"({"dtype":"F32","shape":[2],"data_offsets":[0,4]})"), "1234")), DecodeError,
               "needs 8 bytes by its shape");
  EXPECT_ERROR(read_header(with_length(one(R"({"dtype":"F32","shape":[1],"data_offsets":[0,4]})"), "123")), DecodeError,
               "need 4 bytes, the file has 3");
  EXPECT_ERROR(read_header(with_length(one(R"({"dtype":"F32","shape":[1],"data_offsets":[0,4]})"), "12345")), DecodeError,
               "need 4 bytes, the file has 5");
  // 2^62 * 4 wraps around to 0.
  EXPECT_ERROR(read_header(with_length(one(R"({"dtype":"F32","shape":[4611686018427387904],"data_offsets":[0,0]})"))),
               DecodeError, "overflows");
  EXPECT_ERROR(read_header(with_length(one(R"({"dtype":"U8","shape":[4294967296,4294967296],"data_offsets":[0,0]})"))),
               DecodeError, "overflows");
  EXPECT_ERROR(read_header(with_length(one(R"({"dtype":"U8","shape":[0,4294967296,4294967296],"data_offsets":[0,0]})"))),
               DecodeError, "overflows");
  EXPECT_ERROR(read_header(with_length(one(R"({"dtype":"U8","shape":[9223372036854775808],"data_offsets":[0,0]})"))),
               DecodeError, "over 2^63");
  EXPECT_ERROR(read_header(with_length(one(R"({"dtype":"U8","shape":[1)" +
                                           [] {
                                             std::string s;
                                             for (int i = 0; i < 64; ++i) s += ",1";
                                             return s;
                                           }() +
                                           R"(],"data_offsets":[0,1]})"),
                                       "1")),
               DecodeError, "more than 64 dimensions");
}

TEST(Safetensors, RefuseOverlapsHolesAndDoubles) {
  const auto two = [](std::string_view first, std::string_view second) {
    return with_length(
        text(R"({"a":{"dtype":"U8","shape":[4],"data_offsets":[{}]},"b":{"dtype":"U8","shape":[4],"data_offsets":[{}]}})",
             first, second),
        "12345678");
  };
  EXPECT_EQ(read_header(two("0,4", "4,8")).entries.size(), 2u);
  EXPECT_EQ(read_header(two("4,8", "0,4")).entries[0].name, "a");
  EXPECT_ERROR(read_header(two("0,4", "2,6")), DecodeError, "\"b\" begins at 2, the data before it ends at 4");
  EXPECT_ERROR(read_header(two("0,4", "0,4")), DecodeError, "begins at 0, the data before it ends at 4");
  EXPECT_ERROR(read_header(two("1,5", "5,9")), DecodeError, "\"a\" begins at 1");
  const std::string entry = R"({"dtype":"U8","shape":[0],"data_offsets":[0,0]})";
  EXPECT_ERROR(read_header(with_length(R"({"a":)" + entry + R"(,"a":)" + entry + "}")), DecodeError,
               "the header has \"a\" twice");
  EXPECT_ERROR(read_header(with_length(R"({"a":{"dtype":"U8","dtype":"U8","shape":[0],"data_offsets":[0,0]}})")), DecodeError,
               "has \"dtype\" twice");
  EXPECT_ERROR(read_header(with_length(R"({"__metadata__":{"a":"1","a":"2"}})")), DecodeError, "has \"a\" twice");
  EXPECT_ERROR(read_header(with_length(R"({"__metadata__":{"a":1}})")), DecodeError, "must map strings to strings");
  EXPECT_ERROR(read_header(with_length(R"({"__metadata__":{"a":["1"]}})")), DecodeError, "must map strings to strings");
  EXPECT_EQ(read_header(with_length(R"({"__metadata__":{"a":"1"}})")).metadata.at("a"), "1");
}

TEST(Safetensors, SurviveJsonWithoutEnd) {
  EXPECT_ERROR(read_header(with_length(std::string(1'000'000, '['))), DecodeError, "does not begin with {");
  std::string deep;
  for (int i = 0; i < 200'000; ++i) deep += R"({"a":)";
  EXPECT_ERROR(read_header(with_length(deep)), DecodeError, "an object within");
  EXPECT_ERROR(read_header(with_length(R"({"a":)" + std::string(1'000'000, '['))), DecodeError, "a list stands");
  EXPECT_ERROR(read_header(with_length(R"({"a":{"shape":)" + std::string(1'000'000, '['))), DecodeError, "a list stands");
}

TEST(Safetensors, GiveAnErrorOrTensorsForDamagedFiles) {
  const support::TemporaryFolder folder;
  save_safetensors(folder.path() / "sound", {{"a", torch::arange(6.0f).reshape({2, 3})}, {"b", torch::tensor({1, 2, 3})}},
                   {{"k", "v"}});
  std::ifstream file(folder.path() / "sound", std::ios::binary);
  const std::string sound{std::istreambuf_iterator<char>(file), {}};
  const auto attempt = [&](const std::string& bytes) {
    try {
      for (const auto& [name, tensor] : load_safetensors(folder.write("damaged", bytes))) tensor.clone();
    } catch (const DecodeError&) {
    }
  };
  for (size_t i = 0; i < sound.size(); ++i) {
    EXPECT_ERROR(load_safetensors(folder.write("short", sound.substr(0, i))), DecodeError, "load_safetensors ");
    for (const auto mask : support::changes()) {
      auto bytes = sound;
      bytes[i] = static_cast<char>(bytes[i] ^ mask);
      attempt(bytes);
    }
  }
}

TEST(Safetensors, LieInsideTheFileWhateverIsChanged) {
  std::mt19937 draw(0);
  for (const auto* name : {"small.safetensors", "sizes.safetensors"}) {
    SCOPED_TRACE(name);
    std::ifstream file(oracle::folder() / "hub" / name, std::ios::binary);
    const std::string sound{std::istreambuf_iterator<char>(file), {}};
    ASSERT_GT(read_header(sound).entries.size(), 1u);
    for (int i = 0; i < 10'000; ++i) {
      auto bytes = sound;
      for (auto left = 1 + draw() % 4; left > 0; --left) bytes[draw() % bytes.size()] = static_cast<char>(draw());
      try {
        const auto header = read_header(bytes);
        for (const auto& entry : header.entries) {
          ASSERT_TRUE(entry.begin <= entry.end && entry.end <= bytes.size() - header.data_offset) << entry.name;
        }
      } catch (const DecodeError&) {
      }
    }
  }
}

TEST(Safetensors, NameTheFile) {
  EXPECT_ERROR(load_safetensors("/nowhere/x.safetensors"), IoError, "/nowhere/x.safetensors: No such file");
  const support::TemporaryFolder folder;
  EXPECT_ERROR(load_safetensors(folder.write("bad", "1234")), DecodeError, (folder.path() / "bad").string());
}

}  // namespace
}  // namespace opsis
