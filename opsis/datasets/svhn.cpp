#include "opsis/datasets/svhn.h"

#include <ATen/ops/from_blob.h>

#include "opsis/core/check.h"
#include "opsis/datasets/resources.h"
#include "opsis/io/mat.h"

namespace opsis::inline v1::datasets {
namespace {

ClassifiedPixels load_svhn(const SVHN::Options& options) {
  detail::check_choice("SVHN", "split", options.split, {"train", "test", "extra"});
  const auto& file = resource("SVHN", options.split + "_32x32.mat");
  if (options.download) fetch_resource(file, options.root);
  check_resource(file, options.root);

  const auto path = options.root / file.file;
  auto pixels = io::read_mat(path, "X");
  const auto labels = io::read_mat(path, "y");
  const auto& shape = pixels.shape;
  if (pixels.kind != io::MatKind::Numbers || pixels.type != io::MatType::UInt8 || shape.size() != 4) {
    raise<DecodeError>("SVHN: {}: \"X\" must be 4 sides of bytes", path.string());
  }
  ClassifiedPixels out;
  // The first side runs fastest: backwards, the sides are images, channels, columns, rows.
  const auto stored = at::from_blob(pixels.bytes.data(), {shape[3], shape[2], shape[1], shape[0]}, torch::kUInt8);
  out.images = stored.transpose(2, 3).clone(torch::MemoryFormat::Contiguous);
  out.labels = torch::empty({static_cast<int64_t>(labels.size())}, torch::kInt64);
  for (size_t i = 0; i < labels.size(); ++i) {
    out.labels.data_ptr<int64_t>()[i] = labels.integer(i) == 10 ? 0 : labels.integer(i);  // 0 is the tenth digit there
  }
  for (int digit = 0; digit < 10; ++digit) out.classes.push_back(std::to_string(digit));
  return out;
}

}  // namespace

SVHN::SVHN(Options options) : ClassifiedImages("SVHN", load_svhn(options), std::move(options.transforms)) {}

}  // namespace opsis::inline v1::datasets
