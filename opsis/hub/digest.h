// The hashes that files are known by: SHA-256, which PyTorch's checkpoints carry in their names, and MD5, which torchvision's
// tables of data sets have. By libcrypto.
#pragma once

#include <filesystem>
#include <memory>
#include <string>

#include "opsis/core/api.h"
#include "opsis/io/bytes.h"

namespace opsis::inline v1::hub {

enum class DigestKind { Md5, Sha256 };

/// A hash of bytes that come piece by piece.
///     Digest hash(DigestKind::Sha256);
///     hash.update(io::as_bytes("abc"));
///     hash.hex()   // "ba7816bf..."
/// Throws   NotBuiltError, when it is made, in a build without libcrypto
/// Source   FIPS 180-4, RFC 1321
class OPSIS_API Digest {
 public:
  explicit Digest(DigestKind kind);
  ~Digest();
  Digest(Digest&&) noexcept;
  Digest& operator=(Digest&&) noexcept;
  void update(io::Bytes bytes);
  /// The digits of all that came, 32 or 64; call it once, at the end.
  std::string hex();

 private:
  struct State;
  std::unique_ptr<State> state_;
};

/// The digits of a file's hash.
/// Throws   IoError when it cannot be read
OPSIS_API std::string digest_of_file(const std::filesystem::path& file, DigestKind kind);

/// Throws IntegrityError when the file's SHA-256 does not begin so. IoError when it cannot be read.
OPSIS_API void check_sha256(const std::filesystem::path& file, const std::string& beginning);

/// Throws IntegrityError when the file has another MD5. IoError when it cannot be read.
OPSIS_API void check_md5(const std::filesystem::path& file, const std::string& md5);

}  // namespace opsis::inline v1::hub
