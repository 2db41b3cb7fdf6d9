#include "opsis/utils/picture_formats.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <string>

namespace opsis {
namespace {

TEST(PictureFormats, AreFoundByNameAndEndingInAnyCase) {
  const auto formats = utils::picture_formats();
  EXPECT_TRUE(std::is_sorted(formats.begin(), formats.end(), [](const auto& a, const auto& b) { return a.name < b.name; }));
  for (const auto& format : formats) {
    SCOPED_TRACE(format.name);
    EXPECT_EQ(utils::find_picture_format(format.name), &format);
    EXPECT_EQ(utils::find_picture_format(format.ending), &format);
    EXPECT_EQ(utils::find_picture_format("." + std::string(format.name)), &format);
  }
  EXPECT_EQ(utils::find_picture_format("JPG"), utils::find_picture_format("jpeg"));
  for (const auto* none : {"", ".", "bmp", "..png", "pn"}) EXPECT_EQ(utils::find_picture_format(none), nullptr) << none;
}

}  // namespace
}  // namespace opsis
