#include "opsis/core/check.h"
#include "opsis/hub/sha256.h"

namespace opsis::inline v1::hub {

struct Sha256::State {};

Sha256::Sha256() { raise<NotBuiltError>("Sha256: built without libcrypto; configure with -DOPSIS_CRYPTO=ON"); }
Sha256::~Sha256() = default;
Sha256::Sha256(Sha256&&) noexcept = default;
Sha256& Sha256::operator=(Sha256&&) noexcept = default;
void Sha256::update(io::Bytes) {}
std::string Sha256::hex() { return {}; }

}  // namespace opsis::inline v1::hub
