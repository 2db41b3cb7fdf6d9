#include "opsis/simd/resize.h"

#include <gtest/gtest.h>
#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <cmath>
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

// Of one pixel, as Pillow has it: the filter, stretched by the scale, cut at the line's ends, made to add up to 1.
std::vector<double> antialiased(int64_t x, int64_t from, int64_t to, simd::ResizeFilter filter, int64_t& first) {
  const double scale = static_cast<double>(from) / static_cast<double>(to), stretch = std::max(scale, 1.0);
  const bool cubic = filter == simd::ResizeFilter::Bicubic;
  const double reach = (cubic ? 2 : 1) * stretch, centre = scale * (static_cast<double>(x) + 0.5);
  first = std::max<int64_t>(static_cast<int64_t>(centre - reach + 0.5), 0);
  const auto last = std::min<int64_t>(static_cast<int64_t>(centre + reach + 0.5), from);
  std::vector<double> weights;
  double total = 0;
  for (auto i = first; i < last; ++i) {
    const double t = std::abs((static_cast<double>(i) - centre + 0.5) * (1 / stretch));
    double weight = t < 1 ? 1 - t : 0;
    if (cubic) weight = t < 1 ? (1.5 * t - 2.5) * t * t + 1 : t < 2 ? ((-0.5 * t + 2.5) * t - 4) * t + 2 : 0;
    weights.push_back(weight);
    total += weight;
  }
  for (auto& weight : weights) weight /= total;
  return weights;
}

TEST(ResizeTaps, AreThoseOfPlainDoubles) {
  for (const auto filter : {simd::ResizeFilter::Bilinear, simd::ResizeFilter::Bicubic}) {
    for (int64_t from = 1; from <= 40; ++from) {
      for (int64_t to = 1; to <= 40; ++to) {
        std::vector<std::vector<double>> expected;
        std::vector<int64_t> firsts(static_cast<size_t>(to));
        double greatest = 0;
        for (int64_t x = 0; x < to; ++x) {
          expected.push_back(antialiased(x, from, to, filter, firsts[static_cast<size_t>(x)]));
          for (const auto weight : expected.back()) greatest = std::max(greatest, weight);
        }
        int digits = 0;
        while (digits < 22 && static_cast<int>(0.5 + greatest * (1 << (digits + 1))) < (1 << 15)) ++digits;
        const int64_t begin = to / 3, size = to - begin;
        support::on_every_target([&] {
          const auto taps = simd::resize_taps(from, to, filter, true, begin, size);
          ASSERT_EQ(taps.precision, digits);
          for (int64_t i = 0; i < size; ++i) {
            const auto& weights = expected[static_cast<size_t>(begin + i)];
            const auto at = static_cast<size_t>(i);
            ASSERT_EQ(taps.first[at], firsts[static_cast<size_t>(begin + i)])
                << from << " to " << to << ", pixel " << begin + i;
            ASSERT_EQ(taps.count[at], std::ssize(weights)) << from << " to " << to << ", pixel " << begin + i;
            for (size_t k = 0; k < weights.size(); ++k) {
              ASSERT_EQ(taps.weights[at * static_cast<size_t>(taps.taps) + k], std::lround(weights[k] * (1 << digits)))
                  << from << " to " << to << ", pixel " << begin + i << ", tap " << k;
            }
          }
        });
        if (HasFatalFailure()) return;
      }
    }
  }
}

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
