#include "opsis/models/inference_ops.h"

#include <ATen/Parallel.h>
#include <torch/library.h>

#include <algorithm>
#include <array>
#include <type_traits>
#include <utility>
#include <vector>

#include "opsis/core/huge_pages.h"
#include "opsis/core/team.h"
#include "opsis/models/bordered_lines.h"
#include "opsis/models/inference_tensors.h"
#include "opsis/models/line_products.h"
#include "opsis/models/row_products.h"
#include "opsis/simd/matmul.h"
#include "opsis/simd/tiles.h"
#include "opsis/simd/winograd.h"
#include "opsis/tv_tensors/print.h"

namespace opsis::inline v1::models::detail {
namespace {

using torch::Tensor;

// Where a sum goes, and what is added to it, lying as it does.
struct Result {
  Tensor out, addend;
};

// In a program, where nobody else has the addend, the sum takes its place: it need not be fetched to be written over.
Result result_with(const char* name, const std::optional<Tensor>& addend, at::IntArrayRef sizes, torch::Dtype type,
                   torch::MemoryFormat format) {
  if (!addend) return {room_for(sizes, type, format), {}};
  OPSIS_CHECK(addend->sizes() == sizes && addend->scalar_type() == type, "{}: the addend is not of the result's shape and type",
              name);
  const bool alone = memory_of_results() && addend->use_count() == 1 && addend->storage().use_count() == 1;
  if (alone && addend->is_contiguous(format)) return {*addend, *addend};
  return {room_for(sizes, type, format), addend->contiguous(format)};
}

template <class T>
Finish<T> finish_of(const Tensor& addend, c10::string_view activation, double low, double high) {
  return {addend.defined() ? read<T>(addend) : nullptr, activation_named(activation), static_cast<float>(low),
          static_cast<float>(high)};
}

void check_packed(const char* name, const Tensor& packed, int64_t size, torch::Dtype type) {
  check_numbers(packed, "packed", type);
  OPSIS_CHECK(packed.numel() == size, "{}: packed has {} numbers, of {} expected", name, packed.numel(), size);
}

// Rows by packed weights (columns, taps, depth).
template <class T>
void multiply(const char* name, const Tensor& packed, int64_t rows, int64_t columns, int64_t taps, int64_t depth,
              const Look<T>& look, const Tensor& out, const Finish<T>& finish, Lying lying = {}) {
  if constexpr (std::is_same_v<T, float>) {
    const auto strips = simd::strips_of(columns, taps * depth);
    check_packed(name, packed, strips.size(), kType<T>);
    multiply_rows(strips, read<T>(packed), rows, taps, look, write<T>(out), finish);
  } else {
    OPSIS_CHECK(simd::has_tiles(), "{}: this machine has neither AMX nor AVX-512's products of bfloat16", name);
    const simd::TileStrips strips{columns, taps, depth};
    check_packed(name, packed, strips.size(), kType<T>);
    multiply_rows(strips, read<T>(packed), rows, look, write<T>(out), finish, std::move(lying));
  }
}

// Rows that are the tensor's, one after the other.
template <class T>
Lying all_lying(const Tensor& x, int64_t rows) {
  if constexpr (std::is_same_v<T, float>) return {};
  return {
      .begin = static_cast<const uint16_t*>(x.const_data_ptr()), .rows = rows, .readable = rows, .line = rows, .width = rows};
}

Tensor linear(const Tensor& x, const Tensor& packed, const std::optional<Tensor>& addend, int64_t columns,
              c10::string_view activation, double low, double high) {
  constexpr auto kName = "inference_linear";
  OPSIS_CHECK(x.dim() > 0 && x.size(-1) > 0 && columns > 0, "{}: {} columns of {} cannot be", kName, columns,
              opsis::detail::shape(x));
  const auto seen = x.contiguous();
  const auto depth = x.size(-1), rows = x.numel() / depth;
  auto shape = x.sizes().vec();
  shape.back() = columns;
  return for_type(kName, x, [&]<class T>(T) {
    const auto result = result_with(kName, addend, shape, kType<T>, torch::MemoryFormat::Contiguous);
    const auto look = [depth, begin = read<T>(seen)](int64_t first, int64_t end, const T** to) {
      for (; first < end; ++first) *to++ = begin + first * depth;
    };
    multiply<T>(kName, packed, rows, columns, 1, depth, look, result.out, finish_of<T>(result.addend, activation, low, high),
                all_lying<T>(seen, rows));
    return result.out;
  });
}

// With a border of zeros; (N, H, W, C). Behind it, room for so many pixels can be read.
template <class T>
Tensor padded(const Tensor& x, const Window& window, int64_t behind = 0) {
  const auto channels = x.size(1);
  const std::array sizes{x.size(0), x.size(2) + 2 * window.padding_y, x.size(3) + 2 * window.padding_x, channels};
  const BorderedLines<T> border(x, window);
  const auto line = border.numbers(), lines = sizes[0] * sizes[1];
  const auto all = room_for({lines * line + behind * channels}, kType<T>);
  const auto parts = parts_of(lines * line * 8, lines);
  on_team(parts, [&](int64_t part) {
    for (auto i = lines * part / parts; i < lines * (part + 1) / parts; ++i)
      border.write(i / sizes[1], i % sizes[1], write<T>(all) + i * line);
  });
  return all.narrow(0, 0, lines * line).view(sizes);
}

// What the pixels of a convolution's result see.
template <class T>
class Windows {
 public:
  Windows(const Tensor& images, const Tensor& out, const Window& window)
      : window_(window),
        height_(out.size(2)),
        width_(out.size(3)),
        rows_(out.size(0) * height_ * width_),
        kind_(kind(images, window, width_)) {
    switch (kind_) {
      case ByRows: x_ = padded<T>(images, window); break;
      case Lines: x_ = padded<T>(images, window, behind(images)); break;
      default: x_ = images.contiguous(kLast);
    }
    if (kind_ == ByPixels) zeros_.resize(static_cast<size_t>(x_.size(1)));
  }

  int64_t rows() const { return rows_; }
  int64_t taps() const { return kind_ == ByRows ? window_.height : window_.height * window_.width; }
  int64_t depth() const { return kind_ == ByRows ? x_.size(3) * window_.width : x_.size(kind_ == Lines ? 3 : 1); }

  void look(int64_t first, int64_t end, const T** to) const {
    if (kind_ == Plain) {
      for (const auto* at = read<T>(x_) + first * depth(); first < end; ++first, at += depth()) *to++ = at;
    } else {
      kind_ == ByRows ? look_at_rows(first, end, to) : look_at_pixels(first, end, to);
    }
  }

  Lying lying() const {
    if (kind_ == Plain) return all_lying<T>(x_, rows_);
    if (kind_ != Lines) return {};
    const auto lines = x_.size(1), line = x_.size(2), rows = x_.size(0) * lines * line;
    Lying lying{.begin = static_cast<const uint16_t*>(x_.const_data_ptr()),
                .taps = {},
                .rows = rows,
                .readable = rows + simd::kTileRows,
                .line = line,
                .width = width_,
                .lines = lines,
                .height = height_};
    for (int64_t ky = 0; ky < window_.height; ++ky) {
      for (int64_t kx = 0; kx < window_.width; ++kx)
        lying.taps.push_back((ky * window_.dilation_y * line + kx * window_.dilation_x) * depth());
    }
    return lying;
  }

 private:
  // How the rows of the product are found.
  enum Kind {
    Plain,    // a pixel sees its own place alone
    Lines,    // in a picture with a border, windows follow each other as its pixels do, those that hang over its right side too
    ByRows,   // in a picture with a border, rows of windows are taps
    ByPixels  // each pixel of each window by itself
  };

  static Kind kind(const Tensor& x, const Window& window, int64_t width) {
    const bool steps = window.stride_y > 1 || window.stride_x > 1;
    if (window.height * window.width == 1 && !steps && window.padding_y + window.padding_x == 0) return Plain;
    if (has_few_channels(x.size(1), window.width, window.dilation_x)) return ByRows;
    constexpr int64_t kWide = 8;  // where few hang over
    const bool tiles = !std::is_same_v<T, float> && x.size(1) % simd::kTileDepth == 0;
    return tiles && !steps && width >= kWide ? Lines : ByPixels;
  }

  // What a tile's rows may read behind the last pixel.
  int64_t behind(const Tensor& x) const {
    const auto line = x.size(3) + 2 * window_.padding_x;
    return simd::kTileRows + (window_.height - 1) * window_.dilation_y * line + (window_.width - 1) * window_.dilation_x;
  }

  // Calls with the result's pixels [first, end), one by one: their number from 0, their picture, row and column.
  template <class Each>
  void for_pixels(int64_t first, int64_t end, const Each& each) const {
    auto column = first % width_, row = first / width_ % height_, n = first / width_ / height_;
    for (int64_t p = 0; p < end - first; ++p) {
      each(p, n, row, column);
      if (++column < width_) continue;
      column = 0;
      if (++row < height_) continue;
      row = 0;
      ++n;
    }
  }

  void look_at_rows(int64_t first, int64_t end, const T** to) const {
    const auto count = end - first, channels = x_.size(3), line = x_.size(2) * channels, picture = x_.size(1) * line;
    const auto* begin = read<T>(x_);
    for_pixels(first, end, [&](int64_t p, int64_t n, int64_t row, int64_t column) {
      const auto* at = begin + n * picture + row * window_.stride_y * line + column * window_.stride_x * channels;
      for (int64_t tap = 0; tap < window_.height; ++tap) to[tap * count + p] = at + tap * window_.dilation_y * line;
    });
  }

  void look_at_pixels(int64_t first, int64_t end, const T** to) const {
    const auto count = end - first, channels = x_.size(1), height = x_.size(2), width = x_.size(3);
    const auto* begin = read<T>(x_);
    for_pixels(first, end, [&](int64_t p, int64_t n, int64_t row, int64_t column) {
      auto* at = to + p;
      for (int64_t ky = 0; ky < window_.height; ++ky) {
        const auto y = row * window_.stride_y - window_.padding_y + ky * window_.dilation_y;
        for (int64_t kx = 0; kx < window_.width; ++kx, at += count) {
          const auto across = column * window_.stride_x - window_.padding_x + kx * window_.dilation_x;
          const bool inside = y >= 0 && y < height && across >= 0 && across < width;
          *at = inside ? begin + ((n * height + y) * width + across) * channels : zeros_.data();
        }
      }
    });
  }

  Tensor x_;  // (N, C, H, W), channels last; with a border, (N, H, W, C)
  Window window_;
  int64_t height_, width_, rows_;
  Kind kind_;
  std::vector<T> zeros_;
};

Tensor conv2d(const Tensor& images, const Tensor& packed, const std::optional<Tensor>& addend, at::IntArrayRef kernel,
              at::IntArrayRef stride, at::IntArrayRef padding, at::IntArrayRef dilation, c10::string_view activation,
              double low, double high) {
  constexpr auto kName = "inference_conv2d";
  const Window window(kernel.at(1), kernel.at(2), stride, padding, dilation);
  return for_type(kName, images, [&]<class T>(T) {
    const auto columns = kernel.at(0);
    const auto result = result_with(kName, addend, result_shape(images, columns, window), kType<T>, kLast);
    const auto finish = finish_of<T>(result.addend, activation, low, high);
    if constexpr (std::is_same_v<T, float>) {
      if (has_few_channels(images.size(1), window.width, window.dilation_x)) {
        const auto strips = simd::strips_of(columns, window.height * window.width * images.size(1));
        check_packed(kName, packed, strips.size(), torch::kFloat32);
        convolve_lines(images, window, strips, read<float>(packed), result.out, finish);
        return result.out;
      }
    }
    const Windows<T> windows(images, result.out, window);
    multiply<T>(
        kName, packed, windows.rows(), columns, windows.taps(), windows.depth(),
        [&windows](int64_t first, int64_t end, const T** to) { windows.look(first, end, to); }, result.out, finish,
        windows.lying());
    return result.out;
  });
}

Tensor winograd_conv2d(const Tensor& images, const Tensor& packed, const Tensor& bias, const std::optional<Tensor>& addend,
                       at::IntArrayRef padding, c10::string_view activation, double low, double high) {
  constexpr auto kProducts = simd::kWinogradProducts;
  const Window window(3, 3, {1, 1}, padding, {1, 1});
  const auto x = images.contiguous(kLast);
  check_numbers(packed, "packed");
  check_numbers(bias, "bias");
  OPSIS_CHECK(x.scalar_type() == torch::kFloat32, "inference_winograd: expected numbers of float32, got {}",
              c10::toString(x.scalar_type()));
  const auto channels = x.size(1), out_channels = bias.numel();
  const auto result = result_with("inference_winograd", addend, result_shape(x, out_channels, window), torch::kFloat32, kLast);
  const auto& out = result.out;
  const auto strips = simd::strips_of(out_channels, channels);
  OPSIS_CHECK(packed.numel() == strips.size() * kProducts, "inference_winograd: packed has {} numbers, of {} expected",
              packed.numel(), strips.size() * kProducts);
  const auto finish = finish_of<float>(result.addend, activation, low, high);
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
    if (count == 0) return;
    const auto heights = (count + most - 1) / most;
    const auto weights_of = [&](int64_t job) {
      return weights + job / strips.count * strips.size() + strips.offset(job % strips.count);
    };
    std::vector<const float*> seen(static_cast<size_t>(most));
    for (; begin < end; ++begin) {
      const auto product = begin / strips.count;
      const simd::Strip strip(strips, weights + product * strips.size(), begin % strips.count);
      const auto* next = weights_of(std::min(begin + 1, end - 1));
      const auto part = (weights_of(std::min(begin + 2, end - 1)) - next) / heights;
      for (int64_t t = 0; t < heights; ++t, next += part) {
        const auto row = count * t / heights, height = count * (t + 1) / heights - row;
        for (int64_t r = 0; r < height; ++r) seen[static_cast<size_t>(r)] = factors + (product * count + row + r) * channels;
        simd::multiply(strip, {.rows = height,
                               .seen = seen.data(),
                               .depth = channels,
                               .out = sums + (product * count + row) * out_channels + strip.column,
                               .stride = out_channels,
                               .next = next,
                               .next_count = part});
      }
    }
  };
  const auto give = [&](int64_t first, int64_t count, int64_t begin, int64_t end, const float* sums) {
    for (; begin < end; ++begin) {
      simd::winograd_output(conv, sums + begin * out_channels, count * out_channels, bias.const_data_ptr<float>(),
                            finish.addend, first + begin, results);
    }
  };
  const auto* const memory = memory_of_results();  // of this thread, for all
  const auto room = [&](int64_t count, int64_t depth) {
    const std::array sizes{kProducts, count, depth};
    return memory ? memory->empty(sizes, torch::kFloat32) : torch::empty(sizes, torch::kFloat32);
  };

  const auto tiles = out.size(0) * conv.tiles_y() * conv.tiles_x(), jobs = kProducts * strips.count;
  // Blocks whose numbers stay in the second cache, but not so small that the weights are read too often.
  const auto block = std::clamp<int64_t>(9216 / (channels + out_channels), 24, 96);
  if (tiles >= block * at::get_num_threads()) {
    const auto blocks = (tiles + block - 1) / block;
    on_team(blocks, [&](int64_t part) {
      const auto first = tiles * part / blocks, count = tiles * (part + 1) / blocks - first;
      const auto factors = room(count, channels), sums = room(count, out_channels);
      see(first, count, 0, count, factors.data_ptr<float>());
      multiply(count, 0, jobs, factors.data_ptr<float>(), sums.data_ptr<float>());
      give(first, count, 0, count, sums.data_ptr<float>());
    });
  } else {
    const auto factors = room(tiles, channels), sums = room(tiles, out_channels);
    const auto cut = [](int64_t count, int64_t products, const auto& step) {
      const auto parts = parts_of(products, count);
      on_team(parts, [&](int64_t part) { step(count * part / parts, count * (part + 1) / parts); });
    };
    cut(tiles, tiles * channels * 200,
        [&](int64_t begin, int64_t end) { see(0, tiles, begin, end, factors.data_ptr<float>()); });
    cut(jobs, kProducts * tiles * channels * out_channels,
        [&](int64_t begin, int64_t end) { multiply(tiles, begin, end, factors.data_ptr<float>(), sums.data_ptr<float>()); });
    cut(tiles, tiles * out_channels * 200,
        [&](int64_t begin, int64_t end) { give(0, tiles, begin, end, sums.data_ptr<float>()); });
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

TORCH_LIBRARY_FRAGMENT(opsis, m) {
  m.def(
      "inference_linear(Tensor x, Tensor packed, Tensor? addend, int columns, str activation, float low, float high) -> "
      "Tensor");
  m.def(
      "inference_conv2d(Tensor x, Tensor packed, Tensor? addend, int[] kernel, int[] stride, int[] padding, int[] dilation, "
      "str activation, float low, float high) -> Tensor");
  m.def(
      "inference_winograd(Tensor x, Tensor packed, Tensor bias, Tensor? addend, int[] padding, str activation, float low, "
      "float high) -> Tensor");
  m.impl("inference_linear", c10::DispatchKey::CPU, linear);
  m.impl("inference_conv2d", c10::DispatchKey::CPU, conv2d);
  m.impl("inference_winograd", c10::DispatchKey::CPU, winograd_conv2d);
}

}  // namespace

bool has_products_of(torch::Dtype type) { return type == torch::kFloat32 || (type == torch::kBFloat16 && simd::has_tiles()); }

Tensor pack_weights(const Tensor& weight, const Tensor& bias, at::IntArrayRef dilation) {
  const auto last = (weight.dim() == 4 ? weight.permute({0, 2, 3, 1}) : weight).contiguous();
  if (weight.scalar_type() == torch::kBFloat16) {
    int64_t taps = 1;
    if (weight.dim() == 4) {
      const bool by_rows = has_few_channels(last.size(3), last.size(2), dilation.back());
      taps = by_rows ? last.size(1) : last.size(1) * last.size(2);
    }
    const simd::TileStrips strips{last.size(0), taps, last.numel() / std::max<int64_t>(1, last.size(0) * taps)};
    auto packed = torch::empty(strips.size(), last.options());
    prefer_huge_pages(packed.data_ptr(), packed.nbytes());
    const auto biases = bias.defined() ? bias.to(torch::kFloat32).contiguous() : bias;
    simd::pack_tiles(strips, read<uint16_t>(last), bias.defined() ? read<float>(biases) : nullptr, write<uint16_t>(packed));
    return packed;
  }
  const auto rows = last.flatten(1);
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
  return weight.scalar_type() == torch::kFloat32 && weight.size(2) == 3 && weight.size(3) == 3 && ones(stride) &&
         ones(dilation) && std::min(weight.size(0), weight.size(1)) >= 32 &&
         out[0] * ((out[2] + 3) / 4) * ((out[3] + 3) / 4) >= 12;
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
