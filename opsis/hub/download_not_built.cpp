#include "opsis/core/check.h"
#include "opsis/hub/download.h"

namespace opsis::inline v1::hub {

void download(const std::string& url, const std::filesystem::path& destination, const DownloadOptions& options) {
  std::error_code ignored;
  if (std::filesystem::exists(destination, ignored)) return;
  raise<NotBuiltError>("download: built without libcurl; configure with -DOPSIS_CURL=ON, or fetch {} and put it at {}", url,
                       (options.told.empty() ? destination : options.told).string());
}

}  // namespace opsis::inline v1::hub
