#include "opsis/datasets/ucf101.h"

#include <set>
#include <string>
#include <utility>

#include "opsis/core/check.h"
#include "opsis/datasets/folder.h"
#include "opsis/datasets/text_file.h"

namespace opsis::inline v1::datasets {
namespace {

namespace fs = std::filesystem;

ClassifiedList list_ucf101(const UCF101::Options& options) {
  OPSIS_CHECK(options.fold >= 1 && options.fold <= 3, "UCF101: fold must be 1, 2 or 3, got {}", options.fold);
  if (!detail::is_folder(options.root)) {
    raise_with<NotFoundError>(WayOut::Extract, "datasets::extract_archive unpacks UCF101.rar", "UCF101: there is no folder {}",
                              options.root.string());
  }
  return list_folder(options.root, {.extensions = {"avi"}, .index = options.index});
}

// "ApplyEyeMakeup/v_ApplyEyeMakeup_g08_c01.avi 1"
std::vector<size_t> select_ucf101(const UCF101::Options& options, const ClassifiedList& list) {
  const auto file = options.annotation_path / text("{}list0{}.txt", options.train ? "train" : "test", options.fold);
  if (!detail::is_file(file)) {
    raise_with<NotFoundError>(WayOut::Extract, "datasets::extract_archive unpacks UCF101TrainTestSplits-RecognitionTask.zip",
                              "UCF101: {} is not there", file.string());
  }
  const TextFile lines(file);
  std::set<fs::path> selected;
  for (size_t i = 0; i < lines.size(); ++i) {
    const fs::path name(fields_of(stripped(lines.line(i)), ' ').front());
    selected.insert(options.root / name.relative_path());
  }
  return detail::chosen_samples(list, [&](const fs::path& path) { return selected.contains(path); });
}

}  // namespace

UCF101::UCF101(const Options& options) : UCF101(options, list_ucf101(options)) {}

UCF101::UCF101(const Options& options, ClassifiedList list)
    : ClassifiedClips("UCF101", list, select_ucf101(options, list), detail::clip_options(options), options.metadata,
                      options.transforms) {}

}  // namespace opsis::inline v1::datasets
