// The kernels that tests/oracle/transforms_color.py names in OPS, in C++.
#pragma once

#include <string>

#include "tests/support/transform_operations.h"

namespace color_operations {

/// The operation of that name; a name that is not there fails the test.
const operations::Operation& named(const std::string& name);

/// The same numbers, laid out in memory as the oracle did: as operations::laid_out, and "cropped" out of a wider image.
torch::Tensor laid_out(const torch::Tensor& image, const std::string& layout);

}  // namespace color_operations
