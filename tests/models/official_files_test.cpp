// From a url to an answer: checkpoints that stand for the official ones are fetched, checked, loaded and asked about a photo.
#include <torch/torch.h>

#include <functional>
#include <map>

#include "opsis/hub/cache.h"
#include "opsis/hub/digest.h"
#include "opsis/hub/download.h"
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

const std::map<std::string, OfficialBuilder>& official_builders() {
  static const std::map<std::string, OfficialBuilder> all{
      {"googlenet", from(&models::googlenet)},
      {"inception_v3", from(&models::inception_v3)},
      {"mnasnet0_5", from(&models::mnasnet0_5)},
      {"shufflenet_v2_x0_5", from(&models::shufflenet_v2_x0_5)},
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

TEST(OfficialFiles, AreRefusedWhenTheirHashIsAnother) {
  const auto c = oracle::cases("models_official/floats")[0];
  const support::TemporaryFolder home, served;
  served.write("models/" + hub::cached_checkpoint(c.text("url")).filename().string(), "another file");
  const support::DownloadServer server(served.path());
  const Variable torch_home("TORCH_HOME", home.path().string()), mirror("OPSIS_HUB_MIRROR", server.url("/file"));
  EXPECT_ERROR(official_builders().at(c.text("model"))(c.text("url")), IntegrityError, "expected one that begins with");
  EXPECT_FALSE(std::filesystem::exists(hub::cached_checkpoint(c.text("url"))));
}

}  // namespace
}  // namespace opsis
