// The options that several data sets have alike; each struct names all of its own, since designated initializers know no bases.
// `root` is taken as it is: a "~" in it is for the shell to replace.
#pragma once

#include <filesystem>
#include <functional>
#include <string>

#include "opsis/transforms/transform.h"
#include "opsis/tv_tensors.h"

namespace opsis::inline v1::datasets {

/// Reads a picture; called from many threads.
using ImageLoader = std::function<Image(const std::filesystem::path&)>;

/// Of a data set in a training and a test part.
struct TrainOptions {
  std::filesystem::path root;
  bool train = true;
  transforms::AnyTransform transforms{};
  bool download = false;
};

/// Of one in parts with names, which its documentation tells.
struct SplitOptions {
  std::filesystem::path root;
  std::string split = "train";
  transforms::AnyTransform transforms{};
  bool download = false;
};

/// Of one in a single part, a file a picture.
struct FilesOptions {
  std::filesystem::path root;
  transforms::AnyTransform transforms{};
  bool download = false;
  ImageLoader loader{};  ///< in place of default_loader
};

/// Of one in a single part, whose folders are scanned for pictures.
struct ScannedOptions {
  std::filesystem::path root;
  transforms::AnyTransform transforms{};
  bool download = false;
  ImageLoader loader{};  ///< in place of default_loader
  bool index = false;    ///< keep the list of files for the next time, as make_dataset says
};

/// Of one in parts with names, whose folders are scanned for pictures.
struct SplitScannedOptions {
  std::filesystem::path root;
  std::string split = "train";
  transforms::AnyTransform transforms{};
  bool download = false;
  ImageLoader loader{};  ///< in place of default_loader
  bool index = false;    ///< keep the list of files for the next time, as make_dataset says
};

/// Of one in parts with names, whose lists are long.
struct SplitListedOptions {
  std::filesystem::path root;
  std::string split = "train";
  transforms::AnyTransform transforms{};
  bool download = false;
  bool index = false;  ///< keep what the lists say beside them, or in the user's cache, for the next time
};

/// Of one in parts with names, a file a picture.
struct SplitFilesOptions {
  std::filesystem::path root;
  std::string split = "train";
  transforms::AnyTransform transforms{};
  bool download = false;
  ImageLoader loader{};  ///< in place of default_loader
};

}  // namespace opsis::inline v1::datasets
