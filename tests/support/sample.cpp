#include "tests/support/sample.h"

#include "opsis/core/parallel.h"

namespace support {

void expect_changed_as_torchvisions(const std::string& table,
                                    const std::function<opsis::transforms::AnyTransform(const std::string&)>& find) {
  using namespace opsis;
  const SerialScope serial;
  for (const auto& c : oracle::cases(table)) {
    SCOPED_TRACE(c.name());
    const auto transform = find(c.text("transform"));
    const Size canvas{33, 47};
    const Image image(c.tensor("image"));
    const BoundingBoxes boxes(c.tensor("boxes"), BoundingBoxFormat::XYXY, canvas);
    const BoundingBoxes rotated(c.tensor("rotated"), BoundingBoxFormat::CXCYWHR, canvas);
    torch::manual_seed(static_cast<uint64_t>(c.integer("seed")));
    if (c.has_tensor("mask")) {
      const auto [i, b, r, m, p] =
          transform(image, boxes, rotated, Mask(c.tensor("mask")), KeyPoints(c.tensor("points"), canvas));
      expect_value(c, "image", i);
      expect_value(c, "boxes", b);
      expect_value(c, "rotated", r);
      expect_value(c, "mask", m);
      expect_value(c, "points", p);
    } else {
      const auto [i, b, r] = transform(image, boxes, rotated);
      expect_value(c, "image", i);
      expect_value(c, "boxes", b);
      expect_value(c, "rotated", r);
    }
    EXPECT_TENSOR_EQ(torch::rand({1}), c.tensor("next_draw"));
    EXPECT_TENSOR_EQ(image.data, c.tensor("image"));
  }
}

}  // namespace support
