// Folders that Opsis made, opened by torchvision: the files that each of the two writes in its own way are good for the other.
#include "opsis/datasets/imagenet.h"
#include "opsis/datasets/phototour.h"
#include "tests/datasets/opened.h"
#include "tests/support/python.h"

namespace opsis::datasets {
namespace {

namespace fs = std::filesystem;
using nlohmann::json;

std::string words_of_set(const char* set, const fs::path& theirs, const fs::path& ours, const json& options) {
  return std::string(" ") + set + " '" + theirs.string() + "' '" + ours.string() + "' '" + options.dump() + "'";
}

TEST(ImageNet, IsOpenedByTorchvisionAsItsOwn) {
  const support::TemporaryFolder ours;
  std::string words;
  for (const auto& c : oracle::cases("datasets_classified/imagenet")) {
    const auto split = c.text("split");
    for (const auto& archive : {std::string("ILSVRC2012_devkit_t12.tar.gz"), "ILSVRC2012_img_" + split + ".tar"}) {
      fs::copy_file(fs::path(c.text("archives")) / archive, ours.path() / archive, fs::copy_options::skip_existing);
    }
    const auto hashes = hashes_of(c);
    EXPECT_EQ(ImageNet({.root = ours.path(), .split = split}).size(), c.ints("labels").size());
    words += words_of_set("ImageNet", c.text("root"), ours.path(), json::object({{"split", split}}));
  }
  EXPECT_TRUE(support::python_agrees("tests/datasets/read_back.py", words));
}

TEST(PhotoTour, IsOpenedByTorchvisionAsItsOwn) {
  const support::TemporaryFolder ours, theirs;
  std::string words;
  for (const auto& c : oracle::cases("datasets_targets/phototour")) {
    const auto set = c.text("set");
    const bool train = c.boolean("train");
    const auto hashes = hashes_of(c);
    const support::Variable mirror("OPSIS_HUB_MIRROR", c.text("mirror"));
    const PhotoTour patches({.root = ours.path(), .name = set, .train = train, .download = true});
    EXPECT_EQ(patches.size(), static_cast<size_t>(c.integer("length")));
    // torchvision makes its file of patches there by itself.
    fs::copy(fs::path(c.text("root")) / set, theirs.path() / set,
             fs::copy_options::recursive | fs::copy_options::skip_existing);
    words += words_of_set("PhotoTour", theirs.path(), ours.path(), json::object({{"name", set}, {"train", train}}));
  }
  EXPECT_TRUE(support::python_agrees("tests/datasets/read_back.py", words));
}

}  // namespace
}  // namespace opsis::datasets
