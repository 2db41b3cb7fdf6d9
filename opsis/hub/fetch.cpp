// The half of download.h that needs no net: names, mirrors and hashes.
#include <algorithm>
#include <cctype>
#include <cstdlib>
#include <fstream>
#include <iterator>
#include <regex>
#include <vector>

#include "opsis/core/check.h"
#include "opsis/hub/cache.h"
#include "opsis/hub/digest.h"
#include "opsis/hub/download.h"

namespace opsis::inline v1::hub {
namespace {

std::string lowercase(std::string word) {
  std::transform(word.begin(), word.end(), word.begin(), [](unsigned char c) { return std::tolower(c); });
  return word;
}

}  // namespace

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

std::string digest_of_file(const std::filesystem::path& file, DigestKind kind) {
  std::ifstream in(file, std::ios::binary);
  if (!in) raise<IoError>("cannot open {} to check its hash", file.string());
  Digest hash(kind);
  std::vector<char> buffer(size_t{1} << 20);
  while (in.read(buffer.data(), std::ssize(buffer)), in.gcount() > 0) {
    hash.update({reinterpret_cast<const uint8_t*>(buffer.data()), static_cast<size_t>(in.gcount())});
  }
  if (in.bad()) raise<IoError>("cannot read {} to check its hash", file.string());
  return hash.hex();
}

void check_sha256(const std::filesystem::path& file, const std::string& beginning) {
  const auto found = digest_of_file(file, DigestKind::Sha256);
  if (!found.starts_with(lowercase(beginning))) {
    raise<IntegrityError>("{} is not what it should be: its SHA-256 is {}, expected one that begins with {}", file.string(),
                          found, lowercase(beginning));
  }
}

void check_md5(const std::filesystem::path& file, const std::string& md5) {
  const auto found = digest_of_file(file, DigestKind::Md5);
  if (found != lowercase(md5)) {
    raise<IntegrityError>("{} is not what it should be: its MD5 is {}, expected {}", file.string(), found, lowercase(md5));
  }
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
