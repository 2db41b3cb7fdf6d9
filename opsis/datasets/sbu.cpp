#include "opsis/datasets/sbu.h"

#include <algorithm>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <system_error>
#include <unordered_set>
#include <utility>
#include <vector>

#include "opsis/core/check.h"
#include "opsis/core/parallel.h"
#include "opsis/datasets/archive.h"
#include "opsis/datasets/disk.h"
#include "opsis/datasets/entries.h"
#include "opsis/datasets/list_index.h"
#include "opsis/datasets/resources.h"
#include "opsis/datasets/scan_index.h"
#include "opsis/datasets/text_file.h"
#include "opsis/hub/download.h"
#include "opsis/io/index_file.h"

namespace opsis::inline v1::datasets {
namespace {

namespace fs = std::filesystem;

constexpr auto kUrls = "SBU_captioned_photo_dataset_urls.txt", kCaptions = "SBU_captioned_photo_dataset_captions.txt";

std::string sbu_url(const TextFile& urls, size_t i) { return std::string(stripped(urls.line(i))); }

// So many photos in a row of which no server says a word are not gone: there is no net.
constexpr int kNoNet = 100;

bool is_answer(std::string_view what) { return what.find("the server answers") != what.npos; }

// What every other photo would meet as well; but for a name that is too long, where hub::download() names a file first.
bool is_of_disk(std::string_view what) {
  const auto too_long = std::make_error_code(std::errc::filename_too_long).message();
  return what.starts_with("download: cannot ") && what.find(too_long) == what.npos;
}

// The list and its photos come together in a folder beside, so that what has the name "dataset" is all of them.
void download_sbu(const Resource& archive, const fs::path& root, const fs::path& folder) {
  const auto list = fetch_resource(archive, root);
  if (is_there(folder)) return;
  const auto around = root / "dataset.unfinished", unfinished = around / folder.filename();
  extract_archive(list, around);
  const TextFile urls(unfinished / kUrls);
  int unanswered = 0;
  for (size_t i = 0; i < urls.size(); ++i) {
    const auto url = sbu_url(urls, i), name = url.substr(url.rfind('/') + 1);
    try {
      // Tried once: of a million addresses many are gone for good.
      hub::download(hub::mirrored(url), unfinished / name, {.progress = false, .retries = 0});
      unanswered = 0;
    } catch (const IoError& error) {
      unanswered = is_answer(error.what()) ? 0 : unanswered + 1;
      if (unanswered == kNoNet || is_of_disk(error.what())) throw;
    }
  }
  move_to(unfinished, folder);
  remove_tree(around);
}

constexpr int64_t kGrain = 4096;  // photos that are worth a thread

// Photos that are in the folder, each followed by its caption.
ListedFiles read_sbu(const fs::path& folder, bool& has_links) {
  const TextFile urls(folder / kUrls), captions(folder / kCaptions);
  // The folder is listed, for to ask the system for each of a million photos takes as long as all else together.
  const auto entries = entries_of(folder.string());
  std::unordered_set<std::string_view> photos(entries.size());
  for (const auto& entry : entries) {
    has_links = has_links || entry.is_link;
    if (entry.is_link ? detail::is_file(folder / entry.name) : !entry.is_folder) photos.insert(entry.name);
  }
  std::vector<std::pair<std::string_view, std::string_view>> found;
  size_t bytes = 0;
  for (size_t i = 0; i < std::min(urls.size(), captions.size()); ++i) {
    const auto url = stripped(urls.line(i)), name = url.substr(url.rfind('/') + 1);
    if (!photos.contains(name)) continue;
    found.emplace_back(name, stripped_at_end(captions.line(i)));
    bytes += name.size() + found.back().second.size();
  }
  ListedFiles out;
  out.names.reserve(2 * found.size(), bytes);
  for (const auto& [name, caption] : found) {
    out.names.add(name);
    out.names.add(caption);
  }
  return out;
}

bool are_photos_with_captions(const ListedFiles& list) {
  if (list.names.size() % 2 != 0) return false;
  for (size_t i = 0; i < list.names.size(); i += 2) {
    const auto name = list.names[i];
    if (name.empty() || name == "." || name == ".." || name.find('/') != std::string_view::npos) return false;
  }
  return true;
}

// What tells that a photo came or went or that a list changed; nothing where one of them is so young that a change might not
// show, or is none.
std::optional<std::string> sbu_stamps(const fs::path& folder) {
  const auto begun = io::now_ns();
  const auto photos = stamp_of(folder.string());
  if (!photos) return std::nullopt;
  auto last = std::max(photos->modified_ns, photos->changed_ns);
  auto out = text("{} {} {}", photos->modified_ns, photos->changed_ns, photos->number);
  for (const auto* name : {kUrls, kCaptions}) {
    if (!detail::is_file(folder / name)) return std::nullopt;  // who reads it says so
    const auto list = io::file_stamp(folder / name);
    last = std::max({last, list.modified_ns, list.changed_ns});
    out += text(" {} {} {} {}", list.size, list.modified_ns, list.changed_ns, list.number);
  }
  if (last >= begun - io::kCoarsestClock) return std::nullopt;
  return out;
}

std::vector<CaptionedFile> list_sbu(const SBU::Options& options) {
  const auto& archive = resource("SBU", "SBUCaptionedPhotoDataset.tar.gz");
  const auto folder = options.root / "dataset";
  if (options.download) {
    make_once(
        options.root, [&] { return is_there(folder) && is_intact(archive, options.root); },
        [&] { download_sbu(archive, options.root, folder); });
  }
  detail::check_file("SBU", options.root / archive.file);
  const auto stamps = options.index ? sbu_stamps(folder) : std::nullopt;
  const auto hashes = expected_hashes(archive);
  bool has_links = false;
  const auto read = [&] {
    check_resource(archive, options.root);
    return read_sbu(folder, has_links);
  };
  // Not beside the lists: that would change the folder they are in. An archive that is as it was when it had the hashes has them.
  const auto list =
      read_list(options.root / archive.file, {.index = stamps.has_value(),
                                              .asked = text("SBU {} {} {}", hashes.md5, hashes.sha256, stamps.value_or("")),
                                              .fits = are_photos_with_captions,
                                              .read = read,
                                              .lasts = [&] { return !has_links; }});
  std::vector<CaptionedFile> out(list.names.size() / 2);
  parallel_for(0, std::ssize(out), kGrain, [&](int64_t first, int64_t last) {
    for (auto i = static_cast<size_t>(first); i < static_cast<size_t>(last); ++i) {
      out[i].first = joined_path(folder.string(), list.names[2 * i]);
      out[i].second.emplace_back(list.names[2 * i + 1]);
    }
  });
  return out;
}

}  // namespace

SBU::SBU(Options options)
    : CaptionedFiles("SBU", list_sbu(options), std::move(options.transforms), std::move(options.loader)) {}

}  // namespace opsis::inline v1::datasets
