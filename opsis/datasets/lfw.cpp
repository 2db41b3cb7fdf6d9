#include "opsis/datasets/lfw.h"

#include <string_view>

#include "opsis/core/check.h"
#include "opsis/core/lower_case.h"
#include "opsis/datasets/picture.h"
#include "opsis/datasets/resources.h"
#include "opsis/datasets/text_file.h"

namespace opsis::inline v1::datasets {
namespace {

namespace fs = std::filesystem;

// Names of splits and image sets are taken in any case, as torchvision takes them.
LfwOptions in_small_letters(LfwOptions options) {
  options.split = in_lower_case(options.split);
  options.image_set = in_lower_case(options.image_set);
  return options;
}

fs::path lfw_base(const LfwOptions& options) { return options.root / "lfw-py"; }

fs::path lfw_face(const LfwOptions& options, std::string_view name, int64_t number) {
  const auto* folder = options.image_set == "original"   ? "lfw"
                       : options.image_set == "funneled" ? "lfw_funneled"
                                                         : "lfw-deepfunneled";
  return lfw_base(options) / folder / name / text("{}_{}.jpg", name, zero_padded(number, 4));
}

// Checks the options and the files; the list of the split.
fs::path lfw_list(std::string_view dataset, const LfwOptions& options, const std::string& view) {
  detail::check_choice(dataset, "split", options.split, {"10fold", "train", "test"});
  detail::check_choice(dataset, "image_set", options.image_set, {"original", "funneled", "deepfunneled"});
  OPSIS_CHECK(!options.download, "{}: it cannot be downloaded any more, for its server is gone; put it into {}", dataset,
              lfw_base(options).string());
  const auto list = view + (options.split == "10fold" ? "" : options.split == "train" ? "DevTrain" : "DevTest") + ".txt";
  const auto* archive = options.image_set == "original"   ? "lfw.tgz"
                        : options.image_set == "funneled" ? "lfw-funneled.tgz"
                                                          : "lfw-deepfunneled.tgz";
  check_resource(resource("LFW", archive), lfw_base(options));
  check_resource(resource("LFW", list), lfw_base(options));
  if (view == "people") check_resource(resource("LFW", "lfw-names.txt"), lfw_base(options));
  return lfw_base(options) / list;
}

ClassifiedList list_lfw_people(const LfwOptions& options) {
  const TextFile lines(lfw_list("LFWPeople", options, "people"));
  const TextFile names(lfw_base(options) / "lfw-names.txt");
  ClassifiedList list;
  for (size_t i = 0; i < names.size(); ++i) list.classes.emplace_back(names.words(i, 1)[0]);
  list.class_to_idx = numbered(list.classes);

  size_t at = 0;
  const int64_t folds = options.split == "10fold" ? lines.integer(at, lines.words(at, 1)[0]) : 1;
  if (options.split == "10fold") ++at;
  for (int64_t fold = 0; fold < folds; ++fold) {
    const auto count = lines.integer(at, lines.words(at, 1)[0]);
    ++at;
    for (int64_t k = 0; k < count; ++k, ++at) {
      const auto fields = lines.fields(at, '\t', 2);
      const auto found = list.class_to_idx.find(std::string(fields[0]));
      if (found == list.class_to_idx.end()) lines.refuse(at, text("\"{}\" is not in lfw-names.txt", fields[0]));
      const auto pictures = lines.integer(at, fields[1]);
      for (int64_t number = 1; number <= pictures; ++number) {
        list.samples.emplace_back(lfw_face(options, fields[0], number), found->second);
      }
    }
  }
  return list;
}

}  // namespace

LFWPeople::LFWPeople(Options options)
    : ClassifiedFiles("LFWPeople", list_lfw_people(in_small_letters(options)), options.transforms, options.loader) {}

LFWPairs::LFWPairs(Options options) : options_(in_small_letters(std::move(options))) {
  const TextFile lines(lfw_list("LFWPairs", options_, "pairs"));
  const auto head = lines.words(0, options_.split == "10fold" ? 2 : 1);
  const int64_t folds = options_.split == "10fold" ? lines.integer(0, head[0]) : 1;
  const int64_t count = lines.integer(0, head.size() > 1 && options_.split == "10fold" ? head[1] : head[0]);
  size_t at = 1;
  for (int64_t fold = 0; fold < folds; ++fold) {
    for (const bool same : {true, false}) {
      for (int64_t k = 0; k < count; ++k, ++at) {
        const auto fields = lines.fields(at, '\t', same ? 3 : 4);  // name, number, number; name, number, name, number
        const auto other = same ? fields[0] : fields[2];
        pairs_.push_back({lfw_face(options_, fields[0], lines.integer(at, fields[1])),
                          lfw_face(options_, other, lines.integer(at, fields[same ? 2 : 3])), same ? 1 : 0});
        names_.emplace_back(fields[0], other);
      }
    }
  }
}

ImagePair LFWPairs::get(size_t index) const {
  detail::check_index("LFWPairs", index, size());
  const auto& [first, second, same] = pairs_[index];
  const detail::Picture one(first, io::ImageReadMode::RGB, options_.transforms, {}, options_.loader);
  const detail::Picture other(second, io::ImageReadMode::RGB, options_.transforms, {}, options_.loader);
  return detail::transformed(options_.transforms, ImagePair{one.image(), other.image(), same}, {&one, &other});
}

}  // namespace opsis::inline v1::datasets
