#include "opsis/core/error.h"

namespace opsis::inline v1 {

// Out of line, so that each class has one vtable and one type_info across shared libraries.
Error::~Error() = default;
ValueError::~ValueError() = default;
DecodeError::~DecodeError() = default;
IoError::~IoError() = default;
IntegrityError::~IntegrityError() = default;
NotFoundError::~NotFoundError() = default;
NotBuiltError::~NotBuiltError() = default;
SampleError::~SampleError() = default;

SampleError::SampleError(size_t index, const std::string& cause)
    : Error("sample " + std::to_string(index) + ": " + cause), index(index) {}

}  // namespace opsis::inline v1
