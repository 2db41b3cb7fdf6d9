// Where a file comes from, and where it lies once it came.
#include <cstdlib>
#include <regex>
#include <string_view>
#include <system_error>

#include "opsis/hub/cache.h"
#include "opsis/hub/download.h"

namespace opsis::inline v1::hub {

std::string hash_in_name(const std::string& name) {
  static const std::regex pattern("-([a-f0-9]{8,64})\\.");  // PyTorch writes the first eight digits, or more
  std::smatch found;
  return std::regex_search(name, found, pattern) ? found[1].str() : "";
}

bool offline() {
  const char* set = std::getenv("OPSIS_OFFLINE");
  return set && *set && std::string_view(set) != "0";
}

std::string mirrored(const std::string& url) {
  const char* set = std::getenv("OPSIS_HUB_MIRROR");
  if (!set || !*set) return url;
  std::string mirror = set;
  while (mirror.ends_with('/')) mirror.pop_back();
  if (mirror.find("://") == std::string::npos) mirror = "file://" + std::filesystem::absolute(mirror).string();
  const auto host = url.find("://");
  const auto path = host == std::string::npos ? std::string::npos : url.find('/', host + 3);
  return path == std::string::npos ? url : mirror + url.substr(path);
}

std::filesystem::path fetch(const std::string& url, DownloadOptions options) {
  auto file = cached_checkpoint(url);
  std::error_code ignored;
  if (std::filesystem::exists(file, ignored)) return file;
  if (options.sha256.empty()) options.sha256 = hash_in_name(file.filename().string());
  download(mirrored(url), file, options);
  return file;
}

}  // namespace opsis::inline v1::hub
