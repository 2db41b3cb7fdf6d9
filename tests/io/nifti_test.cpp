// NIfTI, held against nibabel.
#include "opsis/io/nifti.h"

#include <fstream>
#include <tuple>

#include "opsis/data/loader.h"
#include "opsis/datasets/vision_dataset.h"
#include "opsis/io/file.h"
#include "opsis/io/inflate.h"
#include "opsis/io/nifti_header.h"
#include "tests/support/damage.h"
#include "tests/support/expect.h"
#include "tests/support/oracle.h"
#include "tests/support/temporary.h"

namespace opsis {
namespace {

TEST(Nifti, VoxelsAndPlaceEqualNibabels) {
  for (const auto* table : {"types", "shapes", "scaled", "affines", "pairs", "mended"}) {
    for (const auto& c : oracle::cases(std::string("io_nifti/") + table)) {
      SCOPED_TRACE(table + (" " + c.name()));
      const auto scan = io::read_nifti(c.text("path"));
      EXPECT_TENSOR_EQ(scan.data, c.tensor("data"));
      EXPECT_TENSOR_EQ(io::read_nifti(c.text("path"), {.scaled = false}).data, c.tensor("raw"));
      // Twelve numbers of float64 on both sides, whose products NumPy sums up in another order.
      EXPECT_TENSOR_NEAR(scan.affine, c.tensor("affine"), 1e-14, 0);
      EXPECT_EQ(scan.spacing, c.numbers("spacing"));
      EXPECT_EQ(scan.slope, c.number("slope"));
      EXPECT_EQ(scan.intercept, c.number("intercept"));
      EXPECT_EQ(scan.space_units, c.text("space"));
      EXPECT_EQ(scan.time_units, c.text("time"));
      EXPECT_EQ(scan.description, c.text("description"));
      if (scan.data.numel() > 0) {
        EXPECT_EQ(scan.data.stride(0), 1);
      }
    }
  }
}

// A volume and where it lies in space, which batches keep beside it.
struct Volume {
  torch::Tensor voxels, affine;
  std::vector<double> spacing{};
  auto fields() { return std::tie(voxels, affine, spacing); }
};

class Volumes final : public datasets::VisionDataset<Volume> {
 public:
  explicit Volumes(std::vector<std::string> files) : VisionDataset("Volumes", ""), files_(std::move(files)) {}
  size_t size() const override { return files_.size(); }

 private:
  Volume read(size_t index) const override {
    const auto scan = io::read_nifti(files_[index]);
    return {scan.data, scan.affine, scan.spacing};
  }
  std::vector<std::string> files_;
};

TEST(Nifti, AsADataSetKeepsItsAffineAndSpacing) {
  const auto cases = oracle::cases("io_nifti/affines");
  std::vector<std::string> files;
  for (const auto& c : cases) files.push_back(c.text("path"));
  data::DataLoader loader(Volumes(files), {.batch_size = files.size(), .num_workers = 2});
  int count = 0;
  for (const auto& [voxels, affine, spacing] : loader) {
    ++count;
    for (size_t i = 0; i < cases.size(); ++i) {
      const auto at = static_cast<int64_t>(i);
      EXPECT_TENSOR_EQ(voxels[at], cases[i].tensor("data"));
      EXPECT_TENSOR_NEAR(affine[at], cases[i].tensor("affine"), 1e-14, 0);  // as VoxelsAndPlaceEqualNibabels
      EXPECT_EQ(spacing[i], cases[i].numbers("spacing"));
    }
  }
  EXPECT_EQ(count, 1);
}

TEST(Nifti, APairIsFoundByEitherOfItsNames) {
  for (const auto& c : oracle::cases("io_nifti/pairs")) {
    const auto scan = io::read_nifti(c.text("voxels"));
    EXPECT_TENSOR_EQ(scan.data, c.tensor("data"));
  }
  const auto c = oracle::cases("io_nifti/pairs").front();
  EXPECT_ERROR(io::decode_nifti(io::read_bytes(c.text("path"))), DecodeError, "read the pair by its path, x.hdr");
  const support::TemporaryFolder folder;
  const auto header = io::read_bytes(c.text("path")), voxels = io::read_bytes(c.text("voxels"));
  const auto path = folder.write("x.HDR", io::as_text(header));
  EXPECT_ERROR(io::read_nifti(path), IoError, "x.IMG");
  folder.write("x.IMG", io::as_text(io::Bytes(voxels).first(voxels.size() - 1)));
  EXPECT_ERROR(io::read_nifti(path), DecodeError, "x.HDR: read_nifti: its voxels take 120 bytes, of which there are 119");
  const auto whole = io::read_bytes(oracle::cases("io_nifti/shapes").front().text("path"));
  folder.write("x.HDR", io::as_text(whole));
  EXPECT_ERROR(io::read_nifti(path), DecodeError, "said to have its voxels behind the header");
}

std::vector<uint8_t> small_scan() { return io::read_bytes(oracle::cases("io_nifti/shapes").front().text("path")); }

TEST(Nifti, NamesWhatIsWrong) {
  const auto sound = small_scan();
  const auto with = [&](size_t place, std::initializer_list<uint8_t> bytes) {
    auto out = sound;
    std::copy(bytes.begin(), bytes.end(), out.begin() + static_cast<ptrdiff_t>(place));
    return out;
  };
  EXPECT_ERROR(io::decode_nifti({}), DecodeError, "0 bytes are too few");
  EXPECT_ERROR(io::decode_nifti(with(0, {1})), DecodeError, "does not begin with 348 or 540");
  EXPECT_ERROR(io::decode_nifti(with(345, {'i'})), DecodeError, "in a file of their own (.img)");
  EXPECT_ERROR(io::decode_nifti(with(344, {0})), DecodeError, "Analyze 7.5");
  EXPECT_ERROR(io::decode_nifti(with(70, {128, 0})), DecodeError, "voxels are of type 128");
  EXPECT_ERROR(io::decode_nifti(with(40, {0})), DecodeError, "it has 0 dimensions");
  EXPECT_ERROR(io::decode_nifti(with(40, {8})), DecodeError, "it has 8 dimensions");
  EXPECT_ERROR(io::decode_nifti(with(43, {0xFF})), DecodeError, "a side of -");
  EXPECT_ERROR(io::decode_nifti(with(42, {0xFF, 0x7F, 0xFF, 0x7F, 0xFF, 0x7F})), DecodeError, "limits.image_bytes");
  EXPECT_ERROR(io::decode_nifti(with(40, {4, 0, 0, 0, 0xFF, 0x7F, 0xFF, 0x7F, 0xFF, 0x7F})), DecodeError, "limits.image_bytes");
  EXPECT_ERROR(io::decode_nifti(with(42, {0xFF})), DecodeError, "of which there are");
  EXPECT_ERROR(io::decode_nifti(with(108, {0, 0, 0, 0})), DecodeError, "begin at byte 0");
  EXPECT_ERROR(io::decode_nifti(with(108, {0, 0, 0xC0, 0x7F})), DecodeError, "begin at byte nan");
  EXPECT_ERROR(io::decode_nifti(sound, {.limits = {.image_bytes = 100}}), DecodeError, "limits.image_bytes (100)");
  EXPECT_ERROR(io::read_nifti("none.nii"), IoError, "none.nii");
  const support::TemporaryFolder folder;
  const auto packed = io::read_bytes(oracle::cases("io_nifti/types")[2].text("path"));
  ASSERT_EQ(packed[0], 0x1f);
  const auto cut = folder.write("cut.nii.gz", io::as_text(io::Bytes(packed).first(packed.size() - 20)));
  EXPECT_ERROR(io::read_nifti(cut), DecodeError, "cut.nii.gz: the gzip data is damaged");
  EXPECT_ERROR(io::decode_nifti(packed, {.limits = {.file_bytes = 300}}), DecodeError, "larger than limits.file_bytes (300)");
}

TEST(Nifti, InflatesNoMoreThanVoxelsWithinTheLimitNeed) {
  const auto packed = io::read_bytes(oracle::cases("io_nifti/types")[2].text("path"));
  const auto content = io::inflate_gzip(packed, 1 << 20, "1 MiB").size();
  std::vector<uint8_t> bomb;  // of many members
  for (size_t size = 0; size <= size_t{66} << 20; size += content) bomb.insert(bomb.end(), packed.begin(), packed.end());
  EXPECT_ERROR(io::decode_nifti(bomb, {.limits = {.image_bytes = 1 << 20}}), DecodeError,
               "larger than limits.image_bytes (1048576)");
}

TEST(Nifti, NeverReadsOutsideOfADamagedFile) {
  for (const auto& sound : {small_scan(), io::read_bytes(oracle::cases("io_nifti/types")[1].text("path"))}) {
    const auto attempt = [](const std::vector<uint8_t>& bytes) {
      try {
        const auto header = io::read_nifti_header(bytes);
        EXPECT_LE(header.offset + header.size, bytes.size());
      } catch (const DecodeError&) {
      }
    };
    support::each_damage(sound, attempt);
  }
}

}  // namespace
}  // namespace opsis
