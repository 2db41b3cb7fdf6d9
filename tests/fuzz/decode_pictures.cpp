// Decodes files as their content says, and says what came of it:
//     decode_pictures FILE...                    each in every mode: hostile ones (scripts/hostile_pictures)
//     decode_pictures --changed 20000 FILE...    so many copies of each with a few bytes changed, the modes in turns
//     decode_pictures --each-byte FILE...        each with each of its bytes made each other byte: small ones
//     decode_pictures --each-length FILE...      each cut off after each of its bytes, and before the first
// Under the sanitizers or valgrind. What is no error of Opsis, as well as a file that takes longer than OPSIS_SECONDS (2) of the
// processor in any mode, ends with another exit code than 0; so does, under the address sanitizer, what allocates over the
// limits.
#include <algorithm>
#include <atomic>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <fstream>
#include <iterator>
#include <random>
#include <string_view>

#if defined(__SANITIZE_ADDRESS__)
#define OPSIS_SEES_ALLOCATIONS 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define OPSIS_SEES_ALLOCATIONS 1
#endif
#endif
#ifdef OPSIS_SEES_ALLOCATIONS
#include <sanitizer/allocator_interface.h>
#include <sanitizer/common_interface_defs.h>
#endif

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

/// The largest piece of memory that may be asked for at once.
std::atomic<size_t> most_bytes{SIZE_MAX};

#ifdef OPSIS_SEES_ALLOCATIONS
void look_at_allocation(const volatile void*, size_t size) {
  const auto most = most_bytes.load();
  if (size <= most) return;
  most_bytes = SIZE_MAX;  // what follows allocates too
  std::fprintf(stderr, "decode_pictures: %zu bytes are allocated at once, the limits allow %zu\n", size, most);
  __sanitizer_print_stack_trace();
  std::abort();
}
#endif

/// What a format may ask for at once beyond its limits: nearly nothing where Opsis reads it by itself, a library's own tables and
/// buffers that double. HEIC is the exception: libheif before 1.19, Debian 12's, allocates what boxes and HEVC's headers say
/// before anything of the picture is known, so that it is held to what the fuzzers hold it to (scripts/fuzz).
size_t beyond_limits(std::string_view codec) {
  constexpr size_t mebibyte = 1 << 20;
  if (codec == "heic") return 2048 * mebibyte;
  for (const std::string_view own : {"bmp", "pnm", "pfm", "flo"}) {
    if (codec == own) return mebibyte;
  }
  return 32 * mebibyte;
}

using Decode = void (*)(opsis::io::Bytes, const opsis::io::DecodeOptions&, const opsis::io::Destination&);

struct Decoder {
  Decode decode = nullptr;
  size_t beyond_limits = 0;

  /// Whether it refuses the bytes.
  bool refuses(const std::vector<uint8_t>& bytes, const opsis::io::DecodeOptions& options) const {
    most_bytes = static_cast<size_t>(options.limits.image_bytes + options.limits.codec_bytes) + beyond_limits;
    const bool refused = fuzz::decode(decode, bytes, options).refused;
    most_bytes = SIZE_MAX;
    return refused;
  }
};

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
      const Decoder decoder{codec.decode, beyond_limits(codec.name)};
      for (auto options : fuzz::all_options(bytes)) {
        options.limits = {};  // what a user has
        options.heic = true;
        const auto begin = std::clock();
        any |= !decoder.refuses(bytes, options);
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

/// The decoder of what is a picture or a flow, else one without `decode`.
Decoder known_decoder(const std::vector<uint8_t>& bytes) {
  if (opsis::io::flo::matches(bytes)) return {opsis::io::flo::decode, beyond_limits("flo")};
  try {
    const auto& codec = opsis::io::find_codec(bytes, {.heic = true});
    return {codec.decode, beyond_limits(codec.name)};
  } catch (const opsis::DecodeError&) {
    return {};
  }
}

/// How many copies took too long.
int decode_changed(int copies, int count, char** paths) {
  int slow = 0;
  for (int i = 0; i < count; ++i) {
    std::mt19937 generator(static_cast<unsigned>(i));
    const auto original = read(paths[i]);
    const auto decoder = known_decoder(original);
    if (!decoder.decode) {
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
      refused += decoder.refuses(bytes, options);
      if (seconds_since(begin) <= allowed_seconds()) continue;
      ++slow;
      std::printf("%s: copy %d takes %.1f s\n", paths[i], copy, seconds_since(begin));
    }
    std::printf("%s: %d changed copies, %d refused\n", paths[i], copies, refused);
  }
  return slow;
}

/// How many copies took too long. damage(bytes, decode) calls decode with each copy of a file, and is named after what it does.
template <class Damage>
int decode_each(const char* name, int count, char** paths, const Damage& damage) {
  int slow = 0;
  for (int i = 0; i < count; ++i) {
    const auto original = read(paths[i]);
    const auto decoder = known_decoder(original);
    if (!decoder.decode) {
      std::printf("%s: no picture\n", paths[i]);
      continue;
    }
    opsis::io::DecodeOptions options{.apply_exif_orientation = true, .limits = fuzz::small_limits()};
    options.limits.pixels = 1 << 14;
    int copies = 0, refused = 0;
    damage(original, [&](const std::vector<uint8_t>& bytes) {
      const auto begin = std::clock();
      refused += decoder.refuses(bytes, options);
      ++copies;
      if (seconds_since(begin) <= allowed_seconds()) return;
      ++slow;
      std::printf("%s: number %d of %s takes %.1f s\n", paths[i], copies, name, seconds_since(begin));
    });
    std::printf("%s: %d %s, %d refused\n", paths[i], copies, name, refused);
  }
  return slow;
}

int decode_each_byte(int count, char** paths) {
  return decode_each("changed bytes", count, paths, [](std::vector<uint8_t> bytes, const auto& decode) {
    for (auto& byte : bytes) {
      const auto original = byte;
      for (int other = 1; other < 256; ++other) {
        byte = static_cast<uint8_t>(original ^ other);
        decode(bytes);
      }
      byte = original;
    }
  });
}

int decode_each_length(int count, char** paths) {
  return decode_each("truncations", count, paths, [](const std::vector<uint8_t>& bytes, const auto& decode) {
    for (size_t length = 0; length < bytes.size(); ++length) {
      // Of just that size, so that a sanitizer sees one byte too many.
      decode(std::vector<uint8_t>(bytes.begin(), bytes.begin() + static_cast<std::ptrdiff_t>(length)));
    }
  });
}

}  // namespace

int main(int argc, char** argv) {
#ifdef OPSIS_SEES_ALLOCATIONS
  if (__sanitizer_install_malloc_and_free_hooks(look_at_allocation, [](const volatile void*) {}) == 0) return 2;
#endif
  const std::string_view mode = argc > 2 ? argv[1] : "";
  const int slow = mode == "--changed"       ? decode_changed(std::atoi(argv[2]), argc - 3, argv + 3)
                   : mode == "--each-byte"   ? decode_each_byte(argc - 2, argv + 2)
                   : mode == "--each-length" ? decode_each_length(argc - 2, argv + 2)
                                             : decode_in_every_mode(argc - 1, argv + 1);
  return slow > 0;
}
