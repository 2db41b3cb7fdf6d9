// The functions of the C library that change names on the disk are this program's own, for the libraries that it uses too.
#include "tests/support/ended.h"

#include <fcntl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <stdexcept>

#include "opsis/core/parallel.h"

namespace support {
namespace {

constexpr int kDone = 0, kFailed = 1, kEnded = 99;
constexpr unsigned kLongestS = 600;  // for what hangs; ctest's own limit is longer

std::atomic<int> changes_left = -1;  // none are counted below zero

void change() {
  if (changes_left > 0 && --changes_left == 0) _exit(kEnded);
}

}  // namespace

bool ended_at_change(int nth, const std::function<void()>& work) {
  const auto child = fork();
  if (child == 0) {
    alarm(kLongestS);
    const opsis::SerialScope serial;  // other threads stayed behind
    changes_left = nth;
    try {
      work();
      _exit(kDone);
    } catch (const std::exception& error) {
      std::fprintf(stderr, "%s\n", error.what());
      _exit(kFailed);
    }
  }
  int status = 0;
  waitpid(child, &status, 0);
  if (!WIFEXITED(status) || WEXITSTATUS(status) == kFailed) throw std::runtime_error("the work of a process failed");
  return WEXITSTATUS(status) == kEnded;
}

}  // namespace support

extern "C" {

[[gnu::visibility("default")]] int rename(const char* from, const char* to) noexcept {
  support::change();
  return renameat(AT_FDCWD, from, AT_FDCWD, to);
}
[[gnu::visibility("default")]] int linkat(int from_folder, const char* from, int to_folder, const char* to,
                                          int flags) noexcept {
  support::change();
  return static_cast<int>(syscall(SYS_linkat, from_folder, from, to_folder, to, flags));
}
[[gnu::visibility("default")]] int unlinkat(int folder, const char* name, int flags) noexcept {
  support::change();
  return static_cast<int>(syscall(SYS_unlinkat, folder, name, flags));
}
[[gnu::visibility("default")]] int unlink(const char* name) noexcept { return unlinkat(AT_FDCWD, name, 0); }
[[gnu::visibility("default")]] int remove(const char* name) noexcept {
  support::change();
  if (syscall(SYS_unlinkat, AT_FDCWD, name, 0) == 0) return 0;
  if (errno != EISDIR && errno != EPERM) return -1;
  return static_cast<int>(syscall(SYS_unlinkat, AT_FDCWD, name, AT_REMOVEDIR));
}

}  // extern "C"
