// The errors Opsis throws. Each message names the function, the rule, what came and, if there is one, the way out.
#pragma once

#include <cstddef>
#include <stdexcept>
#include <string>

#include "opsis/core/api.h"

namespace opsis::inline v1 {

/// The base of every error that Opsis throws; catch it to catch them all.
class OPSIS_API Error : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
  ~Error() override;
};

/// An argument breaks a rule that the message states.
class OPSIS_API ValueError : public Error {
 public:
  using Error::Error;
  ~ValueError() override;
};

/// Foreign bytes (an image, a checkpoint, an annotation) that cannot be read or go over a limit.
class OPSIS_API DecodeError : public Error {
 public:
  using Error::Error;
  ~DecodeError() override;
};

/// The operating system refused: the message names the path and its reason.
class OPSIS_API IoError : public Error {
 public:
  using Error::Error;
  ~IoError() override;
};

/// A file whose hash or size is not the promised one.
class OPSIS_API IntegrityError : public Error {
 public:
  using Error::Error;
  ~IntegrityError() override;
};

/// A name or file that is not there; the nearest names are offered.
class OPSIS_API NotFoundError : public Error {
 public:
  using Error::Error;
  ~NotFoundError() override;
};

/// A feature left out of this build; the message names the CMake option that brings it in.
class OPSIS_API NotBuiltError : public Error {
 public:
  using Error::Error;
  ~NotBuiltError() override;
};

/// A sample that could not be loaded; `index` is its place in the data set, the message carries the cause.
class OPSIS_API SampleError : public Error {
 public:
  SampleError(size_t index, const std::string& cause);
  ~SampleError() override;
  size_t index;
};

}  // namespace opsis::inline v1
