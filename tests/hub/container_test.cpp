#include "opsis/hub/container.h"

#include <torch/torch.h>

#include <array>
#include <fstream>
#include <functional>
#include <optional>
#include <random>

#include "opsis/hub/checkpoint.h"
#include "opsis/hub/pickle_writer.h"
#include "tests/support/checkpoints.h"
#include "tests/support/expect.h"
#include "tests/support/oracle.h"
#include "tests/support/temporary.h"

namespace opsis {
namespace {

using namespace std::string_literals;
using hub::PickleWriter;

std::string python_bytes(const std::string& name) {
  std::ifstream file(oracle::folder() / "hub" / name, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

hub::Container take_apart(const std::string& bytes, const Limits& limits = {}) {
  return hub::read_container(io::as_bytes(bytes), limits);
}

std::string pickled(const std::function<void(PickleWriter&)>& write) {
  PickleWriter pickle;
  write(pickle);
  return pickle.finish();
}

/// What a stream of one tensor of six floats claims.
struct StreamClaim {
  int64_t version = 1001, elements = 6, counted = 6, view_begin = -1, view_elements = 0;
  std::string storage = "FloatStorage";
  std::vector<std::string> keys{"1"};
  std::string data = "0123456789abcdefghijklmn";
  std::optional<size_t> running{};  // which of its five pickles runs a command instead
};

std::string little_endian(uint64_t value, int width = 8) {
  std::string out;
  for (int i = 0; i < width; ++i) out += static_cast<char>(value >> 8 * i);
  return out;
}

/// os.system("ls")
const auto kSystemCall =
    "\x80\x02"
    "cos\nsystem\n(X\x02\x00\x00\x00lstR."s;

std::string stream_of(const StreamClaim& claim) {
  std::vector<std::string> pickles{"\x80\x02\x8a\x0a\x6c\xfc\x9c\x46\xf9\x20\x6a\xa8\x50\x19."s};
  pickles.push_back(pickled([&](PickleWriter& pickle) { pickle.integer(claim.version); }));
  pickles.push_back(pickled([](PickleWriter& pickle) {
    pickle.begin_dict();
    pickle.end_dict();
  }));
  pickles.push_back(pickled([&](PickleWriter& pickle) {
    pickle.global("torch._utils", "_rebuild_tensor");
    pickle.begin_tuple();
    pickle.begin_tuple();
    pickle.string("storage");
    pickle.global("torch", claim.storage);
    pickle.string("1");
    pickle.string("cpu");
    pickle.integer(claim.elements);
    if (claim.view_begin < 0) {
      pickle.none();
    } else {
      pickle.begin_tuple();
      pickle.string("2");
      pickle.integer(claim.view_begin);
      pickle.integer(claim.view_elements);
      pickle.end_tuple();
    }
    pickle.end_tuple();
    pickle.persistent();
    pickle.integer(0);
    for (const auto number : {2, 1}) {
      pickle.begin_tuple();
      pickle.integer(number);
      pickle.end_tuple();
    }
    pickle.end_tuple();
    pickle.reduce();
  }));
  pickles.push_back(pickled([&](PickleWriter& pickle) {
    pickle.begin_list();
    for (const auto& key : claim.keys) pickle.string(key);
    pickle.end_list();
  }));
  if (claim.running) pickles.at(*claim.running) = kSystemCall;
  std::string out;
  for (const auto& pickle : pickles) out += pickle;
  return out + little_endian(static_cast<uint64_t>(claim.counted)) + claim.data;
}

std::string old_tar_entry(std::string_view name, std::string content) {
  std::string head(512, '\0'), size = "00000000000";
  for (auto at = size.size(), left = content.size(); left > 0; left /= 8) size[--at] = static_cast<char>('0' + left % 8);
  head.replace(0, name.size(), name);
  head.replace(124, size.size(), size);
  head.replace(257, 5, "ustar");
  content.resize((content.size() + 511) / 512 * 512, '\0');
  return head + content;
}

/// An archive of one tensor of two floats. `running` says which of its six pickles runs a command instead.
std::string old_tar_of(std::optional<size_t> running) {
  const auto one = pickled([](PickleWriter& pickle) { pickle.integer(1); });
  const auto described = [](int64_t key, std::function<void(PickleWriter&)> second, std::string_view type) {
    return pickled([&](PickleWriter& pickle) {
      pickle.begin_tuple();
      pickle.integer(key);
      second(pickle);
      pickle.global("torch", type);
      pickle.end_tuple();
    });
  };
  std::array<std::string, 6> pickles{
      one,
      described(
          11, [](PickleWriter& pickle) { pickle.string("cpu"); }, "FloatStorage"),
      pickled([](PickleWriter& pickle) {
        pickle.begin_list();
        pickle.end_list();
      }),
      one,
      described(
          21, [](PickleWriter& pickle) { pickle.integer(11); }, "FloatTensor"),
      pickled([](PickleWriter& pickle) {
        pickle.string("21");
        pickle.persistent();
      }),
  };
  if (running) pickles.at(*running) = kSystemCall;
  return old_tar_entry("storages", pickles[0] + pickles[1] + little_endian(2) + "01234567" + pickles[2]) +
         old_tar_entry("tensors", pickles[3] + pickles[4] + little_endian(1, 4) + little_endian(0, 4) + little_endian(2) +
                                      little_endian(1) + little_endian(0)) +
         old_tar_entry("pickle", pickles[5]);
}

class HostileContainer : public testing::Test {
 protected:
  hub::Value load(const std::string& bytes) { return hub::load(folder_.write("x.pth", bytes)); }

 private:
  support::TemporaryFolder folder_;
};

TEST_F(HostileContainer, ASoundStreamLoads) {
  EXPECT_EQ(load(stream_of({})).as_tensor().numel(), 2);
  EXPECT_EQ(load(stream_of({.view_begin = 4, .view_elements = 2})).as_tensor().numel(), 2);
}

TEST_F(HostileContainer, RunsNoneOfItsPickles) {
  for (const size_t i : {1, 2, 3, 4}) EXPECT_ERROR(load(stream_of({.running = i})), DecodeError, "it wants os.system");
  // The first is the magic number, which is compared and not read.
  EXPECT_ERROR(load(stream_of({.running = 0})), DecodeError, "neither a checkpoint of torch.save nor a safetensors file");
  EXPECT_EQ(load(old_tar_of({})).as_tensor().numel(), 2);
  for (size_t i = 0; i < 6; ++i) EXPECT_ERROR(load(old_tar_of(i)), DecodeError, "it wants os.system");
}

TEST_F(HostileContainer, MayNotClaimMoreThanTheStreamHas) {
  EXPECT_ERROR(load(stream_of({.elements = 50'000'000'000, .counted = 50'000'000'000})), DecodeError,
               "a storage claims 50000000000 elements of 4 bytes");
  EXPECT_ERROR(load(stream_of({.counted = -1})), DecodeError, "a storage claims 18446744073709551615 elements");
  EXPECT_ERROR(load(stream_of({.elements = int64_t{1} << 62})), DecodeError, "storage 1 claims 4611686018427387904 elements");
  EXPECT_ERROR(load(stream_of({.counted = 5})), DecodeError, "its storage 1 claims 6 elements and has 20 bytes");
  EXPECT_ERROR(load(stream_of({.storage = "DoubleStorage"})), DecodeError, "a storage claims 6 elements of 8 bytes");
  EXPECT_ERROR(load(stream_of({.storage = "QInt32Storage"})), DecodeError, "a quantized tensor without its scale");
  EXPECT_ERROR(load(stream_of({.view_begin = 5, .view_elements = 2})), DecodeError, "2 elements from 5 on of a storage of 6");
  EXPECT_ERROR(load(stream_of({.view_begin = INT64_MAX, .view_elements = 2})), DecodeError, "of a storage of 6");
  EXPECT_ERROR(load(stream_of({.view_begin = 5, .view_elements = 1})), DecodeError,
               "a tensor reaches to element 1 of a storage of 1");
  EXPECT_ERROR(load(stream_of({.data = ""})), DecodeError, "a storage claims 6 elements");
}

TEST_F(HostileContainer, MayNotListItsStoragesWrongly) {
  EXPECT_ERROR(load(stream_of({.keys = {}})), DecodeError, "its storage 1 is missing");
  EXPECT_ERROR(load(stream_of({.keys = {"9"}})), DecodeError, "lists a storage that no tensor has");
  EXPECT_ERROR(load(stream_of({.keys = {"1", "1"}, .data = std::string(56, '\0')})), DecodeError, "lists the storage 1 twice");
  EXPECT_ERROR(load(stream_of({.version = 1002})), DecodeError, "a version other than 1001");
}

TEST_F(HostileContainer, HoldsEachPickleOfAStreamAgainstTheLimit) {
  Limits limits;
  limits.pickle_bytes = 100;
  EXPECT_ERROR(take_apart(stream_of({}), limits), DecodeError, "it has more than limits.pickle_bytes (100) bytes");
  limits.pickle_bytes = 200;
  EXPECT_EQ(take_apart(stream_of({.data = std::string(1000, 'x')}), limits).storages.at("1").size, 24u);
}

TEST_F(HostileContainer, LiesInsideTheFileWhateverIsChanged) {
  Limits limits;
  limits.pickle_objects = 100'000;
  const auto attempt = [&](const std::string& bytes) {
    try {
      for (const auto& [key, place] : take_apart(bytes, limits).storages) {
        ASSERT_TRUE(place.offset <= bytes.size() && place.size <= bytes.size() - place.offset) << key;
      }
    } catch (const DecodeError&) {
    }
  };
  std::mt19937 draw(0);
  // 20,000 of each container: zip, stream and tar.
  for (const auto& names : std::vector<std::vector<std::string>>{
           {"small_2.pth", "quantized_2.pth", "zip 2.numpy"},
           {"small_2.stream", "small_5.stream", "quantized_2.stream", "old_True_True.stream", "stream 5.numpy"},
           {"old.tar"}}) {
    for (const auto& name : names) {
      SCOPED_TRACE(name);
      const auto sound = python_bytes(name);
      ASSERT_NO_THROW(take_apart(sound));
      for (size_t i = 0; i < sound.size(); ++i) attempt(sound.substr(0, i));
      for (size_t i = 0; i < 20'000 / names.size() + 1; ++i) {
        auto bytes = sound;
        for (auto left = 1 + draw() % 4; left > 0; --left) bytes[draw() % bytes.size()] = static_cast<char>(draw());
        attempt(bytes);
      }
    }
  }
}

TEST_F(HostileContainer, GivesAnErrorOrTensorsForEveryDamage) {
  const auto attempt = [&](const std::string& bytes) {
    try {
      support::read_all(load(bytes));
    } catch (const DecodeError&) {
    }
  };
  for (const auto* name : {"small_2.stream", "old_True_True.stream", "old.tar"}) {
    SCOPED_TRACE(name);
    const auto sound = python_bytes(name);
    for (size_t i = 0; i < sound.size(); ++i) {
      if (std::string_view(name) == "small_2.stream") EXPECT_ERROR(load(sound.substr(0, i)), DecodeError, "load ");
      if (sound[i] == 0 && i > 2 && sound[i - 1] == 0 && sound[i - 2] == 0) continue;  // a tar archive is mostly that
      auto bytes = sound;
      bytes[i] = static_cast<char>(bytes[i] ^ (i % 2 == 0 ? 0x01 : 0xFF));
      attempt(bytes);
    }
  }
}

}  // namespace
}  // namespace opsis
