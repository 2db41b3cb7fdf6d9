#include "opsis/datasets/fer2013.h"

#include <algorithm>
#include <charconv>

#include "opsis/core/check.h"
#include "opsis/datasets/resources.h"
#include "opsis/datasets/text_file.h"

namespace opsis::inline v1::datasets {
namespace {

constexpr size_t kFerPixels = size_t{48} * 48;

ClassifiedPixels load_fer2013(const FER2013::Options& options) {
  detail::check_choice("FER2013", "split", options.split, {"train", "test"});
  const auto folder = options.root / "fer2013";
  const bool fer = detail::is_file(folder / "fer2013.csv"), icml = !fer && detail::is_file(folder / "icml_face_data.csv");
  const auto& file = resource("FER2013", fer ? "fer2013.csv" : icml ? "icml_face_data.csv" : options.split + ".csv");
  check_resource(file, folder);

  const auto path = folder / file.file;
  const auto content = detail::text_of(path);
  const auto rows = csv_rows(content);
  const auto refuse = [&](size_t row, std::string_view rule) {
    raise<DecodeError>("FER2013: {}, row {}: {}", path.string(), row + 1, rule);
  };
  if (rows.empty()) refuse(0, "the names of the columns are missing");
  const auto column = [&](const std::string& name) {
    const auto found = std::find(rows[0].begin(), rows[0].end(), name);
    if (found == rows[0].end()) refuse(0, text("the column \"{}\" is missing", name));
    return static_cast<size_t>(found - rows[0].begin());
  };
  const bool labelled = fer || icml || options.split == "train", both = fer || icml;
  const auto pixel_column = column(icml ? " pixels" : "pixels"), label_column = labelled ? column("emotion") : 0,
             usage_column = both ? column(icml ? " Usage" : "Usage") : 0;

  std::vector<uint8_t> pixels;
  std::vector<int64_t> labels;
  for (size_t i = 1; i < rows.size(); ++i) {
    const auto& row = rows[i];
    if (row.size() <= std::max({pixel_column, label_column, usage_column})) refuse(i, "it has too few columns");
    if (both) {
      const auto& usage = row[usage_column];
      const bool wanted = options.split == "train" ? usage == "Training" : usage == "PublicTest" || usage == "PrivateTest";
      if (!wanted) continue;
    }
    const auto levels = words_of(row[pixel_column]);
    if (levels.size() != kFerPixels) refuse(i, text("it must have 2304 pixels, got {}", levels.size()));
    for (const auto word : levels) {
      uint8_t level = 0;
      const auto [end, error] = std::from_chars(word.data(), word.data() + word.size(), level);
      if (error != std::errc() || end != word.data() + word.size()) refuse(i, text("\"{}\" is no level of a pixel", word));
      pixels.push_back(level);
    }
    const auto label = labelled ? integer_of(row[label_column]) : std::optional<int64_t>(-1);
    if (!label) refuse(i, text("\"{}\" is no class", row[label_column]));
    labels.push_back(*label);
  }
  return {torch::tensor(pixels, torch::kUInt8).view({-1, 1, 48, 48}),
          torch::tensor(labels, torch::kInt64),
          {"angry", "disgust", "fear", "happy", "sad", "surprise", "neutral"}};
}

}  // namespace

FER2013::FER2013(Options options) : ClassifiedImages("FER2013", load_fer2013(options), std::move(options.transforms)) {}

}  // namespace opsis::inline v1::datasets
