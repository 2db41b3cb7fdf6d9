// Streets of fifty cities, pixel by pixel.
#pragma once

#include <array>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <tuple>
#include <vector>

#include "opsis/core/json.h"
#include "opsis/datasets/dataset.h"
#include "opsis/transforms/transform.h"
#include "opsis/tv_tensors.h"

namespace opsis::inline v1::datasets {

/// A class of Cityscapes, as its scripts have it.
struct CityscapesClass {
  std::string_view name;
  int64_t id, train_id;
  std::string_view category;
  int64_t category_id;
  bool has_instances, ignore_in_eval;
  std::array<uint8_t, 3> color;
};

/// A street, and the targets that were asked for.
/// Shapes   masks (1, H, W): instance uint16 or int32 numbers, semantic uint8; color (3 or 4, H, W) uint8
struct CityscapesExample {
  Image image;
  std::optional<Mask> instance{}, semantic{};
  std::optional<Image> color{};
  Json polygon{};  ///< the objects' outlines, which transforms leave as they are
  auto fields() { return std::tie(image, instance, semantic, color, polygon); }
};

/// Streets with fine (5,000) or coarse (20,000) targets. Splits train, val and, fine, test or, coarse, train_extra. The
/// archives are brought by hand into `root`, and unpacked when the folders are absent.
///     datasets::Cityscapes streets({.root = "cityscapes", .split = "val", .target_type = {"semantic", "instance"}});
/// Throws   NotFoundError when neither folders nor archives are there; ValueError for another split, mode or target
/// Differs  images are in the order of their names, where torchvision's is that of the file system
/// Source   torchvision.datasets.Cityscapes
class OPSIS_API Cityscapes final : public Dataset<CityscapesExample> {
 public:
  struct Options {
    std::filesystem::path root;
    std::string split = "train";
    std::string mode = "fine";
    std::vector<std::string> target_type{"instance"};  ///< instance, semantic, polygon, color
    transforms::AnyTransform transforms{};
  };
  explicit Cityscapes(Options options);
  size_t size() const override { return images_.size(); }
  CityscapesExample get(size_t index) const override;
  const std::vector<std::filesystem::path>& images() const { return images_; }
  const std::vector<std::string>& target_type() const { return options_.target_type; }
  const transforms::AnyTransform& transforms() const { return options_.transforms; }
  /// The same without transforms.
  Cityscapes untransformed() const;
  static const std::vector<CityscapesClass>& classes();

 private:
  Options options_;
  std::vector<std::filesystem::path> images_;
  std::vector<std::filesystem::path> stems_;  // of the targets: ".../aachen_000000_000019_gtFine"
};

}  // namespace opsis::inline v1::datasets
