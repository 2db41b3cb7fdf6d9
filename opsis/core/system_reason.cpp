#include "opsis/core/system_reason.h"

#include <cerrno>
#include <cstring>

namespace opsis::inline v1 {

namespace {

constexpr auto kAnotherFolder = "; choose a folder that can be written";

}  // namespace

std::string system_reason(int error) {
  std::string reason = std::strerror(error);
  switch (error) {
    case ENOSPC:
    case EDQUOT: return reason += "; make room there, or choose another folder";
    case EROFS: return reason += kAnotherFolder;
    default: return reason;
  }
}

std::string writing_reason(int error) {
  auto reason = system_reason(error);
  if (error == EACCES || error == EPERM) reason += kAnotherFolder;
  return reason;
}

}  // namespace opsis::inline v1
