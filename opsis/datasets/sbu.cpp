#include "opsis/datasets/sbu.h"

#include <algorithm>
#include <string>
#include <string_view>
#include <system_error>
#include <unordered_set>
#include <vector>

#include "opsis/core/check.h"
#include "opsis/core/parallel.h"
#include "opsis/datasets/archive.h"
#include "opsis/datasets/disk.h"
#include "opsis/datasets/entries.h"
#include "opsis/datasets/resources.h"
#include "opsis/datasets/text_file.h"
#include "opsis/hub/download.h"

namespace opsis::inline v1::datasets {
namespace {

namespace fs = std::filesystem;

constexpr auto kUrls = "SBU_captioned_photo_dataset_urls.txt";

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

std::vector<CaptionedFile> list_sbu(const SBU::Options& options) {
  const auto& archive = resource("SBU", "SBUCaptionedPhotoDataset.tar.gz");
  const auto folder = options.root / "dataset";
  if (options.download) {
    make_once(
        options.root, [&] { return is_there(folder) && is_intact(archive, options.root); },
        [&] { download_sbu(archive, options.root, folder); });
  }
  check_resource(archive, options.root);
  const TextFile urls(folder / kUrls), captions(folder / "SBU_captioned_photo_dataset_captions.txt");
  // The folder is listed, for to ask the system for each of a million photos takes as long as all else together.
  const auto entries = entries_of(folder.string());
  std::unordered_set<std::string_view> photos(entries.size());
  for (const auto& entry : entries) {
    if (entry.is_link ? detail::is_file(folder / entry.name) : !entry.is_folder) photos.insert(entry.name);
  }
  std::vector<size_t> chosen;
  const auto name_of = [&](size_t i) {
    const auto url = stripped(urls.line(i));
    return url.substr(url.rfind('/') + 1);
  };
  for (size_t i = 0; i < std::min(urls.size(), captions.size()); ++i) {
    if (photos.contains(name_of(i))) chosen.push_back(i);
  }
  std::vector<CaptionedFile> out(chosen.size());
  constexpr int64_t grain = 4096;
  parallel_for(0, std::ssize(out), grain, [&](int64_t first, int64_t last) {
    for (auto k = static_cast<size_t>(first); k < static_cast<size_t>(last); ++k) {
      out[k].first = joined_path(folder.string(), name_of(chosen[k]));
      out[k].second.emplace_back(stripped_at_end(captions.line(chosen[k])));
    }
  });
  return out;
}

}  // namespace

SBU::SBU(Options options)
    : CaptionedFiles("SBU", list_sbu(options), std::move(options.transforms), std::move(options.loader)) {}

}  // namespace opsis::inline v1::datasets
