// What Opsis saves, Python's models take.
#include <torch/torch.h>

#include "opsis/hub/checkpoint.h"
#include "opsis/models.h"
#include "opsis/models/quantization/fake_quantize.h"
#include "opsis/models/quantization/quantize.h"
#include "tests/support/expect.h"
#include "tests/support/model.h"
#include "tests/support/python.h"
#include "tests/support/temporary.h"

namespace opsis {
namespace {

namespace quantization = models::quantization;
using hub::Value;

class PythonsModel : public testing::Test {
 protected:
  /// Writes a checkpoint with what tests/models/read_into_models.py asks for.
  void save(const std::string& name, const std::string& builder, const Value& state, const torch::Tensor& logits,
            const std::string& rounded = "") {
    const auto file = folder.path() / (name + ".pth");
    hub::save(file, Value::dict({{"builder", builder},
                                 {"arguments", arguments},
                                 {"rounded", rounded},
                                 {"state", state},
                                 {"image", image},
                                 {"logits", logits.detach()}}));
    files += " '" + file.string() + "'";
  }

  testing::AssertionResult takes_them() const { return support::python_agrees("tests/models/read_into_models.py", files); }

  const support::TemporaryFolder folder;
  const support::OneThread one_thread;
  std::string files;
  Value arguments = Value::dict({{"num_classes", 10}});
  torch::Tensor image = (torch::manual_seed(0), torch::rand({1, 3, 64, 64}));
};

TEST_F(PythonsModel, TakesTheStateOfOurs) {
  for (const auto* name : {"densenet121", "mnasnet0_5", "mobilenet_v3_small", "resnet18", "squeezenet1_1"}) {
    const auto model = models::get_model(name, {.num_classes = 10});
    model->eval();
    save(name, name, hub::state_dict(*model), model->forward(image));
  }
  auto first = models::mnasnet0_5({}, {.num_classes = 10});
  first->use_first_stem();
  first->eval();
  save("mnasnet_first_version", "mnasnet0_5", hub::state_dict(*first), first(image));
  EXPECT_TRUE(takes_them());
}

TEST_F(PythonsModel, TakesTheStateOfOurQuantizedOnes) {
  arguments.set("quantize", true);
  for (const std::string name : {"mobilenet_v2", "mobilenet_v3_large", "resnet18", "shufflenet_v2_x0_5"}) {
    quantization::set_engine("x86");
    const auto model =
        models::get_model<quantization::QuantizableClassifier>("quantized_" + name, {.num_classes = 10, .quantize = true});
    save(name, "quantized_" + name, quantization::quantized_state(*model), model->forward(image));
  }
  EXPECT_TRUE(takes_them());
}

TEST_F(PythonsModel, TakesTheStateOfOursThatTrainWhileRounded) {
  for (const std::string name : {"mobilenet_v3_large", "resnet18"}) {
    for (const std::string backend : {"fbgemm", "qnnpack"}) {
      const auto model = models::get_model<quantization::QuantizableClassifier>("quantized_" + name, {.num_classes = 10});
      quantization::set_engine("x86");
      model->fuse_model();
      quantization::prepare_qat(*model, quantization::get_default_qconfig(backend));
      model->forward(torch::cat({image, image.flip(3)}));
      model->eval();
      for (const auto& module : model->modules()) {
        if (auto* rounding = module->as<quantization::FakeQuantizeImpl>()) rounding->observer_enabled.zero_();
      }
      const auto state = quantization::quantized_state(*model);
      save(name + "_" + backend, "quantized_" + name, state, model->forward(image), backend);
    }
  }
  EXPECT_TRUE(takes_them());
}

}  // namespace
}  // namespace opsis
