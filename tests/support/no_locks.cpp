// The function of the C library is this program's own, for the libraries that it uses too.
#include "tests/support/no_locks.h"

#include <sys/syscall.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>

namespace support {
namespace {

std::atomic<int> lock_error = 0;

}  // namespace

NoLocks::NoLocks(int error) { lock_error = error; }
NoLocks::~NoLocks() { lock_error = 0; }

}  // namespace support

extern "C" [[gnu::visibility("default")]] int flock(int file, int how) noexcept {
  if (const int error = support::lock_error) {
    errno = error;
    return -1;
  }
  return static_cast<int>(syscall(SYS_flock, file, how));
}
