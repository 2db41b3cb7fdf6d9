#include "opsis/models/voc_categories.h"

namespace opsis::inline v1::models {

// The background, then the classes in the order of the alphabet, as Pascal VOC numbers its masks.
// clang-format off
constinit const std::string_view kVocCategories[21] = {
    "__background__", "aeroplane", "bicycle", "bird", "boat", "bottle", "bus", "car", "cat", "chair", "cow",
    "diningtable", "dog", "horse", "motorbike", "person", "pottedplant", "sheep", "sofa", "train", "tvmonitor",
};
// clang-format on

}  // namespace opsis::inline v1::models
