#include "opsis/datasets/mnist.h"

#include <algorithm>
#include <system_error>

#include "opsis/core/check.h"
#include "opsis/datasets/archive.h"
#include "opsis/datasets/disk.h"
#include "opsis/datasets/idx.h"
#include "opsis/datasets/resources.h"
#include "opsis/datasets/text_file.h"
#include "opsis/hub/checkpoint.h"
#include "opsis/hub/sparse_tensor.h"
#include "opsis/io/file.h"

namespace opsis::inline v1::datasets {
namespace {

namespace fs = std::filesystem;

using Names = std::vector<std::string>;

const Names& mnist_classes(std::string_view name) {
  static const Names digits{"0 - zero", "1 - one", "2 - two",   "3 - three", "4 - four",
                            "5 - five", "6 - six", "7 - seven", "8 - eight", "9 - nine"};
  static const Names clothes{"T-shirt/top", "Trouser", "Pullover", "Dress", "Coat",
                             "Sandal",      "Shirt",   "Sneaker",  "Bag",   "Ankle boot"};
  static const Names syllables{"o", "ki", "su", "tsu", "na", "ha", "ma", "ya", "re", "wo"};
  return name == "FashionMNIST" ? clothes : name == "KMNIST" ? syllables : digits;
}

torch::Tensor read_idx_file(std::string_view dataset, const fs::path& file, int64_t dimensions) {
  detail::check_file(dataset, file);
  try {
    const io::MappedFile mapped(file);
    auto out = read_idx(mapped.bytes());
    if (out.dim() != dimensions) {
      raise<DecodeError>("it must have {} dimensions, got {}", dimensions, out.dim());
    }
    return out;
  } catch (const DecodeError& error) {
    raise_because<DecodeError>(error, "{}: {}: ", dataset, file.string());
  }
}

ClassifiedPixels read_idx_pair(std::string_view dataset, const fs::path& images, const fs::path& labels, Names classes) {
  ClassifiedPixels out{read_idx_file(dataset, images, 3), read_idx_file(dataset, labels, 1), std::move(classes)};
  if (out.images.scalar_type() != torch::kUInt8 || out.labels.scalar_type() != torch::kUInt8) {
    raise<DecodeError>("{}: {} and {} must hold bytes", dataset, images.string(), labels.string());
  }
  out.images = out.images.unsqueeze(1);
  out.labels = out.labels.to(torch::kInt64);
  return out;
}

// What torchvision kept before its version 0.9: the tensors themselves, the labels of so many dimensions.
ClassifiedPixels read_processed(std::string_view dataset, const fs::path& file, Names classes, int64_t dimensions = 1) {
  const auto pair = hub::load(file);
  ClassifiedPixels out{pair.get<torch::Tensor>(0), pair.get<torch::Tensor>(1), std::move(classes)};
  try {
    for (const auto& part : {out.images, out.labels}) hub::detail::check_memory(part, "a tensor");
  } catch (const ValueError& error) {
    raise_because<DecodeError>(error, "{}: {}: ", dataset, file.string());
  }
  const bool plain = hub::is_plain(out.images) && hub::is_plain(out.labels);
  if (!plain || out.images.dim() != 3 || out.images.scalar_type() != torch::kUInt8 || out.labels.dim() != dimensions ||
      (dimensions == 2 && out.labels.size(1) == 0)) {
    raise<DecodeError>("{}: {} must hold images (N, H, W) of bytes and labels {}", dataset, file.string(),
                       dimensions == 1 ? "(N)" : "(N, 8)");
  }
  out.images = out.images.unsqueeze(1);
  out.labels = out.labels.to(torch::kInt64).contiguous();
  return out;
}

// The names of the files that the resources of a set unpack to: without ".gz" or ".xz".
fs::path unpacked(const fs::path& folder, std::string_view file) { return folder / file.substr(0, file.rfind('.')); }

void bring_mnist(std::string_view name, const fs::path& folder) {
  const auto files = resources(name);  // one that several servers have is there once for each
  const auto is_unpacked = [&](const Resource& file) { return detail::is_file(unpacked(folder, file.file)); };
  make_once(
      folder, [&] { return std::all_of(files.begin(), files.end(), is_unpacked); },
      [&] {
        for (const auto& file : files) {
          if (!is_unpacked(file)) fetch_and_extract(file, folder);
        }
      });
}

ClassifiedPixels load_mnist(std::string_view name, const MNIST::Options& options) {
  const auto processed = options.root / name / "processed", folder = options.root / name / "raw";
  if (detail::is_file(processed / "training.pt") && detail::is_file(processed / "test.pt")) {
    return read_processed(name, processed / (options.train ? "training.pt" : "test.pt"), mnist_classes(name));
  }
  if (options.download) bring_mnist(name, folder);
  const std::string part = options.train ? "train" : "t10k";
  return read_idx_pair(name, folder / (part + "-images-idx3-ubyte"), folder / (part + "-labels-idx1-ubyte"),
                       mnist_classes(name));
}

Names emnist_classes(std::string_view split) {
  const std::string digits = "0123456789", capitals = "ABCDEFGHIJKLMNOPQRSTUVWXYZ", letters = "abcdefghijklmnopqrstuvwxyz";
  // Small letters that look like capitals are one with them.
  const std::string kept = split == "byclass" ? letters : "abdefghnqrt";
  Names out;
  if (split == "letters") out.emplace_back("N/A");
  const auto all = split == "letters" ? letters : split == "digits" || split == "mnist" ? digits : digits + capitals + kept;
  for (const char c : all) out.emplace_back(1, c);
  return out;
}

ClassifiedPixels load_emnist(const EMNIST::Options& options) {
  detail::check_choice("EMNIST", "split", options.split, {"byclass", "bymerge", "balanced", "letters", "digits", "mnist"});
  const auto processed = options.root / "EMNIST" / "processed", folder = options.root / "EMNIST" / "raw";
  const auto training = processed / text("training_{}.pt", options.split), test = processed / text("test_{}.pt", options.split);
  if (detail::is_file(training) && detail::is_file(test)) {
    return read_processed("EMNIST", options.train ? training : test, emnist_classes(options.split));
  }
  const auto prefix = text("emnist-{}-{}", options.split, options.train ? "train" : "test");
  const auto images = folder / (prefix + "-images-idx3-ubyte"), labels = folder / (prefix + "-labels-idx1-ubyte");
  // While there is a folder gzip, something is left to do.
  const auto is_whole = [&] { return detail::is_file(images) && detail::is_file(labels) && !is_there(folder / "gzip"); };
  if (options.download) {
    make_once(folder, is_whole, [&] {
      fetch_and_extract(resource("EMNIST", "gzip.zip"), folder);
      for (const auto& name : sorted_names(folder / "gzip")) {
        if (name.ends_with(".gz")) extract_archive(folder / "gzip" / name, folder);
      }
      remove_tree(folder / "gzip");
    });
  }
  return read_idx_pair("EMNIST", images, labels, emnist_classes(options.split));
}

std::string qmnist_subset(const QMNIST::Options& options) {
  auto what = options.what.value_or(options.train ? "train" : "test");
  detail::check_choice("QMNIST", "what", what, {"train", "test", "test10k", "test50k", "nist"});
  return what;
}

std::pair<ClassifiedPixels, torch::Tensor> load_qmnist(const QMNIST::Options& options) {
  const auto what = qmnist_subset(options);
  const auto folder = options.root / "QMNIST" / "raw";
  if (const auto processed = options.root / "QMNIST" / "processed" / (what + ".pt"); detail::is_file(processed)) {
    auto kept = read_processed("QMNIST", processed, mnist_classes("QMNIST"), 2);
    const auto targets = kept.labels;
    kept.labels = targets.select(1, 0).contiguous();
    return {std::move(kept), targets};
  }
  const std::string stem = what == "nist" ? "xnist" : what.starts_with("test") ? "qmnist-test" : "qmnist-train";
  const auto ending = what == "nist" ? ".xz" : ".gz";
  const auto images = stem + "-images-idx3-ubyte", labels = stem + "-labels-idx2-int";
  if (options.download) {
    make_once(
        folder, [&] { return detail::is_file(folder / images) && detail::is_file(folder / labels); },
        [&] {
          for (const auto& name : {images, labels}) fetch_and_extract(resource("QMNIST", name + ending), folder);
        });
  }
  auto pixels = read_idx_file("QMNIST", folder / images, 3), targets = read_idx_file("QMNIST", folder / labels, 2);
  if (pixels.scalar_type() != torch::kUInt8 || targets.size(1) == 0) {
    raise<DecodeError>("QMNIST: {} must hold bytes and {} numbers", (folder / images).string(), (folder / labels).string());
  }
  targets = targets.to(torch::kInt64);
  constexpr int64_t first_part = 10'000;
  const auto part = [&](const torch::Tensor& all) {
    return what == "test10k" ? all.slice(0, 0, first_part) : what == "test50k" ? all.slice(0, first_part) : all;
  };
  targets = part(targets);
  return {{part(pixels).unsqueeze(1), targets.select(1, 0).contiguous(), mnist_classes("QMNIST")}, targets};
}

}  // namespace

MNIST::MNIST(std::string_view name, Options options)
    : ClassifiedImages(name, load_mnist(name, options), std::move(options.transforms)) {}

EMNIST::EMNIST(Options options) : ClassifiedImages("EMNIST", load_emnist(options), std::move(options.transforms)) {}

QMNIST::QMNIST(Options options) : QMNIST(load_qmnist(options), std::move(options.transforms)) {}

QMNIST::QMNIST(std::pair<ClassifiedPixels, torch::Tensor> loaded, transforms::AnyTransform transforms)
    : ClassifiedImages("QMNIST", std::move(loaded.first), std::move(transforms)), full_targets_(std::move(loaded.second)) {}

}  // namespace opsis::inline v1::datasets
