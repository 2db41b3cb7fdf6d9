#include <c10/core/CPUAllocator.h>
#include <torch/torch.h>

#include <chrono>
#include <condition_variable>
#include <mutex>
#include <set>
#include <thread>

#include "opsis/io/crc32.h"
#include "tests/io/pictures.h"
#include "tests/support/expect.h"

namespace opsis {
namespace {

TEST(DecodeImages, KeepsTheErrorsOfEachFile) {
  std::vector<std::filesystem::path> files;
  for (const auto* name : {"photo.jpg", "photo.png", "jpeg_zero.jpg", "gray8.png"})
    files.push_back(support::picture_path(name));
  files.push_back("/nowhere/a.jpg");
  for (int i = 0; i < 40; ++i) files.push_back(files[static_cast<size_t>(i) % 5]);
  for (const int64_t threads : {0, 1, 2, 7}) {
    const auto results = io::decode_images(files, {.mode = ImageReadMode::RGB}, threads);
    ASSERT_EQ(results.size(), files.size());
    for (size_t i = 0; i < files.size(); ++i) {
      SCOPED_TRACE(i);
      if (i % 5 == 2) {
        EXPECT_FALSE(results[i]);
        EXPECT_ERROR(results[i].image(), DecodeError, "jpeg_zero.jpg: decode_jpeg: ");
        EXPECT_NE(results[i].message().find("decode_jpeg: "), std::string::npos);
      } else if (i % 5 == 4) {
        EXPECT_ERROR(results[i].image(), IoError, "cannot open /nowhere/a.jpg");
      } else {
        ASSERT_TRUE(results[i]);
        EXPECT_EQ(results[i].message(), "");
        EXPECT_TENSOR_EQ(results[i].image().data, io::decode_image(files[i], {.mode = ImageReadMode::RGB}).data);
      }
    }
  }
}

/// While it lives, whoever asks for the memory of a tensor waits until so many threads have. After half a minute it gives up.
class Meeting final : public c10::Allocator {
 public:
  explicit Meeting(int64_t threads) : threads_(threads) { c10::SetCPUAllocator(this); }
  ~Meeting() override { c10::SetCPUAllocator(memory_); }
  Meeting(const Meeting&) = delete;
  Meeting& operator=(const Meeting&) = delete;

  int64_t met() const { return std::ssize(ids_); }

  c10::DataPtr allocate(size_t bytes) override {
    {
      std::unique_lock lock(mutex_);
      ids_.insert(std::this_thread::get_id());
      all_here_.notify_all();
      all_here_.wait_for(lock, std::chrono::seconds(30), [this] { return met() >= threads_; });
    }
    return memory_->allocate(bytes);
  }
  c10::DeleterFnPtr raw_deleter() const override { return memory_->raw_deleter(); }
  void copy_data(void* to, const void* from, size_t bytes) const override { default_copy_data(to, from, bytes); }

 private:
  c10::Allocator* const memory_ = c10::GetCPUAllocator();
  const int64_t threads_;
  std::mutex mutex_;
  std::condition_variable all_here_;
  std::set<std::thread::id> ids_;
};

// No picture is done before each thread has begun with one: that many are decoded side by side.
TEST(DecodeImages, SharesThemAmongThreads) {
  const int before = torch::get_num_threads();
  torch::set_num_threads(3);
  const std::vector<std::filesystem::path> files(6, support::picture_path("photo.jpg"));
  const auto bytes = support::picture("photo.jpg");
  const std::vector<io::Bytes> views(6, bytes);
  const auto threads_of = [](const auto& inputs, int64_t threads, int64_t expected) {
    Meeting meeting(expected);
    for (const auto& result : io::decode_images(inputs, {}, threads)) EXPECT_TRUE(result) << result.message();
    return meeting.met();
  };
  for (const int64_t threads : {1, 2, 3}) {
    EXPECT_EQ(threads_of(files, threads, threads), threads);
    EXPECT_EQ(threads_of(views, threads, threads), threads);
  }
  EXPECT_EQ(threads_of(files, 0, 3), 3);  // all that torch was given
  torch::set_num_threads(before);
}

TEST(DecodeImages, TakesBytesAndTensors) {
  const auto jpeg = support::picture("photo.jpg"), png = support::picture("photo.png");
  const std::vector<io::Bytes> views{jpeg, png, io::Bytes()};
  const auto results = io::decode_images(views, {.min_size = 94});
  EXPECT_EQ(results[0].decoded.scale_y, 0.25);
  EXPECT_EQ(results[1].decoded.scale_y, 1);
  EXPECT_ERROR(results[2].image(), DecodeError, "there are no bytes");

  const std::vector<torch::Tensor> tensors{io::read_file(support::picture_path("photo.jpg")), torch::zeros({2, 2})};
  const auto of_tensors = io::decode_images(tensors);
  EXPECT_TENSOR_EQ(of_tensors[0].image().data, io::decode_image(jpeg).data);
  EXPECT_ERROR(of_tensors[1].image(), ValueError, "must be a 1-D uint8 tensor");
  EXPECT_TRUE(io::decode_images(std::vector<io::Bytes>()).empty());
  EXPECT_ERROR(io::decode_images(views, {}, -1), ValueError, "decode_images: threads must be 0 or more, got -1");
}

TEST(DecodeImage, OfScikitImagesPicturesEqualsTorchvisions) {
  int compared = 0;
  for (const auto& c : oracle::cases("io_pictures/scikit_image")) {
    if (c.boolean("skipped")) continue;
    SCOPED_TRACE(c.name());
    const auto image = io::decode_image(support::picture_path(c.text("file")), {.mode = support::read_mode(c.text("mode"))});
    const auto pixels = image.data.contiguous();
    EXPECT_EQ(pixels.sizes(), c.ints("shape"));
    const io::Bytes bytes(static_cast<const uint8_t*>(pixels.const_data_ptr()), pixels.nbytes());
    EXPECT_EQ(io::crc32(bytes), c.integer("checksum"));
    ++compared;
  }
  EXPECT_EQ(compared, 82);
}

}  // namespace
}  // namespace opsis
