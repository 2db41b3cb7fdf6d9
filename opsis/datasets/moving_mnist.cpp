#include "opsis/datasets/moving_mnist.h"

#include <ATen/ops/from_blob.h>

#include "opsis/core/check.h"
#include "opsis/core/telling_where.h"
#include "opsis/datasets/classified.h"
#include "opsis/datasets/npy_header.h"
#include "opsis/datasets/resources.h"
#include "opsis/io/file.h"

namespace opsis::inline v1::datasets {
namespace {

torch::Tensor load_moving_mnist(const MovingMNIST::Options& options) {
  if (options.split) detail::check_choice("MovingMNIST", "split", *options.split, {"train", "test"});
  OPSIS_CHECK(options.split_ratio >= 1 && options.split_ratio <= 19, "MovingMNIST: split_ratio must be 1 to 19, got {}",
              options.split_ratio);
  const auto& file = resource("MovingMNIST", "mnist_test_seq.npy");
  const auto folder = options.root / "MovingMNIST", path = folder / file.file;
  if (options.download && !detail::is_file(path)) fetch_resource(file, folder);
  detail::check_file("MovingMNIST", path);

  const io::MappedFile mapped(path);
  const auto header = telling_where("MovingMNIST: " + path.string(), [&] { return read_npy_header(mapped.bytes()); });
  if (header.type != "|u1" || header.shape.size() != 4 || header.fortran_order) {
    raise<DecodeError>("MovingMNIST: {} must hold bytes in 4 dimensions, one row after the other", path.string());
  }
  // Frames come first in the file.
  auto frames = at::from_blob(mapped.writable() + header.data_offset, header.shape, torch::kUInt8);
  if (options.split) {
    frames = *options.split == "train" ? frames.slice(0, 0, options.split_ratio) : frames.slice(0, options.split_ratio);
  }
  return frames.transpose(0, 1).unsqueeze(2).clone(torch::MemoryFormat::Contiguous);
}

}  // namespace

MovingMNIST::MovingMNIST(Options options) : options_(std::move(options)), data_(load_moving_mnist(options_)) {}

Clip MovingMNIST::get(size_t index) const {
  detail::check_index("MovingMNIST", index, size());
  return options_.transforms(Clip{Video(data_[static_cast<int64_t>(index)].clone())});
}

}  // namespace opsis::inline v1::datasets
