// Decodes files as their content says, and says what came of it:
//     decode_pictures FILE...                    each in every mode: hostile ones (scripts/hostile_pictures)
//     decode_pictures --changed 20000 FILE...    so many copies of each with a few bytes changed, the modes in turns
//     decode_pictures --each-byte FILE...        each with each of its bytes made each other byte: small ones
// Under the sanitizers or valgrind. What is no error of Opsis, as well as a file that takes longer than OPSIS_SECONDS (2) of the
// processor in any mode, ends with another exit code than 0.
#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <fstream>
#include <iterator>
#include <random>
#include <string_view>

#include "opsis/io/codecs.h"
#include "opsis/io/flo.h"
#include "tests/fuzz/decode.h"

namespace {

// Of the processor: what waits for its turn on a machine that tests is not slow.
double seconds_since(std::clock_t begin) { return static_cast<double>(std::clock() - begin) / CLOCKS_PER_SEC; }

double allowed_seconds() {
  const char* const given = std::getenv("OPSIS_SECONDS");
  return given ? std::atof(given) : 2;
}

std::vector<uint8_t> read(const char* path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

/// How many files took too long.
int decode_in_every_mode(int count, char** paths) {
  int refused = 0, unknown = 0, slow = 0;
  for (int i = 0; i < count; ++i) {
    const auto bytes = read(paths[i]);
    double slowest = 0;
    bool any = false;
    try {
      const auto& codec = opsis::io::find_codec(bytes, {.heic = true});
      for (auto options : fuzz::all_options(bytes)) {
        options.limits = {};  // what a user has
        options.heic = true;
        const auto begin = std::clock();
        any |= !fuzz::decode(codec.decode, bytes, options).refused;
        slowest = std::max(slowest, seconds_since(begin));
      }
      refused += !any;
    } catch (const opsis::DecodeError&) {
      ++unknown;
    }
    if (slowest > allowed_seconds()) {
      ++slow;
      std::printf("%s: %.1f s\n", paths[i], slowest);
    }
  }
  std::printf("%d files: %d refused in each mode, %d of no known format, %d too slow\n", count, refused, unknown, slow);
  return slow;
}

/// A byte replaced, a bit turned, some bytes left out, some doubled; up to four times.
std::vector<uint8_t> changed(std::vector<uint8_t> bytes, std::mt19937& generator) {
  const auto below = [&](size_t end) { return std::uniform_int_distribution<size_t>(0, end - 1)(generator); };
  for (auto changes = 1 + below(4); changes > 0 && !bytes.empty(); --changes) {
    const auto place = below(bytes.size()), length = std::min(1 + below(4), bytes.size() - place);
    const auto at = bytes.begin() + static_cast<std::ptrdiff_t>(place), end = at + static_cast<std::ptrdiff_t>(length);
    switch (below(8)) {
      case 0: bytes.erase(at, end); break;
      case 1: {
        const std::vector<uint8_t> copy(at, end);
        bytes.insert(at, copy.begin(), copy.end());
        break;
      }
      case 2:
      case 3: *at ^= static_cast<uint8_t>(1U << below(8)); break;
      case 4: *at = below(2) == 0 ? 0 : 0xFF; break;
      default: *at = static_cast<uint8_t>(below(256));
    }
  }
  bytes.shrink_to_fit();  // so that a sanitizer sees one byte too many
  return bytes;
}

using Decode = void (*)(opsis::io::Bytes, const opsis::io::DecodeOptions&, const opsis::io::Destination&);

/// The decoder of what is a picture or a flow, else none.
Decode known_decoder(const std::vector<uint8_t>& bytes) {
  if (opsis::io::flo::matches(bytes)) return opsis::io::flo::decode;
  try {
    return opsis::io::find_codec(bytes, {.heic = true}).decode;
  } catch (const opsis::DecodeError&) {
    return nullptr;
  }
}

/// How many copies took too long.
int decode_changed(int copies, int count, char** paths) {
  int slow = 0;
  for (int i = 0; i < count; ++i) {
    std::mt19937 generator(static_cast<unsigned>(i));
    const auto original = read(paths[i]);
    const auto decode = known_decoder(original);
    if (!decode) {
      std::printf("%s: no picture\n", paths[i]);
      continue;
    }
    int refused = 0;
    for (int copy = 0; copy < copies; ++copy) {
      const auto bytes = changed(original, generator);
      const auto all = fuzz::all_options(bytes);
      auto options = all[static_cast<size_t>(copy) % all.size()];
      options.limits.pixels = 1 << 14;
      const auto begin = std::clock();
      refused += fuzz::decode(decode, bytes, options).refused;
      if (seconds_since(begin) <= allowed_seconds()) continue;
      ++slow;
      std::printf("%s: copy %d takes %.1f s\n", paths[i], copy, seconds_since(begin));
    }
    std::printf("%s: %d changed copies, %d refused\n", paths[i], copies, refused);
  }
  return slow;
}

/// How many copies took too long.
int decode_each_byte(int count, char** paths) {
  int slow = 0;
  for (int i = 0; i < count; ++i) {
    auto bytes = read(paths[i]);
    const auto decode = known_decoder(bytes);
    if (!decode) {
      std::printf("%s: no picture\n", paths[i]);
      continue;
    }
    const opsis::io::DecodeOptions options{.apply_exif_orientation = true, .limits = {.pixels = 1 << 14}};
    int copies = 0, refused = 0;
    for (auto& byte : bytes) {
      const auto original = byte;
      for (int other = 1; other < 256; ++other, ++copies) {
        byte = static_cast<uint8_t>(original ^ other);
        const auto begin = std::clock();
        refused += fuzz::decode(decode, bytes, options).refused;
        if (seconds_since(begin) <= allowed_seconds()) continue;
        ++slow;
        std::printf("%s: %d for %d takes %.1f s\n", paths[i], byte, original, seconds_since(begin));
      }
      byte = original;
    }
    std::printf("%s: %d changed bytes, %d refused\n", paths[i], copies, refused);
  }
  return slow;
}

}  // namespace

int main(int argc, char** argv) {
  const std::string_view mode = argc > 2 ? argv[1] : "";
  const int slow = mode == "--changed"     ? decode_changed(std::atoi(argv[2]), argc - 3, argv + 3)
                   : mode == "--each-byte" ? decode_each_byte(argc - 2, argv + 2)
                                           : decode_in_every_mode(argc - 1, argv + 1);
  return slow > 0;
}
