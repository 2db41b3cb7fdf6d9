// deform_conv2d on CUDA: a matrix product with columns of samples, several images at a time. Each thread finds where a sample lies
// and then reads several channels by that.
#include <ATen/Context.h>
#include <ATen/Dispatch.h>
#include <ATen/cuda/Atomic.cuh>
#include <torch/types.h>

#include "opsis/ops/cuda.cuh"
#include "opsis/ops/cuda_library.h"

namespace opsis::inline v1::ops::detail {
namespace {

using torch::Tensor;

constexpr int64_t kChannelsAtOnce = 8;
// Numbers that the columns of some images may be.
constexpr int64_t kColumns = int64_t{1} << 26;

// All that a kernel asks of an image, and of the images that go together.
struct Shape {
  int64_t channels, height, width, kernel_h, kernel_w, out_h, out_w, images;
  Deformation deformation;

  Shape(const Tensor& input, const Tensor& weight, const Tensor& offset, const Deformation& d)
      : channels(input.size(1)),
        height(input.size(2)),
        width(input.size(3)),
        kernel_h(weight.size(2)),
        kernel_w(weight.size(3)),
        out_h(offset.size(2)),
        out_w(offset.size(3)),
        images(0),
        deformation(d) {
    images = std::clamp<int64_t>(kColumns / std::max<int64_t>(channels * places() * pixels(), 1), 1, input.size(0));
  }
  __host__ __device__ int64_t places() const { return kernel_h * kernel_w; }
  __host__ __device__ int64_t pixels() const { return out_h * out_w; }
  __host__ __device__ int64_t channels_of_group() const { return channels / deformation.offset_groups; }
};

// A sample of an image for one place of the kernel and one pixel of the result, and where its column begins.
template <class T>
struct Sample {
  int64_t low_low = -1, low_high = -1, high_low = -1, high_high = -1;
  T down = 0, across = 0, mask = 1;

  // O is the type of the offsets, in which torchvision adds.
  template <class O>
  __device__ Sample(const Shape& shape, const O* offsets, const O* masks, int64_t image, int64_t group_place, int64_t pixel) {
    const auto& d = shape.deformation;
    const auto place = group_place % shape.places();
    const auto row = pixel / shape.out_w * d.stride[0] - d.padding[0] + place / shape.kernel_w * d.dilation[0];
    const auto column = pixel % shape.out_w * d.stride[1] - d.padding[1] + place % shape.kernel_w * d.dilation[1];
    const auto all = d.offset_groups * shape.places();
    const auto* const own = offsets + (2 * image * all + 2 * group_place) * shape.pixels() + pixel;
    const auto y = static_cast<double>(static_cast<O>(row) + own[0]);
    const auto x = static_cast<double>(static_cast<O>(column) + own[shape.pixels()]);
    if (masks) mask = static_cast<T>(masks[(image * all + group_place) * shape.pixels() + pixel]);
    // False for what is no number, too.
    if (!(y >= -1 && y < static_cast<double>(shape.height) && x >= -1 && x < static_cast<double>(shape.width))) return;
    const auto low_y = static_cast<int64_t>(floor(y)), low_x = static_cast<int64_t>(floor(x));
    down = static_cast<T>(y - static_cast<double>(low_y));
    across = static_cast<T>(x - static_cast<double>(low_x));
    const auto at = [&](int64_t r, int64_t c) {
      return r >= 0 && r < shape.height && c >= 0 && c < shape.width ? r * shape.width + c : -1;
    };
    low_low = at(low_y, low_x);
    low_high = at(low_y, low_x + 1);
    high_low = at(low_y + 1, low_x);
    high_high = at(low_y + 1, low_x + 1);
  }
  __device__ static T pixel(const T* plane, int64_t at) { return at < 0 ? T(0) : plane[at]; }
  __device__ T value(const T* plane) const {
    const auto up = 1 - down, left = 1 - across;
    return up * left * pixel(plane, low_low) + up * across * pixel(plane, low_high) + down * left * pixel(plane, high_low) +
           down * across * pixel(plane, high_high);
  }
};

// What a thread works on: some channels of one group, at a place of the kernel, for a pixel of one of `images` results.
struct Part {
  int64_t pixel, image, group_place, first, last;

  template <class Index>
  __device__ Part(Index thread, const Shape& shape, int64_t images, int64_t at_once) {
    const auto pixels = static_cast<Index>(shape.pixels()), rest = thread / pixels / static_cast<Index>(images);
    pixel = thread % pixels;
    image = thread / pixels % static_cast<Index>(images);
    const auto all = static_cast<Index>(shape.deformation.offset_groups * shape.places());
    const auto of_group = shape.channels_of_group();
    group_place = rest % all;
    const auto begin = group_place / shape.places() * of_group, end = begin + of_group;
    first = begin + static_cast<int64_t>(rest / all) * at_once;
    last = first + at_once < end ? first + at_once : end;
  }
  // Columns are (channels * places, images, pixels).
  __device__ int64_t column(const Shape& shape, int64_t images, int64_t channel) const {
    return ((channel * shape.places() + group_place % shape.places()) * images + image) * shape.pixels() + pixel;
  }
  static int64_t threads(const Shape& shape, int64_t images, int64_t at_once) {
    return (shape.channels_of_group() + at_once - 1) / at_once * shape.deformation.offset_groups * shape.places() * images *
           shape.pixels();
  }
};

// What the images [first, first + images) of a batch need.
template <class T, class O>
struct Images {
  const O* offsets;
  const O* masks;
  int64_t first, count;

  Images(const Shape& shape, const Tensor& offset, const Tensor& mask, int64_t begin, int64_t end)
      : offsets(offset.const_data_ptr<O>()),
        masks(shape.deformation.use_mask ? mask.const_data_ptr<O>() : nullptr),
        first(begin),
        count(end - begin) {}
};

template <class T, class O>
void fill_columns(const Shape& shape, const Images<T, O>& images, const Tensor& input, const Tensor& columns) {
  const auto* const from = input.const_data_ptr<T>();
  auto* const to = columns.mutable_data_ptr<T>();
  for_each_on_gpu(Part::threads(shape, images.count, kChannelsAtOnce), [=] __device__(auto thread) {
    const Part part(thread, shape, images.count, kChannelsAtOnce);
    const auto image = images.first + part.image;
    const Sample<T> sample(shape, images.offsets, images.masks, image, part.group_place, part.pixel);
    for (auto c = part.first; c < part.last; ++c) {
      const auto* const plane = from + (image * shape.channels + c) * shape.height * shape.width;
      to[part.column(shape, images.count, c)] = sample.mask * sample.value(plane);
    }
  });
}

// What the gradient of the columns gives to the images.
template <class T, class O>
void add_to_images(const Shape& shape, const Images<T, O>& images, const Tensor& columns, const Tensor& grad_input) {
  const auto* const from = columns.const_data_ptr<T>();
  auto* const to = grad_input.mutable_data_ptr<T>();
  for_each_on_gpu(Part::threads(shape, images.count, kChannelsAtOnce), [=] __device__(auto thread) {
    const Part part(thread, shape, images.count, kChannelsAtOnce);
    const auto image = images.first + part.image;
    const Sample<T> s(shape, images.offsets, images.masks, image, part.group_place, part.pixel);
    const auto up = 1 - s.down, left = 1 - s.across;
    for (auto c = part.first; c < part.last; ++c) {
      auto* const plane = to + (image * shape.channels + c) * shape.height * shape.width;
      const auto grad = s.mask * from[part.column(shape, images.count, c)];
      const auto add = [&](int64_t at, T weight) {
        if (at >= 0) gpuAtomicAddNoReturn(plane + at, weight * grad);
      };
      add(s.low_low, up * left);
      add(s.low_high, up * s.across);
      add(s.high_low, s.down * left);
      add(s.high_high, s.down * s.across);
    }
  });
}

// And to the offsets and the masks, in the layout of theirs.
template <class T, class O>
void fill_offsets_and_masks(const Shape& shape, const Images<T, O>& images, const Tensor& columns, const Tensor& input,
                            const Tensor& grad_offset, const Tensor& grad_mask) {
  const auto *const grads = columns.const_data_ptr<T>(), *const from = input.const_data_ptr<T>();
  auto* const offsets = grad_offset.mutable_data_ptr<T>();
  auto* const masks = images.masks ? grad_mask.mutable_data_ptr<T>() : nullptr;
  const auto of_group = shape.channels_of_group(), all = shape.deformation.offset_groups * shape.places();
  for_each_on_gpu(Part::threads(shape, images.count, of_group), [=] __device__(auto thread) {
    const Part part(thread, shape, images.count, of_group);
    const auto image = images.first + part.image;
    const Sample<T> s(shape, images.offsets, images.masks, image, part.group_place, part.pixel);
    T down = 0, across = 0, masked = 0;
    for (auto c = part.first; c < part.last; ++c) {
      const auto* const plane = from + (image * shape.channels + c) * shape.height * shape.width;
      const auto grad = grads[part.column(shape, images.count, c)];
      const auto a = s.pixel(plane, s.low_low), b = s.pixel(plane, s.low_high);
      const auto d = s.pixel(plane, s.high_low), e = s.pixel(plane, s.high_high);
      down += s.mask * grad * (s.across * (e - b) + (1 - s.across) * (d - a));
      across += s.mask * grad * (s.down * (e - d) + (1 - s.down) * (b - a));
      masked += grad * s.value(plane);
    }
    auto* const own = offsets + (2 * image * all + 2 * part.group_place) * shape.pixels() + part.pixel;
    own[0] = down;
    own[shape.pixels()] = across;
    if (masks) masks[(image * all + part.group_place) * shape.pixels() + part.pixel] = masked;
  });
}

// (groups, rows / groups, columns)
Tensor in_groups(const Tensor& matrix, int64_t groups) {
  return matrix.view({groups, matrix.size(0) / groups, matrix.size(1)});
}

// Images of a result, or of its gradient, side by side: (groups, channels / groups, images * pixels).
Tensor side_by_side(const Tensor& results, int64_t groups) {
  const auto rows = results.transpose(0, 1).flatten(1).contiguous();
  return in_groups(rows, groups);
}

template <class T, class O>
void convolve(const Shape& shape, const Tensor& input, const Tensor& weight, const Tensor& offset, const Tensor& mask,
              const Tensor& out) {
  const auto groups = shape.deformation.groups;
  const auto weights = in_groups(weight.flatten(1), groups);
  for (int64_t first = 0; first < input.size(0); first += shape.images) {
    const auto last = std::min(first + shape.images, input.size(0));
    const auto columns = torch::empty({shape.channels * shape.places(), (last - first) * shape.pixels()}, input.options());
    fill_columns<T>(shape, Images<T, O>(shape, offset, mask, first, last), input, columns);
    const auto results = torch::bmm(weights, in_groups(columns, groups));
    out.slice(0, first, last).copy_(
        results.view({out.size(1), last - first, out.size(2), out.size(3)}).transpose(0, 1));
  }
}

template <class T, class O>
void convolve_backward(const Shape& shape, const Tensor& grad, const Tensor& input, const Tensor& weight, const Tensor& offset,
                       const Tensor& mask, const DeformGradients& out) {
  const auto groups = shape.deformation.groups;
  const auto weights = in_groups(weight.flatten(1), groups);
  auto sums = in_groups(std::get<1>(out).flatten(1), groups);
  for (int64_t first = 0; first < input.size(0); first += shape.images) {
    const auto last = std::min(first + shape.images, input.size(0));
    const Images<T, O> images(shape, offset, mask, first, last);
    const auto columns = torch::empty({shape.channels * shape.places(), (last - first) * shape.pixels()}, input.options());
    const auto of_results = side_by_side(grad.slice(0, first, last), groups);
    fill_columns<T>(shape, images, input, columns);
    auto by_group = in_groups(columns, groups);
    sums.baddbmm_(of_results, by_group.transpose(1, 2));
    torch::bmm_out(by_group, weights.transpose(1, 2), of_results);
    add_to_images<T>(shape, images, columns, std::get<0>(out));
    fill_offsets_and_masks<T>(shape, images, columns, input, std::get<2>(out), std::get<3>(out));
  }
}

// body(T of the images, O of the offsets).
template <class Body>
void for_types(const Tensor& input, const Tensor& offset, const Body& body) {
  AT_DISPATCH_FLOATING_TYPES(input.scalar_type(), "deform_conv2d", [&] {
    if (offset.scalar_type() == torch::kHalf) {
      body(scalar_t{}, c10::Half{});
    } else {
      body(scalar_t{}, scalar_t{});
    }
  });
}

void forward(const Tensor& input, const Tensor& weight, const Tensor& offset, const Tensor& mask,
             const Deformation& deformation, const Tensor& out) {
  const c10::cuda::CUDAGuard device(input.device());
  const Shape shape(input, weight, offset, deformation);
  for_types(input, offset, [&](auto number, auto place) {
    convolve<decltype(number), decltype(place)>(shape, input, weight, offset, mask, out);
  });
}

void backward(const Tensor& grad, const Tensor& input, const Tensor& weight, const Tensor& offset, const Tensor& mask,
              const Deformation& deformation, const DeformGradients& out) {
  at::globalContext().alertNotDeterministic("deform_conv2d_backward of Opsis on CUDA");
  const c10::cuda::CUDAGuard device(input.device());
  const Shape shape(input, weight, offset, deformation);
  for_types(input, offset, [&](auto number, auto place) {
    convolve_backward<decltype(number), decltype(place)>(shape, grad, input, weight, offset, mask, out);
  });
}

}  // namespace

const DeformKernels kDeformationOnCuda{forward, backward};

}  // namespace opsis::inline v1::ops::detail
