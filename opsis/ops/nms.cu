// nms on CUDA, chunk after chunk of the boxes, best first. Which boxes of a chunk overlap is found for all chunks at once. Then, for
// each chunk, one warp walks through its boxes by those bits, and all later boxes are held against the ones that stay. Nothing
// waits for the host, and memory is 64 bytes a box rather than a bit for each pair.
#include <ATen/Dispatch.h>
#include <c10/util/Half.h>
#include <torch/types.h>

#include <type_traits>

#include "opsis/ops/cuda.cuh"
#include "opsis/ops/cuda_library.h"

namespace opsis::inline v1::ops::detail {
namespace {

using torch::Tensor;

constexpr int kChunk = 512, kWords = kChunk / 64;

// What boxes of a type are computed in: those of float16 in float32, as in torchvision's kernel.
template <class T>
using Wide = std::conditional_t<std::is_same_v<T, c10::Half>, float, T>;

// A side, rounded to what the boxes' own type holds: so torchvision's kernel has it.
template <class T>
__device__ Wide<T> side(Wide<T> from, Wide<T> to) {
  return static_cast<Wide<T>>(static_cast<T>(to - from));
}

template <class T>
struct Box {
  Wide<T> left, top, right, bottom;
  int64_t group;
  __device__ Wide<T> area() const { return (right - left) * side<T>(top, bottom); }
};

template <class T>
struct Boxes {
  const T* corners;        // left, top, right, bottom of each
  const int64_t* classes;  // null when all may meet
  int64_t count;
  double threshold;

  __device__ Box<T> operator[](int64_t i) const {
    const auto* const at = corners + 4 * i;
    const auto number = [at](int k) { return static_cast<Wide<T>>(at[k]); };
    return {number(0), number(1), number(2), number(3), classes ? classes[i] : 0};
  }
};

// Whether `other` leaves when `kept` stays: torchvision's operations on the CPU, in its order.
template <class T>
__device__ bool suppresses(const Box<T>& kept, const Box<T>& other, double threshold) {
  using Number = Wide<T>;
  const auto greater = [](Number x, Number y) { return x < y ? y : x; };
  const auto smaller = [](Number x, Number y) { return y < x ? y : x; };
  const Number width = greater(Number(0), side<T>(greater(kept.left, other.left), smaller(kept.right, other.right)));
  const Number height = greater(Number(0), side<T>(greater(kept.top, other.top), smaller(kept.bottom, other.bottom)));
  const Number inter = width * height;
  if (inter == Number(0) && threshold >= 0) return false;  // most pairs: the quotient is 0, or not a number
  if (kept.group != other.group) return false;
  return static_cast<double>(inter / (kept.area() + other.area() - inter)) > threshold;
}

// In each chunk, which of the boxes after it a box suppresses: kWords words a box.
template <class T>
void find_overlaps(const Boxes<T>& boxes, uint64_t* overlaps) {
  for_each_on_gpu(boxes.count * kWords, [=] __device__(auto i) {
    const int64_t box = i / kWords, first = box / kChunk * kChunk + i % kWords * 64;
    uint64_t bits = 0;
    if (first + 63 > box) {
      const auto kept = boxes[box];
      for (int64_t bit = 0; bit < 64; ++bit) {
        const auto other = first + bit;
        if (other > box && other < boxes.count && suppresses(kept, boxes[other], boxes.threshold)) bits |= uint64_t{1} << bit;
      }
    }
    overlaps[i] = bits;
  });
}

// The boxes of a chunk that stay, of those that better chunks left; their numbers go to `kept`, and how many they are to
// `kept_count`.
__global__ void __launch_bounds__(kChunk) walk_chunk(const uint64_t* overlaps, int64_t first, int64_t count, bool* stays,
                                                     int64_t* kept, int* kept_count) {
  __shared__ uint64_t of_chunk[kChunk * kWords];
  __shared__ uint64_t gone[kWords];
  __shared__ int next;
  const int size = static_cast<int>(count - first < kChunk ? count - first : kChunk), box = static_cast<int>(threadIdx.x);
  for (int i = box; i < kChunk * kWords; i += kChunk) of_chunk[i] = i < size * kWords ? overlaps[first * kWords + i] : 0;
  if (box < kWords) gone[box] = 0;
  if (box == 0) next = 0;
  __syncthreads();
  const bool left = box < size && stays[first + box];
  if (!left) atomicOr(reinterpret_cast<unsigned long long*>(gone + box / 64), 1ull << (box % 64));
  __syncthreads();
  // Word after word of 64 boxes: who of them stays is settled by one lane, and then told to the words that every lane keeps.
  if (box < kWords) {
    auto mine = gone[box];
    for (int word = 0; word < kWords; ++word) {
      auto settled = mine;
      if (box == word) {
#pragma unroll 16
        for (int bit = 0; bit < 64; ++bit) {
          const auto row = of_chunk[(word * 64 + bit) * kWords + word];
          settled |= settled >> bit & 1 ? 0 : row;
        }
      }
      settled = __shfl_sync((1u << kWords) - 1, settled, word);
      mine = box == word ? settled : mine;
#pragma unroll 16
      for (int bit = 0; bit < 64; ++bit) {
        const auto row = of_chunk[(word * 64 + bit) * kWords + box];
        mine |= box <= word || (settled >> bit & 1) ? 0 : row;
      }
    }
    gone[box] = mine;
  }
  __syncthreads();
  if (box < size) {
    const bool stay = !(gone[box / 64] >> (box % 64) & 1);
    stays[first + box] = stay;
    if (stay) kept[atomicAdd(&next, 1)] = first + box;
  }
  __syncthreads();
  if (box == 0) *kept_count = next;
}

// Holds the boxes from `first` on against those that stay.
template <class T>
__global__ void __launch_bounds__(kThreads) suppress_later(Boxes<T> boxes, int64_t first, const int64_t* kept,
                                                           const int* kept_count, bool* stays) {
  constexpr int kTile = 128;
  __shared__ Box<T> tile[kTile];
  const auto i = first + static_cast<int64_t>(blockIdx.x) * kThreads + threadIdx.x;
  bool stay = i < boxes.count && stays[i];
  const bool stayed = stay;
  const auto box = boxes[i < boxes.count ? i : first];
  const int count = *kept_count;
  for (int begin = 0; begin < count; begin += kTile) {
    const int size = count - begin < kTile ? count - begin : kTile;
    if (!__syncthreads_or(stay)) break;
    if (threadIdx.x < size) tile[threadIdx.x] = boxes[kept[begin + threadIdx.x]];
    __syncthreads();
    for (int k = 0; stay && k < size; ++k) stay = !suppresses(tile[k], box, boxes.threshold);
  }
  if (stayed && !stay) stays[i] = false;
}

}  // namespace

Tensor nms_on_cuda(const Tensor& given_boxes, const Tensor& given_classes, double iou_threshold) {
  const c10::cuda::CUDAGuard device(given_boxes.device());
  const auto count = given_boxes.size(0);
  const auto stays = torch::ones({count}, given_boxes.options().dtype(torch::kBool));
  if (count == 0) return stays;
  const auto corners = given_boxes.contiguous();
  const auto classes = given_classes.defined() ? given_classes.contiguous() : given_classes;
  const auto numbers = given_boxes.options().dtype(torch::kInt64);
  const auto overlaps = torch::empty({count, kWords}, numbers), kept = torch::empty({kChunk}, numbers);
  const auto kept_count = torch::empty({1}, numbers.dtype(torch::kInt32));
  auto* const bits = reinterpret_cast<uint64_t*>(overlaps.mutable_data_ptr<int64_t>());
  AT_DISPATCH_FLOATING_TYPES_AND_HALF(corners.scalar_type(), "nms", [&] {
    // float16 is not on the CPU, where a threshold stays a double: torchvision's kernel compares in float32.
    const double threshold = std::is_same_v<scalar_t, c10::Half> ? static_cast<float>(iou_threshold) : iou_threshold;
    const Boxes<scalar_t> boxes{corners.const_data_ptr<scalar_t>(),
                                classes.defined() ? classes.const_data_ptr<int64_t>() : nullptr, count, threshold};
    find_overlaps(boxes, bits);
    for (int64_t first = 0; first < count; first += kChunk) {
      walk_chunk<<<1, kChunk, 0, at::cuda::getCurrentCUDAStream()>>>(bits, first, count, stays.mutable_data_ptr<bool>(),
                                                                    kept.mutable_data_ptr<int64_t>(),
                                                                    kept_count.mutable_data_ptr<int32_t>());
      C10_CUDA_KERNEL_LAUNCH_CHECK();
      const auto later = count - first - kChunk;
      if (later <= 0) break;
      suppress_later<<<static_cast<unsigned>((later + kThreads - 1) / kThreads), kThreads, 0, at::cuda::getCurrentCUDAStream()>>>(
          boxes, first + kChunk, kept.const_data_ptr<int64_t>(), kept_count.const_data_ptr<int32_t>(),
          stays.mutable_data_ptr<bool>());
      C10_CUDA_KERNEL_LAUNCH_CHECK();
    }
  });
  return stays;
}

}  // namespace opsis::inline v1::ops::detail
