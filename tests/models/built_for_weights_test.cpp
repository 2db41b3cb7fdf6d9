// Every model as it is built for each of its weights: what it finds in their file, what it becomes. No number is computed:
// models have shapes alone, and files are holes behind a header.
#include <torch/torch.h>

#include <fstream>
#include <map>
#include <nlohmann/json.hpp>

#include "opsis/core/check.h"
#include "opsis/hub/state_dict.h"
#include "opsis/models.h"
#include "tests/support/expect.h"
#include "tests/support/meta_device.h"
#include "tests/support/oracle.h"
#include "tests/support/table_draws.h"
#include "tests/support/temporary.h"

namespace opsis {
namespace {

using OrderedJson = nlohmann::ordered_json;  // as the order of a file's tensors is kept

struct ElementType {
  std::string_view torch, safetensors;
  size_t bytes;
};
constexpr ElementType element_types[] = {{"int64", "I64", 8},
                                         {"float32", "F32", 4}};  // the wider ones first, as files have them

// A tensor of a file.
struct Told {
  std::string name, type;
  std::vector<int64_t> shape;
};

std::vector<Told> tensors_of(const OrderedJson& file) {
  std::vector<Told> out;
  for (const auto& tensor : file) out.push_back({tensor[0], tensor[1], tensor[2]});
  return out;
}

// A checkpoint of zeros, whatever the size, in a few blocks of the disk.
void write_zeros(const std::filesystem::path& file, const std::vector<Told>& tensors) {
  OrderedJson header;
  for (const auto& tensor : tensors) header[tensor.name] = {{"dtype", ""}, {"shape", tensor.shape}, {"data_offsets", {0, 0}}};
  size_t position = 0;
  for (const auto& type : element_types) {
    for (const auto& tensor : tensors) {
      if (tensor.type != type.torch) continue;
      auto size = type.bytes;
      for (const auto side : tensor.shape) size *= static_cast<size_t>(side);
      header[tensor.name]["dtype"] = type.safetensors;
      header[tensor.name]["data_offsets"] = {position, position + size};
      position += size;
    }
  }
  auto text = header.dump();
  text.resize((text.size() + 7) / 8 * 8, ' ');
  const uint64_t length = text.size();
  std::ofstream(file, std::ios::binary).write(reinterpret_cast<const char*>(&length), sizeof length) << text;
  std::filesystem::resize_file(file, sizeof length + length + position);
}

// SSD's run once while they are built, to see how many channels their maps have: they need memory.
class WithoutNumbers {
 public:
  explicit WithoutNumbers(std::string_view model) {
    if (model.starts_with("ssd")) {
      draws_.emplace();
    } else {
      meta_.emplace();
    }
  }

 private:
  std::optional<support::MetaDevice> meta_;
  std::optional<support::TableDraws> draws_;
};

std::vector<std::string> described(const torch::nn::Module& model) {
  std::vector<std::string> out;
  for (const auto& [name, tensor] : hub::state_dict(model)) out.push_back(text("{} {}", name, tensor.sizes()));
  return out;
}

std::vector<std::string> described(const std::vector<Told>& tensors, const OrderedJson& lost) {
  std::vector<std::string> out;
  for (const auto& tensor : tensors) {
    if (std::find(lost.begin(), lost.end(), tensor.name) != lost.end()) continue;
    out.push_back(text("{} {}", tensor.name, torch::IntArrayRef(tensor.shape)));
  }
  return out;
}

// What torchvision's models tell of themselves, as far as ours do.
OrderedJson traits(const models::Model& model) {
  OrderedJson out{{"transform_input", nullptr}, {"image_size", nullptr}};
  if (const auto* googlenet = dynamic_cast<const models::GoogLeNetImpl*>(&model))
    out["transform_input"] = googlenet->transform_input;
  if (const auto* inception = dynamic_cast<const models::Inception3Impl*>(&model))
    out["transform_input"] = inception->transform_input;
  if (const auto* vit = dynamic_cast<const models::VisionTransformerImpl*>(&model)) out["image_size"] = vit->image_size;
  return out;
}

// A test for each task.
class BuiltForWeights : public ::testing::TestWithParam<std::string> {
 protected:
  // Calls it with each of the task's models, each of the entries, the oracle's word on it, and a file that stands for its own.
  template <class Claim>
  static void expect_of_each(Claim claim) {
    const auto models_of_task = models::list_models({.module = GetParam()});
    int64_t tried = 0;
    for (const auto& c : oracle::cases("models/built_for_weights")) {
      const auto model = c.text("model");
      if (std::find(models_of_task.begin(), models_of_task.end(), model) == models_of_task.end()) continue;
      const support::TemporaryFolder folder;
      const auto file = folder.path() / "zeros.safetensors";
      for (const auto& entry : OrderedJson::parse(c.json("entries"))) {
        const auto weights = entry["name"].get<std::string>();
        SCOPED_TRACE(weights);
        write_zeros(file, tensors_of(entry["file"]));
        ++tried;
        claim(model, models::ModelOptions{.weights = weights, .weights_file = file}, entry);
      }
    }
    EXPECT_GE(tried, std::ssize(models_of_task));
  }
};
INSTANTIATE_TEST_SUITE_P(, BuiltForWeights,
                         ::testing::Values("models", "models::detection", "models::segmentation", "models::video",
                                           "models::optical_flow"),
                         [](const auto& info) {
                           const auto task = info.param.substr(info.param.rfind(':') + 1);
                           return task == "models" ? "classification" : task;
                         });

TEST_P(BuiltForWeights, ModelsAreAsTorchvisionBuildsThem) {
  expect_of_each([](const std::string& name, const models::ModelOptions& options, const OrderedJson& expected) {
    const WithoutNumbers without(name);
    const auto model = models::get_model<models::Model>(name, options);
    EXPECT_EQ(described(*model), described(tensors_of(expected["file"]), expected["lost"]));
    const auto ours = traits(*model);
    for (const auto& [trait, value] : ours.items()) EXPECT_EQ(value, expected.at(trait)) << trait;
    if (const auto* maxvit = dynamic_cast<const models::MaxVitImpl*>(model.get())) {
      // Five halvings come to the grid that the last block sees.
      const auto side = 32 * expected["last_grid"][0].get<int64_t>();
      EXPECT_EQ(maxvit->input_size, (Size{side, side}));
    }
  });
}

TEST(AuxiliaryHeads, StayOrAreRefusedAsInTorchvisionWhenThereAreWeights) {
  std::map<std::string, std::vector<Told>> files;
  for (const auto& c : oracle::cases("models/built_for_weights")) {
    files[c.text("model")] = tensors_of(OrderedJson::parse(c.json("entries"))[0]["file"]);
  }
  const support::MetaDevice meta;
  const support::TemporaryFolder folder;
  const auto file = folder.path() / "zeros.safetensors";
  const auto url = "file://" + file.string();
  const auto expect_same = [&](const oracle::Case& c, auto builder, auto weights, auto options) {
    write_zeros(file, files.at(c.text("model")));
    weights.url = url;
    options.aux_logits = c.boolean("aux_logits");
    if (c.boolean("refused")) {
      EXPECT_ERROR(builder(weights, options), ValueError, "aux_logits must be");
      return;
    }
    std::vector<std::string> names;
    for (const auto& [name, tensor] : hub::state_dict(*builder(weights, options))) names.push_back(name);
    EXPECT_EQ(names, c.texts("names"));
  };
  for (const auto& c : oracle::cases("models/auxiliary_heads")) {
    SCOPED_TRACE(c.name());
    if (c.text("model") == "googlenet") {
      expect_same(c, &models::googlenet, models::GoogLeNet_Weights::DEFAULT, models::GoogLeNetOptions{});
    } else {
      expect_same(c, &models::inception_v3, models::Inception_V3_Weights::DEFAULT, models::Inception3Options{});
    }
  }
}

// That the numbers are the file's is tested in finetune_test.cpp, of one builder a family. Loading is strict but for the head
// and the first convolution, so that here nothing else can be left as it was.
TEST_P(BuiltForWeights, ModelsTakeANewHeadAndClassifiersOtherChannels) {
  const bool classify = GetParam() == "models";
  expect_of_each([&](const std::string& name, models::ModelOptions options, const OrderedJson& expected) {
    const WithoutNumbers without(name);
    options.num_classes = 7;
    if (GetParam() == "models::optical_flow") {
      EXPECT_ERROR(models::get_model<models::Model>(name, options), ValueError, "for models that tell classes apart");
      return;
    }
    if (classify) options.in_channels = 5;
    const auto model = models::get_model<models::Model>(name, options);
    std::map<std::string, std::vector<int64_t>> in_file;
    for (auto& tensor : tensors_of(expected["file"])) in_file.emplace(tensor.name, std::move(tensor.shape));
    int channels = 0, heads = 0;
    for (const auto& [key, tensor] : hub::state_dict(*model)) {
      const auto& theirs = in_file.at(key);
      if (tensor.sizes() == theirs) continue;
      const bool takes_images = tensor.dim() >= 4 && theirs[1] == 3;
      channels += takes_images;
      heads += !takes_images;
      EXPECT_EQ(tensor.size(takes_images ? 1 : 0) % (takes_images ? 5 : 7), 0)
          << key;  // a detector has a row a class and anchor
    }
    EXPECT_EQ(channels, classify ? 1 : 0);
    EXPECT_GT(heads, 0);
  });
}

}  // namespace
}  // namespace opsis
