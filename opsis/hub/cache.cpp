#include "opsis/hub/cache.h"

#include <pwd.h>
#include <unistd.h>

#include <cstdlib>
#include <string>

namespace opsis::inline v1::hub {
namespace {

// What stands in the place of ~ in Python's os.path.expanduser.
std::string home() {
  if (const char* named = std::getenv("HOME")) return named;
  const auto* user = getpwuid(getuid());
  return user ? user->pw_dir : "~";
}

std::filesystem::path expand_user(const std::string& path) {
  return path == "~" || path.starts_with("~/") ? home() + path.substr(1) : path;
}

}  // namespace

// A variable that is set but empty counts as set, as it does in Python.
std::filesystem::path torch_home() {
  if (const char* named = std::getenv("TORCH_HOME")) return expand_user(named);
  const char* cache = std::getenv("XDG_CACHE_HOME");
  return expand_user((std::filesystem::path(cache ? cache : "~/.cache") / "torch").string());
}

std::filesystem::path checkpoints_folder() { return torch_home() / "hub" / "checkpoints"; }

std::filesystem::path cached_checkpoint(std::string_view url) {
  url = url.substr(0, url.find_first_of("?#"));
  return checkpoints_folder() / url.substr(url.rfind('/') + 1);
}

}  // namespace opsis::inline v1::hub
