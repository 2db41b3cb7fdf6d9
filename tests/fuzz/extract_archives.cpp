// Unpacks archives as somebody might have made them, and says what came of it:
//     extract_archives FOLDER FILE...   each as an archive, a RAR and a single compressed file, whatever its name says
// For hostile ones (scripts/hostile_archives), under the sanitizers or valgrind. What is no error of Opsis, what stands outside of
// the folder that an archive is unpacked into, what is left of one that was refused, as well as one that takes longer than
// OPSIS_SECONDS (2) of the processor, ends with another exit code than 0.
#include <sys/resource.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <filesystem>
#include <string>

#include "opsis/core/error.h"
#include "opsis/datasets/archive.h"

namespace {

namespace fs = std::filesystem;

double allowed_seconds() {
  const char* const given = std::getenv("OPSIS_SECONDS");
  return given ? std::atof(given) : 2;
}

bool holds_nothing(const fs::path& folder) { return !fs::exists(folder) || fs::is_empty(folder); }

/// Links are not to lead out: each leads to what is below the folder, or to nothing there.
bool stays_inside(const fs::path& folder) {
  const auto root = fs::canonical(folder);
  for (const auto& entry : fs::recursive_directory_iterator(folder)) {
    if (!entry.is_symlink()) continue;
    const auto to = fs::weakly_canonical(entry.path());
    if (std::mismatch(root.begin(), root.end(), to.begin(), to.end()).first != root.end()) return false;
  }
  return true;
}

struct Counts {
  int unpacked = 0, refused = 0, bad = 0;
};

void complain(Counts& counts, const fs::path& file, const char* ending, const std::string& what) {
  ++counts.bad;
  std::printf("%s as %s: %s\n", file.c_str(), ending, what.c_str());
}

/// As a file of that ending, into a folder beside which nothing may come to stand.
void extract(const fs::path& file, const char* ending, const fs::path& work, Counts& counts) {
  fs::remove_all(work);
  const auto around = work / "around", to = around / "to";
  fs::create_directories(around);
  const auto archive = work / (std::string("archive") + ending);
  fs::copy_file(file, archive);
  const auto begin = std::clock();  // of the processor: what waits for its turn is not slow
  bool refused = false;
  try {
    opsis::datasets::extract_archive(archive, to, {.limits = {.bytes = int64_t{1} << 28, .small = int64_t{1} << 24}});
  } catch (const opsis::DecodeError&) {
    refused = true;
  }
  const double seconds = static_cast<double>(std::clock() - begin) / CLOCKS_PER_SEC;
  ++(refused ? counts.refused : counts.unpacked);
  if (refused && !holds_nothing(to)) complain(counts, file, ending, "refused, and something is left");
  if (!refused && !stays_inside(to)) complain(counts, file, ending, "a link leads out");
  size_t beside = 0;
  for ([[maybe_unused]] const auto& entry : fs::directory_iterator(around)) ++beside;
  if (beside > 1) complain(counts, file, ending, "something stands beside the folder");
  if (seconds > allowed_seconds()) complain(counts, file, ending, std::to_string(seconds) + " s");
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 3) return 2;
  const auto work = fs::path(argv[1]) / "extract_archives";
  Counts counts;
  for (int i = 2; i < argc; ++i) {
    for (const char* ending : {".tar", ".gz", ".rar"}) {
      try {
        extract(argv[i], ending, work, counts);
      } catch (const std::exception& error) {
        complain(counts, argv[i], ending, error.what());
      }
    }
  }
  fs::remove_all(work);
  rusage used{};
  getrusage(RUSAGE_SELF, &used);
  std::printf("%d files, each in three ways: %d times unpacked, %d times refused, %d times wrong; at most %ld MB of memory\n",
              argc - 2, counts.unpacked, counts.refused, counts.bad, used.ru_maxrss / 1024);
  return counts.bad > 0;
}
