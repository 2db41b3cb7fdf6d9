// Pixels that another library holds: a camera's, OpenCV's, Qt's, a video decoder's. docs/interop.md shows how they meet.
#pragma once

#include <cstdint>
#include <functional>

#include "opsis/core/api.h"
#include "opsis/tv_tensors/image.h"

namespace opsis::inline v1::io {

/// How pixels of 8 bits lie in memory. NV12 and I420 are as video has them, BT.601 in the limited range, a chroma sample for 2x2
/// pixels: all rows of luma; then rows of U and V in turn (NV12), or all of U and all of V in rows of half the stride (I420).
enum class PixelFormat { RGB, BGR, RGBA, BGRA, GRAY, NV12, I420 };

/// A copy of the pixels. `stride` is the number of bytes from a row to the next.
///     Image frame = io::from_pixels(mat.data, mat.rows, mat.cols, mat.step, io::PixelFormat::BGR);
/// Shapes   -> (C, H, W), channels last in memory: gray 1, RGBA and BGRA 4 (as RGBA), all others 3 (as RGB)
/// Types    uint8
/// Throws   ValueError for no pixels and for a stride that is too short for the width
OPSIS_API tv_tensors::Image from_pixels(const uint8_t* pixels, int64_t height, int64_t width, int64_t stride,
                                        PixelFormat format);

/// The pixels themselves where they lie as Opsis has them, RGB, RGBA and gray with any stride: whoever writes to one of the two,
/// writes to both. `release` is called once, from any thread, when the image and all that shares its memory are gone; for the
/// other formats, which are copied, before this returns. After an exception it is not called.
///     Image view = io::from_pixels(mat.data, mat.rows, mat.cols, mat.step, io::PixelFormat::GRAY, [mat] {});   // keeps mat
OPSIS_API tv_tensors::Image from_pixels(uint8_t* pixels, int64_t height, int64_t width, int64_t stride, PixelFormat format,
                                        std::function<void()> release);

}  // namespace opsis::inline v1::io
