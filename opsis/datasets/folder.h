// Images sorted into folders, one a class.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "opsis/datasets/classified.h"

namespace opsis::inline v1::datasets {

/// The classes below a folder, sorted, and the number of each.
struct FolderClasses {
  std::vector<std::string> classes;
  std::map<std::string, int64_t> class_to_idx;
};

/// The names of the folders in `directory`, links to folders too. Here and below a folder may be a .zip or .tar file, or lie in
/// one (photos.zip, photos.zip/train); then it is read in place, as FileRoot says.
/// Throws   NotFoundError when it is not there or has none
/// Source   torchvision.datasets.folder.find_classes
OPSIS_API FolderClasses find_classes(const std::filesystem::path& directory);

/// Whether a name ends with one of the extensions, which are lowercase and have their dot; "A.JPG" ends with ".jpg".
/// Source   torchvision.datasets.folder.has_file_allowed_extension
OPSIS_API bool has_file_allowed_extension(std::string_view name, const std::vector<std::string>& extensions);

/// .jpg .jpeg .png .ppm .bmp .pgm .tif .tiff .webp
/// Source   torchvision.datasets.folder.IMG_EXTENSIONS
OPSIS_API const std::vector<std::string>& image_extensions();

/// Which files count. Give either extensions or is_valid_file.
struct FolderFilter {
  std::vector<std::string> extensions{};
  std::function<bool(const std::filesystem::path&)> is_valid_file{};
  bool allow_empty = false;  ///< a class may be without files
  bool index = false;        ///< keep the list, and take what has not changed from there
};

/// Classes and files of a folder, as DatasetFolder lists them.
/// Throws   as find_classes and make_dataset
OPSIS_API ClassifiedList list_folder(const std::filesystem::path& directory, const FolderFilter& filter);

/// The files of each class, at any depth and through links, in the order of Python's sorted(os.walk(...)).
/// Throws   NotFoundError naming the classes without files, unless allow_empty; IoError for a folder that cannot be read;
///          ValueError for both or none of extensions and is_valid_file, or no class
/// Index    with filter.index the names are kept in a file beside the folder (.photos.opsis-index) or, where that cannot be
///          written, in $XDG_CACHE_HOME/opsis. The next time a class is read from there whose folders have all the times and
///          numbers of their last reading; others are read anew. Classes with links, or that were changed within two seconds of
///          being read, are never kept. The result is the same as without. Of a tar the list of its entries is kept
/// Differs  does not follow a link to a folder that it is in; does not pass over folders that cannot be read
/// Source   torchvision.datasets.folder.make_dataset
OPSIS_API std::vector<FolderSample> make_dataset(const std::filesystem::path& directory,
                                                 const std::map<std::string, int64_t>& class_to_idx,
                                                 const FolderFilter& filter);

namespace detail {

// list_folder when the clock says so: folders become old enough to be kept without anybody waiting. For tests.
OPSIS_API ClassifiedList list_folder_at(const std::filesystem::path& directory, const FolderFilter& filter, int64_t now_ns);

}  // namespace detail

/// Files sorted into folders, one a class, read by a function of yours. The list of files is made once, by the constructor.
///     const auto load = [](const fs::path& path) { return io::read_dicom(path).data; };
///     datasets::DatasetFolder scans({.root = "scans", .loader = load, .extensions = {".dcm"}});
///     const auto decode = [](io::Bytes bytes) { return io::decode_dicom(bytes).data; };
///     datasets::DatasetFolder packed({.root = "scans.zip", .extensions = {".dcm"}, .decode = decode});
/// Throws   as find_classes and make_dataset; ValueError without a loader, and for one of yours where root is an archive; get
///          throws what the loader throws
/// Differs  find_classes and make_dataset are functions, not members to override: a class of your own derives from
///          ClassifiedFiles and gives it the list. A loader gives images: what else a file tells, as where a scan lies (spacing,
///          orientation, affine), belongs into an example of your own, by VisionDataset
/// Source   torchvision.datasets.DatasetFolder
class OPSIS_API DatasetFolder : public ClassifiedFiles {
 public:
  using Loader = ImageLoader;
  struct Options {
    std::filesystem::path root;
    Loader loader{};  ///< called from many threads
    std::vector<std::string> extensions{};
    transforms::AnyTransform transforms{};
    std::function<bool(const std::filesystem::path&)> is_valid_file{};
    bool allow_empty = false;
    bool index = false;     ///< keep the list of files for the next time, as make_dataset says
    ImageDecoder decode{};  ///< in place of loader
  };
  explicit DatasetFolder(Options options);

  const std::filesystem::path& root() const { return root_; }

 private:
  DatasetFolder(Options options, FileRoot files);
  std::filesystem::path root_;
};

/// Images sorted into folders: root/cat/1.jpg, root/cat/more/2.png, root/dog/1.jpg. Read as RGB, uint8.
///     datasets::ImageFolder photos({.root = "photos", .transforms = train});
///     photos.classes();        // {"cat", "dog"}
///     photos.get(2).label;     // 1
///     datasets::ImageFolder packed({.root = "photos.zip", .transforms = train});   // read in place; or photos.tar
/// Throws   as DatasetFolder; get throws IoError and DecodeError, with the file's path
/// Differs  a gray PNG of 16 bits gives its high 8, where PIL turns all from level 255 on white
/// Source   torchvision.datasets.ImageFolder
class OPSIS_API ImageFolder : public DatasetFolder {
 public:
  struct Options {
    std::filesystem::path root;
    transforms::AnyTransform transforms{};
    Loader loader{};  ///< in place of decoding as RGB; called from many threads
    std::function<bool(const std::filesystem::path&)> is_valid_file{};  ///< in place of image_extensions()
    bool allow_empty = false;
    bool index = false;     ///< keep the list of files for the next time, as make_dataset says: of a million in a second
    ImageDecoder decode{};  ///< in place of decoding as RGB, of a file's bytes
  };
  explicit ImageFolder(Options options);
};

}  // namespace opsis::inline v1::datasets
