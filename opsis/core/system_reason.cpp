#include "opsis/core/system_reason.h"

#include <cerrno>
#include <cstring>

namespace opsis::inline v1 {

std::string system_reason(int error) {
  std::string reason = std::strerror(error);
  switch (error) {
    case ENOSPC:
    case EDQUOT: return reason += "; make room there, or choose another folder";
    case EROFS: return reason += "; choose a folder that can be written";
    default: return reason;
  }
}

}  // namespace opsis::inline v1
