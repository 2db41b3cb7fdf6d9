#include "opsis/datasets/coco_index.h"

#include <utility>

#include "opsis/core/check.h"
#include "opsis/io/byte_fields.h"

namespace opsis::inline v1::datasets {

std::string coco_index_bytes(const CocoIndex& index) {
  std::string out;
  io::put_number(out, static_cast<uint64_t>(index.images.size()));
  for (const auto& image : index.images) {
    for (const auto number : {image.id, image.height, image.width}) io::put_number(out, number);
    io::put_text(out, image.file_name);
    io::put_number(out, static_cast<uint64_t>(image.annotations.size()));
    for (const auto& part : image.annotations) {
      for (const auto number : {part.begin, part.size}) io::put_number(out, number);
    }
  }
  io::put_number(out, static_cast<uint64_t>(index.categories.size()));
  for (const auto& [id, name] : index.categories) {
    io::put_number(out, id);
    io::put_text(out, name);
  }
  return out;
}

CocoIndex parse_coco_index(io::Bytes bytes, uint64_t file_size) {
  constexpr size_t word = sizeof(uint64_t);
  io::ByteFields fields(bytes, "an index of a COCO file");
  CocoIndex out;
  out.images.resize(fields.count(5 * word));
  for (auto& image : out.images) {
    for (auto* number : {&image.id, &image.height, &image.width}) *number = fields.number<int64_t>();
    image.file_name = fields.text();
    image.annotations.resize(fields.count(2 * word));
    for (auto& [begin, size] : image.annotations) {
      begin = fields.number<uint64_t>();
      size = fields.number<uint64_t>();
      if (begin > file_size || size > file_size - begin) raise<DecodeError>("an index of a COCO file is of another file");
    }
  }
  for (auto left = fields.count(2 * word); left > 0; --left) {
    const auto id = fields.number<int64_t>();
    out.categories[id] = fields.text();
  }
  return out;
}

}  // namespace opsis::inline v1::datasets
