// Files from the net, whole and right or not at all. By libcurl.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <string>

#include "opsis/core/api.h"

namespace opsis::inline v1::hub {

/// How to download; the environment says the rest: http_proxy, https_proxy, no_proxy; SSL_CERT_FILE, a file of the certificates
/// to trust; OPSIS_OFFLINE=1, which never touches the net.
struct DownloadOptions {
  std::string sha256{};                  ///< what the file's SHA-256 begins with, in hexadecimal; empty to take any
  bool progress = true;                  ///< reports a progress::Job
  int retries = 4;                       ///< after what may pass: a lost connection, a busy server; 1 for an unknown host
  double backoff_s = 1;                  ///< before the first retry, in seconds; twice as long before each further one
  double stall_s = 60;                   ///< a transfer that brings nothing for so long has failed
  int64_t max_bytes = int64_t{1} << 40;  ///< of the file
  std::string md5{};                     ///< the file's MD5, in hexadecimal; empty to take any
  std::filesystem::path told{};          ///< where messages say that the file belongs; the destination when empty
  /// Looks at the whole content, in a file of another name, before the destination is there: a DecodeError or
  /// ValueError that it throws is the reason of an IntegrityError, and nothing is kept; what else it throws goes to the caller.
  std::function<void(const std::filesystem::path& content)> check{};
};

/// Brings a url's content to `destination`, whose folder is made. The content is gathered in destination + ".partial", checked,
/// synced and renamed, so `destination` is whole whenever it is there. A partial file that an earlier attempt, or process, left is
/// gone on with when the server still has the same file. Processes that want the same destination wait for one another, by
/// destination + ".lock", which goes with the last: one transfers, the others find its file. What is there already is left as
/// it is.
///     hub::download("https://download.pytorch.org/models/resnet18-f37072fd.pth", "resnet18.pth", {.sha256 = "f37072fd"});
/// Redirects are followed (up to 10), but never from https to http.
/// Throws   IoError, with the url, the reason and where the file belongs, for a net or server that fails after all retries, and
///          for a destination that cannot be written; IntegrityError when the content has another hash or fails the check
///          (nothing is kept); NotFoundError, with where the file belongs, when OPSIS_OFFLINE is set and the file is not there;
///          ValueError for a url that is no http, https or file
/// Source   torch.hub.download_url_to_file
OPSIS_API void download(const std::string& url, const std::filesystem::path& destination, const DownloadOptions& options = {});

/// The file of a url in PyTorch's cache (cached_checkpoint()), downloaded first when it is not there. A name like
/// "resnet18-f37072fd.pth" tells the beginning of the hash, which is checked. OPSIS_HUB_MIRROR names a folder or url that stands
/// in for the url's host: "https://mirror.example/pytorch" serves https://download.pytorch.org/models/x.pth as
/// https://mirror.example/pytorch/models/x.pth.
/// Throws   as download()
/// Source   torch.hub.load_state_dict_from_url, with check_hash
OPSIS_API std::filesystem::path fetch(const std::string& url, DownloadOptions options = {});

/// The beginning of the hash that a name tells: "f37072fd" of "resnet18-f37072fd.pth"; empty when it tells none.
/// Source   torch.hub.HASH_REGEX
OPSIS_API std::string hash_in_name(const std::string& name);

/// The url that is really asked for: under OPSIS_HUB_MIRROR when that is set.
OPSIS_API std::string mirrored(const std::string& url);

/// Whether OPSIS_OFFLINE is set, to anything but "" and "0".
OPSIS_API bool offline();

}  // namespace opsis::inline v1::hub
