// DICOM, held against pydicom; in builds with DCMTK.
#include "opsis/io/dicom.h"

#include <algorithm>
#include <fstream>
#include <tuple>
#include <utility>

#include "opsis/data/loader.h"
#include "opsis/datasets/folder.h"
#include "opsis/datasets/vision_dataset.h"
#include "opsis/hub/zip_writer.h"
#include "opsis/io/file.h"
#include "opsis/transforms/crop.h"
#include "tests/support/expect.h"
#include "tests/support/oracle.h"
#include "tests/support/temporary.h"

namespace opsis {
namespace {

using io::DicomValues;

TEST(Dicom, PixelsAndPlaceEqualPydicoms) {
  for (const auto* table : {"gray", "color", "scan"}) {
    for (const auto& c : oracle::cases(std::string("io_dicom/") + table)) {
      SCOPED_TRACE(table + (" " + c.name()));
      const auto stored = io::read_dicom(c.text("path"), {.values = DicomValues::Stored});
      EXPECT_TENSOR_EQ(stored.data.data, c.tensor("stored"));
      EXPECT_EQ(stored.photometric, c.text("photometric"));
      EXPECT_EQ(stored.spacing, c.numbers("spacing"));
      EXPECT_EQ(stored.orientation, c.numbers("orientation"));
      EXPECT_EQ(stored.position, c.numbers("position"));
      EXPECT_EQ(stored.patient_id, "patient 7");
      EXPECT_EQ(stored.modality, "CT");
      if (c.has_tensor("rescaled")) {
        EXPECT_TENSOR_EQ(io::read_dicom(c.text("path")).data.data, c.tensor("rescaled"));
      }
      if (c.has_tensor("windowed")) {
        // pydicom stretches to the range of the stored numbers, which the oracle divides out again.
        EXPECT_TENSOR_NEAR(io::read_dicom(c.text("path"), {.values = DicomValues::Windowed}).data.data, c.tensor("windowed"), 0,
                           1e-12);
      }
    }
  }
}

TEST(DatasetFolder, OfDicomsIsReadByReadDicomAndDecodeDicom) {
  const support::TemporaryFolder root;
  const auto scan = oracle::cases("io_dicom/scan").front(), gray = oracle::cases("io_dicom/gray").front();
  hub::ZipWriter zip(
      [&](io::Bytes part) { std::ofstream(root.path() / "scans.zip", std::ios::binary | std::ios::app) << io::as_text(part); });
  for (const auto& [name, path] :
       {std::pair("ct/scan.dcm", scan.text("path")), std::pair("other/gray.DCM", gray.text("path"))}) {
    const auto bytes = io::read_bytes(path);
    root.write(name, io::as_text(bytes));
    zip.add(name, bytes);
  }
  zip.finish();
  const auto load = [](const std::filesystem::path& path) { return io::read_dicom(path).data; };
  const auto decode = [](io::Bytes bytes) { return io::decode_dicom(bytes).data; };
  const datasets::DatasetFolder scans({.root = root.path(), .loader = load, .extensions = {".dcm"}});
  const datasets::DatasetFolder packed({.root = root.path() / "scans.zip", .extensions = {".dcm"}, .decode = decode});
  EXPECT_EQ(scans.classes(), (std::vector<std::string>{"ct", "other"}));
  EXPECT_TENSOR_EQ(scans.get(0).image.data, scan.tensor("rescaled"));
  EXPECT_TENSOR_EQ(scans.get(1).image.data, load(gray.text("path")).data);
  ASSERT_EQ(packed.size(), 2u);
  EXPECT_EQ(packed.get(1).label, 1);
  EXPECT_TENSOR_EQ(packed.get(0).image.data, scan.tensor("rescaled"));
}

// A slice and where it lies in the patient: transforms change the one, batches keep the other.
struct Slice {
  Image image;
  std::vector<double> spacing{}, orientation{}, position{};
  auto fields() { return std::tie(image, spacing, orientation, position); }
};

class Slices final : public datasets::VisionDataset<Slice> {
 public:
  Slices(std::vector<std::string> files, transforms::AnyTransform transforms)
      : VisionDataset("Slices", "", std::move(transforms)), files_(std::move(files)) {}
  size_t size() const override { return files_.size(); }

 private:
  Slice read(size_t index) const override {
    const auto slice = io::read_dicom(files_[index], {.values = DicomValues::Windowed});
    return {slice.data, slice.spacing, slice.orientation, slice.position};
  }
  std::vector<std::string> files_;
};

TEST(Dicom, AsADataSetKeepsItsWindowAndWhereItLies) {
  const auto cases = oracle::cases("io_dicom/scan");
  const std::vector<std::string> files{cases[0].text("path"), cases[1].text("path")};
  const transforms::CenterCrop crop({4, 6});
  data::DataLoader loader(Slices(files, crop), {.batch_size = 2, .num_workers = 2});
  for (const auto& [images, spacing, orientation, position] : loader) {
    EXPECT_EQ(images.sizes(), (std::vector<int64_t>{2, 1, 4, 6}));
    for (size_t i = 0; i < 2; ++i) {
      const auto windowed = crop(Image(cases[i].tensor("windowed"))).data;
      EXPECT_TENSOR_NEAR(images[static_cast<int64_t>(i)], windowed, 0, 1e-12);  // as PixelsAndPlaceEqualPydicoms
      EXPECT_EQ(spacing[i], cases[i].numbers("spacing"));
      EXPECT_EQ(orientation[i], cases[i].numbers("orientation"));
      EXPECT_EQ(position[i], cases[i].numbers("position"));
    }
  }
}

TEST(Dicom, ColorsOfAPaletteEqualPydicoms) {
  for (const auto& c : oracle::cases("io_dicom/palette")) {
    SCOPED_TRACE(c.name());
    EXPECT_TENSOR_EQ(io::read_dicom(c.text("path"), {.values = DicomValues::Stored}).data.data, c.tensor("stored"));
    const auto shown = io::read_dicom(c.text("path"));
    EXPECT_EQ(shown.photometric, "PALETTE COLOR");
    EXPECT_TENSOR_EQ(shown.data.data, c.tensor("colors"));
    EXPECT_TENSOR_EQ(io::read_dicom(c.text("path"), {.values = DicomValues::Windowed}).data.data,
                     c.tensor("colors") / c.number("largest"));
    const auto numbers = c.tensor("stored").numel();
    EXPECT_ERROR(io::read_dicom(c.text("path"), {.limits = {.image_bytes = 8 * numbers}}), DecodeError,
                 "the colors of its pixels go over limits.image_bytes");
  }
}

TEST(Dicom, ReadsWhatJpegAndJpegLsCompressed) {
  for (const auto* table : {"jpeg", "jpeg_lossless", "jpeg_ls"}) {
    for (const auto& c : oracle::cases(std::string("io_dicom/") + table)) {
      SCOPED_TRACE(table + (" " + c.name()));
      const auto picture = io::read_dicom(c.text("path"), {.values = DicomValues::Stored});
      EXPECT_TENSOR_EQ(picture.data.data, c.tensor("stored"));
      EXPECT_EQ(picture.photometric, c.text("photometric"));
    }
  }
  EXPECT_ERROR(io::read_dicom(oracle::cases("io_dicom/jpeg_2000").front().text("path")), DecodeError,
               "compressed as JPEG 2000 (Lossless only) (1.2.840.10008.1.2.4.90), which DCMTK does not read; decompress");
}

TEST(Dicom, TakesAWindowOfTheUsers) {
  const auto path = oracle::cases("io_dicom/scan").front().text("path");
  const auto values = io::read_dicom(path).data.data;
  const auto shown = io::read_dicom(path, {.values = DicomValues::Windowed, .window = io::DicomWindow{100, 200}}).data.data;
  EXPECT_TENSOR_EQ(shown, ((values - 99.5) / 199 + 0.5).clamp(0, 1));
  EXPECT_ERROR(io::read_dicom(path, {.values = DicomValues::Windowed, .window = io::DicomWindow{0, 0}}), ValueError,
               "must be 1 or more");
  // A width of nothing in the file is no window.
  auto bytes = io::read_bytes(path);
  const auto tag =
      io::as_text(bytes).find(std::string_view("\x28\x00\x51\x10"
                                               "DS",
                                               6));
  ASSERT_NE(tag, std::string_view::npos);
  std::fill_n(bytes.begin() + static_cast<ptrdiff_t>(tag) + 8, bytes[tag + 6], uint8_t{'0'});
  EXPECT_FALSE(io::decode_dicom(bytes).window);
  EXPECT_EQ(io::decode_dicom(bytes, {.values = DicomValues::Windowed}).data.data.max().item<double>(), 1);
  const auto plain = oracle::cases("io_dicom/gray").front().text("path");  // has no window: all that there is
  const auto whole = io::read_dicom(plain, {.values = DicomValues::Windowed}).data.data;
  EXPECT_EQ(whole.min().item<double>(), 0);
  EXPECT_EQ(whole.max().item<double>(), 1);
}

TEST(Dicom, NamesWhatIsWrongAndTakesDamage) {
  EXPECT_ERROR(io::read_dicom("none.dcm"), IoError, "none.dcm");
  EXPECT_ERROR(io::decode_dicom(io::as_bytes("no picture")), DecodeError, "read_dicom: ");
  const auto path = oracle::cases("io_dicom/scan").front().text("path");
  EXPECT_ERROR(io::read_dicom(path, {.limits = {.image_bytes = 100}}), DecodeError, "limits.image_bytes");
  const auto sound = io::read_bytes(path);
  for (size_t i = 128; i < sound.size(); i += 3) {
    auto bytes = sound;
    bytes[i] ^= 0x41;
    if (i % 2 == 0) bytes.resize(i);
    try {
      io::decode_dicom(bytes);
    } catch (const DecodeError&) {
    }
  }
}

}  // namespace
}  // namespace opsis
