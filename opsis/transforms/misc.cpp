#include "opsis/transforms/misc.h"

namespace opsis::inline v1::transforms {

std::string Lambda::repr() const { return "Lambda(<lambda>, types=[" + types_ + "])"; }

}  // namespace opsis::inline v1::transforms
