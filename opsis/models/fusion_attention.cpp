// Attention, recorded as the products that it is made of or as LibTorch's operator.
#include <ATen/ops/unique_dim.h>
#include <torch/types.h>

#include <algorithm>
#include <cmath>
#include <numeric>
#include <optional>
#include <tuple>
#include <utility>
#include <vector>

#include "opsis/models/fusion.h"
#include "opsis/models/fusion_graph.h"
#include "opsis/models/inference_ops.h"

namespace opsis::inline v1::models::detail {
namespace {

using c10::IValue;
using torch::Tensor;
using Shape = std::vector<int64_t>;

// softmax(query key^T * scale + what is added) value.
struct Attention {
  Slot query, key, value, output;
  std::vector<double> scale{1.0};                 // of all heads, or of each
  std::vector<std::pair<Tensor, Shape>> added{};  // to scores in that shape
};

// The dimension that is an argument, counted from behind.
int64_t from_behind(const Step& step, size_t argument, size_t rank) {
  const auto value = step.constant(argument).toInt();
  return value < 0 ? -value : static_cast<int64_t>(rank) - value;
}

bool is_one(const IValue& value) { return value.isScalar() && value.toScalar().toDouble() == 1; }

// The one number that a product is by, if it is.
std::optional<double> factor_of(const Program& program, const Step& step) {
  if (!step.is("aten::mul") || step.input(0) < 0) return std::nullopt;
  if (step.input(1) < 0)
    return step.constant(1).isScalar() ? std::optional(step.constant(1).toScalar().toDouble()) : std::nullopt;
  const auto number = constant_input(program, step, 1);
  if (!number.defined() || number.dim() > 0 || program.constant(step.input(0)).defined()) return std::nullopt;
  return number.item<double>();
}

// The number that the scores of each head are multiplied by, or one for all; empty where it is none of these.
std::vector<double> scale_of(const Program& program, const Step& product, int64_t heads) {
  if (const auto factor = factor_of(program, product)) return {*factor};
  const auto scale = constant_input(program, product, 1);
  const auto rank = static_cast<int64_t>(program.shape(product.output()).size());
  if (!scale.defined() || scale.dim() < 3 || scale.dim() > rank || scale.size(-3) != heads || scale.numel() != heads) return {};
  const auto numbers = scale.to(torch::kFloat64).contiguous();
  return {numbers.const_data_ptr<double>(), numbers.const_data_ptr<double>() + heads};
}

// Attention as products, whose last is `step`; the steps that it is made of go to `parts`.
std::optional<Attention> from_products(const Program& program, const Graph& graph, const Step& step,
                                       std::vector<const Step*>& parts) {
  if (!step.is("aten::matmul") || step.input(0) < 0 || step.input(1) < 0) return std::nullopt;
  const auto rank = program.shape(step.input(0)).size();
  const auto* last = &step;  // of those that were passed, from behind
  // The step that makes what alone the last one reads.
  const auto before = [&](Slot slot) -> const Step* {
    const auto* found = graph.producer(slot);
    return found && !graph.gone(found) && graph.only_user(slot) == last ? found : nullptr;
  };
  const auto pass = [&](const Step* one) {
    parts.push_back(one);
    last = one;
  };
  const auto* softmax = before(step.input(0));
  if (rank < 4 || !softmax || !softmax->is("aten::softmax") || from_behind(*softmax, 1, rank) != 1 ||
      !softmax->constant(2).isNone())
    return std::nullopt;
  pass(softmax);
  Attention found{.query = -1, .key = -1, .value = step.input(1), .output = step.output()};
  // A bias, a mask, or both; views between them only split the batch.
  const auto* scores = before(softmax->input(0));
  for (; scores && (scores->is("aten::add") || scores->is("aten::view")); scores = before(scores->input(0))) {
    if (scores->is("aten::add")) {
      const auto bias = constant_input(program, *scores, 1);
      if (!bias.defined() || !is_one(scores->constant(2))) return std::nullopt;
      found.added.emplace_back(bias, program.shape(scores->output()));
    } else if (!scores->op.schema().overload_name().empty()) {
      return std::nullopt;  // as another type
    }
    pass(scores);
  }
  // A scale of all heads, or of each.
  if (scores && scores->is("aten::mul")) {
    const auto scale = scale_of(program, *scores, program.shape(step.input(0))[rank - 3]);
    if (scale.empty()) return std::nullopt;
    found.scale = scale;
    pass(scores);
    scores = before(scores->input(0));
  }
  if (!scores || !scores->is("aten::matmul") || program.shape(scores->output()) != program.shape(step.input(0)))
    return std::nullopt;
  pass(scores);
  const auto* transpose = before(scores->input(1));
  if (!transpose || !transpose->is("aten::transpose")) return std::nullopt;
  const auto from = from_behind(*transpose, 1, rank), to = from_behind(*transpose, 2, rank);
  if (std::min(from, to) != 1 || std::max(from, to) != 2) return std::nullopt;
  found.query = scores->input(0);
  found.key = transpose->input(0);
  // Queries or keys that were made longer or shorter before.
  const auto unscaled = [&](Slot slot, const Step* by) {
    last = by;
    const auto* product = before(slot);
    const auto factor = product ? factor_of(program, *product) : std::nullopt;
    if (!factor) return slot;
    for (auto& scale : found.scale) scale *= *factor;
    pass(product);
    return product->input(0);
  };
  pass(transpose);
  found.key = unscaled(found.key, transpose);
  found.query = unscaled(found.query, scores);
  return found;
}

// Attention as LibTorch's operator.
std::optional<Attention> from_operator(const Program& program, const Step& step) {
  if (!step.is("aten::scaled_dot_product_attention") || step.inputs.size() != 8) return std::nullopt;
  const auto mask = constant_input(program, step, 3);
  const bool plain = step.constant(4).toDouble() == 0 && !step.constant(5).toBool() && !step.constant(7).toBool();
  if (!plain || step.input(0) < 0 || (!mask.defined() && (step.input(3) >= 0 || !step.constant(3).isNone())))
    return std::nullopt;
  Attention found{.query = step.input(0), .key = step.input(1), .value = step.input(2), .output = step.output()};
  auto scores = program.shape(found.query);
  if (mask.defined()) {
    if (mask.scalar_type() != torch::kFloat32) return std::nullopt;
    scores.back() = program.shape(found.key).at(scores.size() - 2);
    found.added.emplace_back(mask, scores);
  }
  const auto& scale = step.constant(6);
  found.scale = {scale.isNone() ? 1 / std::sqrt(static_cast<double>(program.shape(found.query).back()))
                                : scale.toScalar().toDouble()};
  return found;
}

// Whether shapes are those of one batch of heads, and nothing is constant.
bool fits(const Program& program, const Attention& attention) {
  const auto &query = program.shape(attention.query), &key = program.shape(attention.key),
             &value = program.shape(attention.value);
  for (const auto slot : {attention.query, attention.key, attention.value}) {
    if (program.constant(slot).defined() || program.type(slot) != torch::kFloat32 || program.shape(slot).size() != query.size())
      return false;
  }
  return query.size() >= 4 && std::equal(query.begin(), query.end() - 2, key.begin()) &&
         std::equal(query.begin(), query.end() - 2, value.begin()) && query.back() == key.back() &&
         key[key.size() - 2] == value[value.size() - 2];
}

// What is added to the scores of a batch, (masks, heads, tokens, keys): as many masks as differ, and which of them one after the
// other of the batch has, and then again from the first.
struct Masks {
  Tensor masks;
  Shape which;
};

Masks masks_of(const std::vector<std::pair<Tensor, Shape>>& added, const Shape& scores) {
  const Shape tail(scores.end() - 3, scores.end());
  Shape four{-1};
  four.insert(four.end(), tail.begin(), tail.end());
  auto sum = torch::zeros({1, 1, 1, 1}, torch::kFloat32);
  for (const auto& [bias, at] : added) {
    // The same for all dimensions of a batch that come before the first along which it differs.
    auto shape = at;
    for (size_t i = 0; i + 3 < shape.size(); ++i) {
      const auto place = bias.dim() - static_cast<int64_t>(shape.size() - i);
      if (place >= 0 && bias.size(place) != 1) break;
      shape[i] = 1;
    }
    auto masks = bias.to(torch::kFloat32).expand(shape).reshape(four);
    auto *few = &sum, *many = &masks;
    if (few->size(0) > many->size(0)) std::swap(few, many);
    *many = many->repeat({std::lcm(many->size(0), few->size(0)) / many->size(0), 1, 1, 1});
    sum = *many + few->repeat({many->size(0) / few->size(0), 1, 1, 1});
  }
  if (sum.size(0) == 1) return {sum, {}};
  const auto unique = at::unique_dim(sum, 0, /*sorted=*/true, /*return_inverse=*/true);
  const auto which = std::get<1>(unique).contiguous();
  return {std::get<0>(unique).contiguous(),
          Shape(which.const_data_ptr<int64_t>(), which.const_data_ptr<int64_t>() + which.numel())};
}

// The masks of all of a batch.
Tensor whole(const Masks& masks, const Shape& scores) {
  const auto chosen =
      masks.which.empty() ? masks.masks : masks.masks.index_select(0, torch::tensor(masks.which, torch::kInt64));
  return chosen.repeat({scores[0] / chosen.size(0), 1, 1, 1}).expand(scores).contiguous();
}

}  // namespace

void fuse_attention(Program& program) {
  const bool may_lie_otherwise = !views_of(program).must_not;  // than products do, or LibTorch's operator
  bool lies_otherwise = false;
  {
    Graph graph(program);
    for (auto& step : program.steps) {
      if (graph.gone(&step)) continue;
      std::vector<const Step*> parts;
      auto found = from_products(program, graph, step, parts);
      const bool products = found.has_value();
      if (!products) found = from_operator(program, step);
      if (!found || !may_lie_otherwise || !fits(program, *found)) continue;
      // They are read later than they were.
      const auto* first = &step;
      for (const auto* part : parts) first = std::min(first, part);
      if (graph.overwritten(found->query, first, &step) || graph.overwritten(found->key, first, &step)) continue;
      auto scores = program.shape(found->query);
      scores.back() = program.shape(found->key).at(scores.size() - 2);
      const bool same = std::all_of(found->added.begin(), found->added.end(), [&](const auto& one) {
        return one.second.size() >= 4 && std::equal(one.second.end() - 3, one.second.end(), scores.end() - 3);
      });
      if (!same) continue;
      const bool ours = suits_attention(scores.back(), program.shape(found->key).back(), program.shape(found->value).back());
      if (!ours && (!products || scores.size() != 4 || found->added.empty() || found->scale.size() > 1)) continue;
      const auto masks = found->added.empty() ? Masks{} : masks_of(found->added, scores);
      // Of a token that sees nothing softmax makes no numbers, and attention as one operator zeros.
      if (products && masks.masks.defined() && masks.masks.isneginf().all(-1).any().item<bool>()) continue;
      if (ours) {
        const auto mask = masks.masks.defined() ? Argument(program.add_constant(masks.masks)) : Argument(IValue());
        step =
            make_step("opsis::inference_attention", "",
                      {found->query, found->key, found->value, mask, IValue(masks.which), IValue(found->scale)}, found->output);
      } else {
        step = make_step("aten::scaled_dot_product_attention", "",
                         {found->query, found->key, found->value, program.add_constant(whole(masks, scores)), IValue(0.0),
                          IValue(false), IValue(found->scale[0]), IValue(false)},
                         found->output);
      }
      for (const auto* part : parts) graph.remove(part);
      lies_otherwise = true;
    }
  }
  if (lies_otherwise) let_views_copy(program);
}

}  // namespace opsis::inline v1::models::detail
