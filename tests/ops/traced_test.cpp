// Operators whose kernels read numbers beside LibTorch's operations: under a trace they give other inputs other answers, and what
// is differentiated forward has its tangent.
#include <torch/csrc/autograd/forward_grad.h>
#include <torch/csrc/jit/api/function_impl.h>
#include <torch/csrc/jit/frontend/tracer.h>
#include <torch/torch.h>

#include <map>

#include "opsis/ops.h"
#include "tests/support/expect.h"
#include "tests/support/oracle.h"

namespace opsis::traced_operators {
namespace {

using torch::Tensor;
using Tensors = std::vector<Tensor>;
using Call = std::function<Tensor(const Tensors&)>;

std::shared_ptr<torch::jit::Graph> traced(const Call& call, const Tensors& inputs) {
  const auto function = [&](torch::jit::Stack stack) {
    Tensors tensors;
    for (const auto& value : stack) tensors.push_back(value.toTensor());
    return torch::jit::Stack{call(tensors)};
  };
  const auto no_name = [](const torch::autograd::Variable&) { return std::string(); };
  return torch::jit::tracer::trace({inputs.begin(), inputs.end()}, function, no_name).first->graph;
}

Tensor run(const std::shared_ptr<torch::jit::Graph>& graph, const Tensors& inputs) {
  torch::jit::GraphFunction function("traced", graph, nullptr);
  torch::jit::Stack stack(inputs.begin(), inputs.end());
  function.run(stack);
  return stack.at(0).toTensor();
}

Tensor corners(int64_t count) {
  const auto low = torch::rand({count, 2}) * 60;
  return torch::cat({low, low + 2 + torch::rand({count, 2}) * 40}, 1);
}
Tensor turned(int64_t count) {
  return torch::cat({torch::rand({count, 2}) * 60, 2 + torch::rand({count, 2}) * 30, torch::rand({count, 1}) * 360}, 1);
}

struct Traced {
  std::function<Tensors(int64_t count)> inputs;
  Call call;
};
const std::map<std::string, Traced>& operators() {
  const auto scored = [](int64_t n) { return Tensors{corners(n), torch::rand({n}), torch::randint(0, 3, {n})}; };
  static const std::map<std::string, Traced> all{
      {"box_iou",
       {[](int64_t n) {
          return Tensors{corners(n), corners(n + 1)};
        },
        [](const Tensors& in) { return ops::box_iou(in[0], in[1]); }}},
      {"masks_to_boxes",
       {[](int64_t n) {
          return Tensors{torch::rand({n, 9, 8}) > 0.8};
        },
        [](const Tensors& in) { return ops::masks_to_boxes(in[0]); }}},
      {"batched_nms", {scored, [](const Tensors& in) { return ops::batched_nms(in[0], in[1], in[2], 0.3); }}},
      {"nms_per_class", {scored, [](const Tensors& in) { return ops::nms_per_class(in[0], in[1], in[2], 0.3); }}},
      {"nms_rotated",
       {[](int64_t n) {
          return Tensors{turned(n), torch::rand({n})};
        },
        [](const Tensors& in) { return ops::nms_rotated(in[0], in[1], 0.3); }}},
      {"soft_nms", {scored, [](const Tensors& in) { return ops::soft_nms(in[0], in[1]).scores; }}},
      {"matrix_nms", {scored, [](const Tensors& in) { return ops::matrix_nms(in[0], in[1], in[2]); }}},
      {"roi_align_rotated",
       {[](int64_t n) {
          return Tensors{torch::rand({1, 2, 9, 10}), torch::cat({torch::zeros({n, 1}), turned(n)}, 1)};
        },
        [](const Tensors& in) { return ops::roi_align_rotated(in[0], in[1], 2, {.spatial_scale = 0.25}); }}},
  };
  return all;
}

TEST(TracedOperators, ComputeOnOtherInputsWhatTheyComputeUntraced) {
  for (const auto& [name, op] : operators()) {
    SCOPED_TRACE(name);
    const auto graph = traced(op.call, op.inputs(20));
    for (const int64_t count : {20, 1, 0, 1100}) {
      const auto inputs = op.inputs(count);
      EXPECT_TENSOR_EQ(run(graph, inputs), op.call(inputs)) << count;
    }
  }
}

TEST(TracedOperators, BoxIouIsOfOperationsThatAnyLibTorchHas) {
  const auto& op = operators().at("box_iou");
  const auto graph = traced(op.call, op.inputs(5))->toString();
  EXPECT_EQ(graph.find("opsis::"), std::string::npos) << graph;
}

TEST(TracedOperators, RefuseWhatATraceWouldKeepForAllInputs) {
  const auto fuse = [](const Tensors& in) { return ops::weighted_boxes_fusion({{in[0], in[1], in[2]}}).boxes; };
  const Tensors inputs{corners(5), torch::rand({5}), torch::randint(0, 3, {5})};
  EXPECT_ERROR(traced(fuse, inputs), ValueError, "weighted_boxes_fusion: it cannot be traced");
}

TEST(TracedOperators, OfBoxesHaveTorchvisionsTangents) {
  const std::map<std::string, std::function<Tensor(const Tensor&, const Tensor&)>> all{
      {"box_iou", [](const Tensor& a, const Tensor& b) { return ops::box_iou(a, b); }},
      {"generalized_box_iou", [](const Tensor& a, const Tensor& b) { return ops::generalized_box_iou(a, b); }},
      {"distance_box_iou", [](const Tensor& a, const Tensor& b) { return ops::distance_box_iou(a, b); }},
      {"complete_box_iou", [](const Tensor& a, const Tensor& b) { return ops::complete_box_iou(a, b); }},
  };
  struct Level {
    uint64_t number = torch::autograd::ForwardADLevel::get_next_idx();
    ~Level() { torch::autograd::ForwardADLevel::release_idx(number); }
  };
  for (const auto& c : oracle::cases("ops_boxes/tangents")) {
    SCOPED_TRACE(c.name());
    const Level level;
    const auto number = static_cast<int64_t>(level.number);
    const auto& op = all.at(c.text("kind"));
    const auto of_first = op(at::_make_dual(c.tensor("a"), c.tensor("direction_a"), number), c.tensor("b"));
    const auto of_second = op(c.tensor("a"), at::_make_dual(c.tensor("b"), c.tensor("direction_b"), number));
    for (const auto& [dual, name] : {std::pair{of_first, "tangent_a"}, {of_second, "tangent_b"}}) {
      const auto tangent = std::get<1>(at::_unpack_dual(dual, number));
      ASSERT_TRUE(tangent.defined()) << name;
      EXPECT_TENSOR_NEAR(tangent, c.tensor(name), 1e-12, 0);
    }
  }
}

}  // namespace
}  // namespace opsis::traced_operators
