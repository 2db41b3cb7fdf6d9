#include "opsis/datasets/classified.h"

#include <algorithm>
#include <system_error>

#include "opsis/core/check.h"
#include "opsis/core/listed.h"
#include "opsis/core/parallel.h"
#include "opsis/core/telling_where.h"
#include "opsis/datasets/entries.h"
#include "opsis/datasets/glob.h"
#include "opsis/datasets/list_index.h"
#include "opsis/datasets/picture.h"
#include "opsis/io/file.h"
#include "opsis/transforms/container.h"
#include "opsis/transforms/type.h"

namespace opsis::inline v1::datasets {
namespace {

namespace fs = std::filesystem;

Image load_as(const fs::path& path, io::ImageReadMode mode, const FileRoot& files = {}) {
  const auto bytes = files.read(path);
  return telling_where(path, [&] { return detail::decode_picture(bytes, mode); });
}

// What one of the three loaders decodes to; none for a loader of the user's.
std::optional<io::ImageReadMode> mode_of(const ImageLoader& loader) {
  const auto* const function = loader.target<Image (*)(const fs::path&)>();
  if (!function) return std::nullopt;
  if (*function == default_loader) return io::ImageReadMode::RGB;
  if (*function == gray_loader) return io::ImageReadMode::GRAY;
  if (*function == plain_loader) return io::ImageReadMode::UNCHANGED;
  return std::nullopt;
}

// Whether each pixel of an image becomes what it becomes by itself, in a batch or alone.
bool changes_single_pixels(const transforms::Transform* transform) {
  using namespace transforms;
  if (!transform) return true;
  if (const auto* any = dynamic_cast<const AnyTransform*>(transform)) return changes_single_pixels(any->get());
  if (const auto* compose = dynamic_cast<const Compose*>(transform)) {
    const auto parts = compose->parts();
    return std::all_of(parts.begin(), parts.end(), [](const auto& part) { return changes_single_pixels(&part); });
  }
  return dynamic_cast<const ToImage*>(transform) || dynamic_cast<const ToDtype*>(transform) ||
         dynamic_cast<const Normalize*>(transform);
}

// body(i) of a long list, on all cores.
template <class Body>
void for_each_listed(size_t count, const Body& body) {
  constexpr int64_t grain = 4096;
  parallel_for(0, static_cast<int64_t>(count), grain, [&](int64_t first, int64_t last) {
    for (auto i = static_cast<size_t>(first); i < static_cast<size_t>(last); ++i) body(i);
  });
}

}  // namespace

Image default_loader(const fs::path& path) { return load_as(path, io::ImageReadMode::RGB); }
Image gray_loader(const fs::path& path) { return load_as(path, io::ImageReadMode::GRAY); }
Image plain_loader(const fs::path& path) { return load_as(path, io::ImageReadMode::UNCHANGED); }

std::map<std::string, int64_t> numbered(const std::vector<std::string>& names) {
  std::map<std::string, int64_t> out;
  for (size_t i = 0; i < names.size(); ++i) out[names[i]] = static_cast<int64_t>(i);
  return out;
}

ClassifiedFiles::ClassifiedFiles(std::string_view name, ClassifiedList list, transforms::AnyTransform transforms,
                                 ImageLoader loader, FileRoot files, ImageDecoder decode)
    : name_(name),
      list_(std::move(list)),
      transforms_(std::move(transforms)),
      loader_(loader ? std::move(loader) : ImageLoader(default_loader)),
      files_(std::move(files)),
      decode_(std::move(decode)),
      mode_(decode_ ? std::nullopt : mode_of(loader_)) {
  OPSIS_CHECK(!files_.archive() || decode_ || mode_,
              "{}: {} is an archive, whose files have no path that a loader could open; give .decode, which takes their bytes",
              name_, files_.archive()->path().string());
}

Classified ClassifiedFiles::get_placed(size_t index, const transforms::ImagePlace& place) const {
  detail::check_index(name_, index, size());
  const auto& [path, label] = list_.samples[index];
  if (!decode_ && !mode_) return transforms_(Classified{loader_(path), label});
  if (mode_) {
    const detail::Picture photo(path, *mode_, transforms_, files_);
    return detail::transformed(transforms_, Classified{photo.image(), label}, {&photo}, place);
  }
  const auto bytes = files_.read(path);
  return transforms_(Classified{telling_where(path, [&] { return decode_(bytes); }), label});
}

std::vector<int64_t> ClassifiedFiles::targets() const {
  std::vector<int64_t> out;
  for (const auto& sample : list_.samples) out.push_back(sample.second);
  return out;
}

ClassifiedImages::ClassifiedImages(std::string_view name, ClassifiedPixels pixels, transforms::AnyTransform transforms)
    : name_(name), pixels_(std::move(pixels)), transforms_(std::move(transforms)) {
  if (pixels_.images.size(0) != pixels_.labels.size(0)) {
    raise<DecodeError>("{}: there are {} images and {} labels", name_, pixels_.images.size(0), pixels_.labels.size(0));
  }
  gives_batches_ = pixels_.images.dim() == 4 && changes_single_pixels(&transforms_);
}

Classified ClassifiedImages::get(size_t index) const {
  detail::check_index(name_, index, size());
  const auto i = static_cast<int64_t>(index);
  // A copy: who changes his image in place must not change the data set.
  return transforms_(Classified{Image(pixels_.images[i].clone(torch::MemoryFormat::Contiguous)),
                                pixels_.labels.data_ptr<int64_t>()[i * pixels_.labels.stride(0)]});
}

ClassifiedBatch ClassifiedImages::get_batch(std::span<const size_t> indices) const {
  const auto rows = torch::empty({std::ssize(indices)}, torch::kInt64);
  std::copy(indices.begin(), indices.end(), rows.data_ptr<int64_t>());
  return {transforms_(Image(pixels_.images.index_select(0, rows))).data, pixels_.labels.index_select(0, rows)};
}

namespace detail {

void check_choice(std::string_view dataset, std::string_view option, std::string_view value,
                  const std::vector<std::string_view>& known) {
  if (std::find(known.begin(), known.end(), value) != known.end()) return;
  raise<ValueError>("{}: {} must be {}, got \"{}\"", dataset, option, alternatives(known), value);
}

void check_choice(std::string_view dataset, std::string_view option, std::string_view value,
                  std::initializer_list<std::string_view> known) {
  check_choice(dataset, option, value, std::vector<std::string_view>(known));
}

std::vector<FolderSample> samples_below(const fs::path& folder, const ListedFiles& list) {
  const auto base = folder.string();
  std::vector<FolderSample> out(list.names.size());
  for_each_listed(out.size(), [&](size_t i) {
    out[i].first = joined_path(base, list.names[i]);
    out[i].second = list.numbers[i];
  });
  return out;
}

void append_found(const std::vector<FoundName>& found, std::vector<fs::path>& out) {
  const auto begin = out.size();
  out.resize(begin + found.size());
  for_each_listed(found.size(), [&](size_t i) { out[begin + i] = found[i].path(); });
}

void append_found(const std::vector<FoundName>& first, const std::vector<FoundName>& second,
                  std::vector<std::pair<fs::path, fs::path>>& out) {
  const auto begin = out.size();
  out.resize(begin + first.size());
  for_each_listed(first.size(), [&](size_t i) { out[begin + i] = {first[i].path(), second[i].path()}; });
}

bool is_folder(const fs::path& path) {
  std::error_code ignored;
  return fs::is_directory(path, ignored);
}

bool is_file(const fs::path& path) {
  std::error_code ignored;
  return fs::is_regular_file(path, ignored);
}

void check_file(std::string_view dataset, const fs::path& file) {
  if (is_file(file)) return;
  raise_with<NotFoundError>(WayOut::Download, "pass .download = true", "{}: {} is not there", dataset, file.string());
}

void check_folder(std::string_view dataset, const fs::path& folder) {
  if (is_folder(folder)) return;
  raise_with<NotFoundError>(WayOut::Download, "pass .download = true", "{}: the folder {} is not there", dataset,
                            folder.string());
}

void check_folder(std::string_view dataset, const fs::path& folder, std::string_view remedy) {
  if (is_folder(folder)) return;
  raise<NotFoundError>("{}: the folder {} is not there; {}", dataset, folder.string(), remedy);
}

Image load_plain(const FileRoot& files, const fs::path& path) { return load_as(path, io::ImageReadMode::UNCHANGED, files); }

std::string text_of(const fs::path& path) {
  const auto bytes = io::read_bytes(path);
  return std::string(io::as_text(bytes));
}

}  // namespace detail

}  // namespace opsis::inline v1::datasets
