// Pictures that are written where their batch has them: the same numbers as those that are copied there.
#include <hwy/targets.h>
#include <torch/torch.h>

#include <atomic>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <memory>
#include <span>

#include "opsis/data/loader.h"
#include "opsis/datasets/folder.h"
#include "opsis/datasets/views.h"
#include "opsis/hub/checkpoint.h"
#include "opsis/io/file.h"
#include "opsis/io/image.h"
#include "opsis/transforms.h"
#include "tests/cli/tool.h"
#include "tests/support/download_server.h"
#include "tests/support/expect.h"
#include "tests/support/memory.h"
#include "tests/support/temporary.h"

namespace opsis {
namespace {

namespace fs = std::filesystem;
using data::DataLoader;
using data::LoaderOptions;
using datasets::Classified;
using datasets::ClassifiedBatch;
using datasets::ImageFolder;
using Set = std::shared_ptr<const datasets::Dataset<Classified>>;

constexpr size_t kPhotos = 11;

// Photos of sizes of their own, and a gray one, in two classes.
class Photos {
 public:
  Photos() {
    torch::manual_seed(0);
    for (size_t i = 0; i < kPhotos; ++i) {
      const auto number = static_cast<int64_t>(i);
      const auto noise = torch::rand({i == 3 ? 1 : 3, 6, 8});
      const auto pixels = torch::upsample_bilinear2d(noise.unsqueeze(0) * 255, {280 + 3 * number, 300 - number}, false);
      fs::create_directories(path(i).parent_path());
      io::write_jpeg(Image(pixels.squeeze(0).to(torch::kUInt8)), path(i));
    }
  }
  const fs::path& root() const { return folder_.path(); }
  fs::path path(size_t i) const {
    return root() / (i % 2 ? "dog" : "cat") / (std::string(1, static_cast<char>('a' + i)) + ".jpg");
  }

 private:
  support::TemporaryFolder folder_;
};

transforms::Compose training(int64_t size = 40) {
  using namespace transforms;  // NOLINT
  return {RandomResizedCrop({size}), RandomHorizontalFlip(), ToDtype(torch::kFloat32, {.scale = true}),
          Normalize({0.485, 0.456, 0.406}, {0.229, 0.224, 0.225})};
}

// Hands on what a folder gives; counts the pictures, and those that came to lie where they were asked for.
class WatchedFolder final : public datasets::Dataset<Classified>, public datasets::PlacedSource<Classified> {
 public:
  explicit WatchedFolder(ImageFolder photos) : photos_(std::move(photos)) {}
  size_t size() const override { return photos_.size(); }
  Classified get(size_t index) const override { return photos_.get(index); }
  Classified get_placed(size_t index, const transforms::ImagePlace& place) const override {
    ++seen_->asked;
    torch::Tensor given;
    auto example =
        photos_.get_placed(index, [&](at::IntArrayRef sizes, torch::ScalarType type) { return given = place(sizes, type); });
    if (given.defined() && example.image.data.const_data_ptr() == given.const_data_ptr()) ++seen_->placed;
    return example;
  }
  int asked() const { return seen_->asked; }
  int placed() const { return seen_->placed; }

 private:
  struct Seen {
    std::atomic<int> asked{0}, placed{0};
  };
  ImageFolder photos_;
  std::shared_ptr<Seen> seen_ = std::make_shared<Seen>();
};

// What a loader must give of these samples: each read by itself, then stacked. The folder is not asked to place anything, since a
// collate of the user's gets whole examples.
std::vector<ClassifiedBatch> copied(const Set& set, LoaderOptions options) {
  const auto collate = [](std::vector<Classified> samples, std::span<const size_t> indices) {
    return data::collate(std::move(samples), indices);
  };
  std::vector<ClassifiedBatch> out;
  DataLoader loader(set, std::move(options), collate);
  for (auto& batch : loader) out.push_back(batch);
  return out;
}

std::vector<ClassifiedBatch> placed(const Set& set, LoaderOptions options) {
  std::vector<ClassifiedBatch> out;
  DataLoader loader(set, std::move(options));
  for (auto& batch : loader) out.push_back(batch);
  return out;
}

void expect_equal(const std::vector<ClassifiedBatch>& got, const std::vector<ClassifiedBatch>& expected) {
  ASSERT_EQ(got.size(), expected.size());
  for (size_t i = 0; i < got.size(); ++i) {
    EXPECT_TENSOR_EQ(got[i].images, expected[i].images);
    EXPECT_TENSOR_EQ(got[i].labels, expected[i].labels);
    EXPECT_TRUE(got[i].images.is_contiguous());
  }
}

LoaderOptions shuffled(size_t workers) { return {.batch_size = 4, .shuffle = true, .num_workers = workers, .seed = 5}; }

TEST(PlacedPictures, OfAnImageFolderAreWrittenIntoTheBatch) {
  const Photos photos;
  for (const size_t workers : {0, 2}) {
    const auto set = std::make_shared<const WatchedFolder>(ImageFolder({.root = photos.root(), .transforms = training()}));
    const auto got = placed(set, shuffled(workers));
    EXPECT_EQ(set->asked(), static_cast<int>(kPhotos));
    EXPECT_EQ(set->placed(), static_cast<int>(kPhotos));
    expect_equal(got, copied(set, shuffled(workers)));
    EXPECT_EQ(set->asked(), static_cast<int>(kPhotos));
  }
}

TEST(PlacedPictures, EqualThoseThatAreCopiedWhateverTheTransforms) {
  using namespace transforms;  // NOLINT
  const Photos photos;
  const auto to_float = ToDtype(torch::kFloat32, {.scale = true});
  struct Pipeline {
    AnyTransform transforms;
    bool is_placed;
  };
  const std::vector<Pipeline> pipelines{
      {training(), true},
      {Compose{training()}, true},
      {training(161), true},  // past the caches, and not as memory is aligned
      {training(192), true},  // and as it is
      {training().with_fusion(false), false},
      {Compose{Resize({40, 36}), to_float}, true},
      {Compose{Resize({40, 36}), RandomVerticalFlip(), RandomHorizontalFlip()}, true},                  // bytes
      {Compose{Resize({40, 36}), RandomVerticalFlip(), to_float, Normalize({0.5}, {0.25})}, true},      // one mean for all
      {Compose{RandomCrop({50, 30}), RandomVerticalFlip(), to_float, Normalize({0.5}, {0.25})}, true},  // as they lie
      {CenterCrop({50, 30}), false},                                                                    // a part of the file
      // What follows gets pictures of their own: a mirrored or turned view of its place would be copied over itself.
      {Compose{training(), RandomErasing({.p = 1})}, false},
      {Compose{training(), Lambda([](const torch::Tensor& x) { return x.transpose(1, 2); })}, false},
      {Compose{training(), Lambda([](const torch::Tensor& x) { return x.flip(2); })}, false},
      {Compose{training(), Lambda([](const torch::Tensor& x) { return x + 1; })}, false},
      {Compose{Resize({40, 36}), Resize({30, 36}), to_float}, true}};  // the second pass is placed
  for (const auto& [pipeline, is_placed] : pipelines) {
    SCOPED_TRACE(pipeline.repr());
    const auto set = std::make_shared<const WatchedFolder>(
        ImageFolder({.root = photos.root(), .transforms = pipeline, .loader = datasets::default_loader}));
    expect_equal(placed(set, shuffled(2)), copied(set, shuffled(0)));
    EXPECT_EQ(set->placed(), is_placed ? static_cast<int>(kPhotos) : 0);
  }
}

TEST(PlacedPictures, OfGrayAndOfOtherFormatsEqualThoseThatAreCopied) {
  const Photos photos;
  for (size_t i = 0; i < kPhotos; i += 2) {
    io::write_png(io::decode_image(photos.path(i), {.mode = io::ImageReadMode::RGB}), photos.path(i).replace_extension(".png"));
  }
  for (const bool gray : {false, true}) {
    const transforms::Compose prepare{transforms::RandomResizedCrop({40}),
                                      transforms::ToDtype(torch::kFloat32, {.scale = true})};
    const auto loader = gray ? datasets::gray_loader : datasets::default_loader;
    const auto set =
        std::make_shared<const WatchedFolder>(ImageFolder({.root = photos.root(), .transforms = prepare, .loader = loader}));
    expect_equal(placed(set, shuffled(2)), copied(set, shuffled(0)));
    EXPECT_EQ(set->placed(), static_cast<int>(set->size()));
  }
}

TEST(PlacedPictures, LieBehindViewsToo) {
  using namespace datasets;  // NOLINT
  const Photos photos;
  const WatchedFolder one(ImageFolder({.root = photos.root(), .transforms = training()}));
  const WatchedFolder two(ImageFolder({.root = photos.root(), .transforms = training()}));
  const auto parts = random_split(one, {8, 3});
  const std::vector<Set> views{std::make_shared<const Subset<Classified>>(one, std::vector<size_t>{3, 1, 10, 1, 0}),
                               std::make_shared<const Subset<Classified>>(parts[0]),
                               std::make_shared<const ConcatDataset<Classified>>(one, two),
                               std::make_shared<const RepeatedDataset<Classified>>(ConcatDataset(parts[1], two), 2)};
  int expected = 0;
  for (size_t view = 0; view < views.size(); ++view) {
    SCOPED_TRACE(view);
    expect_equal(placed(views[view], shuffled(2)), copied(views[view], shuffled(0)));
    expected += static_cast<int>(views[view]->size());
    EXPECT_EQ(one.placed() + two.placed(), expected);
  }
  // What a view makes of an example it makes of one with memory of its own.
  const MappedDataset flipped(one, transforms::RandomHorizontalFlip(1.0));
  const auto mapped = std::make_shared<const MappedDataset<Classified, transforms::RandomHorizontalFlip>>(flipped);
  expect_equal(placed(mapped, shuffled(2)), copied(mapped, shuffled(0)));
  EXPECT_EQ(one.placed() + two.placed(), expected);
}

TEST(PlacedPictures, OfABatchWithABadSampleEqualThoseThatAreCopied) {
  const Photos photos;
  std::ofstream(photos.path(4)) << "no picture";
  const auto whole = io::read_bytes(photos.path(7));
  std::ofstream(photos.path(7)).write(reinterpret_cast<const char*>(whole.data()), std::ssize(whole) / 2);
  const auto set = std::make_shared<const WatchedFolder>(ImageFolder({.root = photos.root(), .transforms = training()}));
  for (const auto way : {data::BadSamples::SkipAndCount, data::BadSamples::Substitute}) {
    for (const size_t workers : {0, 2}) {
      auto options = shuffled(workers);
      options.on_error = way;
      const auto before = set->placed();
      expect_equal(placed(set, options), copied(set, options));
      EXPECT_GE(set->placed(), before + static_cast<int>(kPhotos) - 2);
    }
  }
  EXPECT_ERROR(placed(set, shuffled(2)), SampleError, ".jpg");
}

TEST(PlacedPictures, OfUnequalSizesAreRefusedOrCollatedAsBefore) {
  const Photos photos;
  const ImageFolder small({.root = photos.root(), .transforms = training(40)}),
      large({.root = photos.root(), .transforms = training(48)});
  const datasets::ConcatDataset both(small, large);
  DataLoader loader(both, {.batch_size = 16, .seed = 1});
  EXPECT_ERROR(loader.begin(), ValueError, "sample 0 is (3, 40, 40), sample 11 is (3, 48, 48)");
  DataLoader padded(both, {.batch_size = 16, .seed = 1}, data::PadCollate{});
  const auto batch = padded.begin();
  EXPECT_EQ(batch->images.sizes(), (std::vector<int64_t>{16, 3, 48, 48}));
  const auto of_small = placed(std::make_shared<const ImageFolder>(small), {.batch_size = 11, .seed = 1});
  EXPECT_TENSOR_EQ(batch->images.slice(0, 0, 11).slice(2, 0, 40).slice(3, 0, 40), of_small[0].images);
}

TEST(PlacedPictures, ABatchThatIsKeptIsNotWrittenOver) {
  const Photos photos;
  DataLoader loader(ImageFolder({.root = photos.root(), .transforms = training(160)}),
                    {.batch_size = 4, .num_workers = 2, .seed = 1});
  std::vector<torch::Tensor> kept, copies;
  for (int epoch = 0; epoch < 3; ++epoch) {
    for (auto& batch : loader) {
      kept.push_back(batch.images);
      copies.push_back(batch.images.clone());
    }
  }
  for (size_t i = 0; i < kept.size(); ++i) EXPECT_TENSOR_EQ(kept[i], copies[i]);
}

TEST(PlacedPictures, APlaceThatDoesNotFitIsRefused) {
  const Photos photos;
  const ImageFolder folder({.root = photos.root(), .transforms = training()});
  const auto in = [&](const torch::Tensor& place) {
    return folder.get_placed(0, [&](at::IntArrayRef, torch::ScalarType) { return place; });
  };
  EXPECT_ERROR(in(torch::empty({3, 40, 41})), ValueError, "the place of a picture must be contiguous, of its shape and type");
  EXPECT_ERROR(in(torch::empty({3, 40, 40}, torch::kUInt8)), ValueError, "the place of a picture");
  EXPECT_ERROR(in(torch::empty({40, 40, 3}).permute({2, 0, 1})), ValueError, "the place of a picture");
  EXPECT_EQ(in({}).image.data.sizes(), (std::vector<int64_t>{3, 40, 40}));
}

// From files, by the decoder and by transforms, into batches; as training does it.
TEST(DataLoader, MemoryStaysFlatOverFiftyEpochsOfPhotos) {
  const Photos photos;
  DataLoader loader(ImageFolder({.root = photos.root(), .transforms = training()}),
                    {.batch_size = 4, .shuffle = true, .num_workers = 2});
  const auto epochs = [&](int count) {
    for (int i = 0; i < count; ++i) {
      for (auto& batch : loader) EXPECT_EQ(batch.images.size(1), 3);
    }
    return support::resident_memory();
  };
  const auto before = epochs(20), after = epochs(50);
  EXPECT_LE(after, before + before / 100);
}

// The test calls itself with lower instruction sets: a machine that has no better ones gives the same batches. Without AVX2 only
// bilinear resizing is another, as it is torchvision's.
TEST(DataLoader, BatchesDoNotDependOnTheInstructionSet) {
  const auto batches_of = [](const fs::path& root, std::string_view set, size_t workers) {
    using namespace transforms;  // NOLINT
    const auto mode = set == "default" ? InterpolationMode::BICUBIC : InterpolationMode::BILINEAR;
    const Compose training{RandomResizedCrop({40}, {.interpolation = mode}), RandomHorizontalFlip(),
                           ToDtype(torch::kFloat32, {.scale = true}), Normalize({0.485, 0.456, 0.406}, {0.229, 0.224, 0.225})};
    DataLoader loader(ImageFolder({.root = root, .transforms = training}),
                      {.batch_size = 4, .shuffle = true, .num_workers = workers, .seed = 3});
    std::vector<torch::Tensor> all;
    for (int epoch = 0; epoch < 3; ++epoch) {
      for (auto& batch : loader) all.push_back(batch.images);
    }
    return torch::cat(all);
  };
  if (const char* root = std::getenv("OPSIS_TEST_PHOTOS")) {
    hwy::SetSupportedTargetsForTest(HWY_STATIC_TARGET);
    hwy::GetChosenTarget().Update(hwy::SupportedTargets());
    return hub::save(std::getenv("OPSIS_TEST_BATCHES"), batches_of(root, std::getenv("ATEN_CPU_CAPABILITY"), 0));
  }
  const Photos photos;
  const support::TemporaryFolder folder;
  for (const auto* name : {"default", "avx2"}) {
    SCOPED_TRACE(name);
    const auto file = folder.path() / name;
    const support::Variable root("OPSIS_TEST_PHOTOS", photos.root());
    const support::Variable batches("OPSIS_TEST_BATCHES", file);
    const support::Variable set("ATEN_CPU_CAPABILITY", name);
    const support::Variable shards("GTEST_TOTAL_SHARDS", "1"), shard("GTEST_SHARD_INDEX", "0");  // all that the filter names
    const auto run = cli_tests::run_program("opsis_tests", {"--gtest_filter=DataLoader.BatchesDoNotDependOnTheInstructionSet"});
    ASSERT_EQ(run.code, 0) << run.out << run.err;
    EXPECT_TENSOR_EQ(hub::load(file).as_tensor(), batches_of(photos.root(), name, 2));
  }
}

}  // namespace
}  // namespace opsis
