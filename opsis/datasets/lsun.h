// LSUN: millions of photos of ten kinds of scenes.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "opsis/datasets/dataset.h"
#include "opsis/datasets/placed_source.h"
#include "opsis/io/lmdb.h"
#include "opsis/transforms/transform.h"

namespace opsis::inline v1::datasets {

/// The photos of one database, root/data.mdb, in the order of their keys. They have no labels (label is -1).
///     datasets::LSUNClass bedrooms({.root = "lsun/bedroom_val_lmdb"});
/// Throws   NotFoundError when the database is absent; DecodeError, with the file, for one that is not sound; get throws
///          DecodeError, with the photo's key
/// Differs  neither reads nor writes torchvision's file of keys (_cache_... in the current folder), which keeps the keys of an
///          older database of that name: the tree is looked through at each opening, a second a million photos at most, or,
///          with `.index`, when the database has changed
/// Source   torchvision.datasets.LSUNClass
class OPSIS_API LSUNClass final : public Dataset<Classified>, public PlacedSource<Classified> {
 public:
  struct Options {
    std::filesystem::path root;
    transforms::AnyTransform transforms{};
    bool index = false;  ///< keep where the photos are for the next time, as io::LmdbFile does
  };
  explicit LSUNClass(Options options);
  size_t size() const override { return photos_.size(); }
  Classified get(size_t index) const override { return get_placed(index, {}); }
  Classified get_placed(size_t index, const transforms::ImagePlace& place) const override {
    return read(options_.transforms, index, -1, place);
  }

 private:
  friend class LSUN;
  Classified read(const transforms::AnyTransform& pipeline, size_t index, int64_t label,
                  const transforms::ImagePlace& place) const;
  Options options_;
  io::LmdbFile photos_;
};

/// Photos of scenes, a database a kind. `classes` is train, val (each for all ten kinds, root/bedroom_train_lmdb and so on) or
/// test (root/test_lmdb), or kinds of your choice: their place in the list is the label. The databases are brought by hand.
///     datasets::LSUN scenes({.root = "lsun", .classes = {"bedroom_train", "church_outdoor_train"}});
///     scenes.classes();   // {"bedroom_train", "church_outdoor_train"}
/// Throws   ValueError for what is no kind; else as LSUNClass
/// Differs  as LSUNClass; a list of one that is train, val or test stands for it, as in Python the word without a list
/// Source   torchvision.datasets.LSUN
class OPSIS_API LSUN final : public Dataset<Classified>, public PlacedSource<Classified> {
 public:
  struct Options {
    std::filesystem::path root;
    std::vector<std::string> classes{"train"};
    transforms::AnyTransform transforms{};
    bool index = false;  ///< as LSUNClass's
  };
  explicit LSUN(Options options);
  size_t size() const override { return ends_.empty() ? 0 : ends_.back(); }
  Classified get(size_t index) const override { return get_placed(index, {}); }
  Classified get_placed(size_t index, const transforms::ImagePlace& place) const override;
  const std::vector<std::string>& classes() const { return classes_; }

 private:
  transforms::AnyTransform transforms_;
  std::vector<std::string> classes_;
  std::vector<LSUNClass> databases_;
  std::vector<size_t> ends_;  // where the photos of each database end
};

}  // namespace opsis::inline v1::datasets
