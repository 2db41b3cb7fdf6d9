#include "opsis/datasets/hmdb51.h"

#include <set>
#include <string>
#include <utility>

#include "opsis/core/check.h"
#include "opsis/datasets/folder.h"
#include "opsis/datasets/glob.h"
#include "opsis/datasets/text_file.h"

namespace opsis::inline v1::datasets {
namespace {

namespace fs = std::filesystem;

ClassifiedList list_hmdb51(const HMDB51::Options& options) {
  OPSIS_CHECK(options.fold >= 1 && options.fold <= 3, "HMDB51: fold must be 1, 2 or 3, got {}", options.fold);
  if (!detail::is_folder(options.root)) {
    raise_with<NotFoundError>(WayOut::Extract,
                              "datasets::extract_archive unpacks hmdb51_org.rar, then the archive of each class in it",
                              "HMDB51: there is no folder {}", options.root.string());
  }
  return list_folder(options.root, {.extensions = {"avi"}, .index = options.index});
}

// "April_09_u_nm.avi 1": 1 is for training, 2 for tests, 0 for neither.
std::vector<size_t> select_hmdb51(const HMDB51::Options& options, const ClassifiedList& list) {
  const auto pattern = text("*test_split{}.txt", options.fold);
  const auto files = sorted_glob(options.annotation_path, pattern);
  if (files.empty()) {
    raise_with<NotFoundError>(WayOut::Extract, "datasets::extract_archive unpacks test_train_splits.rar",
                              "HMDB51: there is no {} in {}", pattern, options.annotation_path.string());
  }
  std::set<std::string, std::less<>> selected;
  for (const auto& file : files) {
    const TextFile lines(file);
    for (size_t i = 0; i < lines.size(); ++i) {
      const auto words = lines.words(i, 2);
      if (words.size() != 2) lines.refuse(i, text("it must have 2 words, got {}", words.size()));
      if (lines.integer(i, words[1]) == (options.train ? 1 : 2)) selected.emplace(words[0]);
    }
  }
  return detail::chosen_samples(list, [&](const fs::path& path) { return selected.contains(path.filename().string()); });
}

}  // namespace

HMDB51::HMDB51(const Options& options) : HMDB51(options, list_hmdb51(options)) {}

HMDB51::HMDB51(const Options& options, ClassifiedList list)
    : ClassifiedClips("HMDB51", list, select_hmdb51(options, list), detail::clip_options(options), options.metadata,
                      options.transforms) {}

}  // namespace opsis::inline v1::datasets
