#include "opsis/datasets/cifar.h"

#include <ATen/ops/cat.h>

#include <algorithm>
#include <string>
#include <vector>

#include "opsis/core/check.h"
#include "opsis/datasets/disk.h"
#include "opsis/datasets/resources.h"
#include "opsis/hub/checkpoint.h"

namespace opsis::inline v1::datasets {
namespace {

namespace fs = std::filesystem;

struct CifarFiles {
  std::string_view folder, archive;
  std::vector<std::string_view> train, test;
  std::string_view meta, names;
};

const CifarFiles& cifar_files(std::string_view name) {
  static const CifarFiles ten{"cifar-10-batches-py",
                              "cifar-10-python.tar.gz",
                              {"data_batch_1", "data_batch_2", "data_batch_3", "data_batch_4", "data_batch_5"},
                              {"test_batch"},
                              "batches.meta",
                              "label_names"};
  static const CifarFiles hundred{"cifar-100-python", "cifar-100-python.tar.gz", {"train"}, {"test"}, "meta",
                                  "fine_label_names"};
  return name == "CIFAR10" ? ten : hundred;
}

ClassifiedPixels load_cifar(std::string_view name, const CIFAR10::Options& options) {
  const auto& files = cifar_files(name);
  const auto folder = options.root / files.folder;
  auto all = files.train;
  all.insert(all.end(), files.test.begin(), files.test.end());
  all.push_back(files.meta);

  if (options.download) {
    make_once(
        options.root,
        [&] { return std::all_of(all.begin(), all.end(), [&](auto file) { return is_intact(resource(name, file), folder); }); },
        [&] { fetch_and_extract(resource(name, files.archive), options.root); });
  }
  for (const auto file : all) {
    detail::check_file(name, folder / file);  // whose row knows of no download, which is that of the archive
    check_resource(resource(name, file), folder);
  }

  const Limits limits{.pickle_bytes = int64_t{1} << 30};  // a batch is one pickle
  std::vector<torch::Tensor> images;
  std::vector<int64_t> labels;
  for (const auto file : options.train ? files.train : files.test) {
    const auto batch = hub::load_pickle(folder / file, limits);
    auto pixels = batch.get<torch::Tensor>("data");
    if (pixels.dim() != 2 || pixels.size(1) != int64_t{3} * 32 * 32 || pixels.scalar_type() != torch::kUInt8) {
      raise<DecodeError>("{}: {}: \"data\" must have rows of 3072 bytes", name, (folder / file).string());
    }
    images.push_back(pixels.view({-1, 3, 32, 32}));
    const auto more = batch.get<std::vector<int64_t>>(batch.contains("labels") ? "labels" : "fine_labels");
    labels.insert(labels.end(), more.begin(), more.end());
  }
  return {at::cat(images), torch::tensor(labels, torch::kInt64),
          hub::load_pickle(folder / files.meta).get<std::vector<std::string>>(files.names)};
}

}  // namespace

CIFAR10::CIFAR10(std::string_view name, Options options)
    : ClassifiedImages(name, load_cifar(name, options), std::move(options.transforms)) {}

}  // namespace opsis::inline v1::datasets
