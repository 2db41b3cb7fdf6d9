#include "opsis/datasets/folder.h"

#include <algorithm>
#include <system_error>

#include "opsis/core/check.h"

namespace opsis::inline v1::datasets {
namespace {

namespace fs = std::filesystem;

std::string joined(const std::vector<std::string>& words) {
  std::string out;
  for (const auto& word : words) out.append(out.empty() ? "" : ", ").append(word);
  return out;
}

// Through links; what cannot be looked at (a link to nothing) is no folder.
bool leads_to_folder(const fs::directory_entry& entry) {
  std::error_code error;
  return entry.is_directory(error) && !error;
}

std::vector<fs::directory_entry> entries_of(const fs::path& folder) {
  std::error_code error;
  std::vector<fs::directory_entry> out;
  for (auto entry = fs::directory_iterator(folder, error); !error && entry != fs::directory_iterator();
       entry.increment(error)) {
    out.push_back(*entry);
  }
  if (error == std::errc::no_such_file_or_directory) raise<NotFoundError>("{} is not there", folder.string());
  if (error) raise<IoError>("cannot read the folder {}: {}", folder.string(), error.message());
  return out;
}

// One folder of a walk and the files in it.
struct Visited {
  std::string folder;
  std::vector<std::string> files;
};

void walk(const fs::path& folder, std::vector<fs::path>& above, std::vector<Visited>& out) {
  above.push_back(folder);
  Visited here{.folder = folder.string(), .files = {}};
  for (const auto& entry : entries_of(folder)) {
    if (!leads_to_folder(entry)) {
      here.files.push_back(entry.path().filename().string());
      continue;
    }
    const bool loop = entry.is_symlink() && std::any_of(above.begin(), above.end(), [&](const fs::path& known) {
                        return fs::equivalent(known, entry.path());
                      });
    if (!loop) walk(entry.path(), above, out);
  }
  out.push_back(std::move(here));
  above.pop_back();
}

// Folders sort as strings, not component by component: "a-b" comes before "a/b", as in Python.
std::vector<Visited> sorted_walk(const fs::path& folder) {
  std::vector<fs::path> above;
  std::vector<Visited> out;
  walk(folder, above, out);
  std::sort(out.begin(), out.end(), [](const Visited& a, const Visited& b) { return a.folder < b.folder; });
  for (auto& visited : out) std::sort(visited.files.begin(), visited.files.end());
  return out;
}

}  // namespace

FolderClasses find_classes(const fs::path& directory) {
  FolderClasses out;
  for (const auto& entry : entries_of(directory)) {
    if (leads_to_folder(entry)) out.classes.push_back(entry.path().filename().string());
  }
  if (out.classes.empty()) {
    raise<NotFoundError>("find_classes: there is no folder in {}; each class needs one", directory.string());
  }
  std::sort(out.classes.begin(), out.classes.end());
  for (size_t i = 0; i < out.classes.size(); ++i) out.class_to_idx[out.classes[i]] = static_cast<int64_t>(i);
  return out;
}

bool has_file_allowed_extension(const std::string& name, const std::vector<std::string>& extensions) {
  auto lower = name;
  for (auto& c : lower) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
  return std::any_of(extensions.begin(), extensions.end(), [&](const auto& extension) { return lower.ends_with(extension); });
}

const std::vector<std::string>& image_extensions() {
  static const std::vector<std::string> extensions{".jpg", ".jpeg", ".png", ".ppm", ".bmp", ".pgm", ".tif", ".tiff", ".webp"};
  return extensions;
}

std::vector<FolderSample> make_dataset(const fs::path& directory, const std::map<std::string, int64_t>& class_to_idx,
                                       const FolderFilter& filter) {
  OPSIS_CHECK(!class_to_idx.empty(), "make_dataset: class_to_idx must have at least one class");
  OPSIS_CHECK(filter.extensions.empty() != !filter.is_valid_file,
              "make_dataset: give either extensions or is_valid_file, got {}", filter.is_valid_file ? "both" : "none");
  std::vector<FolderSample> samples;
  std::vector<std::string> empty_classes;
  for (const auto& [name, index] : class_to_idx) {
    const size_t before = samples.size();
    const auto folder = directory / name;
    std::error_code ignored;
    if (fs::is_directory(folder, ignored)) {
      for (const auto& visited : sorted_walk(folder)) {
        for (const auto& file : visited.files) {
          auto path = fs::path(visited.folder) / file;
          const bool valid =
              filter.is_valid_file ? filter.is_valid_file(path) : has_file_allowed_extension(path.string(), filter.extensions);
          if (valid) samples.emplace_back(std::move(path), index);
        }
      }
    }
    if (samples.size() == before) empty_classes.push_back(name);
  }
  if (!empty_classes.empty() && !filter.allow_empty) {
    raise<NotFoundError>("make_dataset: no valid file in {} for the classes {}{}; pass .allow_empty = true to accept that",
                         directory.string(), joined(empty_classes),
                         filter.is_valid_file ? "" : "; the extensions are " + joined(filter.extensions));
  }
  return samples;
}

ClassifiedList list_folder(const fs::path& directory, const FolderFilter& filter) {
  auto [classes, class_to_idx] = find_classes(directory);
  auto samples = make_dataset(directory, class_to_idx, filter);
  return {std::move(classes), std::move(class_to_idx), std::move(samples)};
}

DatasetFolder::DatasetFolder(Options options)
    : ClassifiedFiles("DatasetFolder",
                      list_folder(options.root, {options.extensions, options.is_valid_file, options.allow_empty}),
                      std::move(options.transforms), options.loader),
      root_(std::move(options.root)) {
  OPSIS_CHECK(options.loader, "DatasetFolder: the loader is missing");
}

ImageFolder::ImageFolder(Options options)
    : DatasetFolder({.root = std::move(options.root),
                     .loader = options.loader ? std::move(options.loader) : Loader(default_loader),
                     .extensions = options.is_valid_file ? std::vector<std::string>{} : image_extensions(),
                     .transforms = std::move(options.transforms),
                     .is_valid_file = std::move(options.is_valid_file),
                     .allow_empty = options.allow_empty}) {}

}  // namespace opsis::inline v1::datasets
