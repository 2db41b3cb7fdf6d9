// Files of data sets from the net, by torchvision's names; opsis/hub/download.h does the work.
#pragma once

#include <filesystem>
#include <optional>
#include <string>

#include "opsis/core/api.h"

namespace opsis::inline v1::datasets {

/// Whether there is a file with this MD5 and this SHA-256; of those that are empty any will do.
/// Source   torchvision.datasets.utils.check_integrity
OPSIS_API bool check_integrity(const std::filesystem::path& file, const std::string& md5 = "", const std::string& sha256 = "");

/// Brings a url's content into `root`, under `filename` or else the url's last part, unless it is there with the right hashes; a
/// file with others is replaced, once for all who ask at the same time; what replaces it is on its way in the folder
/// root/<name>.replacing. Resumes, locks, mirrors (OPSIS_HUB_MIRROR) and works offline as hub::download does. An address at
/// Google Drive is taken through its question whether one really wants to.
/// Throws   as hub::download
/// Differs  does not fall back from https to http; has no max_redirect_hops
/// Source   torchvision.datasets.utils.download_url
OPSIS_API std::filesystem::path download_url(const std::string& url, const std::filesystem::path& root,
                                             std::string filename = "", const std::string& md5 = "",
                                             const std::string& sha256 = "");

/// download_url() for a file that Google Drive knows by this id; under the id's name when `filename` is empty. On its way it is
/// in the folder root/<name>.drive.
/// Throws   IoError too when Drive answers with a page instead of the file (too many downloads, no permission)
/// Source   torchvision.datasets.utils.download_file_from_google_drive
OPSIS_API std::filesystem::path download_file_from_google_drive(const std::string& file_id, const std::filesystem::path& root,
                                                                const std::string& filename = "", const std::string& md5 = "",
                                                                const std::string& sha256 = "");

/// The id in an address of Google Drive: "x" of https://drive.google.com/file/d/x/view and of .../uc?id=x.
OPSIS_API std::optional<std::string> google_drive_file_id(const std::string& url);

}  // namespace opsis::inline v1::datasets
