#include "opsis/models/inference_ops.h"

#include <c10/util/SmallVector.h>
#include <torch/library.h>

#include <algorithm>
#include <cstring>
#include <map>
#include <memory>
#include <string>

#include "opsis/core/check.h"
#include "opsis/core/huge_pages.h"
#include "opsis/core/team.h"
#include "opsis/simd/activate.h"
#include "opsis/simd/depthwise.h"
#include "opsis/simd/matmul.h"
#include "opsis/simd/winograd.h"
#include "opsis/tv_tensors/print.h"

namespace opsis::inline v1::models::detail {
namespace {

using torch::Tensor;

simd::Activation activation_named(c10::string_view name) {
  using enum simd::Activation;
  static const std::map<std::string_view, simd::Activation> known{
      {"none", None},           {"sigmoid", Sigmoid}, {"swish", Silu}, {"hardsigmoid", Hardsigmoid},
      {"hardswish", Hardswish}, {"gelu", Gelu},       {"tanh", Tanh}};
  const auto found = known.find({name.data(), name.size()});
  OPSIS_CHECK(found != known.end(), "inference: there is no activation \"{}\"", std::string(name));
  return found->second;
}

// What follows a sum.
struct Finish {
  const float* addend = nullptr;  // of the result's shape
  simd::Activation activation = simd::Activation::None;
  float low, high;
};

// The operators can be called by anybody.
void check_numbers(const Tensor& tensor, const char* what) {
  OPSIS_CHECK(tensor.scalar_type() == torch::kFloat32 && tensor.is_contiguous(),
              "inference: {} must be of float32 and contiguous, is of {}", what, c10::toString(tensor.scalar_type()));
}

Finish finish_of(const Tensor& addend, c10::string_view activation, double low, double high) {
  return {addend.defined() ? addend.const_data_ptr<float>() : nullptr, activation_named(activation), static_cast<float>(low),
          static_cast<float>(high)};
}

// So many parts that each thread has some, but none is without work of a few microseconds.
int64_t parts_of(int64_t products, int64_t most) {
  constexpr int64_t kWorthAPart = 1 << 17;
  const auto threads = static_cast<int64_t>(at::get_num_threads());
  return threads == 1 ? 1 : std::clamp<int64_t>(products / kWorthAPart, 1, std::max<int64_t>(1, std::min(most, threads * 4)));
}

// What rows see, in pieces of so many numbers that a strip's weights for them stay in the second cache with the rows' own numbers.
constexpr int64_t kPiece = 512;
constexpr int64_t kRowsNumbers = 1 << 17;

// Rows of a product, whose pixels see what `look(first, end, seen)` says: seen[tap * (end - first) + row]. Cut among threads by
// rows, or, where the weights are more than the rows, by columns, so that each reads only its part of them.
template <class Look>
void multiply_rows(const simd::Strips& strips, const float* packed, int64_t rows, int64_t taps, const Look& look, float* out,
                   const Finish& finish) {
  const auto depth = strips.depth / taps;
  const auto columns = strips.columns;
  const auto most = simd::tile_rows((strips.vectors + strips.count - 1) / strips.count);
  const auto block = std::clamp<int64_t>(kRowsNumbers / std::min(strips.depth, kPiece), most, 512);
  // Of one tap, some of its numbers; of many, some of the taps.
  const auto length = taps == 1 ? depth : taps, longest = taps == 1 ? kPiece : std::max<int64_t>(kPiece / depth, 1);
  const auto pieces = (length + longest - 1) / longest;
  const auto weights_of = [&](int64_t strip, int64_t piece) -> std::pair<const float*, const float*> {
    if (piece == pieces) return {nullptr, nullptr};
    const auto at = [&](int64_t end) {
      const auto row = 1 + length * end / pieces * (taps == 1 ? 1 : depth);
      return packed + strips.offset(strip) + row * strips.width(strip) * strips.lanes;
    };
    return {at(piece), at(piece + 1)};
  };

  const auto work = [&](int64_t first_row, int64_t end_row, int64_t first_strip, int64_t end_strip) {
    c10::SmallVector<const float*, 512> seen;
    for (; first_row < end_row; first_row += block) {
      const auto count = std::min(block, end_row - first_row), tiles = (count + most - 1) / most;
      const auto tile_begin = [&](int64_t tile) { return first_row + count * tile / tiles; };
      seen.resize(static_cast<size_t>(count * taps));
      for (int64_t t = 0; t < tiles; ++t)
        look(tile_begin(t), tile_begin(t + 1), seen.data() + (tile_begin(t) - first_row) * taps);
      for (int64_t piece = 0; piece < pieces; ++piece) {
        const auto begin = length * piece / pieces, end = length * (piece + 1) / pieces;
        const bool ends = piece + 1 == pieces;
        for (auto strip = first_strip; strip < end_strip; ++strip) {
          const auto [next, next_end] =
              strip + 1 < end_strip ? weights_of(strip + 1, piece) : weights_of(first_strip, piece + 1);
          for (int64_t t = 0; t < tiles; ++t) {
            const auto row = tile_begin(t), height = tile_begin(t + 1) - row;
            simd::Tile tile{.packed = packed,
                            .strip = strip,
                            .rows = height,
                            .seen = seen.data() + (row - first_row) * taps,
                            .depth = depth,
                            .out = out + row * columns,
                            .stride = columns,
                            .addend = finish.addend ? finish.addend + row * columns : nullptr,
                            .addend_stride = columns};
            if (taps == 1) {
              tile.depth = end - begin;
              tile.offset = tile.begin = begin;
            } else {
              tile.taps = end - begin;
              tile.seen += begin * height;
              tile.begin = begin * depth;
            }
            tile.next = next + (next_end - next) * t / tiles;
            tile.next_end = next + (next_end - next) * (t + 1) / tiles;
            if (ends) {
              tile.low = finish.low;
              tile.high = finish.high;
            }
            simd::multiply(strips, tile);
            if (ends && finish.activation != simd::Activation::None) {
              const auto column = strips.begin(strip) * strips.lanes;
              simd::activate(finish.activation, tile.out + column, height, columns,
                             std::min(strips.width(strip) * strips.lanes, columns - column));
            }
          }
        }
      }
    }
  };

  const bool by_rows = rows >= columns || strips.count < at::get_num_threads();
  const auto cut = parts_of(rows * strips.depth * columns, by_rows ? (rows + most - 1) / most : strips.count);
  on_team(cut, [&](int64_t part) {
    if (by_rows) {
      work(rows * part / cut, rows * (part + 1) / cut, 0, strips.count);
    } else {
      work(0, rows, strips.count * part / cut, strips.count * (part + 1) / cut);
    }
  });
}

Tensor linear(const Tensor& x, const Tensor& packed, const std::optional<Tensor>& addend, int64_t columns,
              c10::string_view activation, double low, double high) {
  OPSIS_CHECK(x.dim() > 0 && x.size(-1) > 0 && columns > 0, "inference_linear: {} columns of {} cannot be", columns,
              opsis::detail::shape(x));
  const auto seen = x.contiguous();
  check_numbers(seen, "x");
  check_numbers(packed, "packed");
  const auto depth = x.size(-1), rows = x.numel() / depth;
  const auto strips = simd::strips_of(columns, depth);
  OPSIS_CHECK(packed.numel() == strips.size(), "inference_linear: packed has {} numbers, of {} expected", packed.numel(),
              strips.size());
  auto shape = x.sizes().vec();
  shape.back() = columns;
  auto out = torch::empty(shape, x.options());
  const auto added = addend ? addend->contiguous() : Tensor();
  OPSIS_CHECK(!added.defined() || added.sizes() == out.sizes(), "inference_linear: the addend is not of the result's shape");
  const auto* begin = seen.const_data_ptr<float>();
  multiply_rows(
      strips, packed.const_data_ptr<float>(), rows, 1,
      [&](int64_t first, int64_t end, const float** to) {
        for (; first < end; ++first) *to++ = begin + first * depth;
      },
      out.data_ptr<float>(), finish_of(added, activation, low, high));
  return out;
}

struct Window {
  int64_t height, width, stride_y, stride_x, padding_y, padding_x, dilation_y, dilation_x;

  Window(int64_t height, int64_t width, at::IntArrayRef stride, at::IntArrayRef padding, at::IntArrayRef dilation)
      : height(height),
        width(width),
        stride_y(stride.front()),
        stride_x(stride.back()),
        padding_y(padding.front()),
        padding_x(padding.back()),
        dilation_y(dilation.front()),
        dilation_x(dilation.back()) {
    OPSIS_CHECK(height > 0 && width > 0 && std::min(stride_y, stride_x) > 0 && std::min(dilation_y, dilation_x) > 0 &&
                    std::min(padding_y, padding_x) >= 0,
                "inference_conv2d: windows of {} x {}, stride {}, padding {}, dilation {} cannot be", height, width,
                c10::str(stride), c10::str(padding), c10::str(dilation));
  }

  int64_t out_height(int64_t in) const { return (in + 2 * padding_y - dilation_y * (height - 1) - 1) / stride_y + 1; }
  int64_t out_width(int64_t in) const { return (in + 2 * padding_x - dilation_x * (width - 1) - 1) / stride_x + 1; }
};

Tensor result_of(const Tensor& x, int64_t channels, const Window& window) {
  OPSIS_CHECK(x.dim() == 4 && x.size(1) > 0 && x.scalar_type() == torch::kFloat32,
              "inference_conv2d: expected (N, C, H, W) of float32, got {} of {}", opsis::detail::shape(x),
              c10::toString(x.scalar_type()));
  const auto height = window.out_height(x.size(2)), width = window.out_width(x.size(3));
  OPSIS_CHECK(channels > 0 && height > 0 && width > 0, "inference_conv2d: nothing comes of {}", opsis::detail::shape(x));
  return torch::empty({x.size(0), channels, height, width}, x.options().memory_format(torch::MemoryFormat::ChannelsLast));
}

// With a border of zeros; (N, H, W, C).
Tensor padded(const Tensor& x, const Window& window) {
  const auto height = x.size(2), width = x.size(3), channels = x.size(1);
  auto out = torch::zeros({x.size(0), height + 2 * window.padding_y, width + 2 * window.padding_x, channels}, x.options());
  if (x.numel() == 0) return out;
  auto* to = out.data_ptr<float>() + (window.padding_y * out.size(2) + window.padding_x) * channels;
  const auto* from = x.const_data_ptr<float>();
  for (int64_t n = 0; n < x.size(0); ++n) {
    for (int64_t y = 0; y < height; ++y, from += width * channels) {
      std::memcpy(to + (n * out.size(1) + y) * out.size(2) * channels, from,
                  static_cast<size_t>(width * channels) * sizeof(float));
    }
  }
  return out;
}

Tensor conv2d(const Tensor& images, const Tensor& packed, const std::optional<Tensor>& addend, at::IntArrayRef kernel,
              at::IntArrayRef stride, at::IntArrayRef padding, at::IntArrayRef dilation, c10::string_view activation,
              double low, double high) {
  const Window window(kernel.at(1), kernel.at(2), stride, padding, dilation);
  auto x = images.contiguous(torch::MemoryFormat::ChannelsLast);
  auto out = result_of(x, kernel.at(0), window);
  check_numbers(packed, "packed");
  const auto channels = x.size(1);
  const auto strips = simd::strips_of(kernel[0], channels * window.height * window.width);
  OPSIS_CHECK(packed.numel() == strips.size(), "inference_conv2d: packed has {} numbers, of {} expected", packed.numel(),
              strips.size());
  const auto added = addend ? addend->contiguous(torch::MemoryFormat::ChannelsLast) : Tensor();
  OPSIS_CHECK(!added.defined() || added.sizes() == out.sizes(), "inference_conv2d: the addend is not of the result's shape");
  const auto finish = finish_of(added, activation, low, high);
  const auto out_height = out.size(2), out_width = out.size(3), rows = out.size(0) * out_height * out_width;
  // Calls with the result's pixels [first, end), one by one: their number from 0, their picture, row and column.
  const auto for_pixels = [=](int64_t first, int64_t end, const auto& each) {
    auto column = first % out_width, row = first / out_width % out_height, n = first / out_width / out_height;
    for (int64_t p = 0; p < end - first; ++p) {
      each(p, n, row, column);
      if (++column < out_width) continue;
      column = 0;
      if (++row < out_height) continue;
      row = 0;
      ++n;
    }
  };

  // Where pixels have few channels, a tap is a row of the window, whose pixels' channels follow each other.
  if (channels * window.width < 64 && window.dilation_x == 1) {
    x = padded(x, window);
    const auto line = x.size(2) * channels, picture = x.size(1) * line;
    const auto* begin = x.const_data_ptr<float>();
    const auto look = [&](int64_t first, int64_t end, const float** to) {
      const auto count = end - first;
      for_pixels(first, end, [&](int64_t p, int64_t n, int64_t row, int64_t column) {
        const auto* at = begin + n * picture + row * window.stride_y * line + column * window.stride_x * channels;
        for (int64_t tap = 0; tap < window.height; ++tap) to[tap * count + p] = at + tap * window.dilation_y * line;
      });
    };
    multiply_rows(strips, packed.const_data_ptr<float>(), rows, window.height, look, out.data_ptr<float>(), finish);
    return out;
  }

  const auto height = x.size(2), width = x.size(3);
  const auto* begin = x.const_data_ptr<float>();
  const std::vector<float> zeros(static_cast<size_t>(channels));
  const auto look = [&](int64_t first, int64_t end, const float** to) {
    const auto count = end - first;
    for_pixels(first, end, [&](int64_t p, int64_t n, int64_t row, int64_t column) {
      auto* at = to + p;
      for (int64_t ky = 0; ky < window.height; ++ky) {
        const auto y = row * window.stride_y - window.padding_y + ky * window.dilation_y;
        for (int64_t kx = 0; kx < window.width; ++kx, at += count) {
          const auto across = column * window.stride_x - window.padding_x + kx * window.dilation_x;
          const bool inside = y >= 0 && y < height && across >= 0 && across < width;
          *at = inside ? begin + ((n * height + y) * width + across) * channels : zeros.data();
        }
      }
    });
  };
  multiply_rows(strips, packed.const_data_ptr<float>(), rows, window.height * window.width, look, out.data_ptr<float>(),
                finish);
  return out;
}

Tensor winograd_conv2d(const Tensor& images, const Tensor& packed, const Tensor& bias, const std::optional<Tensor>& addend,
                       at::IntArrayRef padding, c10::string_view activation, double low, double high) {
  constexpr auto kProducts = simd::kWinogradProducts;
  const Window window(3, 3, {1, 1}, padding, {1, 1});
  const auto x = images.contiguous(torch::MemoryFormat::ChannelsLast);
  const auto channels = x.size(1), out_channels = bias.numel();
  auto out = result_of(x, out_channels, window);
  check_numbers(packed, "packed");
  check_numbers(bias, "bias");
  const auto strips = simd::strips_of(out_channels, channels);
  OPSIS_CHECK(packed.numel() == strips.size() * kProducts, "inference_winograd: packed has {} numbers, of {} expected",
              packed.numel(), strips.size() * kProducts);
  const auto added = addend ? addend->contiguous(torch::MemoryFormat::ChannelsLast) : Tensor();
  OPSIS_CHECK(!added.defined() || added.sizes() == out.sizes(), "inference_winograd: the addend is not of the result's shape");
  const auto finish = finish_of(added, activation, low, high);
  const simd::Winograd conv{.height = x.size(2),
                            .width = x.size(3),
                            .channels = channels,
                            .padding_y = window.padding_y,
                            .padding_x = window.padding_x,
                            .out_height = out.size(2),
                            .out_width = out.size(3),
                            .out_channels = out_channels,
                            .low = finish.low,
                            .high = finish.high};
  const auto* pictures = x.const_data_ptr<float>();
  const auto* weights = packed.const_data_ptr<float>();
  auto* results = out.data_ptr<float>();
  const auto most = simd::tile_rows((strips.vectors + strips.count - 1) / strips.count);

  // The three steps, of `count` tiles from `first` on; factors: (36, count, channels), sums: (36, count, out_channels).
  const auto see = [&](int64_t first, int64_t count, int64_t begin, int64_t end, float* factors) {
    for (; begin < end; ++begin)
      simd::winograd_input(conv, pictures, first + begin, factors + begin * channels, count * channels);
  };
  const auto multiply = [&](int64_t count, int64_t begin, int64_t end, const float* factors, float* sums) {
    const auto heights = (count + most - 1) / most;
    const auto weights_of = [&](int64_t job) {
      return weights + job / strips.count * strips.size() + strips.offset(job % strips.count);
    };
    std::vector<const float*> seen(static_cast<size_t>(most));
    for (; begin < end; ++begin) {
      const auto product = begin / strips.count;
      const auto *next = weights_of(std::min(begin + 1, end - 1)), *next_end = weights_of(std::min(begin + 2, end - 1));
      for (int64_t t = 0; t < heights; ++t) {
        const auto row = count * t / heights, height = count * (t + 1) / heights - row;
        for (int64_t r = 0; r < height; ++r) seen[static_cast<size_t>(r)] = factors + (product * count + row + r) * channels;
        simd::multiply(strips, {.packed = weights + product * strips.size(),
                                .strip = begin % strips.count,
                                .rows = height,
                                .seen = seen.data(),
                                .depth = channels,
                                .out = sums + (product * count + row) * out_channels,
                                .stride = out_channels,
                                .next = next + (next_end - next) * t / heights,
                                .next_end = next + (next_end - next) * (t + 1) / heights});
      }
    }
  };
  const auto give = [&](int64_t first, int64_t count, int64_t begin, int64_t end, const float* sums) {
    for (; begin < end; ++begin) {
      simd::winograd_output(conv, sums + begin * out_channels, count * out_channels, bias.const_data_ptr<float>(),
                            finish.addend, first + begin, results);
    }
  };
  const auto room = [&](int64_t count, int64_t depth) {
    return std::make_unique_for_overwrite<float[]>(static_cast<size_t>(kProducts * count * depth));
  };

  const auto tiles = out.size(0) * conv.tiles_y() * conv.tiles_x(), jobs = kProducts * strips.count;
  // Blocks whose numbers stay in the second cache, but not so small that the weights are read too often.
  const auto block = std::clamp<int64_t>(9216 / (channels + out_channels), 24, 96);
  if (tiles >= block * at::get_num_threads()) {
    const auto blocks = (tiles + block - 1) / block;
    on_team(blocks, [&](int64_t part) {
      const auto first = tiles * part / blocks, count = tiles * (part + 1) / blocks - first;
      const auto factors = room(count, channels), sums = room(count, out_channels);
      see(first, count, 0, count, factors.get());
      multiply(count, 0, jobs, factors.get(), sums.get());
      give(first, count, 0, count, sums.get());
    });
  } else {
    const auto factors = room(tiles, channels), sums = room(tiles, out_channels);
    const auto cut = [](int64_t count, int64_t products, const auto& step) {
      const auto parts = parts_of(products, count);
      on_team(parts, [&](int64_t part) { step(count * part / parts, count * (part + 1) / parts); });
    };
    cut(tiles, tiles * channels * 200, [&](int64_t begin, int64_t end) { see(0, tiles, begin, end, factors.get()); });
    cut(jobs, kProducts * tiles * channels * out_channels,
        [&](int64_t begin, int64_t end) { multiply(tiles, begin, end, factors.get(), sums.get()); });
    cut(tiles, tiles * out_channels * 200, [&](int64_t begin, int64_t end) { give(0, tiles, begin, end, sums.get()); });
  }
  if (finish.activation != simd::Activation::None) {
    const auto rows = out.size(0) * out.size(2), line = out.size(3) * out_channels, parts = parts_of(rows * line * 16, rows);
    on_team(parts, [&](int64_t part) {
      const auto begin = rows * part / parts, end = rows * (part + 1) / parts;
      simd::activate(finish.activation, results + begin * line, end - begin, line, line);
    });
  }
  return out;
}

Tensor depthwise(const Tensor& images, const Tensor& weight, const Tensor& bias, at::IntArrayRef stride,
                 at::IntArrayRef padding, at::IntArrayRef dilation, c10::string_view activation, double low, double high) {
  OPSIS_CHECK(weight.dim() == 3 && images.dim() == 4 && weight.size(2) == images.size(1) && bias.numel() == images.size(1),
              "inference_depthwise: weight {} and bias {} are not for {}", opsis::detail::shape(weight),
              opsis::detail::shape(bias), opsis::detail::shape(images));
  check_numbers(weight, "weight");
  check_numbers(bias, "bias");
  const Window window(weight.size(0), weight.size(1), stride, padding, dilation);
  const auto x = images.contiguous(torch::MemoryFormat::ChannelsLast);
  const auto channels = x.size(1);
  auto out = result_of(x, channels, window);
  const simd::Depthwise conv{.height = x.size(2),
                             .width = x.size(3),
                             .channels = channels,
                             .out_width = out.size(3),
                             .kernel_height = window.height,
                             .kernel_width = window.width,
                             .stride_y = window.stride_y,
                             .stride_x = window.stride_x,
                             .padding_y = window.padding_y,
                             .padding_x = window.padding_x,
                             .dilation_y = window.dilation_y,
                             .dilation_x = window.dilation_x,
                             .low = static_cast<float>(low),
                             .high = static_cast<float>(high)};
  const auto finish = activation_named(activation);
  const auto picture = x.size(2) * x.size(3) * channels, line = out.size(3) * channels, rows = out.size(0) * out.size(2);
  const auto* from = x.const_data_ptr<float>();
  auto* to = out.data_ptr<float>();
  const auto cut = parts_of(out.numel() * window.height * window.width * 4, rows);  // its products are slower
  on_team(cut, [&](int64_t part) {
    for (auto row = rows * part / cut; row < rows * (part + 1) / cut; ++row) {
      simd::depthwise_row(conv, from + row / out.size(2) * picture, weight.const_data_ptr<float>(),
                          bias.const_data_ptr<float>(), row % out.size(2), to + row * line);
      simd::activate(finish, to + row * line, 1, line, line);
    }
  });
  return out;
}

TORCH_LIBRARY_FRAGMENT(opsis, m) {
  m.def(
      "inference_linear(Tensor x, Tensor packed, Tensor? addend, int columns, str activation, float low, float high) -> "
      "Tensor");
  m.def(
      "inference_conv2d(Tensor x, Tensor packed, Tensor? addend, int[] kernel, int[] stride, int[] padding, int[] dilation, "
      "str activation, float low, float high) -> Tensor");
  m.def(
      "inference_depthwise(Tensor x, Tensor weight, Tensor bias, int[] stride, int[] padding, int[] dilation, str activation, "
      "float low, float high) -> Tensor");
  m.def(
      "inference_winograd(Tensor x, Tensor packed, Tensor bias, Tensor? addend, int[] padding, str activation, float low, "
      "float high) -> Tensor");
  m.impl("inference_linear", c10::DispatchKey::CPU, linear);
  m.impl("inference_conv2d", c10::DispatchKey::CPU, conv2d);
  m.impl("inference_winograd", c10::DispatchKey::CPU, winograd_conv2d);
  m.impl("inference_depthwise", c10::DispatchKey::CPU, depthwise);
}

}  // namespace

Tensor pack_weights(const Tensor& weight, const Tensor& bias) {
  const auto rows = (weight.dim() == 4 ? weight.permute({0, 2, 3, 1}) : weight).contiguous().flatten(1);
  const auto strips = simd::strips_of(rows.size(0), rows.size(1));
  auto packed = torch::empty(strips.size(), rows.options());
  prefer_huge_pages(packed.data_ptr(), packed.nbytes());
  const auto biases = bias.defined() ? bias.contiguous() : bias;
  simd::pack_strips(strips, rows.const_data_ptr<float>(), bias.defined() ? biases.const_data_ptr<float>() : nullptr,
                    packed.data_ptr<float>());
  return packed;
}

bool suits_winograd(const Tensor& weight, at::IntArrayRef stride, at::IntArrayRef dilation, at::IntArrayRef out) {
  const auto ones = [](at::IntArrayRef numbers) { return numbers.front() == 1 && numbers.back() == 1; };
  // Few tiles do not pay for weights of four times the size, nor few channels for the way there and back.
  return weight.size(2) == 3 && weight.size(3) == 3 && ones(stride) && ones(dilation) &&
         std::min(weight.size(0), weight.size(1)) >= 32 && out[0] * ((out[2] + 3) / 4) * ((out[3] + 3) / 4) >= 12;
}

Tensor pack_winograd(const Tensor& weight) {
  const auto last = weight.permute({0, 2, 3, 1}).contiguous();
  const auto out_channels = weight.size(0), channels = weight.size(1);
  const auto factors = torch::empty({simd::kWinogradProducts, out_channels, channels}, weight.options());
  simd::winograd_weights(out_channels, channels, last.const_data_ptr<float>(), factors.data_ptr<float>());
  const auto strips = simd::strips_of(out_channels, channels);
  auto packed = torch::empty({simd::kWinogradProducts, strips.size()}, weight.options());
  prefer_huge_pages(packed.data_ptr(), packed.nbytes());
  for (int64_t i = 0; i < simd::kWinogradProducts; ++i) {
    simd::pack_strips(strips, factors[i].const_data_ptr<float>(), nullptr, packed[i].data_ptr<float>());
  }
  return packed;
}

bool is_depthwise(const Tensor& weight, int64_t groups) { return weight.size(1) == 1 && weight.size(0) == groups; }

}  // namespace opsis::inline v1::models::detail
