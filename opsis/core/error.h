// The errors Opsis throws. Each message names the function, the rule, what came and, if there is one, the way out.
#pragma once

#include <cstddef>
#include <stdexcept>
#include <string>

#include "opsis/core/api.h"

namespace opsis::inline v1 {

/// What can be done about an error, where its message ends with that. The message says it in C++; a program for people who write
/// none has words of its own, in a switch over all of these without a default:
///     case WayOut::RaiseLimits: return text("{}; this program keeps to the limit", error.rule());
enum class WayOut {
  None,           ///< the message knows none, or says it in anybody's words
  AllowEmpty,     ///< of a folder of classes: .allow_empty, or no class without files
  BringFile,      ///< what cannot be downloaded is put where the message says
  Download,       ///< of a data set: .download
  DownloadAgain,  ///< of a data set: remove what is damaged, then .download
  Extract,        ///< archives that were brought by hand are unpacked by datasets::extract_archive
  CutPicture,     ///< of a picture that resizing makes too large: more .resized_pixels, or parts of it
  FewerMasks,     ///< of a detector: more .mask_bytes, a higher .score_threshold, or no .masks
  PadIfNeeded,    ///< of RandomCrop: .pad_if_needed
  RaiseLimits,    ///< higher limits, for a file that one trusts
  // A model or its weights do another task than the one asked for. It is this one; ask what does it.
  ClassifyImages,
  ClassifyVideos,
  DetectObjects,
  EstimateFlow,
  SegmentImages,
};

/// The base of every error that Opsis throws; catch it to catch them all.
class OPSIS_API Error : public std::runtime_error {
 public:
  explicit Error(const std::string& what);
  /// what() is "rule; way", and the rule alone when the way has no words.
  Error(const std::string& rule, WayOut way_out, const std::string& way);
  ~Error() override;
  WayOut way_out() const noexcept { return way_out_; }
  std::string rule() const;  ///< what() without the words of the way out
  std::string way() const;   ///< those words

 private:
  WayOut way_out_ = WayOut::None;
  size_t rule_size_;
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
  SampleError(size_t index, const Error& cause);  ///< with its way out
  ~SampleError() override;
  size_t index;
};

}  // namespace opsis::inline v1
