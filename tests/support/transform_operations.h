// The kernels that tests/oracle/transforms.py names in OPS, in C++.
#pragma once

#include <functional>
#include <map>
#include <string>
#include <vector>

#include "opsis/transforms.h"
#include "tests/support/oracle.h"

namespace operations {

using Operation = std::function<opsis::transforms::Value(const opsis::transforms::Value&)>;

/// Of all there are.
std::vector<std::string> names();

/// The operation of that name; a name that is not there fails the test.
const Operation& named(const std::string& name);

/// The same numbers, laid out in memory as the oracle did: "contiguous", "channels_last", "sliced" or "cropped".
torch::Tensor laid_out(const torch::Tensor& image, const std::string& layout);

/// Of a case: its input as boxes with its format and clamping, on its canvas; and likewise key points.
opsis::BoundingBoxes boxes(const oracle::Case& c);
opsis::KeyPoints points(const oracle::Case& c);
opsis::Size size(const std::vector<int64_t>& height_and_width);

}  // namespace operations
