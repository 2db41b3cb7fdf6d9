// From a file's bytes to a transformed image, without the pixels that the transforms throw away.
#pragma once

#include <filesystem>
#include <optional>
#include <string>

#include "opsis/core/api.h"
#include "opsis/io/bytes.h"
#include "opsis/io/codec.h"
#include "opsis/transforms/container.h"
#include "opsis/transforms/fuse.h"
#include "opsis/transforms/image_place.h"
#include "opsis/tv_tensors/image.h"

namespace opsis::inline v1::transforms {

/// compose(io::decode_image(bytes, options)), to the bit and with the same draws. Of a JPEG only that part is decoded which the
/// first crops and resizings keep: what lies below is not even read, so damage there, but for a missing end, may go unseen unless
/// options.strict.
///     const Compose preprocess{Resize(256), CenterCrop(224), ToDtype(torch::kFloat32, {.scale = true}), Normalize(mean, std)};
///     const Image input = decode(preprocess, "photo.jpg", {.mode = io::ImageReadMode::RGB});
/// With options.min_size, say that of the Resize, a large JPEG is decoded at a half, a quarter or an eighth before the transforms:
/// three times as fast, and close to the exact result but not equal.
/// `place`, if given, is asked for the memory of the result where that is made by one pass over the pixels, so that a picture of a
/// batch is written where the batch has it: as planes, whatever the file is. Elsewhere the result has memory of its own.
/// Throws   as io::decode_image and as the transforms; ValueError for a place of another shape or type than was asked for
OPSIS_API Image decode(const Compose& compose, io::Bytes bytes, const io::DecodeOptions& options = {},
                       const ImagePlace& place = {});
OPSIS_API Image decode(const Compose& compose, const std::filesystem::path& path, const io::DecodeOptions& options = {});

/// How decode does it, as Compose::explain with a line before that tells what of the picture is decoded.
///     pass 1  decode_image, rows [0, 375) and columns [62, 437) of 375x500
///     pass 1  CenterCrop(size=(375, 375))
OPSIS_API std::string explain(const Compose& compose, io::Bytes bytes, const io::DecodeOptions& options = {});
OPSIS_API std::string explain(const Compose& compose, const std::filesystem::path& path, const io::DecodeOptions& options = {});

namespace detail {

// A picture that waits in its file, these bytes, which must outlive it; none where it cannot be told what decoding will give,
// as it can be of a JPEG. What decoding finds wrong begins with `where`.
OPSIS_API std::optional<FusedImage> waiting_image(io::Bytes bytes, const io::DecodeOptions& options, std::string where = {});

}  // namespace detail

}  // namespace opsis::inline v1::transforms
