#include "opsis/datasets/flickr.h"

#include <algorithm>
#include <map>

#include "opsis/core/check.h"
#include "opsis/datasets/entries.h"
#include "opsis/datasets/flickr_page.h"
#include "opsis/datasets/glob.h"
#include "opsis/datasets/picture.h"
#include "opsis/datasets/text_file.h"

namespace opsis::inline v1::datasets {
namespace {

std::vector<CaptionedFile> list_flickr8k(const Flickr8k::Options& options) {
  const auto page = detail::text_of(options.ann_file);
  const auto photos = sorted_glob(options.root, "*.jpg");
  std::map<std::filesystem::path, std::vector<std::string>> found;
  for (auto& entry : parse_flickr_page(page)) {
    const auto beginning = joined_path(options.root.string(), entry.id + "_");
    const auto photo =
        std::lower_bound(photos.begin(), photos.end(), beginning,
                         [](const std::filesystem::path& path, const std::string& text) { return path.native() < text; });
    const bool plain = entry.id.find_first_of("*?[/") == entry.id.npos;
    if (!plain || photo == photos.end() || !photo->native().starts_with(beginning)) {
      raise<DecodeError>("Flickr8k: {} names a photo {} that is not in {}", options.ann_file.string(), entry.id,
                         options.root.string());
    }
    found[*photo] = std::move(entry.captions);
  }
  return {found.begin(), found.end()};
}

std::vector<CaptionedFile> list_flickr30k(const Flickr30k::Options& options) {
  std::map<std::string, std::vector<std::string>> found;
  const TextFile lines(options.ann_file);
  for (size_t i = 0; i < lines.size(); ++i) {
    const auto fields = fields_of(stripped(lines.line(i)), '\t');
    if (fields.size() != 2 || fields[0].size() < 2) lines.refuse(i, "it must be a photo, a tab and a caption");
    found[std::string(fields[0].substr(0, fields[0].size() - 2))].emplace_back(fields[1]);
  }
  std::vector<CaptionedFile> out;
  for (auto& [name, captions] : found) out.emplace_back(options.root / name, std::move(captions));
  return out;
}

}  // namespace

CaptionedFiles::CaptionedFiles(std::string_view name, std::vector<CaptionedFile> samples, transforms::AnyTransform transforms,
                               ImageLoader loader)
    : name_(name), samples_(std::move(samples)), transforms_(std::move(transforms)), loader_(std::move(loader)) {}

Captioned CaptionedFiles::get(size_t index) const {
  detail::check_index(name_, index, size());
  const auto& [path, captions] = samples_[index];
  const detail::Picture photo(path, io::ImageReadMode::RGB, transforms_, {}, loader_);
  return detail::transformed(transforms_, Captioned{photo.image(), captions}, {&photo});
}

Flickr8k::Flickr8k(Options options)
    : CaptionedFiles("Flickr8k", list_flickr8k(options), std::move(options.transforms), std::move(options.loader)) {}

Flickr30k::Flickr30k(Options options)
    : CaptionedFiles("Flickr30k", list_flickr30k(options), std::move(options.transforms), std::move(options.loader)) {}

}  // namespace opsis::inline v1::datasets
