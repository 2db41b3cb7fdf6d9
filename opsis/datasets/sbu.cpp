#include "opsis/datasets/sbu.h"

#include <algorithm>
#include <string>

#include "opsis/core/check.h"
#include "opsis/datasets/fetch.h"
#include "opsis/datasets/resources.h"
#include "opsis/datasets/text_file.h"

namespace opsis::inline v1::datasets {
namespace {

std::string sbu_url(const TextFile& urls, size_t i) { return std::string(stripped(urls.line(i))); }

std::vector<CaptionedFile> list_sbu(const SBU::Options& options) {
  const auto& archive = resource("SBU", "SBUCaptionedPhotoDataset.tar.gz");
  const auto folder = options.root / "dataset", list = folder / "SBU_captioned_photo_dataset_urls.txt";
  if (options.download && !is_intact(archive, options.root)) {
    fetch_and_extract(archive, options.root);
    const TextFile urls(list);
    for (size_t i = 0; i < urls.size(); ++i) {
      const auto url = sbu_url(urls, i);
      try {
        download_url(url, folder);
      } catch (const IoError&) {  // gone, as many are; a failed download leaves its lock
        std::filesystem::remove(folder / (url.substr(url.rfind('/') + 1) + ".lock"));
      }
    }
  }
  check_resource(archive, options.root);
  const TextFile urls(list), captions(folder / "SBU_captioned_photo_dataset_captions.txt");
  std::vector<CaptionedFile> out;
  for (size_t i = 0; i < std::min(urls.size(), captions.size()); ++i) {
    const auto url = sbu_url(urls, i);
    const auto photo = folder / url.substr(url.rfind('/') + 1);
    if (!detail::is_file(photo)) continue;
    auto caption = captions.line(i);
    while (!caption.empty() && stripped(caption.substr(caption.size() - 1)).empty()) caption.remove_suffix(1);
    out.emplace_back(photo, std::vector{std::string(caption)});
  }
  return out;
}

}  // namespace

SBU::SBU(Options options)
    : CaptionedFiles("SBU", list_sbu(options), std::move(options.transforms), std::move(options.loader)) {}

}  // namespace opsis::inline v1::datasets
