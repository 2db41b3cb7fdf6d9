// Whole samples, as the oracle's tables "<room>/sample" have them, through a transform.
#pragma once

#include <functional>
#include <string>

#include "opsis/transforms.h"
#include "tests/support/expect.h"
#include "tests/support/oracle.h"
#include "tests/support/transform_operations.h"

namespace support {

/// The value is the case's "expected_<name>", and so is what belongs to it: a canvas, and of boxes format and clamping.
template <class Kind>
void expect_value(const oracle::Case& c, const std::string& name, const Kind& value) {
  SCOPED_TRACE(name);
  const auto expected = "expected_" + name;
  EXPECT_TENSOR_EQ(value.data, c.tensor(expected));
  if constexpr (requires { value.canvas_size; }) {
    EXPECT_EQ(value.canvas_size, operations::size(c.ints(expected + "_canvas")));
  }
  if constexpr (requires { value.clamping_mode; }) {
    EXPECT_EQ(to_string(value.format), c.text(expected + "_format"));
    EXPECT_EQ(to_string(value.clamping_mode), c.text(expected + "_clamping"));
  }
}

/// For each case of the table: a sample of an image, upright and rotated boxes and, where the case has them, a mask and key points
/// goes through the transform that `find` gives for the case's "transform". Same seed, same draws, same bits; afterwards both
/// generators stand at the same place, and the input is as it was.
void expect_changed_as_torchvisions(const std::string& table,
                                    const std::function<opsis::transforms::AnyTransform(const std::string&)>& find);

}  // namespace support
