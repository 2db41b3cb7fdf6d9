// Decodes files as their content says, each in every mode, and says what came of it: decode_pictures FILE...
// For collections of hostile files, under the sanitizers or valgrind (scripts/hostile_pictures). What is no error of Opsis, as
// well as one file that takes longer than OPSIS_SECONDS (2), ends with another exit code than 0.
#include <chrono>
#include <cstdio>
#include <fstream>
#include <iterator>

#include "opsis/io/codecs.h"
#include "tests/fuzz/decode.h"

int main(int argc, char** argv) {
  const char* const given = std::getenv("OPSIS_SECONDS");
  const double allowed = given ? std::atof(given) : 2;
  int refused = 0, unknown = 0, slow = 0;
  for (int i = 1; i < argc; ++i) {
    std::ifstream file(argv[i], std::ios::binary);
    const std::vector<uint8_t> bytes{std::istreambuf_iterator<char>(file), {}};
    const auto begin = std::chrono::steady_clock::now();
    bool any = false;
    try {
      const auto& codec = opsis::io::find_codec(bytes, {.heic = true});
      for (auto options : fuzz::all_options(bytes)) {
        options.limits = {};  // what a user has
        options.heic = true;
        any |= !fuzz::decode(codec.decode, bytes, options).refused;
      }
      refused += !any;
    } catch (const opsis::DecodeError&) {
      ++unknown;
    }
    // For each of the many ways to decode it.
    const std::chrono::duration<double> taken = (std::chrono::steady_clock::now() - begin) / fuzz::all_options(bytes).size();
    if (taken.count() > allowed) {
      ++slow;
      std::printf("%s: %.1f s\n", argv[i], taken.count());
    }
  }
  std::printf("%d files: %d refused in each mode, %d of no known format, %d too slow\n", argc - 1, refused, unknown, slow);
  return slow > 0;
}
