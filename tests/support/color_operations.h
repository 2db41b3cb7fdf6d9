// The kernels that tests/oracle/transforms_color.py names in OPS, in C++.
#pragma once

#include <string>
#include <vector>

#include "tests/support/transform_operations.h"

namespace color_operations {

/// Of all there are.
std::vector<std::string> names();

/// The operation of that name; a name that is not there fails the test.
const operations::Operation& named(const std::string& name);

}  // namespace color_operations
