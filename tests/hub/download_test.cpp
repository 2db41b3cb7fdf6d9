// Downloads from a server on 127.0.0.1 that has the faults of real ones.
#include "opsis/hub/download.h"

#include <netdb.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <iostream>
#include <optional>
#include <random>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "opsis/core/error.h"
#include "opsis/core/progress.h"
#include "opsis/hub/cache.h"
#include "opsis/hub/digest.h"
#include "tests/support/download_server.h"
#include "tests/support/expect.h"
#include "tests/support/no_locks.h"
#include "tests/support/small_disk.h"
#include "tests/support/temporary.h"

namespace opsis::hub {
namespace {

namespace fs = std::filesystem;

std::string content_of(const fs::path& file) {
  std::ifstream in(file, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

using support::Variable;

class Server : public support::DownloadServer {
 public:
  using DownloadServer::DownloadServer;
  /// "3 1": requests for files, and for parts of files, so far.
  std::string count() const { return told("/count"); }
  /// Hosts whose files it gave in their stead.
  std::string proxied() const { return told("/proxied"); }

 private:
  std::string told(const std::string& path) const {
    const support::TemporaryFolder folder;
    download(url(path), folder.path() / "told", {.progress = false});
    return content_of(folder.path() / "told");
  }
};

class Download : public testing::Test {
 protected:
  support::TemporaryFolder served, folder;
  std::string body = [] {
    std::string out(300'000, 0);
    for (size_t i = 0; i < out.size(); ++i) out[i] = static_cast<char>(i * i >> 3);
    return out;
  }();
  fs::path file = served.write("net-0123abcd.pth", body);
  fs::path destination = folder.path() / "deep" / "er" / "net.pth";
  Server server{served.path()};
  DownloadOptions quick{.progress = false, .backoff_s = 0.01};

  std::string sha() const {
    Digest hash(DigestKind::Sha256);
    hash.update({reinterpret_cast<const uint8_t*>(body.data()), body.size()});
    return hash.hex();
  }
  // What is left when a connection broke in the middle.
  void leave_half() {
    const DownloadOptions once{.progress = false, .retries = 0};
    EXPECT_ERROR(download(server.url("/broken/1/net-0123abcd.pth"), destination, once), IoError, "/broken/1/net-0123abcd.pth");
    EXPECT_EQ(fs::file_size(destination.string() + ".partial"), body.size() / 2);
  }
  // And of a process that was killed when it had all of it, or so it thought.
  void leave(std::string_view content) {
    leave_half();
    std::ofstream(destination.string() + ".partial", std::ios::binary) << content;
  }
  // Downloads in a process of its own, which ends with 0 when all is well.
  pid_t start(const std::string& path, uid_t user = geteuid()) const {
    const auto child = fork();
    if (child != 0) return child;
    if (user != geteuid() && setuid(user) != 0) _exit(1);
    try {
      download(server.url(path), destination, quick);
      _exit(0);
    } catch (...) {
      _exit(1);
    }
  }
  // Nothing but the file itself: no lock, no partial file.
  void expect_alone() const {
    size_t entries = 0;
    for (const auto& entry : fs::directory_iterator(destination.parent_path())) entries += entry.exists();
    EXPECT_EQ(entries, 1u);
    EXPECT_TRUE(content_of(destination) == body);
  }
};

TEST(Digest, GivesTheStandardsExamples) {
  Digest md5(DigestKind::Md5);
  md5.update(io::as_bytes("abc"));
  EXPECT_EQ(md5.hex(), "900150983cd24fb0d6963f7d28e17f72");

  Digest hash(DigestKind::Sha256);
  hash.update(io::as_bytes("a"));
  hash.update(io::as_bytes("bc"));
  EXPECT_EQ(hash.hex(), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
}

TEST(HashInName, IsOfEightDigitsOrMore) {
  EXPECT_EQ(hub::hash_in_name("resnet18-f37072fd.pth"), "f37072fd");
  for (const auto* name : {"efficientnet-b0.pth", "model-00001-of-00002.safetensors", "vit-b.pth", "dino-1.0.pth"}) {
    EXPECT_EQ(hub::hash_in_name(name), "") << name;
  }
}

TEST_F(Download, BringsAFileAndChecksItsHash) {
  download(server.url("/file/net-0123abcd.pth"), destination, {.sha256 = sha().substr(0, 8), .progress = false});
  expect_alone();
  download(server.url("/file/gone"), destination, quick);  // what is there is not asked for
  expect_alone();
}

TEST_F(Download, KeepsNothingOfAnotherHash) {
  EXPECT_ERROR(download(server.url("/file/net-0123abcd.pth"), destination, {.sha256 = "0123abcd", .progress = false}),
               IntegrityError, "its SHA-256 is " + sha() + ", expected one that begins with 0123abcd");
  EXPECT_FALSE(fs::exists(destination));
  EXPECT_FALSE(fs::exists(destination.string() + ".partial"));
}

TEST_F(Download, KeepsNothingOfAnotherMd5) {
  quick.md5 = "0123456789abcdef0123456789abcdef";
  EXPECT_ERROR(download(server.url("/file/net-0123abcd.pth"), destination, quick), IntegrityError, "expected " + quick.md5);
  EXPECT_FALSE(fs::exists(destination));
  EXPECT_FALSE(fs::exists(destination.string() + ".partial"));
}

TEST_F(Download, TriesAgainWhenTheServerIsBusyAndWaitsLongerEachTime) {
  quick.backoff_s = 0.05;
  const auto begun = std::chrono::steady_clock::now();
  download(server.url("/busy/2/net-0123abcd.pth"), destination, quick);
  EXPECT_GE(std::chrono::steady_clock::now() - begun, std::chrono::milliseconds(150));
  expect_alone();
  EXPECT_EQ(server.count(), "3 0");
}

TEST_F(Download, GoesOnWhereABrokenConnectionEnded) {
  download(server.url("/broken/2/net-0123abcd.pth"), destination, quick);
  expect_alone();
  EXPECT_EQ(server.count(), "3 2");
}

TEST_F(Download, GoesOnWithWhatAnEarlierProcessLeft) {
  leave_half();
  download(server.url("/broken/1/net-0123abcd.pth"), destination, quick);
  expect_alone();
  EXPECT_EQ(server.count(), "2 1");
}

// It was killed while it looked at the hash, or synced.
TEST_F(Download, TakesAPartialFileThatHasAllOfIt) {
  leave(body);
  quick.sha256 = sha();
  download(server.url("/file/net-0123abcd.pth"), destination, quick);
  expect_alone();
  EXPECT_EQ(server.count(), "2 1");
}

TEST_F(Download, TakesNoPartialFileThatMayBeOfAnotherOfItsLength) {
  auto other = body;
  std::reverse(other.begin(), other.end());
  leave(other);
  download(server.url("/stale/net-0123abcd.pth"), destination, quick);  // which does not look whether it is still that file
  expect_alone();
  EXPECT_EQ(server.count(), "3 1");
}

TEST_F(Download, TakesNoPartialFileOverTheLimit) {
  leave(body);
  quick.sha256 = sha();
  quick.max_bytes = 1000;
  EXPECT_ERROR(download(server.url("/file/net-0123abcd.pth"), destination, quick), IoError,
               "the server has 300000 bytes, over the limit of 1000");
  EXPECT_FALSE(fs::exists(destination));
}

TEST_F(Download, BeginsAnewWhenAPartialFileHasMoreThanTheServer) {
  leave(body + "more");
  download(server.url("/file/net-0123abcd.pth"), destination, quick);
  expect_alone();
}

TEST_F(Download, LeavesNothingWhereNothingCame) {
  quick.retries = 0;
  EXPECT_ERROR(download(server.url("/file/none"), destination, quick), IoError, "the server answers 404");
  EXPECT_TRUE(fs::is_empty(destination.parent_path()));
}

TEST_F(Download, NeedsNoLocksOfTheFileSystem) {
  for (const int error : {ENOSYS, ENOLCK, EOPNOTSUPP}) {
    const support::NoLocks none(error);
    download(server.url("/file/net-0123abcd.pth"), destination, quick);
    expect_alone();
    fs::remove(destination);
  }
}

TEST_F(Download, TakesOverWhatAnotherUserLeft) {
  if (geteuid() != 0) GTEST_SKIP() << "becoming another user needs root";
  leave_half();
  std::ofstream(destination.string() + ".lock").flush();
  for (const auto* left : {".partial", ".partial.tag", ".lock"}) {
    fs::permissions(destination.string() + left,
                    fs::perms::owner_write | fs::perms::owner_read | fs::perms::group_read | fs::perms::others_read);
  }
  for (const auto& open : {folder.path(), folder.path() / "deep", destination.parent_path()}) {
    fs::permissions(open, fs::perms::all);
  }
  constexpr uid_t kNobody = 65534;
  int status = 1;
  waitpid(start("/file/net-0123abcd.pth", kNobody), &status, 0);
  EXPECT_EQ(status, 0);
  expect_alone();
}

TEST_F(Download, BeginsAnewWhenTheServersFileHasChanged) {
  leave_half();
  std::reverse(body.begin(), body.end());
  served.write("net-0123abcd.pth", body);
  download(server.url("/broken/1/net-0123abcd.pth"), destination, quick);
  expect_alone();
}

TEST_F(Download, TakesNoOtherPartThanItAskedFor) {
  leave_half();
  quick.retries = 0;  // to begin anew is no retry
  download(server.url("/whole/net-0123abcd.pth"), destination, quick);
  expect_alone();
  EXPECT_EQ(server.count(), "3 1");
}

TEST_F(Download, TakesNoPartOfAFileThatHasChanged) {
  leave_half();
  std::reverse(body.begin(), body.end());
  served.write("net-0123abcd.pth", body);
  download(server.url("/stale/net-0123abcd.pth"), destination, quick);
  expect_alone();
}

TEST_F(Download, FetchesTheRestOfAPartThatItDidNotAskFor) {
  download(server.url("/half/net-0123abcd.pth"), destination, quick);
  expect_alone();
  EXPECT_EQ(server.count(), "2 1");
  quick.retries = 0;
  EXPECT_ERROR(download(server.url("/half/net-0123abcd.pth"), folder.path() / "x", quick), IoError,
               "the server sends 150000 of 300000 bytes");
  EXPECT_FALSE(fs::exists(folder.path() / "x"));
}

TEST_F(Download, BeginsACopyOfAFileAnew) {
  fs::create_directories(destination.parent_path());
  std::ofstream(destination.string() + ".partial") << body.substr(0, 1000);
  std::ofstream(destination.string() + ".partial.tag") << "Fri, 27 Nov 2026 08:00:00 GMT";
  download("file://" + file.string(), destination, quick);
  expect_alone();
}

TEST_F(Download, TakesNoAnswerWithoutContentForAnEmptyFile) {
  EXPECT_ERROR(download(server.url("/status/204/x"), destination, quick), IoError, "the server answers 204");
  EXPECT_FALSE(fs::exists(destination));
  body = "";
  served.write("net-0123abcd.pth", body);
  download(server.url("/file/net-0123abcd.pth"), destination, quick);
  expect_alone();
}

TEST_F(Download, DoesNotBelieveALengthThatIsWrong) {
  quick.retries = 1;
  EXPECT_ERROR(download(server.url("/long/net-0123abcd.pth"), destination, quick), IoError, "(after 2 attempts)");
  EXPECT_FALSE(fs::exists(destination));
  quick.sha256 = sha();
  EXPECT_ERROR(download(server.url("/short/net-0123abcd.pth"), folder.path() / "short", quick), IntegrityError, "SHA-256");
  EXPECT_FALSE(fs::exists(folder.path() / "short"));
}

TEST_F(Download, GivesUpOnAServerThatHangsAndKeepsWhatCame) {
  auto once = quick;
  once.retries = 0;
  once.stall_s = 1;
  const auto begun = std::chrono::steady_clock::now();
  EXPECT_ERROR(download(server.url("/mute/net-0123abcd.pth"), destination, once), IoError, "/mute/net-0123abcd.pth");
  once.stall_s = 4;  // half of the file comes within that, on a loaded machine too
  EXPECT_ERROR(download(server.url("/hang/net-0123abcd.pth"), destination, once), IoError, "/hang/net-0123abcd.pth");
  EXPECT_LT(std::chrono::steady_clock::now() - begun, std::chrono::seconds(30));
  EXPECT_EQ(fs::file_size(destination.string() + ".partial"), body.size() / 2);
  download(server.url("/hang/net-0123abcd.pth"), destination, quick);
  expect_alone();
  EXPECT_TRUE(server.count().ends_with(" 1"));
}

TEST_F(Download, GoesByTheProxyOfTheEnvironment) {
  {
    const Variable proxy("http_proxy", server.url(""));
    download("http://nowhere.invalid/file/net-0123abcd.pth", destination, quick);
  }
  expect_alone();
  EXPECT_EQ(server.proxied(), "nowhere.invalid");
  const Variable proxy("http_proxy", "http://127.0.0.1:1"), direct("no_proxy", "127.0.0.1");
  download(server.url("/file/net-0123abcd.pth"), folder.path() / "direct", quick);
  EXPECT_TRUE(content_of(folder.path() / "direct") == body);
  quick.retries = 0;
  EXPECT_ERROR(download("http://nowhere.invalid/x", folder.path() / "x", quick), IoError, "http://nowhere.invalid/x");
}

TEST_F(Download, KeepsWhatFoundRoomOnAFullDiskAndGoesOn) {
  const support::SmallDisk disk(destination.parent_path(), 160);
  if (!disk) GTEST_SKIP() << "mounting a small disk needs root";
  EXPECT_ERROR(download(server.url("/file/net-0123abcd.pth"), destination, quick), IoError, "No space left on device");
  EXPECT_FALSE(fs::exists(destination));
  EXPECT_GT(fs::file_size(destination.string() + ".partial"), 100'000u);
  disk.resize(1000);
  download(server.url("/file/net-0123abcd.pth"), destination, quick);
  expect_alone();
  EXPECT_EQ(server.count(), "2 1");
}

// Remembers what it is told.
struct Heard : progress::Reporter {
  void report(const progress::State& state) override { states.push_back(state); }
  std::vector<progress::State> states;
};

TEST_F(Download, TellsHowFarItIs) {
  const auto before = progress::reporter();
  const auto heard = std::make_shared<Heard>();
  progress::set_reporter(heard);
  leave_half();
  quick.progress = true;
  download(server.url("/file/net-0123abcd.pth"), destination, quick);
  progress::set_reporter(before);
  ASSERT_FALSE(heard->states.empty());
  const auto& last = heard->states.back();
  EXPECT_EQ(last.label, "net.pth");
  EXPECT_EQ(last.unit, "kB");
  EXPECT_EQ(last.done, 300'000 / 1024);
  EXPECT_EQ(last.total, 300'000 / 1024);
  EXPECT_TRUE(last.finished);
  EXPECT_GE(heard->states.front().done, 150'000 / 1024);  // what was there counts
}

TEST_F(Download, IsMadeOnceForManyWhoWant) {
  std::vector<std::thread> starters;
  for (int i = 0; i < 16; ++i) {
    starters.emplace_back([&] { download(server.url("/file/net-0123abcd.pth"), destination, quick); });
  }
  for (auto& starter : starters) starter.join();
  expect_alone();
  EXPECT_EQ(server.count(), "1 0");
}

TEST_F(Download, IsMadeOnceForManyProcesses) {
  std::vector<pid_t> starters;
  for (int i = 0; i < 16; ++i) starters.push_back(start("/slow/net-0123abcd.pth"));
  for (const auto starter : starters) {
    int status = 1;
    waitpid(starter, &status, 0);
    EXPECT_EQ(status, 0);
  }
  expect_alone();
  EXPECT_EQ(server.count(), "1 0");
}

// OPSIS_KILLS=30 tries less often, and tells what came of it.
TEST_F(Download, IsNeverWrongWhenKilled) {
  const char* wanted = std::getenv("OPSIS_KILLS");
  const int kills = wanted ? std::atoi(wanted) : 300;
  quick.sha256 = sha().substr(0, 8);
  std::mt19937 random(0);
  int finished = 0, resumed = 0;
  for (int i = 0; i < kills; ++i) {
    resumed += fs::exists(destination.string() + ".partial");
    const auto child = start("/slow/net-0123abcd.pth");
    std::this_thread::sleep_for(std::chrono::microseconds(random() % 60'000));
    kill(child, SIGKILL);
    waitpid(child, nullptr, 0);
    if (!fs::exists(destination)) continue;
    ASSERT_TRUE(content_of(destination) == body) << "after kill " << i;
    fs::remove(destination);
    ++finished;
  }
  if (wanted) std::cout << kills << " kills: " << finished << " came too late, " << resumed << " found a part\n";
  download(server.url("/slow/net-0123abcd.pth"), destination, quick);
  expect_alone();
}

TEST_F(Download, FollowsRedirects) {
  download(server.url("/to/%2Ffile%2Fnet-0123abcd.pth"), destination, quick);
  expect_alone();
  EXPECT_ERROR(download(server.url("/to/ftp%3A%2F%2F127.0.0.1%2Fx"), folder.path() / "x", quick), IoError, "ftp");
  EXPECT_ERROR(download(server.url("/to/file%3A%2F%2F%2Fetc%2Fpasswd"), folder.path() / "x", quick), IoError, "file");
}

TEST_F(Download, NeverFallsFromHttpsBackToHttp) {
  const auto pem = (folder.path() / "server.pem").string();
  const auto make =
      "openssl req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=127.0.0.1 -addext subjectAltName=IP:127.0.0.1 "
      "-keyout " +
      pem + ".key -out " + pem + ".crt 2>/dev/null && cat " + pem + ".key " + pem + ".crt > " + pem;
  ASSERT_EQ(std::system(make.c_str()), 0) << "openssl is needed";
  const Server secure(served.path(), pem);
  EXPECT_ERROR(download(secure.url("/file/net-0123abcd.pth"), folder.path() / "x", {.progress = false, .retries = 0}), IoError,
               "certificate");
  const Variable trusted("SSL_CERT_FILE", pem + ".crt");
  download(secure.url("/file/net-0123abcd.pth"), destination, quick);
  expect_alone();
  std::string plain = server.url("/file/net-0123abcd.pth"), encoded;
  for (const char c : plain) encoded += c == ':' ? "%3A" : c == '/' ? "%2F" : std::string(1, c);
  EXPECT_ERROR(download(secure.url("/to/" + encoded), folder.path() / "y", quick), IoError, "http");
  EXPECT_FALSE(fs::exists(folder.path() / "y"));
}

TEST_F(Download, SaysWhatIsWrong) {
  EXPECT_ERROR(download(server.url("/file/none"), destination, quick), IoError, "/file/none: the server answers 404");
  quick.retries = 1;
  EXPECT_ERROR(download(server.url("/busy/9/net-0123abcd.pth"), destination, quick), IoError,
               "the server answers 503 (after 2 attempts)");
  EXPECT_ERROR(download("http://127.0.0.1:1/x", destination, quick), IoError, "127.0.0.1");
  EXPECT_ERROR(download("gopher://x/y", destination, quick), ValueError, "must begin with https://");
  quick.max_bytes = 1000;
  EXPECT_ERROR(download(server.url("/file/net-0123abcd.pth"), destination, quick), IoError, "over the limit of 1000");
  EXPECT_ERROR(download(server.url("/file/net-0123abcd.pth"), "/proc/opsis/net.pth", quick), IoError, "/proc/opsis");
  EXPECT_FALSE(fs::exists(destination));
}

// Where names are asked of a server that never answers, even that one is not known takes a minute.
bool unknown_names_are_told_at_once() {
  const auto begun = std::chrono::steady_clock::now();
  addrinfo* found = nullptr;
  const bool unknown = getaddrinfo("host.invalid", "80", nullptr, &found) != 0;
  if (found) freeaddrinfo(found);
  return unknown && std::chrono::steady_clock::now() - begun < std::chrono::seconds(1);
}

TEST_F(Download, AsksForAHostThatNobodyKnowsOnceMoreAndSaysWhereTheFileBelongs) {
  if (!unknown_names_are_told_at_once())
    GTEST_SKIP()
        << "the resolver of this machine waits for an answer about names that there are not; here it is to say so at once";
  const Variable direct("no_proxy", "host.invalid");
  EXPECT_ERROR(download("http://host.invalid/net.pth", destination, quick), IoError,
               "(after 2 attempts); bring it by other means and put it at " + destination.string());
  quick.retries = 0;
  EXPECT_ERROR(download("http://host.invalid/net.pth", destination, quick), IoError, "; bring it by other means");
  EXPECT_FALSE(fs::exists(destination));
}

TEST_F(Download, NeverTouchesTheNetOffline) {
  const Variable set("OPSIS_OFFLINE", "1");
  EXPECT_ERROR(download(server.url("/file/net-0123abcd.pth"), destination, quick), NotFoundError,
               destination.string() + " is not there and OPSIS_OFFLINE is set; fetch " + server.url("/file/net-0123abcd.pth"));
}

TEST_F(Download, FetchesIntoPyTorchsCacheFromAMirror) {
  const Variable home("TORCH_HOME", folder.path().string());
  const auto named = served.write("models/net-" + sha().substr(0, 8) + ".pth", body);
  const auto url = "https://download.pytorch.org/models/" + named.filename().string();
  {
    const Variable mirror("OPSIS_HUB_MIRROR", server.url("/file/"));
    EXPECT_EQ(mirrored(url), server.url("/file/models/") + named.filename().string());
    const auto fetched = fetch(url, quick);
    EXPECT_EQ(fetched, folder.path() / "hub" / "checkpoints" / named.filename());
    EXPECT_TRUE(content_of(fetched) == body);
    fs::remove(fetched);
  }
  const Variable mirror("OPSIS_HUB_MIRROR", served.path().string());  // a folder will do
  EXPECT_TRUE(content_of(fetch(url, quick)) == body);
  served.write("models/net-00000000.pth", body);
  EXPECT_ERROR(fetch("https://download.pytorch.org/models/net-00000000.pth", quick), IntegrityError, "begins with 00000000");
}

}  // namespace
}  // namespace opsis::hub
