// Samples in shards: tar files as Python's package webdataset writes them, read in place.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <tuple>
#include <utility>
#include <vector>

#include "opsis/core/json.h"
#include "opsis/core/limits.h"
#include "opsis/datasets/dataset.h"
#include "opsis/datasets/placed_source.h"
#include "opsis/io/archive_file.h"
#include "opsis/transforms/transform.h"

namespace opsis::inline v1::datasets {

/// What a shard has under one key: a picture, and what is known of it.
/// Shapes   image (3, H, W) uint8; (0, 0, 0), which no transform sees, where the sample has none
struct WebExample {
  Image image;
  int64_t label = -1;
  std::string key{};   ///< "n01440764/10026" of n01440764/10026.jpg and n01440764/10026.cls
  std::string text{};  ///< UTF-8
  Json json{};
  std::map<std::string, std::vector<uint8_t>> members{};  ///< all others, by what stands behind the key: "seg.png"
  auto fields() { return std::tie(image, label, key, text, json, members); }
};

/// The names that a shell makes of {a,b} and {000..123}, also within each other and several in a row.
///     expand_braces("train-{08..10}.tar")   // {"train-08.tar", "train-09.tar", "train-10.tar"}
/// Throws   ValueError for a brace without its fellow, and for more than ten million names
OPSIS_API std::vector<std::string> expand_braces(std::string_view pattern);

/// A member's name at the first point behind its last "/": {"sub/0001", "seg.png"}. Nothing for names without such a point.
OPSIS_API std::optional<std::pair<std::string_view, std::string_view>> split_web_name(std::string_view name);

/// The samples of all shards, in the order of the shards and, in each, of the file: files that follow each other and have the
/// same key are one sample. Samples have numbers, so that samplers, splits, the loader's state and its shuffling are those of
/// every other data set; to find them, each shard's headers are read when the data set is opened (with `index` the first time
/// only).
///     datasets::WebDataset photos({.shards = "train-{000000..001281}.tar", .transforms = train, .index = true});
///     photos.get(0).label;
///     const datasets::MappedDataset classified(photos, [](datasets::WebExample sample) {
///       return datasets::Classified{sample.image, sample.label};
///     });
/// Names    as in the package: endings are taken in lower case; what has no ending, links, and names that begin with __..__ are
///          passed over. `image`, `label`, `text` and `json` are endings, the first that a sample has counts: "jpg;png"
/// Throws   IoError for shards that cannot be read; DecodeError that names the shard, and the member or its offset, for damaged
///          shards, an ending that a sample has twice, members that are not what their ending says, and, in get, for one that is
///          larger than limits.file_bytes; ValueError for a bad pattern
/// Differs  from the package: each shard has a number of samples that is known; a picture is RGB, uint8, with the same pixels
/// Source   webdataset.WebDataset of the package webdataset
class OPSIS_API WebDataset final : public Dataset<WebExample>, public PlacedSource<WebExample> {
 public:
  struct Options {
    std::string shards;  ///< a file, or several by braces
    transforms::AnyTransform transforms{};
    std::string image = "jpg;jpeg;png;ppm;pgm;pbm;pnm;bmp;webp;tif;tiff;gif";
    std::string label = "cls";  ///< a whole number
    std::string text = "txt";
    std::string json = "json";
    bool members = true;  ///< read what is none of these too
    bool index = false;   ///< keep each shard's list of entries beside it, as io::ArchiveFile says
    Limits limits{.file_bytes = Limits().image_bytes};  ///< file_bytes: of one member
  };
  explicit WebDataset(Options options);

  size_t size() const override { return samples_.size(); }
  WebExample get(size_t index) const override { return get_placed(index, {}); }
  WebExample get_placed(size_t index, const transforms::ImagePlace& place) const override;
  const std::vector<io::ArchiveFile>& shards() const { return shards_; }

 private:
  struct Sample {
    uint32_t shard, first, last;  // its entries are among [first, last) of the shard's
  };
  Options options_;
  std::vector<io::ArchiveFile> shards_;
  std::vector<Sample> samples_;
};

}  // namespace opsis::inline v1::datasets
