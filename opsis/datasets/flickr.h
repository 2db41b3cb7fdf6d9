// Photos of Flickr with five sentences each.
#pragma once

#include <filesystem>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "opsis/datasets/classified.h"
#include "opsis/datasets/examples.h"

namespace opsis::inline v1::datasets {

/// A picture and its captions.
using CaptionedFile = std::pair<std::filesystem::path, std::vector<std::string>>;

/// Files with captions; what the sets of Flickr and SBU share.
class OPSIS_API CaptionedFiles : public Dataset<Captioned> {
 public:
  size_t size() const override { return samples_.size(); }
  Captioned get(size_t index) const override;
  const std::vector<CaptionedFile>& samples() const { return samples_; }

 protected:
  /// `name` begins the messages and must outlive the data set; a loader that is empty is default_loader.
  CaptionedFiles(std::string_view name, std::vector<CaptionedFile> samples, transforms::AnyTransform transforms,
                 ImageLoader loader);

 private:
  std::string_view name_;
  std::vector<CaptionedFile> samples_;
  transforms::AnyTransform transforms_;
  ImageLoader loader_;  // empty: default_loader's pictures
};

/// 8,000 photos in `root`, brought by hand, with captions in a page of HTML; in the order of the files' names.
///     datasets::Flickr8k photos({.root = "Flickr8k_Dataset", .ann_file = "captions.html"});
/// Throws   IoError when the page cannot be read; DecodeError when it names a photo that is not there
/// Source   torchvision.datasets.Flickr8k
class OPSIS_API Flickr8k final : public CaptionedFiles {
 public:
  struct Options {
    std::filesystem::path root;
    std::filesystem::path ann_file;
    transforms::AnyTransform transforms{};
    ImageLoader loader{};  ///< in place of default_loader
  };
  explicit Flickr8k(Options options);
};

/// 31,783 photos in `root`, brought by hand, with captions in a file of lines "1000092795.jpg#0<tab>caption"; in the order of
/// the files' names.
/// Throws   IoError when the file cannot be read; DecodeError, with the line, when it is not sound
/// Source   torchvision.datasets.Flickr30k
class OPSIS_API Flickr30k final : public CaptionedFiles {
 public:
  struct Options {
    std::filesystem::path root;
    std::filesystem::path ann_file;
    transforms::AnyTransform transforms{};
    ImageLoader loader{};
  };
  explicit Flickr30k(Options options);
};

}  // namespace opsis::inline v1::datasets
