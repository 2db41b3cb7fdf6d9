// The picture of an example on its way from the file through the transforms. For the data sets.
#pragma once

#include <cstdint>
#include <filesystem>
#include <initializer_list>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "opsis/core/api.h"
#include "opsis/core/size.h"
#include "opsis/datasets/file_root.h"
#include "opsis/datasets/options.h"
#include "opsis/io/bytes.h"
#include "opsis/io/codec.h"
#include "opsis/transforms/fuse.h"
#include "opsis/transforms/image_place.h"
#include "opsis/transforms/transform.h"
#include "opsis/tv_tensors.h"

namespace opsis::inline v1::datasets::detail {

// A picture that becomes part of an example. Of a JPEG the pixels stay in the file until the transforms have said which of them
// they keep; all else is decoded at once.
//     const Picture photo(path, io::ImageReadMode::RGB, transforms);
//     Detected out{.image = photo.image(), .boxes = boxes_on(photo.size())};
//     return transformed(transforms, std::move(out), {&photo});
class OPSIS_API Picture {
 public:
  // Of a file that may be in an archive; `loader`, if there is one, reads it in place of the decoder.
  // Throws   IoError, with the path, for a file that cannot be read; DecodeError, with the path, here or by transformed()
  Picture(const std::filesystem::path& path, io::ImageReadMode mode, const transforms::AnyTransform& pipeline,
          const FileRoot& files = {}, const ImageLoader& loader = {});
  // Of bytes that outlive it; `where` begins what is wrong with them.
  Picture(io::Bytes bytes, io::ImageReadMode mode, const transforms::AnyTransform& pipeline, const std::string& where);
  Picture(const Picture&) = delete;
  Picture& operator=(const Picture&) = delete;

  // The pixels; while they wait, an image of their shape and type without memory.
  const Image& image() const { return image_; }
  Size size() const { return {image_.data.size(-2), image_.data.size(-1)}; }
  const std::optional<transforms::detail::FusedImage>& waiting() const { return waiting_; }

 private:
  void take(io::Bytes bytes, io::ImageReadMode mode, bool waits, const std::string& where);

  std::vector<uint8_t> file_;
  Image image_;
  std::optional<transforms::detail::FusedImage> waiting_;
};

// Values of an example, the images among which are these pictures, in their order: transformed. The first in `place`, as
// transforms::decode says.
OPSIS_API void transform_pictures(const transforms::AnyTransform& pipeline, std::span<transforms::Value> values,
                                  std::initializer_list<const Picture*> pictures, const transforms::ImagePlace& place);

// What the transforms make of an example that has the image() of these pictures, in the order of its fields.
template <class Example>
Example transformed(const transforms::AnyTransform& pipeline, Example example, std::initializer_list<const Picture*> pictures,
                    const transforms::ImagePlace& place = {}) {
  if (!pipeline) return example;
  transforms::detail::Leaves leaves;
  transforms::detail::collect(leaves, example);
  leaves.apply(pipeline, [&](std::span<transforms::Value> values) { transform_pictures(pipeline, values, pictures, place); });
  return example;
}

// The picture that these bytes hold; always uint8, unless it is UNCHANGED.
OPSIS_API Image decode_picture(io::Bytes bytes, io::ImageReadMode mode);

}  // namespace opsis::inline v1::datasets::detail
