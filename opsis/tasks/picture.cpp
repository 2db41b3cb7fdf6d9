#include "opsis/tasks/picture.h"

#include <torch/types.h>

#include <string>

#include "opsis/core/check.h"
#include "opsis/io/image.h"
#include "opsis/io/shown_bytes.h"

namespace opsis::inline v1::tasks {
namespace {

// A camera says by EXIF which side is up; the picture is judged as people see it.
const io::DecodeOptions kUpright{.mode = io::ImageReadMode::RGB, .apply_exif_orientation = true};

Image of_file(Image image, const std::string& name) {
  auto& pixels = image.data;
  OPSIS_CHECK(pixels.dim() == 3, "{} has {} pictures; a single one is needed", name, pixels.size(0));
  pixels = io::detail::shown_bytes(pixels);  // as data sets have them
  return image;
}

struct Read {
  Image operator()(const Image& image) const { return image; }
  Image operator()(const std::filesystem::path& file) const { return of_file(io::decode_image(file, kUpright), file.string()); }
  Image operator()(io::Bytes bytes) const { return of_file(io::decode_image(bytes, kUpright), "the file"); }
  Image operator()(const PixelBuffer& buffer) const {
    const auto pixels = io::from_pixels(buffer.pixels, buffer.height, buffer.width, buffer.stride, buffer.format).data;
    return Image(pixels.size(0) == 1 ? pixels.expand({3, -1, -1}) : pixels.narrow(0, 0, 3));
  }
};

}  // namespace

Image Picture::image() const { return std::visit(Read(), source_); }

}  // namespace opsis::inline v1::tasks
