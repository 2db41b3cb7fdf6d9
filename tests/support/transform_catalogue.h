// The transforms that tests/oracle/transforms.py names in TRANSFORMS, in C++.
#pragma once

#include <string>

#include "opsis/transforms.h"

namespace catalogue {

/// The transform of that name; a name that is not there fails the test.
opsis::transforms::AnyTransform named(const std::string& name);

}  // namespace catalogue
