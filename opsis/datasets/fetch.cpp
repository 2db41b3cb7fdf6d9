#include "opsis/datasets/fetch.h"

#include <fstream>
#include <regex>
#include <system_error>
#include <utility>

#include "opsis/core/check.h"
#include "opsis/core/lower_case.h"
#include "opsis/datasets/disk.h"
#include "opsis/datasets/text_file.h"
#include "opsis/hub/digest.h"
#include "opsis/hub/download.h"

namespace opsis::inline v1::datasets {
namespace {

namespace fs = std::filesystem;

// The beginning of a file, when that is a page and not data.
std::string page_in(const fs::path& file) {
  std::ifstream in(file, std::ios::binary);
  std::string head(1 << 16, '\0');
  in.read(head.data(), std::ssize(head));
  head.resize(static_cast<size_t>(in.gcount()));
  const auto begin = head.find_first_not_of(" \t\r\n");
  static const std::regex html("<(!doctype\\s+html|html)[\\s>]", std::regex::icase);
  const bool is_page = begin != head.npos && std::regex_search(head.begin() + static_cast<ptrdiff_t>(begin), head.end(), html,
                                                               std::regex_constants::match_continuous);
  return is_page ? head : std::string();
}

// Drive asks before it gives what it did not scan for viruses: a form whose hidden fields say yes. Empty when there is no form.
std::string confirmed_address(const std::string& page) {
  static const std::regex action("<form[^>]*\\baction=\"([^\"]+)\""), field("<input[^>]*\\btype=\"hidden\"[^>]*>"),
      name("\\bname=\"([^\"]*)\""), value("\\bvalue=\"([^\"]*)\"");
  std::smatch found;
  if (!std::regex_search(page, found, action)) return {};
  auto address = std::regex_replace(found[1].str(), std::regex("&amp;"), "&");
  char join = address.find('?') == address.npos ? '?' : '&';
  for (auto i = std::sregex_iterator(page.begin(), page.end(), field); i != std::sregex_iterator(); ++i) {
    const auto input = i->str();
    std::smatch key, content;
    if (!std::regex_search(input, key, name) || !std::regex_search(input, content, value)) continue;
    address += join + key[1].str() + "=" + content[1].str();
    join = '&';
  }
  return address;
}

std::string title_of(const std::string& page) {
  static const std::regex title("<title>([^<]*)</title>", std::regex::icase);
  std::smatch found;
  return std::regex_search(page, found, title) ? found[1].str() : "a page without a title";
}

// A folder for one file on its way. One process has it at a time; with nothing in it, it goes.
class Desk {
 public:
  explicit Desk(fs::path path) : path_(std::move(path)) { lock_.emplace(path_); }
  ~Desk() {
    lock_.reset();  // it is in the folder; who takes it now keeps the folder
    std::error_code ignored;
    fs::remove(path_, ignored);
  }
  Desk(const Desk&) = delete;
  Desk& operator=(const Desk&) = delete;
  const fs::path& path() const { return path_; }

 private:
  fs::path path_;
  std::optional<FolderLock> lock_;
};

}  // namespace

bool check_integrity(const fs::path& file, const std::string& md5, const std::string& sha256) {
  std::error_code ignored;
  if (!fs::is_regular_file(file, ignored)) return false;
  return (md5.empty() || hub::digest_of_file(file, hub::DigestKind::Md5) == in_lower_case(md5)) &&
         (sha256.empty() || hub::digest_of_file(file, hub::DigestKind::Sha256) == in_lower_case(sha256));
}

fs::path download_url(const std::string& url, const fs::path& root, std::string filename, const std::string& md5,
                      const std::string& sha256) {
  if (const auto id = google_drive_file_id(url)) return download_file_from_google_drive(*id, root, filename, md5, sha256);
  if (filename.empty()) filename = url.substr(url.rfind('/') + 1);
  OPSIS_CHECK(!filename.empty(), "download_url: the url ends with no file's name, so pass filename; got \"{}\"", url);
  auto place = root / filename;
  if (check_integrity(place, md5, sha256)) return place;
  const hub::DownloadOptions options{.sha256 = sha256, .md5 = md5, .told = place};
  if (!is_there(place)) {
    hub::download(hub::mirrored(url), place, options);
    return place;
  }
  // What is wrong stays until the right one has come.
  const Desk desk(root / (filename + ".replacing"));
  if (check_integrity(place, md5, sha256)) return place;  // another has brought it
  const auto fresh = desk.path() / place.filename();
  remove_tree(fresh);  // whoever put it there: nobody has looked at it
  hub::download(hub::mirrored(url), fresh, options);
  move_to(fresh, place);
  return place;
}

fs::path download_file_from_google_drive(const std::string& file_id, const fs::path& root, const std::string& filename,
                                         const std::string& md5, const std::string& sha256) {
  const auto name = filename.empty() ? file_id : filename;
  auto place = root / name;
  if (check_integrity(place, md5, sha256)) return place;
  // Not in its place, since what comes may be a question instead of the file.
  const Desk desk(root / (name + ".drive"));
  if (check_integrity(place, md5, sha256)) return place;  // another has brought it
  const auto answer = desk.path() / name;
  auto address = "https://drive.usercontent.google.com/download?id=" + file_id + "&export=download";
  for (bool asked = false;; asked = true) {
    std::error_code ignored;
    fs::remove(answer, ignored);
    hub::download(hub::mirrored(address), answer, {.told = place});
    const auto page = page_in(answer);
    if (page.empty()) break;
    fs::remove(answer, ignored);
    const auto confirmed = confirmed_address(page);
    if (asked || confirmed.empty()) {
      raise<IoError>("download_file_from_google_drive: instead of {} ({}) Drive gives a page: {}", name, file_id,
                     title_of(page));
    }
    address = confirmed;
  }
  try {
    if (!sha256.empty()) hub::check_sha256(answer, sha256);
    if (!md5.empty()) hub::check_md5(answer, md5);
  } catch (const IntegrityError&) {
    remove_tree(answer);
    throw;
  }
  move_to(answer, place);
  return place;
}

std::optional<std::string> google_drive_file_id(const std::string& url) {
  static const std::regex pattern("https?://(?:drive|docs)\\.google\\.com/(?:file/d/([^/?#]+).*|uc\\?(?:.*&)?id=([^&#]+).*)");
  std::smatch found;
  if (!std::regex_match(url, found, pattern)) return std::nullopt;
  return found[1].matched ? found[1].str() : found[2].str();
}

}  // namespace opsis::inline v1::datasets
