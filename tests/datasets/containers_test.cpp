// Data sets that are kept in HDF5 and LMDB.
#include <fstream>

#include "opsis/datasets/lsun.h"
#include "opsis/datasets/pcam.h"
#include "tests/datasets/opened.h"

namespace opsis::datasets {
namespace {

namespace fs = std::filesystem;
using oracle::Case;

PCAM open_pcam(const Case& c, const fs::path& root, bool download) {
  return PCAM({.root = root, .split = c.text("split"), .download = download});
}

TEST(PCAM, EqualsTorchvision) { each_opened("datasets_containers/pcam", open_pcam, expect_classified<PCAM>); }

TEST(PCAM, SaysWhatIsMissingOrWrong) {
  const support::TemporaryFolder folder;
  EXPECT_ERROR(PCAM({.root = folder.path()}), NotFoundError, "split_train_x.h5 is not there; pass .download = true");
  EXPECT_ERROR(PCAM({.root = folder.path(), .split = "valid"}), ValueError, "split must be train, test or val");
  const auto c = oracle::cases("datasets_containers/pcam")[0];
  fs::copy(c.text("root"), folder.path(), fs::copy_options::recursive);
  const auto x = folder.path() / "pcam" / "camelyonpatch_level_2_split_train_x.h5";
  fs::resize_file(x, 10'000);
  EXPECT_ERROR(PCAM({.root = folder.path()}), DecodeError, x.c_str());
  fs::copy_file(folder.path() / "pcam" / "camelyonpatch_level_2_split_train_y.h5", x, fs::copy_options::overwrite_existing);
  EXPECT_ERROR(PCAM({.root = folder.path()}), DecodeError, "has no array \"x\"");
}

TEST(LSUN, EqualsTorchvision) {
  const auto open = [](const Case& c, const fs::path& root, bool) { return LSUN({.root = root, .classes = c.texts("asked")}); };
  each_opened("datasets_containers/lsun", open, expect_classified<LSUN>);
}

TEST(LSUNClass, EqualsTorchvision) {
  const auto open = [](const Case&, const fs::path& root, bool) { return LSUNClass({.root = root}); };
  each_opened("datasets_containers/lsun_class", open, expect_classified<LSUNClass>);
}

TEST(LSUN, SaysWhatIsMissingOrWrong) {
  const support::TemporaryFolder folder;
  EXPECT_ERROR(LSUN({.root = folder.path()}), NotFoundError, "bedroom_train_lmdb/data.mdb is not there");
  EXPECT_ERROR(LSUN({.root = folder.path(), .classes = {"garden_train"}}), ValueError, "got \"garden\"");
  EXPECT_ERROR(LSUN({.root = folder.path(), .classes = {"tower_trains"}}), ValueError, "must be train, val or test");
  EXPECT_ERROR(LSUN({.root = folder.path(), .classes = {"train", "val"}}), ValueError, "got \"\"");
  std::ofstream(folder.path() / "data.mdb") << "no database";
  EXPECT_ERROR(LSUNClass({.root = folder.path()}), DecodeError, "data.mdb: LmdbFile");
}

}  // namespace
}  // namespace opsis::datasets
