#include "opsis/models/task.h"

namespace opsis::inline v1::models {

// Here and not in the header, so that one library holds the type's identity and a cast to it works from every other.
ImageClassifier::~ImageClassifier() = default;

}  // namespace opsis::inline v1::models
