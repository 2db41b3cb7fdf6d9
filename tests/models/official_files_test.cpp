// From a url to an answer: checkpoints that stand for the official ones are fetched, checked, loaded and asked about a photo.
#include <torch/torch.h>

#include <functional>
#include <map>
#include <set>

#include "opsis/hub/cache.h"
#include "opsis/hub/digest.h"
#include "opsis/hub/download.h"
#include "opsis/hub/safetensors.h"
#include "opsis/hub/state_dict.h"
#include "opsis/models.h"
#include "opsis/models/quantization/quantize.h"
#include "tests/support/download_server.h"
#include "tests/support/expect.h"
#include "tests/support/model.h"
#include "tests/support/oracle.h"
#include "tests/support/temporary.h"

namespace opsis {
namespace {

namespace quantization = models::quantization;
using support::Variable;

struct OfficialModel {
  std::shared_ptr<models::ImageClassifier> model;
  transforms::AnyTransform transforms;
  std::span<const std::string_view> categories;
};
using OfficialBuilder = std::function<OfficialModel(std::string_view url)>;

// The builder with its DEFAULT weights, whose file is that of the url.
template <class Model, class W, class Options>
OfficialBuilder from(Model (*builder)(std::optional<W>, Options)) {
  return [builder](std::string_view url) {
    W weights = W::DEFAULT;
    weights.url = url;
    return OfficialModel{builder(weights, Options{}).ptr(), weights.transforms(), weights.categories};
  };
}

// Of the overloads those that take quantized weights.
using QuantizedGoogLeNet = quantization::QuantizableGoogLeNet (*)(std::optional<quantization::GoogLeNet_QuantizedWeights>,
                                                                  quantization::QuantizableGoogLeNetOptions);
using QuantizedInception = quantization::QuantizableInception3 (*)(std::optional<quantization::Inception_V3_QuantizedWeights>,
                                                                   quantization::QuantizableInception3Options);

const std::map<std::string, OfficialBuilder>& official_builders() {
  static const std::map<std::string, OfficialBuilder> all{
      {"googlenet", from(&models::googlenet)},
      {"inception_v3", from(&models::inception_v3)},
      {"mnasnet0_5", from(&models::mnasnet0_5)},
      {"shufflenet_v2_x0_5", from(&models::shufflenet_v2_x0_5)},
      {"quantized_googlenet", from(static_cast<QuantizedGoogLeNet>(&quantization::googlenet))},
      {"quantized_inception_v3", from(static_cast<QuantizedInception>(&quantization::inception_v3))},
      {"quantized_mobilenet_v3_large", from(&quantization::mobilenet_v3_large)},
      {"quantized_shufflenet_v2_x0_5", from(&quantization::shufflenet_v2_x0_5)},
  };
  return all;
}

void expect_answered(const std::string& table, double tolerance) {
  const support::OneThread one_thread;
  const torch::NoGradGuard no_grad;
  for (const auto& c : oracle::cases(table)) {
    SCOPED_TRACE(c.name());
    const support::DownloadServer server(oracle::folder() / "models_official");
    const support::TemporaryFolder home;
    const Variable torch_home("TORCH_HOME", home.path().string()), mirror("OPSIS_HUB_MIRROR", server.url("/file"));
    const auto url = c.text("url");
    const auto expect_answer = [&] {
      quantization::set_engine("x86");  // as the oracle; weights of fbgemm choose that
      const auto [model, transforms, categories] = official_builders().at(c.text("model"))(url);
      model->eval();
      if (c.has("names")) {
        std::vector<std::string> names;
        for (const auto& [name, tensor] : hub::state_dict(*model)) names.push_back(name);
        EXPECT_EQ(names, c.texts("names"));
      }
      const auto logits = model->forward(transforms(Image{c.tensor("photo")}).data.unsqueeze(0));
      if (tolerance == 0) {
        EXPECT_TENSOR_EQ(logits, c.tensor("logits"));
      } else {
        EXPECT_TENSOR_NEAR(logits, c.tensor("logits"), tolerance, 0);
      }
      const auto [probabilities, indices] = logits[0].softmax(0).topk(5);
      for (int64_t i = 0; i < 5; ++i) {
        EXPECT_EQ(categories[indices[i].item<int64_t>()], c.texts("best")[i]);
        EXPECT_NEAR(probabilities[i].item<double>(), c.numbers("probabilities")[i], 1e-6);
      }
    };
    expect_answer();
    const auto file = hub::cached_checkpoint(url);
    EXPECT_EQ(file.parent_path(), home.path() / "hub" / "checkpoints");
    hub::check_sha256(file, c.text("digits"));
    const Variable offline("OPSIS_OFFLINE", "1");
    expect_answer();

    const Variable elsewhere("TORCH_HOME", "/nowhere");
    EXPECT_ERROR(expect_answer(), NotFoundError, "fetch " + hub::mirrored(url));
  }
}

TEST(OfficialFiles, AreFetchedCheckedLoadedAndAnswerAsInPython) { expect_answered("models_official/floats", 1e-5); }

// Their weights make them rescale images, and leave GoogLeNet without auxiliary heads.
TEST(OfficialFiles, MakeModelsThatTransformTheirInputAnswerAsInPython) {
  expect_answered("models_official/transforming", 1e-5);
}

TEST(OfficialFiles, AreToTheBitWhenQuantized) { expect_answered("models_official/quantized", 0); }

// Inception's has no auxiliary head; the transform of the input and the heads are settled as those of the float models.
TEST(OfficialFiles, TransformTheirInputToTheBitWhenQuantized) { expect_answered("models_official/quantized_transforming", 0); }

TEST(OfficialFiles, AreRefusedWhenTheirHashIsAnother) {
  const auto c = oracle::cases("models_official/floats")[0];
  const support::TemporaryFolder home, served;
  served.write("models/" + hub::cached_checkpoint(c.text("url")).filename().string(), "another file");
  const support::DownloadServer server(served.path());
  const Variable torch_home("TORCH_HOME", home.path().string()), mirror("OPSIS_HUB_MIRROR", server.url("/file"));
  EXPECT_ERROR(official_builders().at(c.text("model"))(c.text("url")), IntegrityError, "expected one that begins with");
  EXPECT_FALSE(std::filesystem::exists(hub::cached_checkpoint(c.text("url"))));
}

// PyTorch finds no hash in these, whose digits stand behind an underscore.
TEST(OfficialFiles, TellTheirHashInTheirNamesButForFour) {
  std::set<std::string> without;
  for (const auto& name : models::list_weights()) {
    const auto file = hub::cached_checkpoint(models::get_weight(name).url).filename().string();
    if (hub::hash_in_name(file).empty()) without.insert(file);
  }
  EXPECT_EQ(without, (std::set<std::string>{"mobilenet_v2_qnnpack_37f702c5.pth", "resnet18_fbgemm_16fa66dd.pth",
                                            "resnet50_fbgemm_bf931d71.pth", "resnext101_32x8_fbgemm_09835ccf.pth"}));
}

TEST(OfficialFiles, AreCheckpointsOrRefusedWhenNoHashIsKnown) {
  const models::Weights& weights = quantization::ResNet18_QuantizedWeights::DEFAULT;
  const auto path = std::string(weights.url.substr(std::string_view("https://download.pytorch.org/").size()));
  const auto sound = oracle::folder() / "models_official" / path;
  const support::TemporaryFolder served;
  const auto damaged = served.path() / path;
  std::filesystem::create_directories(damaged.parent_path());
  const support::DownloadServer server(served.path());
  const auto fetch = [&](const std::filesystem::path& home) {
    const Variable torch_home("TORCH_HOME", home.string()), mirror("OPSIS_HUB_MIRROR", server.url("/file"));
    return models::weights_file(weights);
  };
  const auto expect_refused = [&] {
    const support::TemporaryFolder home;
    EXPECT_ERROR(fetch(home.path()), IntegrityError, "download: " + server.url("/file/") + path + ": load");
    for (const auto& entry : std::filesystem::recursive_directory_iterator(home.path())) {
      EXPECT_TRUE(entry.is_directory()) << entry.path();
    }
  };
  served.write(path, "<html>another page</html>");
  expect_refused();
  std::filesystem::copy_file(sound, damaged, std::filesystem::copy_options::overwrite_existing);
  std::filesystem::resize_file(damaged, std::filesystem::file_size(sound) - 1000);
  expect_refused();
  std::filesystem::copy_file(sound, damaged, std::filesystem::copy_options::overwrite_existing);
  const support::TemporaryFolder home;
  EXPECT_TRUE(std::filesystem::exists(fetch(home.path())));
  const support::TemporaryFolder other_home;
  hub::save_safetensors(damaged, {{"weight", torch::ones(2)}});
  EXPECT_TRUE(std::filesystem::exists(fetch(other_home.path())));
}

TEST(OfficialFiles, AreHeldAgainstTheHashOfTheirEntry) {
  auto weights = quantization::ResNet18_QuantizedWeights::DEFAULT;
  const support::DownloadServer server(oracle::folder() / "models_official");
  const auto fetch = [&](const std::string& sha256) {
    const support::TemporaryFolder home;
    const Variable torch_home("TORCH_HOME", home.path().string()), mirror("OPSIS_HUB_MIRROR", server.url("/file"));
    weights.sha256 = sha256;
    return hub::digest_of_file(models::weights_file(weights), hub::DigestKind::Sha256);
  };
  const auto digits = fetch("");
  EXPECT_EQ(fetch(digits), digits);
  EXPECT_EQ(fetch(digits.substr(0, 12)), digits);
  EXPECT_ERROR(fetch("16fa66dd"), IntegrityError, "16fa66dd");
}

}  // namespace
}  // namespace opsis
