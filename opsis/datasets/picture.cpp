#include "opsis/datasets/picture.h"

#include <c10/util/Exception.h>

#include <variant>

#include "opsis/core/telling_where.h"
#include "opsis/core/work.h"
#include "opsis/io/image.h"
#include "opsis/io/shown_bytes.h"
#include "opsis/transforms/decode.h"

namespace opsis::inline v1::datasets::detail {

Image decode_picture(io::Bytes bytes, io::ImageReadMode mode) {
  auto image = io::decode_image(bytes, {.mode = mode, .still = true});
  if (mode != io::ImageReadMode::UNCHANGED) image.data = io::detail::shown_bytes(image.data);
  return image;
}

Picture::Picture(const std::filesystem::path& path, io::ImageReadMode mode, const transforms::AnyTransform& pipeline,
                 const FileRoot& files, const ImageLoader& loader) {
  if (loader) {
    image_ = loader(path);
    return;
  }
  file_ = files.read(path);
  take(file_, mode, static_cast<bool>(pipeline), path.string());
}

Picture::Picture(io::Bytes bytes, io::ImageReadMode mode, const transforms::AnyTransform& pipeline, const std::string& where) {
  take(bytes, mode, static_cast<bool>(pipeline), where);
}

void Picture::take(io::Bytes bytes, io::ImageReadMode mode, bool waits, const std::string& where) {
  if (waits) waiting_ = transforms::detail::waiting_image(bytes, {.mode = mode}, where);
  if (waiting_) {
    image_.data = waiting_->placeholder();
  } else {
    image_ = telling_where(where, [&] { return decode_picture(bytes, mode); });
  }
}

void transform_pictures(const transforms::AnyTransform& pipeline, std::span<transforms::Value> values,
                        std::initializer_list<const Picture*> pictures, const transforms::ImagePlace& place) {
  const WorkScope transforming(Work::Transforming);  // but for the decoding in between
  transforms::detail::FusedRun run(values);
  size_t at = 0;
  for (const auto* picture : pictures) {
    while (at < values.size() && !std::holds_alternative<Image>(values[at])) ++at;
    TORCH_INTERNAL_ASSERT(at < values.size());
    if (picture->waiting()) run.hold(at, *picture->waiting());
    ++at;
  }
  transforms::detail::apply_within(pipeline, values, run);
  run.settle(0, place);  // only now: what comes before the last transform may be a view of it, and lie in the way
  run.settle();
}

}  // namespace opsis::inline v1::datasets::detail
