// Everything of opsis::io: files, image decoding and encoding. ImageReadMode and DecodeOptions also as opsis::ImageReadMode and
// opsis::DecodeOptions.
#pragma once

#include "opsis/io/archive_file.h"
#include "opsis/io/audio_decoder.h"
#include "opsis/io/bytes.h"
#include "opsis/io/dicom.h"
#include "opsis/io/file.h"
#include "opsis/io/image.h"
#include "opsis/io/masks.h"
#include "opsis/io/nifti.h"
#include "opsis/io/packed_image.h"
#include "opsis/io/pixels.h"
#include "opsis/io/read_write.h"
#include "opsis/io/video_decoder.h"
#include "opsis/tv_tensors.h"

namespace opsis::inline v1 {

using io::DecodeOptions;
using io::ImageReadMode;

}  // namespace opsis::inline v1
