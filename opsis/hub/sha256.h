// The hash that PyTorch's checkpoints carry in their names. By libcrypto.
#pragma once

#include <memory>
#include <string>

#include "opsis/core/api.h"
#include "opsis/io/bytes.h"

namespace opsis::inline v1::hub {

/// SHA-256 of bytes that come piece by piece.
///     Sha256 hash;
///     hash.update(io::as_bytes("abc"));
///     hash.hex()   // "ba7816bf..."
/// Throws   NotBuiltError, when it is made, in a build without libcrypto
/// Source   FIPS 180-4
class OPSIS_API Sha256 {
 public:
  Sha256();
  ~Sha256();
  Sha256(Sha256&&) noexcept;
  Sha256& operator=(Sha256&&) noexcept;
  void update(io::Bytes bytes);
  /// The 64 digits of all that came; call it once, at the end.
  std::string hex();

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace opsis::inline v1::hub
