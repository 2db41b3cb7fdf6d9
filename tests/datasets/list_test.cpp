#include "opsis/datasets/list.h"

#include <set>

#include "opsis/datasets/citations.h"
#include "tests/support/expect.h"
#include "tests/support/oracle.h"

namespace opsis {
namespace {

TEST(ListDatasets, NamesAreTorchvisionsButForOurOwn) {
  const auto theirs = oracle::cases("datasets/names").front().texts("names");
  const auto ours = datasets::list_datasets();
  EXPECT_FALSE(ours.empty());
  for (const auto name : ours) {
    if (name == "Digits" || name == "ManifestFolder" || name == "VOCFolder" || name == "WebDataset" || name == "YOLODetection")
      continue;  // those that torchvision has not
    EXPECT_THAT(theirs, ::testing::Contains(std::string(name)));
  }
}

TEST(Citations, AreOfAllSetsWhoseFilesOthersMade) {
  std::set<std::string_view> expected;
  for (const auto name : datasets::list_datasets()) expected.insert(name);
  // What is generated, or the user's own.
  for (const auto* name :
       {"DatasetFolder", "FakeData", "ImageFolder", "ManifestFolder", "VOCFolder", "WebDataset", "YOLODetection"}) {
    EXPECT_EQ(expected.erase(name), 1U) << name;
  }
  std::set<std::string_view> told;
  for (const auto& citation : datasets::citations()) told.insert(citation.dataset);
  EXPECT_EQ(told, expected);
}

}  // namespace
}  // namespace opsis
