// The hashes of whole files, held against what they should be.
#include <algorithm>
#include <cctype>
#include <fstream>
#include <iterator>
#include <vector>

#include "opsis/core/check.h"
#include "opsis/core/lower_case.h"
#include "opsis/hub/digest.h"

namespace opsis::inline v1::hub {
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
  if (!found.starts_with(in_lower_case(beginning))) {
    raise<IntegrityError>("{} is not what it should be: its SHA-256 is {}, expected one that begins with {}", file.string(),
                          found, in_lower_case(beginning));
  }
}

void check_md5(const std::filesystem::path& file, const std::string& md5) {
  const auto found = digest_of_file(file, DigestKind::Md5);
  if (found != in_lower_case(md5)) {
    raise<IntegrityError>("{} is not what it should be: its MD5 is {}, expected {}", file.string(), found, in_lower_case(md5));
  }
}

}  // namespace opsis::inline v1::hub
