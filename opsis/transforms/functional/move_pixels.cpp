#include "opsis/transforms/functional/move_pixels.h"

#include <ATen/ops/constant_pad_nd.h>
#include <ATen/ops/empty_like.h>
#include <ATen/ops/scalar_tensor.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <vector>

#include "opsis/simd/interleave.h"
#include "opsis/simd/mirror.h"
#include "opsis/simd/nearest.h"
#include "opsis/transforms/functional/pictures.h"
#include "opsis/transforms/functional/planes.h"
#include "opsis/transforms/functional/tensor.h"

namespace opsis::inline v1::transforms::detail {
namespace {

// Where each pixel of a padded line comes from.
std::vector<int32_t> padded_line(int64_t size, int64_t before, int64_t behind, PaddingMode mode) {
  std::vector<int32_t> line(static_cast<size_t>(size + before + behind));
  // Symmetric mirrors what is left of the line, the others the line as it was.
  const int64_t first = mode == PaddingMode::Symmetric ? std::max<int64_t>(-before, 0) : 0;
  const int64_t last = mode == PaddingMode::Symmetric ? size - 1 - std::max<int64_t>(-behind, 0) : size - 1;
  for (size_t i = 0; i < line.size(); ++i) {
    int64_t at = static_cast<int64_t>(i) - before;
    switch (mode) {
      case PaddingMode::Constant: break;  // has no such line
      case PaddingMode::Edge: at = std::clamp<int64_t>(at, 0, size - 1); break;
      case PaddingMode::Reflect: at = at < first ? 2 * first - at : at > last ? 2 * last - at : at; break;
      case PaddingMode::Symmetric: at = at < first ? 2 * first - 1 - at : at > last ? 2 * last + 1 - at : at; break;
    }
    line[i] = static_cast<int32_t>(at);
  }
  return line;
}

// For each picture's channel or channels, so many pixels of fill, one after the other.
std::vector<std::vector<uint8_t>> filled_rows(const torch::Tensor& fill, const PictureLayout& layout, int64_t channels,
                                              int64_t width) {
  const auto values = fill.contiguous();
  const auto item = static_cast<size_t>(values.element_size()), pixel = static_cast<size_t>(layout.pixel);
  const auto* const bytes = static_cast<const uint8_t*>(values.const_data_ptr());
  const int64_t kinds = layout.interleaved || values.numel() == 1 ? 1 : channels;
  std::vector<std::vector<uint8_t>> rows(static_cast<size_t>(kinds));
  for (int64_t kind = 0; kind < kinds; ++kind) {
    auto& row = rows[static_cast<size_t>(kind)];
    row.resize(static_cast<size_t>(width) * pixel);
    if (row.empty()) continue;
    for (int64_t i = 0; i < layout.channels; ++i) {
      const int64_t channel = values.numel() == 1 ? 0 : layout.interleaved ? i : kind;
      std::memcpy(row.data() + static_cast<size_t>(i) * item, bytes + static_cast<size_t>(channel) * item, item);
    }
    for (size_t done = pixel; done < row.size(); done *= 2) {
      std::memcpy(row.data() + done, row.data(), std::min(done, row.size() - done));
    }
  }
  return rows;
}

// Borders of fill around pictures.
void pad_with_fill(const torch::Tensor& images, const PictureLayout& layout, const Borders& b, const torch::Tensor& fill,
                   const torch::Tensor& out) {
  const int64_t height = out.size(2), width = out.size(3), pixel = layout.pixel, row_bytes = width * pixel;
  const int64_t left = std::max<int64_t>(b.left, 0) * pixel, right = std::max<int64_t>(b.right, 0) * pixel;
  const int64_t middle = row_bytes - left - right;  // not positive when the picture is all cut away
  // Two rows: a border on the right and the next row's on the left are written at once.
  const auto filled = filled_rows(fill, layout, images.size(1), 2 * width);
  auto* const to = static_cast<uint8_t*>(out.mutable_data_ptr());
  for_rows(layout.pictures, height, row_bytes, [&](int64_t number, int64_t first, int64_t last) {
    const uint8_t* const from = picture(images, layout, number) + std::max<int64_t>(-b.left, 0) * pixel;
    const auto& background = filled[static_cast<size_t>(number) % filled.size()];
    // Of equal bytes a border of any length is set at once, which the processor does without reading what was there.
    const bool is_even = std::memcmp(background.data(), background.data() + 1, background.size() - 1) == 0;
    const auto is_border = [&](int64_t y) { return middle <= 0 || y < b.top || y >= b.top + images.size(2); };
    uint8_t* row = to + (number * height + first) * row_bytes;
    int64_t due = 0;  // bytes of fill, not yet written
    const auto write_due = [&] {
      if (is_even) {
        std::memset(row, background[0], static_cast<size_t>(due));
      } else {
        std::memcpy(row, background.data(), static_cast<size_t>(due));
      }
      row += due;
      due = 0;
    };
    for (int64_t y = first; y < last; ++y) {
      if (is_border(y)) {
        due += row_bytes;
        if (!is_even) write_due();
      } else {
        due += left;
        write_due();
        std::memcpy(row, from + (y - b.top) * layout.row_stride, static_cast<size_t>(middle));
        row += middle;
        due = right;
      }
    }
    write_due();
  });
}

// The rows of a picture's three planes.
std::array<uint8_t*, 3> plane_rows(const torch::Tensor& out, int64_t number, int64_t y) {
  const int64_t height = out.size(2), width = out.size(3), plane = height * width;
  auto* const row = static_cast<uint8_t*>(out.mutable_data_ptr()) + 3 * number * plane + y * width;
  return {row, row + plane, row + 2 * plane};
}

// pad_with_fill of pixels of three bytes, one after the other, into planes.
void pad_with_fill_in_planes(const torch::Tensor& images, const PictureLayout& layout, const Borders& b,
                             const torch::Tensor& fill, const torch::Tensor& out) {
  const int64_t height = out.size(2), width = out.size(3);
  const int64_t left = std::max<int64_t>(b.left, 0), right = std::max<int64_t>(b.right, 0);
  const int64_t middle = width - left - right;  // not positive when the picture is all cut away
  const auto values = filled_rows(fill, layout, images.size(1), 1).front();
  for_rows(layout.pictures, height, width * layout.pixel, [&](int64_t number, int64_t first, int64_t last) {
    const uint8_t* const from = picture(images, layout, number) + std::max<int64_t>(-b.left, 0) * layout.pixel;
    auto rows = plane_rows(out, number, first);
    const int64_t top = middle <= 0 ? last : std::clamp(b.top, first, last);
    const int64_t bottom = middle <= 0 ? last : std::clamp(b.top + images.size(2), top, last);
    const auto set = [&](int64_t bytes) {
      for (size_t c = 0; c < rows.size(); ++c) {
        std::memset(rows[c], values[c], static_cast<size_t>(bytes));
        rows[c] += bytes;
      }
    };
    if (top == bottom) return set((last - first) * width);
    set((top - first) * width + left);  // a border on the right and the next row's on the left go at once
    simd::separate3_rows(from + (top - b.top) * layout.row_stride, layout.row_stride, bottom - top, middle, rows.data(), width,
                         values.data());
    for (auto*& row : rows) row += (bottom - top) * width - left - right;
    set(right + (last - bottom) * width);
  });
}

// Mirrored borders around pixels of three bytes, one after the other, into planes; none of the borders cuts. `rows` is
// padded_line.
void pad_with_mirrors_in_planes(const torch::Tensor& images, const PictureLayout& layout, const Borders& b, PaddingMode mode,
                                const std::vector<int32_t>& rows, const torch::Tensor& out) {
  const int64_t width = out.size(3), middle = images.size(3);
  const int64_t away = mode == PaddingMode::Reflect ? 1 : 0;  // whether the pixel at the edge is not shown again
  for_rows(layout.pictures, out.size(2), width * layout.pixel, [&](int64_t number, int64_t first, int64_t last) {
    const uint8_t* const from = picture(images, layout, number);
    for (int64_t y = first; y < last;) {
      const int64_t at = rows[static_cast<size_t>(y)];
      int64_t run = 1;  // rows that come one after the other in the picture too
      while (y + run < last && rows[static_cast<size_t>(y + run)] == at + run) ++run;
      auto row = plane_rows(out, number, y);
      for (auto*& plane : row) plane += b.left;
      simd::separate3_rows(from + at * layout.row_stride, layout.row_stride, run, middle, row.data(), width, nullptr);
      y += run;
    }
    for (auto* const plane : plane_rows(out, number, first)) {
      simd::mirror_rows(plane + b.left + away, width, last - first, b.left, 1, plane, width);
      auto* const end = plane + b.left + middle;
      simd::mirror_rows(end - b.right - away, width, last - first, b.right, 1, end, width);
    }
  });
}

// The same with the edges' pixels in the borders.
void pad_with_edges_in_planes(const torch::Tensor& images, const PictureLayout& layout, const Borders& b,
                              const std::vector<int32_t>& rows, const torch::Tensor& out) {
  const int64_t width = out.size(3), middle = images.size(3);
  const auto bytes = [](int64_t count) { return static_cast<size_t>(count); };
  for_rows(layout.pictures, out.size(2), width * layout.pixel, [&](int64_t number, int64_t first, int64_t last) {
    const uint8_t* const from = picture(images, layout, number);
    for (int64_t y = first; y < last;) {
      const int64_t at = rows[static_cast<size_t>(y)];
      int64_t run = 1;  // as above
      while (y + run < last && rows[static_cast<size_t>(y + run)] == at + run) ++run;
      const uint8_t* const pixels = from + at * layout.row_stride;
      const uint8_t* const end = pixels + (run - 1) * layout.row_stride + 3 * (middle - 1);
      auto row = plane_rows(out, number, y);
      for (size_t c = 0; c < row.size(); ++c) {
        std::memset(row[c], pixels[c], bytes(b.left));
        row[c] += b.left;
      }
      simd::separate3_rows_between_edges(pixels, layout.row_stride, run, middle, row.data(), width, b.right);
      for (size_t c = 0; c < row.size(); ++c) std::memset(row[c] + (run - 1) * width + middle, end[c], bytes(b.right));
      y += run;
      for (; y < last && rows[static_cast<size_t>(y)] == rows[static_cast<size_t>(y - 1)]; ++y) {
        for (auto* const plane : plane_rows(out, number, y)) std::memcpy(plane, plane - width, bytes(width));
      }
    }
  });
}

// Whether torchvision's kernels leave pixels that come one after the other as they lie, and not in planes.
bool keeps_layout(const torch::Tensor& images, const Borders& b, PaddingMode mode) {
  if (mode == PaddingMode::Constant && std::max({b.left, b.top, b.right, b.bottom}) <= 0) return true;  // cut, copied
  return images.size(0) > 1 && mode != PaddingMode::Symmetric;
}

}  // namespace

torch::Tensor flipped(const torch::Tensor& image, int64_t dim) {
  if (image.numel() == 0) return image.flip(dim);
  const auto images = as_batch(image);
  const auto layout = picture_layout(images);
  if (!layout) return image.flip(dim);
  const Size size{images.size(2), images.size(3)};
  const auto out = empty_pictures(images, size, *layout);
  const int64_t row_bytes = size.width * layout->pixel;
  auto* const to = static_cast<uint8_t*>(out.mutable_data_ptr());
  for_rows(layout->pictures, size.height, row_bytes, [&](int64_t number, int64_t first, int64_t last) {
    const uint8_t* const from = picture(images, *layout, number);
    uint8_t* row = to + (number * size.height + first) * row_bytes;
    if (dim == -1) {
      simd::mirror_rows(from + first * layout->row_stride, layout->row_stride, last - first, size.width, layout->pixel, row,
                        row_bytes);
      return;
    }
    for (int64_t y = first; y < last; ++y, row += row_bytes) {
      std::memcpy(row, from + (size.height - 1 - y) * layout->row_stride, static_cast<size_t>(row_bytes));
    }
  });
  return out.reshape(image.sizes());
}

std::optional<torch::Tensor> pad_pixels(const torch::Tensor& image, const Borders& b, PaddingMode mode,
                                        const torch::Tensor& fill) {
  // ATen reflects and replicates integers by way of float32.
  const bool by_float = mode == PaddingMode::Edge || mode == PaddingMode::Reflect;
  if (image.numel() == 0 || (by_float && !goes_unchanged_by_float(image.scalar_type()))) return std::nullopt;
  const auto images = as_batch(image);
  const auto layout = picture_layout(images);
  const Size size{images.size(2) + b.top + b.bottom, images.size(3) + b.left + b.right};
  if (!layout || size.height <= 0 || size.width <= 0) return std::nullopt;

  const bool keeps = keeps_layout(images, b, mode);
  const bool separates = !keeps && layout->interleaved && layout->pixel == 3;  // on the way, into planes
  const auto out = separates ? torch::empty({images.size(0), 3, size.height, size.width}, images.options())
                             : empty_pictures(images, size, *layout);
  const auto finished = [&] { return (keeps ? out : in_planes(out)).reshape(shape_with(image, size)); };
  if (mode == PaddingMode::Constant) {
    (separates ? pad_with_fill_in_planes : pad_with_fill)(images, *layout, b, fill, out);
    return finished();
  }
  const int64_t left = std::max<int64_t>(b.left, 0), right = std::max<int64_t>(b.right, 0);
  const int64_t middle = size.width - left - right;  // not positive when the picture is all cut away
  const auto rows = padded_line(images.size(2), b.top, b.bottom, mode);
  if (separates && b.left >= 0 && b.right >= 0) {
    if (mode == PaddingMode::Edge) {
      pad_with_edges_in_planes(images, *layout, b, rows, out);
    } else {
      pad_with_mirrors_in_planes(images, *layout, b, mode, rows, out);
    }
    return finished();
  }
  const auto columns = padded_line(images.size(3), b.left, b.right, mode);
  const int64_t pixel = layout->pixel, row_bytes = size.width * pixel;
  auto* const to = static_cast<uint8_t*>(out.mutable_data_ptr());
  for_rows(layout->pictures, size.height, row_bytes, [&](int64_t number, int64_t first, int64_t last) {
    const uint8_t* const from = picture(images, *layout, number);
    std::vector<uint8_t> mixed(separates ? static_cast<size_t>(row_bytes) : 0);
    for (int64_t y = first; y < last; ++y) {
      uint8_t* const row = separates ? mixed.data() : to + (number * size.height + y) * row_bytes;
      const uint8_t* const pixels = from + rows[static_cast<size_t>(y)] * layout->row_stride;
      if (middle <= 0) {
        simd::nearest_row(pixels, columns.data(), size.width, pixel, row);
      } else {
        simd::nearest_row(pixels, columns.data(), left, pixel, row);
        simd::nearest_row(pixels, columns.data() + left + middle, right, pixel, row + (left + middle) * pixel);
        std::memcpy(row + left * pixel, pixels + columns[static_cast<size_t>(left)] * pixel,
                    static_cast<size_t>(middle * pixel));
      }
      if (separates) simd::separate3(row, static_cast<size_t>(size.width), plane_rows(out, number, y).data());
    }
  });
  return finished();
}

std::optional<torch::Tensor> filled_in(const torch::Tensor& image, const torch::Tensor& part, const torch::Tensor& fill) {
  if (image.dim() > 4 || part.numel() == 0) return std::nullopt;  // the batch would be a copy
  const auto images = as_batch(image);
  const auto layout = picture_layout(images);
  if (!layout) return std::nullopt;
  auto out = at::empty_like(image);
  const auto outs = as_batch(out);
  const auto out_layout = picture_layout(outs);
  const int64_t height = images.size(2), row_bytes = images.size(3) * layout->pixel;
  if (!out_layout || out_layout->interleaved != layout->interleaved) return std::nullopt;
  if (height > 1 && (out_layout->row_stride != row_bytes || layout->row_stride < row_bytes)) return std::nullopt;

  const auto parts = as_batch(part);
  const int64_t offset = (part.storage_offset() - image.storage_offset()) * image.element_size();
  const int64_t top = height > 1 ? offset / layout->row_stride : 0, left = offset - top * layout->row_stride;
  const auto filled = filled_rows(fill, *layout, images.size(1), parts.size(3));
  const bool has_gaps = height > 1 && layout->row_stride != row_bytes;
  for_rows(layout->pictures, height, row_bytes, [&](int64_t number, int64_t first, int64_t last) {
    const uint8_t* const from = picture(images, *layout, number);
    auto* const to = const_cast<uint8_t*>(picture(outs, *out_layout, number));
    const auto& row = filled[static_cast<size_t>(number) % filled.size()];
    // The part too: in one go the processor copies without reading what was there; pieces around the part take half as long
    // again.
    const int64_t together = has_gaps ? 1 : last - first;
    for (int64_t y = first; y < last; y += together)
      std::memcpy(to + y * row_bytes, from + y * layout->row_stride, static_cast<size_t>(together * row_bytes));
    for (int64_t y = std::max(first, top); y < std::min(last, top + parts.size(2)); ++y)
      std::memcpy(to + y * row_bytes + left, row.data(), row.size());
  });
  return out;
}

torch::Tensor pad_with_zeros(const torch::Tensor& image, const Borders& b) {
  if (const auto padded = pad_pixels(image, b, PaddingMode::Constant, at::scalar_tensor(0, image.options()))) return *padded;
  return at::constant_pad_nd(image, {b.left, b.right, b.top, b.bottom}, 0);
}

}  // namespace opsis::inline v1::transforms::detail
