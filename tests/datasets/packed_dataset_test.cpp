// A data set kept in one file: what comes out is what went in, and a file that is damaged or of something else is named.
#include "opsis/datasets/packed_dataset.h"

#include <limits>

#include "opsis/core/random.h"
#include "opsis/data/loader.h"
#include "opsis/datasets/digits.h"
#include "opsis/datasets/examples.h"
#include "opsis/datasets/webdataset.h"
#include "opsis/io/file.h"
#include "tests/support/expect.h"
#include "tests/support/temporary.h"

namespace opsis::datasets {
namespace {

namespace fs = std::filesystem;

// Examples that are listed.
template <class T>
class Listed final : public Dataset<T> {
 public:
  explicit Listed(std::vector<T> examples) : examples_(std::move(examples)) {}
  size_t size() const override { return examples_.size(); }
  T get(size_t index) const override {
    detail::check_index("Listed", index, size());
    return examples_[index];
  }

 private:
  std::vector<T> examples_;
};

void expect_same_tensor(const torch::Tensor& actual, const torch::Tensor& expected) {
  EXPECT_EQ(actual.defined(), expected.defined());
  if (!expected.defined()) return;
  EXPECT_TENSOR_EQ(actual, expected);
  if (expected.is_non_overlapping_and_dense()) {
    EXPECT_EQ(actual.strides(), expected.strides());
  }
}

TEST(PackedDataset, GivesDetectedExamplesBackWithAllThatTheyKnow) {
  const support::TemporaryFolder folder;
  torch::manual_seed(0);
  const auto image = torch::randint(0, 256, {6, 5, 3}, torch::kUInt8).permute({2, 0, 1});  // channels last, as decoders give it
  Detected one{.image = Image(image)};
  one.boxes = BoundingBoxes(torch::rand({2, 4}, torch::kFloat64), BoundingBoxFormat::CXCYWH, Size{6, 5});
  one.boxes.clamping_mode = ClampingMode::Hard;
  one.labels = torch::tensor({3, 1});
  one.masks = Mask(torch::randint(0, 2, {2, 6, 5}, torch::kBool));
  one.image_id = 1LL << 40;
  one.annotation = Json::parse(R"([{"id": 1, "bbox": [0.1, 2, 1e300], "name": "ä\n"}, null])");
  Detected two{.image = Image(torch::rand({1, 4, 9}).slice(2, 0, 9, 2))};  // not dense
  two.boxes = BoundingBoxes(torch::empty({0, 4}), BoundingBoxFormat::XYXY, Size{4, 5});
  const auto packed = cache_to_file(Listed<Detected>({one, two}), folder.path() / "a.packed");
  ASSERT_EQ(packed.size(), 2u);
  size_t i = 0;
  for (const auto& expected : {one, two}) {
    const auto actual = packed.get(i++);
    expect_same_tensor(actual.image.data, expected.image.data);
    expect_same_tensor(actual.boxes.data, expected.boxes.data);
    EXPECT_EQ(actual.boxes.format, expected.boxes.format);
    EXPECT_EQ(actual.boxes.canvas_size, expected.boxes.canvas_size);
    EXPECT_EQ(actual.boxes.clamping_mode, expected.boxes.clamping_mode);
    expect_same_tensor(actual.labels, expected.labels);
    ASSERT_EQ(actual.masks.has_value(), expected.masks.has_value());
    if (expected.masks) expect_same_tensor(actual.masks->data, expected.masks->data);
    EXPECT_EQ(actual.image_id, expected.image_id);
    EXPECT_EQ(actual.annotation, expected.annotation);
  }
  // Who changes his example does not change the file's.
  packed.get(0).image.data.zero_();
  EXPECT_TENSOR_EQ(packed.get(0).image.data, image);
}

TEST(PackedDataset, TakesEveryTypeOfExample) {
  const support::TemporaryFolder folder;
  using Odd = std::tuple<KeyPoints, std::vector<std::string>, std::optional<double>, std::pair<bool, float>,
                         std::vector<torch::Tensor>, std::map<std::string, std::vector<uint8_t>>, Video, std::vector<bool>>;
  const Odd expected{KeyPoints(torch::rand({2, 2}), Size{7, 8}),
                     {"a", "", std::string("b\0c", 3)},
                     -0.1,
                     {true, std::numeric_limits<float>::infinity()},
                     {torch::empty({0}), torch::tensor(3.5, torch::kHalf), {}},
                     {{"x", {0, 255}}, {"y", {}}},
                     Video(torch::randint(0, 9, {2, 3, 4, 4}, torch::kUInt8)),
                     {true, false}};
  const auto actual = cache_to_file(Listed<Odd>({expected}), folder.path() / "odd").get(0);
  expect_same_tensor(std::get<0>(actual).data, std::get<0>(expected).data);
  EXPECT_EQ(std::get<0>(actual).canvas_size, (Size{7, 8}));
  EXPECT_EQ(std::get<1>(actual), std::get<1>(expected));
  EXPECT_EQ(std::get<2>(actual), std::get<2>(expected));
  EXPECT_EQ(std::get<3>(actual), std::get<3>(expected));
  ASSERT_EQ(std::get<4>(actual).size(), 3u);
  for (size_t i = 0; i < 3; ++i) expect_same_tensor(std::get<4>(actual)[i], std::get<4>(expected)[i]);
  EXPECT_EQ(std::get<5>(actual), std::get<5>(expected));
  expect_same_tensor(std::get<6>(actual).data, std::get<6>(expected).data);
  EXPECT_EQ(std::get<7>(actual), std::get<7>(expected));
  // The examples of opsis/datasets/examples.h and others compile, and an empty set is one.
  const auto empty = [&](auto list, const char* name) {
    EXPECT_EQ(cache_to_file(std::move(list), folder.path() / name).size(), 0u);
  };
  empty(Listed<Classified>({}), "0");
  empty(Listed<Segmented>({}), "1");
  empty(Listed<Captioned>({}), "2");
  empty(Listed<FlowExample>({}), "3");
  empty(Listed<StereoExample>({}), "4");
  empty(Listed<ImagePair>({}), "5");
  empty(Listed<ClassifiedClip>({}), "6");
  empty(Listed<WebExample>({}), "7");
}

// Draws when it is read, which one should not do in front of a cache, but the file is then the same each time.
class Drawing final : public Dataset<torch::Tensor> {
 public:
  size_t size() const override { return 200; }
  torch::Tensor get(size_t) const override { return torch::rand({3}, random::current()); }
};

TEST(PackedDataset, TheFileIsTheSameHoweverManyThreadsWriteIt) {
  const support::TemporaryFolder folder;
  const auto threads = torch::get_num_threads();
  torch::set_num_threads(1);
  cache_to_file(Drawing(), folder.path() / "one");
  torch::set_num_threads(3);
  cache_to_file(Drawing(), folder.path() / "three");
  torch::set_num_threads(threads);
  EXPECT_EQ(io::read_bytes(folder.path() / "one"), io::read_bytes(folder.path() / "three"));
  cache_to_file(Drawing(), folder.path() / "other", {.seed = 1});
  EXPECT_NE(io::read_bytes(folder.path() / "one"), io::read_bytes(folder.path() / "other"));
}

TEST(PackedDataset, IsLoadedAsTheDataSetItself) {
  const support::TemporaryFolder folder;
  const Digits digits;
  const auto path = folder.path() / "digits.packed";
  const auto packed = cache_to_file(digits, path);
  ASSERT_EQ(packed.size(), digits.size());
  data::DataLoader one(digits, {.batch_size = 100, .shuffle = true, .num_workers = 0, .seed = 5});
  data::DataLoader two(RepeatedDataset(packed, 1), {.batch_size = 100, .shuffle = true, .num_workers = 2, .seed = 5});
  auto other = two.begin();
  for (const auto& batch : one) {
    EXPECT_TENSOR_EQ(batch.images, other->images);
    EXPECT_TENSOR_EQ(batch.labels, other->labels);
    ++other;
  }
  // It is the file that is read the second time.
  const auto written = fs::last_write_time(path);
  EXPECT_EQ(cache_to_file(digits, path).size(), digits.size());
  EXPECT_EQ(fs::last_write_time(path), written);
  EXPECT_EQ(PackedDataset<Classified>(path).get(7).label, digits.get(7).label);
  EXPECT_ERROR(PackedDataset<Classified>(path).get(digits.size()), ValueError, "PackedDataset: index must be below");
}

TEST(PackedDataset, AFileOfSomethingElseOrDamagedIsNamed) {
  const support::TemporaryFolder folder;
  const auto path = folder.path() / "a.packed";
  const Listed<Classified> two({{Image(torch::ones({1, 2, 2})), 1}, {Image(torch::zeros({1, 2, 2})), 2}});
  cache_to_file(two, path);
  EXPECT_ERROR(cache_to_file(Listed<Classified>({}), path), ValueError, "a.packed has 2 examples, the data set 0");
  EXPECT_ERROR(cache_to_file(Listed<torch::Tensor>({}), path), ValueError,
               "a.packed: it was written of examples of another type");
  EXPECT_ERROR(cache_to_file(two, path, {.name = "resized"}), ValueError, "another data set");
  const Listed<Classified> changed({{Image(torch::ones({1, 2, 2})), 1}, {Image(torch::zeros({1, 2, 2})), 3}});
  EXPECT_ERROR(cache_to_file(changed, path), ValueError, "a.packed is out of date: its example 1 is not the data set's");
  EXPECT_EQ(cache_to_file(two, path).size(), 2u);
  EXPECT_ERROR(PackedDataset<Classified>(folder.path() / "none"), IoError, "none");
  EXPECT_ERROR(cache_to_file(two, folder.path() / "no folder/x"), IoError, "no folder");
  EXPECT_ERROR(PackedDataset<Classified>(folder.write("other", "x")), DecodeError, "other: it is no file of packed examples");

  const auto sound = io::read_bytes(path);
  const auto damaged = folder.path() / "damaged";
  size_t refused = 0;
  const auto attempt = [&](const std::vector<uint8_t>& bytes) {
    folder.write("damaged", io::as_text(bytes));
    try {
      const PackedDataset<Classified> packed(damaged);
      for (size_t i = 0; i < packed.size(); ++i) packed.get(i);
    } catch (const Error& error) {
      EXPECT_THAT(error.what(), ::testing::HasSubstr("damaged"));
      ++refused;
    }
  };
  for (size_t i = 0; i < sound.size(); ++i) {
    auto bytes = sound;
    bytes[i] ^= 0x04;
    attempt(bytes);
    attempt({sound.begin(), sound.begin() + static_cast<ptrdiff_t>(i)});
  }
  EXPECT_EQ(refused, 2 * sound.size());  // no byte is unwatched
}

TEST(PackedDataset, AFileThatIsCutShortWhileItIsOpenIsAnErrorThatNamesIt) {
  const support::TemporaryFolder folder;
  const auto path = folder.path() / "a.packed";
  const Listed<Classified> two({{Image(torch::ones({1, 100, 100})), 1}, {Image(torch::zeros({1, 100, 100})), 2}});
  const auto packed = cache_to_file(two, path);
  EXPECT_EQ(packed.get(1).label, 2);
  fs::resize_file(path, 5000);
  EXPECT_ERROR(packed.get(1), IoError, "a.packed: it was cut short while it was open");
  fs::remove(path);
  const auto again = cache_to_file(two, path);
  fs::remove(path);
  EXPECT_EQ(again.get(1).label, 2);  // it stays as long as it is mapped
}

TEST(PackedDataset, WhoHasItsNameNowDoesNotCount) {
  const support::TemporaryFolder folder;
  const auto path = folder.path() / "a.packed", kept = folder.path() / "kept.packed";
  const auto of_side = [](int64_t side) {
    return Listed<Classified>({{Image(torch::ones({1, side, side})), 1}, {Image(torch::zeros({1, side, side})), 2}});
  };
  const auto packed = cache_to_file(of_side(100), path);
  fs::create_hard_link(path, kept);
  for (const int64_t side : {10, 200}) {
    fs::remove(path);
    EXPECT_EQ(cache_to_file(of_side(side), path).get(1).image.data.size(1), side);
    EXPECT_EQ(packed.get(1).image.data.size(1), 100);
  }
  fs::resize_file(kept, 5000);
  EXPECT_ERROR(packed.get(1), IoError, "a.packed: it was cut short while it was open");
}

TEST(PackedDataset, TypesOfNumbersAreToldApart) {
  using detail::packed_kind;
  EXPECT_EQ(packed_kind<Classified>(), "(I(t)i8)");
  EXPECT_EQ(packed_kind<Mask>(), "M(t)");
  EXPECT_EQ(packed_kind<std::vector<uint8_t>>(), "[u1]");
  EXPECT_EQ(packed_kind<std::vector<int>>(), "[i4]");
  EXPECT_EQ(packed_kind<std::vector<bool>>(), "[b1]");
  EXPECT_EQ(packed_kind<float>(), "f4");
  const support::TemporaryFolder folder;
  const auto path = folder.path() / "a.packed";
  const std::vector<std::vector<uint8_t>> bytes(1, {1, 2});
  cache_to_file(Listed<std::vector<uint8_t>>(bytes), path);
  const std::vector<std::vector<int>> numbers(1, {1, 2});
  EXPECT_ERROR(cache_to_file(Listed<std::vector<int>>(numbers), path), ValueError, "written of examples of another type");
}

}  // namespace
}  // namespace opsis::datasets
