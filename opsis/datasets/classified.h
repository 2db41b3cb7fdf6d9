// What data sets of classified images share: a list of files, or all pixels in memory.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <initializer_list>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "opsis/datasets/batch_source.h"
#include "opsis/datasets/dataset.h"
#include "opsis/datasets/file_root.h"
#include "opsis/datasets/options.h"
#include "opsis/datasets/placed_source.h"
#include "opsis/io/bytes.h"
#include "opsis/io/codec.h"
#include "opsis/transforms/transform.h"

namespace opsis::inline v1::datasets {

/// The picture as RGB, uint8; of a PNG of 16 bits the high ones.
/// Source   torchvision.datasets.folder.default_loader
OPSIS_API Image default_loader(const std::filesystem::path& path);
/// As default_loader, in gray.
OPSIS_API Image gray_loader(const std::filesystem::path& path);
/// The picture with the channels it has; of a palette the numbers of the colors.
/// Source   PIL.Image.open
OPSIS_API Image plain_loader(const std::filesystem::path& path);

/// A file and the number of its class.
using FolderSample = std::pair<std::filesystem::path, int64_t>;

/// The numbers of names in their order: {"a", "b"} gives {{"a", 0}, {"b", 1}}.
OPSIS_API std::map<std::string, int64_t> numbered(const std::vector<std::string>& names);

struct ListedFiles;
struct FoundName;

/// Classes, files, and the number of each one's class; -1 where the data set keeps it to itself.
struct ClassifiedList {
  std::vector<std::string> classes{};
  std::map<std::string, int64_t> class_to_idx{};
  std::vector<FolderSample> samples{};
};

/// Makes a picture of a file's bytes; called from many threads.
using ImageDecoder = std::function<Image(io::Bytes)>;

/// Files of classified images. The list is made once, by the constructor; pictures are read when they are asked for. Of a JPEG
/// only that part is decoded which the transforms keep (transforms::decode), with the same pixels, and written where a batch has
/// it, unless the loader is one of yours. What shall be made of an example besides is a MappedDataset's.
class OPSIS_API ClassifiedFiles : public Dataset<Classified>, public PlacedSource<Classified> {
 public:
  size_t size() const override { return list_.samples.size(); }
  Classified get(size_t index) const final { return get_placed(index, {}); }
  Classified get_placed(size_t index, const transforms::ImagePlace& place) const final;
  const std::vector<std::string>& classes() const { return list_.classes; }
  const std::map<std::string, int64_t>& class_to_idx() const { return list_.class_to_idx; }
  const std::vector<FolderSample>& samples() const { return list_.samples; }
  /// The number of each sample's class.
  std::vector<int64_t> targets() const;

 protected:
  /// `name` begins the messages and must outlive the data set; a loader that is empty is default_loader, and `decode` takes its
  /// place. `files` is where the paths of the list lead.
  /// Throws   ValueError for a loader of the user's where the files are in an archive, of which he has no path
  ClassifiedFiles(std::string_view name, ClassifiedList list, transforms::AnyTransform transforms, ImageLoader loader = {},
                  FileRoot files = {}, ImageDecoder decode = {});

 private:
  std::string_view name_;
  ClassifiedList list_;
  transforms::AnyTransform transforms_;
  ImageLoader loader_;
  FileRoot files_;
  ImageDecoder decode_;
  std::optional<io::ImageReadMode> mode_;  // of the loader, if it is one of the three above
};

/// Classes, and all images and labels.
/// Shapes   images (N, C, H, W) uint8, labels (N) int64
struct ClassifiedPixels {
  torch::Tensor images{}, labels{};
  std::vector<std::string> classes{};
};

/// Classified images that are all in memory. A copy shares the pixels. Batches are made at once where the transforms are no more
/// than ToImage, ToDtype and Normalize.
class OPSIS_API ClassifiedImages : public Dataset<Classified>, public BatchSource<ClassifiedBatch> {
 public:
  size_t size() const override { return static_cast<size_t>(pixels_.labels.size(0)); }
  Classified get(size_t index) const final;
  bool gives_batches() const final { return gives_batches_; }
  ClassifiedBatch get_batch(std::span<const size_t> indices) const final;
  const std::vector<std::string>& classes() const { return pixels_.classes; }
  std::map<std::string, int64_t> class_to_idx() const { return numbered(pixels_.classes); }
  /// All of them, untransformed: (N, C, H, W) uint8. Not for writing.
  const torch::Tensor& images() const { return pixels_.images; }
  /// (N) int64. Not for writing.
  const torch::Tensor& labels() const { return pixels_.labels; }

 protected:
  /// `name` begins the messages and must outlive the data set.
  ClassifiedImages(std::string_view name, ClassifiedPixels pixels, transforms::AnyTransform transforms);

 private:
  std::string_view name_;
  ClassifiedPixels pixels_;
  transforms::AnyTransform transforms_;
  bool gives_batches_ = false;
};

namespace detail {

// Refuses a word that is none of those known: "DTD: split must be train, val or test, got \"tain\"".
OPSIS_API void check_choice(std::string_view dataset, std::string_view option, std::string_view value,
                            std::initializer_list<std::string_view> known);
OPSIS_API void check_choice(std::string_view dataset, std::string_view option, std::string_view value,
                            const std::vector<std::string_view>& known);

// Refuse what is not there: "DTD: the folder data/dtd/dtd is not there; pass .download = true".
OPSIS_API void check_file(std::string_view dataset, const std::filesystem::path& file);
OPSIS_API void check_folder(std::string_view dataset, const std::filesystem::path& folder);
// The same where no download brings it.
OPSIS_API void check_folder(std::string_view dataset, const std::filesystem::path& folder, std::string_view remedy);

// The files of a list below a folder, each with its number; made on all cores. The list has as many numbers as names.
OPSIS_API std::vector<FolderSample> samples_below(const std::filesystem::path& folder, const ListedFiles& list);

// Adds what globs found, singly or in pairs (first[i], second[i]) of two lists as long; paths are made on all cores.
OPSIS_API void append_found(const std::vector<FoundName>& found, std::vector<std::filesystem::path>& out);
OPSIS_API void append_found(const std::vector<FoundName>& first, const std::vector<FoundName>& second,
                            std::vector<std::pair<std::filesystem::path, std::filesystem::path>>& out);

OPSIS_API bool is_folder(const std::filesystem::path& path);
OPSIS_API bool is_file(const std::filesystem::path& path);

// plain_loader of a file that may be in an archive.
OPSIS_API Image load_plain(const FileRoot& files, const std::filesystem::path& path);

// The whole of a text or JSON file.
OPSIS_API std::string text_of(const std::filesystem::path& path);

}  // namespace detail

}  // namespace opsis::inline v1::datasets
