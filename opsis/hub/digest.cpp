#include "opsis/hub/digest.h"

#include <openssl/evp.h>

#include <array>

#include "opsis/core/check.h"
#include "opsis/core/frees.h"

namespace opsis::inline v1::hub {

struct Digest::State {
  std::unique_ptr<EVP_MD_CTX, Frees<EVP_MD_CTX_free>> context{EVP_MD_CTX_new()};
};

Digest::Digest(DigestKind kind) : state_(std::make_unique<State>()) {
  const auto* algorithm = kind == DigestKind::Md5 ? EVP_md5() : EVP_sha256();
  if (!state_->context || EVP_DigestInit_ex(state_->context.get(), algorithm, nullptr) != 1) {
    raise<Error>("Digest: libcrypto cannot begin a hash");
  }
}

Digest::~Digest() = default;
Digest::Digest(Digest&&) noexcept = default;
Digest& Digest::operator=(Digest&&) noexcept = default;

void Digest::update(io::Bytes bytes) {
  if (EVP_DigestUpdate(state_->context.get(), bytes.data(), bytes.size()) != 1) raise<Error>("Digest: libcrypto failed");
}

std::string Digest::hex() {
  std::array<unsigned char, EVP_MAX_MD_SIZE> digest;
  unsigned size = 0;
  if (EVP_DigestFinal_ex(state_->context.get(), digest.data(), &size) != 1) raise<Error>("Digest: libcrypto failed");
  constexpr auto digits = "0123456789abcdef";
  std::string out;
  for (unsigned i = 0; i < size; ++i) {
    out += digits[digest[i] >> 4];
    out += digits[digest[i] & 15];
  }
  return out;
}

}  // namespace opsis::inline v1::hub
