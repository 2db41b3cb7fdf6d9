#include "opsis/datasets/gtsrb.h"

#include <algorithm>
#include <string_view>

#include "opsis/core/check.h"
#include "opsis/datasets/disk.h"
#include "opsis/datasets/folder.h"
#include "opsis/datasets/resources.h"
#include "opsis/datasets/text_file.h"

namespace opsis::inline v1::datasets {
namespace {

namespace fs = std::filesystem;

ClassifiedList list_gtsrb(const GTSRB::Options& options) {
  detail::check_choice("GTSRB", "split", options.split, {"train", "test"});
  const bool train = options.split == "train";
  const auto base = options.root / "gtsrb";
  const auto folder = base / "GTSRB" / (train ? "Training" : "Final_Test/Images"), classes = base / "GT-final_test.csv";
  const auto bring = [&](const char* archive, const fs::path& content) {
    if (!options.download) return;
    make_once(
        base, [&] { return is_there(content); }, [&] { fetch_and_extract(resource("GTSRB", archive), base); });
  };
  bring(train ? "GTSRB-Training_fixed.zip" : "GTSRB_Final_Test_Images.zip", folder);
  if (!train) bring("GTSRB_Final_Test_GT.zip", classes);
  detail::check_folder("GTSRB", folder);
  if (train) return list_folder(folder, {.extensions = {".ppm"}, .index = options.index});

  const auto rows = csv_rows(detail::text_of(classes), ';', true);
  const auto column = [&](std::string_view name) {
    const auto found =
        rows.empty() ? size_t{0} : static_cast<size_t>(std::find(rows[0].begin(), rows[0].end(), name) - rows[0].begin());
    if (rows.empty() || found == rows[0].size()) raise<DecodeError>("GTSRB: {} has no column \"{}\"", classes.string(), name);
    return found;
  };
  const auto file = column("Filename"), label = column("ClassId");
  ClassifiedList list;
  for (size_t i = 1; i < rows.size(); ++i) {
    const auto number = rows[i].size() > std::max(file, label) ? integer_of(rows[i][label]) : std::nullopt;
    if (!number || *number < 0) {
      raise<DecodeError>("GTSRB: {}, row {}: it must have a file and a class", classes.string(), i + 1);
    }
    list.samples.emplace_back(folder / rows[i][file], *number);
  }
  return list;
}

}  // namespace

GTSRB::GTSRB(Options options) : ClassifiedFiles("GTSRB", list_gtsrb(options), std::move(options.transforms)) {}

}  // namespace opsis::inline v1::datasets
