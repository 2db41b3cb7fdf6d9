#include "opsis/hub/download.h"

#include <curl/curl.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <exception>
#include <fstream>
#include <memory>
#include <optional>
#include <string_view>
#include <thread>
#include <utility>

#include "opsis/core/check.h"
#include "opsis/core/descriptor.h"
#include "opsis/core/file_lock.h"
#include "opsis/core/frees.h"
#include "opsis/core/progress.h"
#include "opsis/core/system_reason.h"
#include "opsis/hub/digest.h"

namespace opsis::inline v1::hub {
namespace {

namespace fs = std::filesystem;

[[noreturn]] void refuse(std::string_view what, const fs::path& path, int error = errno) {
  raise<IoError>("download: {} {}: {}", what, path.string(), writing_reason(error));
}

fs::path with_suffix(fs::path path, const char* suffix) { return path += suffix; }

// What a server calls this version of the file, kept beside a partial one: without it, the rest could be of another file.
std::string read_text(const fs::path& path) {
  std::ifstream in(path);
  std::string line;
  std::getline(in, line);
  return line;
}

// One attempt: what libcurl's callbacks see.
struct Transfer {
  int file = -1;
  fs::path partial, tag_file;
  int64_t have = 0;  // bytes of the partial file that this attempt goes on from
  int64_t max_bytes = 0;
  bool is_checked = false;  // by a hash, when all is there
  long status = 0;
  std::string tag;  // ETag, or Last-Modified, of this answer
  int64_t length = 0;
  std::string range;     // Content-Range
  int64_t total = 0;     // what the file has, where the server tells
  int64_t promised = 0;  // what an answer before this one said that it has
  std::string kept_tag;  // the one that the partial file came with
  bool begun = false;
  bool other_part = false;  // it is not what was asked for: nothing of it was kept
  std::optional<progress::Job>* job = nullptr;
  std::string label;
  int64_t reported = 0;
  int64_t written = 0;
  std::exception_ptr error;  // an error of ours, on its way through C
};

// What another user left in a folder that both may write is in nobody's way: who holds the lock begins anew.
int open_partial(const Transfer& transfer) {
  const auto opened = [&] { return open(transfer.partial.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0666); };
  const int file = opened();
  if (file >= 0 || errno != EACCES || unlink(transfer.partial.c_str()) != 0) return file;
  unlink(transfer.tag_file.c_str());
  return opened();
}

std::string_view trimmed(std::string_view text) {
  while (!text.empty() && (text.back() == '\r' || text.back() == '\n' || text.back() == ' ')) text.remove_suffix(1);
  while (!text.empty() && text.front() == ' ') text.remove_prefix(1);
  return text;
}

bool begins_with(std::string_view line, std::string_view name) {
  return line.size() >= name.size() && std::equal(name.begin(), name.end(), line.begin(), [](char a, char b) {
           return a == std::tolower(static_cast<unsigned char>(b));
         });
}

// Whether the answer brings the file, or a part of it; of a file:// there is no status.
bool has_content(long status) { return status == 0 || status == 200 || status == 203 || status == 206; }

// Whether a 206 goes on where the file ends. A cache, or a server whose file has changed, may send another part.
bool is_the_rest(Transfer& transfer) {
  long long first = -1, last = -1, total = -1;
  std::sscanf(transfer.range.c_str(), "bytes %lld-%lld/%lld", &first, &last, &total);
  if (first != transfer.have) return false;
  transfer.total = std::max(total, 0LL);  // or "*"
  return first == 0 || transfer.tag.empty() || transfer.tag == transfer.kept_tag;
}

void check_size(int64_t bytes, const Transfer& transfer) {
  if (bytes <= transfer.max_bytes) return;
  raise<IoError>("download: the server has {} bytes, over the limit of {}", bytes, transfer.max_bytes);
}

// Whether a 416 says that the file ends where the partial one does: one that was killed while it looked at the whole. It is to
// be given for the tag that was asked for alone, but there are servers that do not look at it, and few name the file that they
// have: without a hash, another of the same length would go unseen.
bool is_whole_already(const Transfer& transfer) {
  if (transfer.status != 416 || transfer.have == 0) return false;
  long long total = -1;
  std::sscanf(transfer.range.c_str(), "bytes */%lld", &total);
  if (total != transfer.have || (transfer.promised != 0 && transfer.promised != total)) return false;
  if (transfer.tag.empty() ? !transfer.is_checked : transfer.tag != transfer.kept_tag) return false;
  check_size(total, transfer);
  return true;
}

// The body begins: a 206 goes on where the file ends, anything else that succeeded begins anew.
// Returns false when it cannot be used.
bool begin(Transfer& transfer) {
  transfer.total = 0;
  if (transfer.status == 206 && !is_the_rest(transfer)) {
    transfer.other_part = true;
    return false;
  }
  transfer.begun = true;
  if (transfer.status != 206) transfer.have = 0;
  if (ftruncate(transfer.file, transfer.have) != 0 || lseek(transfer.file, transfer.have, SEEK_SET) < 0) {
    refuse("cannot write", transfer.partial);
  }
  std::ofstream(transfer.tag_file) << transfer.tag << '\n';
  transfer.written = transfer.have;
  const auto total = transfer.length > 0 ? transfer.have + transfer.length : 0;
  transfer.promised = total;
  check_size(total, transfer);
  if (transfer.job) {
    transfer.job->emplace(transfer.label, total / 1024, "kB");
    transfer.reported = 0;
  }
  return true;
}

size_t on_header(const char* data, size_t, size_t count, void* user) noexcept {
  auto& transfer = *static_cast<Transfer*>(user);
  try {
    const std::string_view line(data, count);
    if (line.starts_with("HTTP/")) {  // of a redirect, or of the answer
      const auto space = line.find(' ');
      transfer.status = space == line.npos ? 0 : std::strtol(std::string(line.substr(space + 1)).c_str(), nullptr, 10);
      transfer.tag.clear();
      transfer.range.clear();
      transfer.length = 0;
    } else if (begins_with(line, "etag:")) {
      transfer.tag = trimmed(line.substr(5));
    } else if (begins_with(line, "last-modified:") && transfer.tag.empty()) {
      transfer.tag = trimmed(line.substr(14));
    } else if (begins_with(line, "content-range:")) {
      transfer.range = trimmed(line.substr(14));
    } else if (begins_with(line, "content-length:")) {
      transfer.length = std::strtoll(std::string(line.substr(15)).c_str(), nullptr, 10);
    }
    return count;
  } catch (...) {
    transfer.error = std::current_exception();
    return 0;
  }
}

size_t on_body(const char* data, size_t, size_t count, void* user) noexcept {
  auto& transfer = *static_cast<Transfer*>(user);
  try {
    if (!has_content(transfer.status)) return count;  // the page of an error
    if (!transfer.begun && !begin(transfer)) return 0;
    if (transfer.written + static_cast<int64_t>(count) > transfer.max_bytes) {
      raise<IoError>("download: the server sends more than the limit of {} bytes", transfer.max_bytes);
    }
    for (size_t done = 0; done < count;) {
      const auto wrote = write(transfer.file, data + done, count - done);
      if (wrote < 0 && errno == EINTR) continue;
      if (wrote < 0) refuse("cannot write", transfer.partial);
      done += static_cast<size_t>(wrote);
    }
    transfer.written += static_cast<int64_t>(count);
    if (transfer.job && *transfer.job) {
      (*transfer.job)->advance(transfer.written / 1024 - transfer.reported);
      transfer.reported = transfer.written / 1024;
    }
    return count;
  } catch (...) {
    transfer.error = std::current_exception();
    return 0;
  }
}

struct Outcome {
  bool done = false;
  bool may_pass = false;  // trying again can help
  bool anew = false;      // what was there is given up: the next attempt is another download
  bool nameless = false;  // the host, or the proxy, has no address
  std::string reason;
};

bool may_pass(CURLcode code) {
  switch (code) {
    case CURLE_COULDNT_RESOLVE_HOST:
    case CURLE_COULDNT_RESOLVE_PROXY:
    case CURLE_COULDNT_CONNECT:
    case CURLE_OPERATION_TIMEDOUT:
    case CURLE_PARTIAL_FILE:
    case CURLE_GOT_NOTHING:
    case CURLE_SEND_ERROR:
    case CURLE_RECV_ERROR:
    case CURLE_HTTP2:
    case CURLE_HTTP2_STREAM:
    case CURLE_SSL_CONNECT_ERROR: return true;
    default: return false;
  }
}

// Or the resolver has nothing to say, for so long that the time to connect is over.
bool is_nameless(CURL* curl, CURLcode code) {
  if (code == CURLE_COULDNT_RESOLVE_HOST || code == CURLE_COULDNT_RESOLVE_PROXY) return true;
  curl_off_t found_after_us = 0;
  curl_easy_getinfo(curl, CURLINFO_NAMELOOKUP_TIME_T, &found_after_us);
  return code == CURLE_OPERATION_TIMEDOUT && found_after_us == 0;
}

Outcome attempt(const std::string& url, Transfer& transfer, const DownloadOptions& options) {
  static const auto initialised = curl_global_init(CURL_GLOBAL_DEFAULT);
  const std::unique_ptr<CURL, Frees<curl_easy_cleanup>> handle(initialised == CURLE_OK ? curl_easy_init() : nullptr);
  if (!handle) raise<IoError>("download: libcurl cannot start");
  CURL* curl = handle.get();
  std::unique_ptr<curl_slist, Frees<curl_slist_free_all>> headers;
  char message[CURL_ERROR_SIZE] = "";

  struct stat status {};
  if (fstat(transfer.file, &status) != 0) refuse("cannot read", transfer.partial);
  transfer.kept_tag = read_text(transfer.tag_file);
  // Of a file:// libcurl does not say whether it sends a part.
  const bool resumes = !transfer.kept_tag.empty() && !url.starts_with("file://");
  transfer.have = resumes ? static_cast<int64_t>(status.st_size) : 0;
  transfer.begun = transfer.other_part = false;
  transfer.status = 0;

  curl_easy_setopt(curl, CURLOPT_URL, url.c_str());
  curl_easy_setopt(curl, CURLOPT_USERAGENT, "opsis");
  curl_easy_setopt(curl, CURLOPT_ERRORBUFFER, message);
  curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
  curl_easy_setopt(curl, CURLOPT_FOLLOWLOCATION, 1L);
  curl_easy_setopt(curl, CURLOPT_MAXREDIRS, 10L);
  curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, "http,https,file");
  curl_easy_setopt(curl, CURLOPT_REDIR_PROTOCOLS_STR, url.starts_with("https:") ? "https" : "http,https");
  curl_easy_setopt(curl, CURLOPT_CONNECTTIMEOUT_MS, static_cast<long>(options.stall_s * 1000));
  curl_easy_setopt(curl, CURLOPT_LOW_SPEED_LIMIT, 1L);
  curl_easy_setopt(curl, CURLOPT_LOW_SPEED_TIME, std::max(1L, static_cast<long>(options.stall_s)));
  curl_easy_setopt(curl, CURLOPT_HEADERFUNCTION, on_header);
  curl_easy_setopt(curl, CURLOPT_HEADERDATA, &transfer);
  curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, on_body);
  curl_easy_setopt(curl, CURLOPT_WRITEDATA, &transfer);
  if (const char* trusted = std::getenv("SSL_CERT_FILE")) curl_easy_setopt(curl, CURLOPT_CAINFO, trusted);
  if (transfer.have > 0) {
    // A strong ETag or a date: "the rest if it is still that one, else all of it".
    headers.reset(curl_slist_append(nullptr, text("If-Range: {}", transfer.kept_tag).c_str()));
    curl_easy_setopt(curl, CURLOPT_HTTPHEADER, headers.get());
    curl_easy_setopt(curl, CURLOPT_RANGE, text("{}-", transfer.have).c_str());
  }

  const auto code = curl_easy_perform(curl);
  if (transfer.error) std::rethrow_exception(std::exchange(transfer.error, nullptr));
  if (code == CURLE_OK && !transfer.begun && has_content(transfer.status)) begin(transfer);  // an empty file
  if (is_whole_already(transfer)) return {.done = true, .reason = {}};
  if (transfer.other_part || transfer.status == 416) {  // 416: what is there is longer than the file
    if (ftruncate(transfer.file, 0) != 0) refuse("cannot write", transfer.partial);
    fs::remove(transfer.tag_file);
    return {.may_pass = true,
            .anew = transfer.have > 0,
            .reason = transfer.other_part ? text("the server sends another part than was asked for, \"{}\"", transfer.range)
                                          : "the partial file does not belong to this url"};
  }
  if (code != CURLE_OK) {
    return {.may_pass = may_pass(code),
            .nameless = is_nameless(curl, code),
            .reason = *message ? message : curl_easy_strerror(code)};
  }
  if (!has_content(transfer.status)) {
    const bool busy = transfer.status == 408 || transfer.status == 429 || transfer.status >= 500;
    return {.may_pass = busy, .reason = text("the server answers {}", transfer.status)};
  }
  if (transfer.total > 0 && transfer.written != transfer.total) {
    return {.may_pass = true, .reason = text("the server sends {} of {} bytes", transfer.written, transfer.total)};
  }
  return {.done = true, .reason = {}};
}

}  // namespace

void download(const std::string& url, const fs::path& destination, const DownloadOptions& options) {
  OPSIS_CHECK(url.starts_with("https://") || url.starts_with("http://") || url.starts_with("file://"),
              "download: the url must begin with https://, http:// or file://, got \"{}\"", url);
  OPSIS_CHECK(destination.has_filename(), "download: the destination must name a file, got \"{}\"", destination.string());
  const auto& told = options.told.empty() ? destination : options.told;
  std::error_code ignored;
  if (fs::exists(destination, ignored)) return;
  if (offline() && !url.starts_with("file://")) {
    raise<NotFoundError>("download: {} is not there and OPSIS_OFFLINE is set; fetch {} and put it there", told.string(), url);
  }
  if (destination.has_parent_path()) {
    std::error_code failed;
    fs::create_directories(destination.parent_path(), failed);
    if (failed)
      raise<IoError>("download: cannot make the folder {}: {}", destination.parent_path().string(), writing_reason(failed));
  }

  const auto name = destination.filename().string();
  const FileLock lock(with_suffix(destination, ".lock"),
                      options.progress ? text("waiting for another download of {}", name) : "");
  if (lock.error() != 0) raise<IoError>("download: cannot write {}: {}", lock.path().string(), lock.reason());
  if (fs::exists(destination, ignored)) return;  // another process was quicker

  Transfer transfer;
  transfer.partial = with_suffix(destination, ".partial");
  transfer.tag_file = with_suffix(destination, ".partial.tag");
  transfer.max_bytes = options.max_bytes;
  transfer.is_checked = !options.sha256.empty() || !options.md5.empty();
  transfer.label = name;
  const Descriptor file(open_partial(transfer));
  if (file.get() < 0) refuse("cannot write", transfer.partial);
  transfer.file = file.get();
  std::optional<progress::Job> job;
  if (options.progress) transfer.job = &job;

  double wait = options.backoff_s;
  for (int tried = 0;; ++tried, wait *= 2) {
    auto outcome = attempt(url, transfer, options);
    if (outcome.anew) outcome = attempt(url, transfer, options);
    if (outcome.done) break;
    // Without a net no name has an address, however often one asks; once more is for a resolver that was busy.
    const int retries = outcome.nameless ? std::min(options.retries, 1) : options.retries;
    if (!outcome.may_pass || tried >= retries) {
      struct stat status {};
      if (fstat(transfer.file, &status) == 0 && status.st_size == 0) {  // there is nothing to go on from
        fs::remove(transfer.partial, ignored);
        fs::remove(transfer.tag_file, ignored);
      }
      const auto attempts = tried > 0 ? text(" (after {} attempts)", tried + 1) : "";
      const bool from_net = !url.starts_with("file://");
      raise_with<IoError>(from_net ? WayOut::BringFile : WayOut::None,
                          from_net ? "bring it by other means and put it at " + told.string() : "", "download: {}: {}{}", url,
                          outcome.reason, attempts);
    }
    std::this_thread::sleep_for(std::chrono::duration<double>(wait));
  }
  job.reset();

  const auto refuse_content = [&](const Error& error) {
    fs::remove(transfer.partial, ignored);
    fs::remove(transfer.tag_file, ignored);
    raise<IntegrityError>("download: {}: {}", url, error.what());
  };
  try {
    if (!options.sha256.empty()) check_sha256(transfer.partial, options.sha256);
    if (!options.md5.empty()) check_md5(transfer.partial, options.md5);
  } catch (const IntegrityError& error) {
    refuse_content(error);
  }
  try {
    if (options.check) options.check(transfer.partial);
  } catch (const DecodeError& error) {
    refuse_content(error);
  } catch (const ValueError& error) {
    refuse_content(error);
  }
  if (fsync(transfer.file) != 0) refuse("cannot write", transfer.partial);
  if (rename(transfer.partial.c_str(), destination.c_str()) != 0) refuse("cannot write", destination);
  const auto folder = destination.has_parent_path() ? destination.parent_path() : fs::path(".");
  const Descriptor opened(open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (opened.get() >= 0) fsync(opened.get());
  fs::remove(transfer.tag_file, ignored);
}

}  // namespace opsis::inline v1::hub
