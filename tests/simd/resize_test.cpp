#include "opsis/simd/resize.h"

#include <gtest/gtest.h>
#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <new>
#include <random>
#include <vector>

#include "tests/simd/every_target.h"

namespace opsis {
namespace {

// Rows that each end where no memory may be read any more.
class RowsBeforeWalls {
 public:
  RowsBeforeWalls(int64_t rows, int64_t bytes) : bytes_(bytes) {
    const auto page = static_cast<int64_t>(sysconf(_SC_PAGESIZE));
    pitch_ = (bytes + page - 1) / page * page + page;
    all_ = static_cast<size_t>(rows * pitch_);
    void* const memory = mmap(nullptr, all_, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (memory == MAP_FAILED) throw std::bad_alloc();
    begin_ = static_cast<uint8_t*>(memory);
    end_of_row_ = pitch_ - page;
    for (int64_t y = 0; y < rows; ++y) {
      if (mprotect(begin_ + y * pitch_ + end_of_row_, static_cast<size_t>(page), PROT_NONE) != 0) throw std::bad_alloc();
    }
  }
  ~RowsBeforeWalls() { munmap(begin_, all_); }
  RowsBeforeWalls(const RowsBeforeWalls&) = delete;
  RowsBeforeWalls& operator=(const RowsBeforeWalls&) = delete;

  uint8_t* row(int64_t y) const { return begin_ + y * pitch_ + end_of_row_ - bytes_; }

 private:
  int64_t bytes_, pitch_ = 0, end_of_row_ = 0;
  size_t all_ = 0;
  uint8_t* begin_ = nullptr;
};

uint8_t blended(const simd::ResizeTaps& taps, size_t x, const uint8_t* from, int64_t step) {
  int64_t sum = int64_t{1} << (taps.precision - 1);
  for (int k = 0; k < taps.count[x]; ++k) {
    sum +=
        int64_t{taps.weights[x * static_cast<size_t>(taps.taps) + static_cast<size_t>(k)]} * from[(taps.first[x] + k) * step];
  }
  return static_cast<uint8_t>(std::clamp<int64_t>(sum >> taps.precision, 0, 255));
}

// Along the rows, then along the columns, one number after the other.
std::vector<uint8_t> plain(const simd::ResizePlan& plan, const RowsBeforeWalls& rows) {
  const auto bytes = plan.width * plan.channels;
  const auto across = simd::resize_taps(plan.from_width, plan.to_width, plan.filter, plan.antialias, plan.left, plan.width);
  const auto down = simd::resize_taps(plan.from_height, plan.to_height, plan.filter, plan.antialias, plan.top, plan.height);
  std::vector<uint8_t> narrow, out;
  for (int64_t y = 0; y < plan.from_height; ++y) {
    for (int64_t i = 0; i < bytes; ++i) {
      const auto x = i / plan.channels, channel = i % plan.channels;
      narrow.push_back(plan.from_width == plan.to_width
                           ? rows.row(y)[plan.left * plan.channels + i]
                           : blended(across, static_cast<size_t>(x), rows.row(y) + channel, plan.channels));
    }
  }
  for (int64_t y = 0; y < plan.height; ++y) {
    for (int64_t i = 0; i < bytes; ++i) {
      out.push_back(plan.from_height == plan.to_height ? narrow[static_cast<size_t>((plan.top + y) * bytes + i)]
                                                       : blended(down, static_cast<size_t>(y), narrow.data() + i, bytes));
    }
  }
  return out;
}

void expect_plain(const simd::ResizePlan& plan, const RowsBeforeWalls& rows, const std::vector<uint8_t>& expected) {
  std::vector<uint8_t> out;
  simd::Resizer(plan).rows([&](int64_t y) { return rows.row(y); }, 0, plan.height,
                           [&](int64_t, const uint8_t* row) { out.insert(out.end(), row, row + plan.width * plan.channels); });
  ASSERT_EQ(out, expected) << plan.from_width << "x" << plan.from_height << " to " << plan.to_width << "x" << plan.to_height
                           << ", " << plan.channels << " channels, from " << plan.left << " on " << plan.width
                           << (plan.antialias ? ", antialias" : "")
                           << (plan.filter == simd::ResizeFilter::Bicubic ? ", bicubic" : "");
}

TEST(Resizer, BlendsPlainlyAndReadsNothingBehindARow) {
  std::mt19937 random(7);
  for (const int64_t channels : {1, 3, 4}) {
    for (const int64_t from : {1, 2, 3, 5, 15, 16, 21, 22, 40, 64, 85, 131, 200, 256, 500}) {
      const RowsBeforeWalls rows(3, from * channels);
      for (int64_t y = 0; y < 3; ++y) {
        std::generate_n(rows.row(y), from * channels, [&] { return static_cast<uint8_t>(random() % 5 == 0 ? 255 : random()); });
      }
      for (int64_t to = 1; to <= 70; ++to) {
        for (int kind = 0; kind < 4; ++kind) {
          simd::ResizePlan plan{.from_height = 3,
                                .from_width = from,
                                .to_height = to % 2 == 0 ? 3 : 2,
                                .to_width = to,
                                .channels = channels,
                                .filter = kind < 2 ? simd::ResizeFilter::Bilinear : simd::ResizeFilter::Bicubic,
                                .antialias = kind % 2 == 0};
          plan.height = plan.to_height;
          for (const bool whole : {true, false}) {
            plan.left = whole ? 0 : to / 3;
            plan.width = whole ? to : (to - plan.left + 1) / 2;
            const auto expected = plain(plan, rows);
            support::on_every_target([&] { expect_plain(plan, rows, expected); });
            if (HasFatalFailure()) return;
          }
        }
      }
    }
  }
}

// More rows than go together, and each number of them that may be left.
TEST(Resizer, BlendsAnyNumberOfRows) {
  std::mt19937 random(8);
  const RowsBeforeWalls rows(70, 3 * 90);
  for (int64_t y = 0; y < 70; ++y) std::generate_n(rows.row(y), 3 * 90, [&] { return static_cast<uint8_t>(random()); });
  for (int64_t height = 1; height <= 70; ++height) {
    for (const int64_t to : {height, int64_t{33}}) {
      const simd::ResizePlan plan{
          .from_height = height, .from_width = 90, .to_height = to, .to_width = 57, .channels = 3, .height = to, .width = 57};
      const auto expected = plain(plan, rows);
      support::on_every_target([&] { expect_plain(plan, rows, expected); });
      if (HasFatalFailure()) return;
    }
  }
}

}  // namespace
}  // namespace opsis
