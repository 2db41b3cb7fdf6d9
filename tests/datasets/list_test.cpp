#include "opsis/datasets/list.h"

#include <set>

#include "opsis/datasets/citations.h"
#include "tests/support/expect.h"
#include "tests/support/oracle.h"

namespace opsis {
namespace {

TEST(ListDatasets, NamesAreTorchvisionsButForOurOwn) {
  std::set<std::string> theirs, ours;
  for (const auto& name : oracle::cases("datasets/names").front().texts("names")) theirs.insert(name);
  for (const auto name : datasets::list_datasets()) ours.emplace(name);
  for (const auto* own : {"Digits", "ManifestFolder", "VOCFolder", "WebDataset", "YOLODetection"}) {
    EXPECT_EQ(ours.erase(own), 1U) << own;
  }
  // A base class and a function, which are not opened by their name.
  for (const auto* other : {"VisionDataset", "wrap_dataset_for_transforms_v2"}) EXPECT_EQ(theirs.erase(other), 1U) << other;
  EXPECT_EQ(ours, theirs);
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
