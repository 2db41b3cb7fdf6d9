#include "opsis/datasets/folder.h"

#include <algorithm>
#include <iterator>
#include <string_view>
#include <system_error>

#include "opsis/core/check.h"
#include "opsis/core/listed.h"
#include "opsis/core/parallel.h"
#include "opsis/datasets/entries.h"
#include "opsis/datasets/scan_index.h"
#include "opsis/io/index_file.h"

namespace opsis::inline v1::datasets {
namespace {

namespace fs = std::filesystem;

void walk(const std::string& folder, std::vector<std::string>& above, std::vector<ScannedFolder>& out) {
  above.push_back(folder);
  // The times of before it is read: what changes meanwhile shows.
  ScannedFolder here{.folder = folder, .stamp = stamp_of(folder).value_or(FolderStamp())};
  std::vector<std::string> files;
  for (auto& entry : entries_of(folder)) {
    here.has_links = here.has_links || entry.is_link;
    if (!entry.is_folder) {
      files.push_back(std::move(entry.name));
      continue;
    }
    const auto path = folder + "/" + entry.name;
    const bool loop = entry.is_link && std::any_of(above.begin(), above.end(), [&](const std::string& known) {
                        std::error_code ignored;
                        return fs::equivalent(known, path, ignored);
                      });
    if (!loop) walk(path, above, out);
  }
  std::sort(files.begin(), files.end());
  here.files = Names(files);
  out.push_back(std::move(here));
  above.pop_back();
}

// Folders sort as strings, not component by component: "a-b" comes before "a/b", as in Python.
std::vector<ScannedFolder> sorted_walk(const fs::path& folder) {
  std::vector<std::string> above;
  std::vector<ScannedFolder> out;
  if (!detail::is_folder(folder)) return out;
  walk(folder.string(), above, out);
  std::sort(out.begin(), out.end(), [](const auto& a, const auto& b) { return a.folder < b.folder; });
  return out;
}

// The valid files of a class.
std::vector<FolderSample> files_of_class(const std::vector<ScannedFolder>& folders, int64_t index, const FolderFilter& filter) {
  std::vector<FolderSample> out;
  size_t most = 0;
  for (const auto& visited : folders) most += visited.files.size();
  out.reserve(most);
  for (const auto& visited : folders) {
    for (const auto file : visited.files) {
      // Of the whole text at once: twice as quick as by parts.
      std::string whole;
      whole.reserve(visited.folder.size() + 1 + file.size());
      fs::path path(std::move(whole.append(visited.folder).append("/").append(file)));
      const bool valid =
          filter.is_valid_file ? filter.is_valid_file(path) : has_file_allowed_extension(file, filter.extensions);
      if (valid) out.emplace_back(std::move(path), index);
    }
  }
  return out;
}

FolderClasses classes_of(const FileRoot& root, const fs::path& directory) {
  FolderClasses out;
  if (root.archive()) {
    out.classes = root.folders_in(directory);
  } else {
    for (auto& entry : entries_of(directory.string())) {
      if (entry.is_folder) out.classes.push_back(std::move(entry.name));
    }
  }
  if (out.classes.empty()) {
    raise<NotFoundError>("find_classes: there is no folder in {}; each class needs one", directory.string());
  }
  std::sort(out.classes.begin(), out.classes.end());
  for (size_t i = 0; i < out.classes.size(); ++i) out.class_to_idx[out.classes[i]] = static_cast<int64_t>(i);
  return out;
}

std::vector<FolderSample> samples_of(const FileRoot& root, const fs::path& directory,
                                     const std::map<std::string, int64_t>& class_to_idx, const FolderFilter& filter,
                                     int64_t now_ns) {
  OPSIS_CHECK(!class_to_idx.empty(), "make_dataset: class_to_idx must have at least one class");
  OPSIS_CHECK(filter.extensions.empty() != !filter.is_valid_file,
              "make_dataset: give either extensions or is_valid_file, got {}", filter.is_valid_file ? "both" : "none");
  const bool index = filter.index && !root.archive();
  const auto known = index ? read_scan(directory) : ScannedClasses();
  const std::vector<std::pair<std::string, int64_t>> classes(class_to_idx.begin(), class_to_idx.end());
  std::vector<std::vector<ScannedFolder>> folders(classes.size());  // of those that are not known
  std::vector<std::vector<FolderSample>> files(classes.size());
  const auto read = [&](int64_t first, int64_t last) {
    for (auto i = static_cast<size_t>(first); i < static_cast<size_t>(last); ++i) {
      const auto& [name, number] = classes[i];
      const auto found = known.find(name);
      if (found == known.end()) folders[i] = root.archive() ? root.walk(directory / name) : sorted_walk(directory / name);
      files[i] = files_of_class(found == known.end() ? folders[i] : found->second, number, filter);
    }
  };
  // A function of the user's is called in order and on his thread.
  filter.is_valid_file ? read(0, std::ssize(classes)) : parallel_for(0, std::ssize(classes), 1, read);
  const bool anew = std::any_of(folders.begin(), folders.end(), [](const auto& one) { return !one.empty(); });
  if (index && anew) {
    auto all = known;
    for (size_t i = 0; i < classes.size(); ++i) {
      if (!folders[i].empty()) all[classes[i].first] = std::move(folders[i]);
    }
    write_scan(directory, all, now_ns);
  }
  std::vector<FolderSample> samples;
  std::vector<std::string> empty_classes;
  size_t count = 0;
  for (const auto& of_class : files) count += of_class.size();
  samples.reserve(count);
  for (size_t i = 0; i < classes.size(); ++i) {
    if (files[i].empty()) empty_classes.push_back(classes[i].first);
    std::move(files[i].begin(), files[i].end(), std::back_inserter(samples));
  }
  if (!empty_classes.empty() && !filter.allow_empty) {
    raise_with<NotFoundError>(WayOut::AllowEmpty, "pass .allow_empty = true to accept that",
                              "make_dataset: no valid file in {} for the classes {}{}", directory.string(),
                              listed(empty_classes),
                              filter.is_valid_file ? "" : "; the extensions are " + listed(filter.extensions));
  }
  return samples;
}

ClassifiedList list_of(const FileRoot& root, const fs::path& directory, const FolderFilter& filter,
                       int64_t now_ns = io::now_ns()) {
  auto [classes, class_to_idx] = classes_of(root, directory);
  auto samples = samples_of(root, directory, class_to_idx, filter, now_ns);
  return {std::move(classes), std::move(class_to_idx), std::move(samples)};
}

}  // namespace

FolderClasses find_classes(const fs::path& directory) { return classes_of(FileRoot(directory), directory); }

bool has_file_allowed_extension(std::string_view name, const std::vector<std::string>& extensions) {
  const auto is_lower_of = [](char c, char of) {
    return c == (of >= 'A' && of <= 'Z' ? static_cast<char>(of - 'A' + 'a') : of);
  };
  return std::any_of(extensions.begin(), extensions.end(), [&](const std::string& extension) {
    return extension.size() <= name.size() &&
           std::equal(extension.begin(), extension.end(), name.end() - std::ssize(extension), is_lower_of);
  });
}

const std::vector<std::string>& image_extensions() {
  static const std::vector<std::string> extensions{".jpg", ".jpeg", ".png", ".ppm", ".bmp", ".pgm", ".tif", ".tiff", ".webp"};
  return extensions;
}

std::vector<FolderSample> make_dataset(const fs::path& directory, const std::map<std::string, int64_t>& class_to_idx,
                                       const FolderFilter& filter) {
  return samples_of(FileRoot(directory, filter.index), directory, class_to_idx, filter, io::now_ns());
}

ClassifiedList list_folder(const fs::path& directory, const FolderFilter& filter) {
  return list_of(FileRoot(directory, filter.index), directory, filter);
}

ClassifiedList detail::list_folder_at(const fs::path& directory, const FolderFilter& filter, int64_t now_ns) {
  return list_of(FileRoot(directory, filter.index), directory, filter, now_ns);
}

DatasetFolder::DatasetFolder(Options options) : DatasetFolder(options, FileRoot(options.root, options.index)) {}

DatasetFolder::DatasetFolder(Options options, FileRoot files)
    : ClassifiedFiles(
          "DatasetFolder",
          list_of(files, options.root, {options.extensions, options.is_valid_file, options.allow_empty, options.index}),
          std::move(options.transforms), options.loader, files, options.decode),
      root_(std::move(options.root)) {
  OPSIS_CHECK(options.loader || options.decode, "DatasetFolder: the loader is missing");
}

ImageFolder::ImageFolder(Options options)
    : DatasetFolder({.root = std::move(options.root),
                     .loader = options.loader ? std::move(options.loader) : Loader(default_loader),
                     .extensions = options.is_valid_file ? std::vector<std::string>{} : image_extensions(),
                     .transforms = std::move(options.transforms),
                     .is_valid_file = std::move(options.is_valid_file),
                     .allow_empty = options.allow_empty,
                     .index = options.index,
                     .decode = std::move(options.decode)}) {}

}  // namespace opsis::inline v1::datasets
