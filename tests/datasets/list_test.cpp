#include "opsis/datasets/list.h"

#include "tests/support/expect.h"
#include "tests/support/oracle.h"

namespace opsis {
namespace {

TEST(ListDatasets, NamesAreTorchvisionsButForOurOwn) {
  const auto theirs = oracle::cases("datasets/names").front().texts("names");
  const auto ours = datasets::list_datasets();
  EXPECT_FALSE(ours.empty());
  for (const auto name : ours) {
    if (name == "Digits" || name == "ManifestFolder" || name == "WebDataset" || name == "YOLODetection")
      continue;  // those that torchvision has not
    EXPECT_THAT(theirs, ::testing::Contains(std::string(name)));
  }
}

}  // namespace
}  // namespace opsis
