// Images that a CSV file names.
#include "opsis/datasets/manifest.h"

#include "opsis/utils/save_image.h"
#include "tests/support/expect.h"
#include "tests/support/temporary.h"

namespace opsis::datasets {
namespace {

using Names = std::vector<std::string>;

TEST(ManifestFolder, SortsAndNumbersItsClasses) {
  const support::TemporaryFolder root;
  std::filesystem::create_directories(root.path() / "x, y");
  utils::save_image(torch::zeros({3, 4, 5}), root.path() / "x, y/a \"1\".png");
  const auto manifest =
      root.write("train.csv", "\xEF\xBB\xBFid,label,file\r\n1,dog,b.png\r\n2,cat,\"x, y/a \"\"1\"\".png\"\r\n\r\n3,dog,/c.png");
  const ManifestFolder photos({.manifest = manifest});
  EXPECT_EQ(photos.classes(), (Names{"cat", "dog"}));
  EXPECT_EQ(photos.targets(), (std::vector<int64_t>{1, 0, 1}));
  EXPECT_EQ(photos.samples()[0].first, root.path() / "b.png");
  EXPECT_EQ(photos.samples()[2].first, "/c.png");
  EXPECT_EQ(photos.get(1).image.data.sizes(), (torch::IntArrayRef{3, 4, 5}));
  EXPECT_ERROR(photos.get(0), IoError, "b.png");
  EXPECT_ERROR(photos.get(3), ValueError, "ManifestFolder: index must be below 3, got 3");
}

TEST(ManifestFolder, TakesNumbersColumnsAndClassesOfYours) {
  const support::TemporaryFolder root;
  const auto numbers = root.write("numbers.csv", "file,label\na,10\nb,2\nc,010\n");
  const ManifestFolder by_number({.manifest = numbers});
  EXPECT_EQ(by_number.targets(), (std::vector<int64_t>{10, 2, 10}));
  EXPECT_EQ(by_number.classes().size(), 11);
  const ManifestFolder mixed({.manifest = root.write("mixed.csv", "file,label\na,01\nb,1\nc,cat\n")});
  EXPECT_EQ(mixed.targets(), (std::vector<int64_t>{0, 1, 2}));
  const auto tabs = root.write("tabs.csv", "path\tgrade\na\tgood\nb\tbad\n");
  const ManifestFolder given({.manifest = tabs,
                              .root = "elsewhere",
                              .file_column = "path",
                              .label_column = "grade",
                              .classes = {"good", "bad"},
                              .separator = '\t'});
  EXPECT_EQ(given.targets(), (std::vector<int64_t>{0, 1}));
  EXPECT_EQ(given.samples()[0].first, "elsewhere/a");
  EXPECT_EQ(ManifestFolder({.manifest = root.write("none.csv", "file,label\n")}).size(), 0);
}

TEST(ManifestFolder, NamesTheRowThatIsWrong) {
  const support::TemporaryFolder root;
  const auto refused = [&](const char* content, const char* reason, Names classes = {}) {
    EXPECT_ERROR(ManifestFolder({.manifest = root.write("m.csv", content), .classes = classes}), DecodeError, reason);
  };
  refused("", "m.csv, row 1: the names of the columns are missing");
  refused("file,class\na,b\n", "row 1: the column \"label\" is missing");
  refused("file,label\na,b\nc\n", "row 3: it has too few columns");
  refused("file,label\n,b\n", "row 2: the file's name is empty");
  refused("file,label\na,b\n", "row 2: \"b\" is none of the classes", {"c"});
  EXPECT_ERROR(ManifestFolder({.manifest = root.path() / "none.csv"}), IoError, "none.csv");
}

}  // namespace
}  // namespace opsis::datasets
