// Textures by the words people have for them.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>

#include "opsis/datasets/classified.h"

namespace opsis::inline v1::datasets {

/// Textures of 47 kinds: 1,880 images in each of the splits train, val and test of each partition, 1 to 10. 625 MB to download.
///     datasets::DTD textures({.root = "data", .split = "test", .partition = 2});
/// Throws   NotFoundError when the folder is absent and download is false; DecodeError for a list that is not sound; ValueError
///          for another split or partition
/// Differs  torchvision takes any whole number for a partition and then misses its file
/// Source   torchvision.datasets.DTD
class OPSIS_API DTD final : public ClassifiedFiles {
 public:
  struct Options {
    std::filesystem::path root;
    std::string split = "train";
    int64_t partition = 1;
    transforms::AnyTransform transforms{};
    bool download = false;
    ImageLoader loader{};  ///< in place of default_loader
  };
  explicit DTD(Options options);
};

}  // namespace opsis::inline v1::datasets
