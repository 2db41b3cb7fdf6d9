#include "opsis/core/check.h"
#include "opsis/hub/digest.h"

namespace opsis::inline v1::hub {

struct Digest::State {};

Digest::Digest(DigestKind) { raise<NotBuiltError>("Digest: built without libcrypto; configure with -DOPSIS_CRYPTO=ON"); }
Digest::~Digest() = default;
Digest::Digest(Digest&&) noexcept = default;
Digest& Digest::operator=(Digest&&) noexcept = default;
void Digest::update(io::Bytes) {}
std::string Digest::hex() { return {}; }

}  // namespace opsis::inline v1::hub
