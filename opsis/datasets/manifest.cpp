#include "opsis/datasets/manifest.h"

#include <algorithm>
#include <charconv>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>

#include "opsis/core/check.h"
#include "opsis/datasets/list_index.h"
#include "opsis/datasets/text_file.h"
#include "opsis/io/byte_fields.h"

namespace opsis::inline v1::datasets {
namespace {

constexpr int64_t kMostClasses = 1'000'000;  // of numbers, which may lie

std::optional<int64_t> class_number(std::string_view word) {
  int64_t value = 0;
  const auto [end, error] = std::from_chars(word.data(), word.data() + word.size(), value);
  const bool sound = error == std::errc() && end == word.data() + word.size() && value >= 0 && value < kMostClasses;
  return sound ? std::optional(value) : std::nullopt;
}

// The classes of the column: given, counted, or sorted.
std::vector<std::string> manifest_classes(const std::vector<std::string>& column) {
  std::set<std::string> names;
  std::optional<int64_t> highest = -1;
  for (const auto& word : column) {
    names.insert(word);
    const auto number = class_number(word);
    highest = highest && number ? std::optional(std::max(*highest, *number)) : std::nullopt;
  }
  if (!highest) return {names.begin(), names.end()};
  std::vector<std::string> out;
  for (int64_t i = 0; i <= *highest; ++i) out.push_back(std::to_string(i));
  return out;
}

// The files, the number of each one's class, and the classes.
ListedFiles parse_manifest(const ManifestFolder::Options& options) {
  auto content = detail::text_of(options.manifest);
  constexpr std::string_view mark = "\xEF\xBB\xBF";  // that some spreadsheets begin with
  if (content.starts_with(mark)) content.erase(0, mark.size());
  const auto rows = csv_rows(content, options.separator);
  const auto refuse = [&](size_t row, std::string_view rule) {
    raise<DecodeError>("ManifestFolder: {}, row {}: {}", options.manifest.string(), row + 1, rule);
  };
  if (rows.empty()) refuse(0, "the names of the columns are missing");
  const auto column = [&](const std::string& name) {
    const auto found = std::find(rows[0].begin(), rows[0].end(), name);
    if (found == rows[0].end()) refuse(0, text("the column \"{}\" is missing", name));
    return static_cast<size_t>(found - rows[0].begin());
  };
  const auto file_column = column(options.file_column), label_column = column(options.label_column);
  std::vector<std::string> labels;
  for (size_t i = 1; i < rows.size(); ++i) {
    if (rows[i].size() <= std::max(file_column, label_column)) refuse(i, "it has too few columns");
    if (rows[i][file_column].empty()) refuse(i, "the file's name is empty");
    labels.push_back(rows[i][label_column]);
  }

  ListedFiles out;
  out.words = options.classes.empty() ? manifest_classes(labels) : options.classes;
  const auto class_to_idx = numbered(out.words);
  const bool all_numbers = options.classes.empty() && std::all_of(labels.begin(), labels.end(), class_number);
  for (size_t i = 0; i < labels.size(); ++i) {
    // Where all are numbers, they may have been written with zeros in front.
    const auto name = all_numbers ? std::to_string(*class_number(labels[i])) : labels[i];
    const auto found = class_to_idx.find(name);
    if (found == class_to_idx.end()) refuse(i + 1, text("\"{}\" is none of the classes", labels[i]));
    out.names.add(rows[i + 1][file_column]);
    out.numbers.push_back(found->second);
  }
  return out;
}

ClassifiedList list_manifest(const ManifestFolder::Options& options) {
  std::string asked = "ManifestFolder";
  io::put_text(asked, std::string_view(&options.separator, 1));
  for (const auto* column : {&options.file_column, &options.label_column}) io::put_text(asked, *column);
  for (const auto& name : options.classes) io::put_text(asked, name);
  const auto fits = [](const ListedFiles& list) {
    const auto is_class = [&](int64_t number) { return number >= 0 && number < std::ssize(list.words); };
    return list.numbers.size() == list.names.size() && std::all_of(list.numbers.begin(), list.numbers.end(), is_class);
  };
  const auto read = [&] { return parse_manifest(options); };
  auto list = read_list(options.manifest, {.index = options.index, .asked = asked, .fits = fits, .read = read});
  const auto root = options.root.empty() ? options.manifest.parent_path() : options.root;
  auto samples = detail::samples_below(root, list);
  auto class_to_idx = numbered(list.words);
  return {std::move(list.words), std::move(class_to_idx), std::move(samples)};
}

}  // namespace

ManifestFolder::ManifestFolder(Options options)
    : ClassifiedFiles("ManifestFolder", list_manifest(options), std::move(options.transforms), std::move(options.loader)) {}

}  // namespace opsis::inline v1::datasets
