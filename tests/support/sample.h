// Whole samples, as the oracle's tables "<room>/sample" have them, through a transform.
#pragma once

#include <functional>
#include <string>

#include "opsis/transforms.h"

namespace support {

/// For each case of the table: a sample of an image, upright and rotated boxes and, where the case has them, a mask and key points
/// goes through the transform that `find` gives for the case's "transform". Same seed, same draws, same bits; afterwards both
/// generators stand at the same place, and the input is as it was.
void expect_changed_as_torchvisions(const std::string& table,
                                    const std::function<opsis::transforms::AnyTransform(const std::string&)>& find);

}  // namespace support
