// Checkpoints of small tensors of every kind, changed where their pickles describe them. A fuzzer knows no tensor: this is what goes
// through the functions that build them.
#include <torch/torch.h>

#include <fstream>
#include <random>

#include "opsis/hub/checkpoint.h"
#include "opsis/hub/zip_writer.h"
#include "opsis/io/zip_reader.h"
#include "tests/support/checkpoints.h"
#include "tests/support/expect.h"
#include "tests/support/oracle.h"
#include "tests/support/peak_allocation.h"
#include "tests/support/temporary.h"

namespace opsis {
namespace {

/// Draws what to change in a pickle, so that most of what comes out still is one: the numbers and objects in it are others.
class PickleChanger {
 public:
  explicit PickleChanger(uint32_t seed) : draw_(seed) {}

  std::string operator()(std::string pickle) {
    for (auto left = 1 + draw_() % 3; left > 0; --left) {
      switch (draw_() % 3) {
        case 0: change_number(pickle); break;
        case 1: change_object(pickle); break;
        default: pickle[draw_() % pickle.size()] = static_cast<char>(draw_());
      }
    }
    return pickle;
  }

 private:
  /// The first such opcode behind a drawn place; a string may have its letter too, which does no harm.
  size_t find(const std::string& pickle, char code) {
    const auto at = pickle.find(code, draw_() % pickle.size());
    return at == std::string::npos || at + 1 >= pickle.size() ? 0 : at;
  }

  /// BININT1 becomes a LONG1 or another BININT1: a size, stride, offset, axis or zero point.
  void change_number(std::string& pickle) {
    constexpr int64_t numbers[] = {
        0, 1, 2, 3, 6, 7, 255, 256, 1 << 20, -1, int64_t{1} << 31, int64_t{1} << 40, int64_t{1} << 62};
    const auto at = find(pickle, 'K');
    if (at == 0) return;
    const auto number = numbers[draw_() % std::size(numbers)];
    std::string words = "\x8a\x08";
    for (int i = 0; i < 8; ++i) words += static_cast<char>(number >> 8 * i);
    pickle.replace(at, 2, words);
  }

  /// BINGET gets another object of the memo: a type, a function, a storage, a part of another tensor.
  void change_object(std::string& pickle) {
    const auto at = find(pickle, 'h');
    if (at != 0) pickle[at + 1] = static_cast<char>(draw_() % 64);
  }

  std::mt19937 draw_;
};

/// The same archive with another pickle, under a checksum that is right.
std::string with_pickle(const std::string& archive, PickleChanger& change) {
  const auto file = io::as_bytes(archive);
  std::string out;
  hub::ZipWriter zip([&](io::Bytes bytes) { out += io::as_text(bytes); });
  for (const auto& entry : io::read_zip(file).entries) {
    const auto content = io::read_zip_entry(file, entry);
    const bool is_pickle = entry.name.ends_with("data.pkl");
    const auto changed = is_pickle ? change(std::string(io::as_text(content))) : std::string();
    zip.add(entry.name, is_pickle ? io::as_bytes(changed) : content);
  }
  zip.finish();
  return out;
}

class ChangedCheckpoint : public testing::Test {
 protected:
  static std::string python_file(const std::string& name) {
    std::ifstream file(oracle::folder() / "hub" / name, std::ios::binary);
    return {std::istreambuf_iterator<char>(file), {}};
  }

  /// Loads it and reads all that was loaded: an Error or a value, and nothing else, may come of it. Counts the values.
  void attempt(const std::string& bytes) {
    const support::PeakAllocation memory;
    try {
      const auto value = hub::load(folder_.write("x.pth", bytes));
      EXPECT_LT(memory.bytes(), 16 << 20) << "of a file of " << bytes.size() << " bytes";
      support::read_all(value);
      ++loaded_;
    } catch (const Error& error) {
      EXPECT_LT(memory.bytes(), 16 << 20) << error.what();
    } catch (const std::exception& error) {
      ADD_FAILURE() << "another error: " << error.what();
    }
  }

  /// That neither all changes broke the pickle nor none did: only then they went where they should.
  void expect_some_of(int attempts) {
    EXPECT_GT(loaded_, attempts / 100);
    EXPECT_LT(loaded_, attempts);
    loaded_ = 0;
  }

 private:
  support::TemporaryFolder folder_;
  int loaded_ = 0;
};

TEST_F(ChangedCheckpoint, InAZipGivesAnErrorOrTensorsThatCanBeRead) {
  constexpr int attempts = 2'500;
  PickleChanger change(0);
  for (const auto* name : {"quantized_2.pth", "without_memory_or_zeros_2.pth", "views_2.pth", "parameters_2.pth", "zip 2.numpy",
                           "listed_real.pth", "listed_whole.pth", "of_device_tensor_torch.float16.pth"}) {
    SCOPED_TRACE(name);
    const auto sound = python_file(name);
    ASSERT_NO_THROW(support::read_all(hub::load(oracle::folder() / "hub" / name)));
    for (int i = 0; i < attempts; ++i) attempt(with_pickle(sound, change));
    expect_some_of(attempts);
  }
}

TEST_F(ChangedCheckpoint, InAStreamGivesAnErrorOrTensorsThatCanBeRead) {
  // No checksum guards a stream, and its storages lie behind its pickles.
  constexpr int attempts = 2'500;
  PickleChanger change(1);
  for (const auto* name : {"quantized_2.stream", "without_memory_or_zeros_2.stream", "views_2.stream", "listed_real.stream",
                           "old_True_True.stream"}) {
    SCOPED_TRACE(name);
    const auto sound = python_file(name);
    for (int i = 0; i < attempts; ++i) attempt(change(sound));
    expect_some_of(attempts);
  }
}

}  // namespace
}  // namespace opsis
