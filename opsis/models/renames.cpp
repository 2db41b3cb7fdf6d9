#include "opsis/models/renames.h"

#include <algorithm>
#include <array>
#include <vector>

namespace opsis::inline v1::models::detail {
namespace {

std::vector<std::string_view> parts_of(std::string_view name) {
  std::vector<std::string_view> parts;
  for (;;) {
    const auto dot = name.find('.');
    parts.push_back(name.substr(0, dot));
    if (dot == name.npos) return parts;
    name.remove_prefix(dot + 1);
  }
}

template <size_t count>
bool one_of(std::string_view word, const std::array<std::string_view, count>& words) {
  return std::find(words.begin(), words.end(), word) != words.end();
}

bool is_dense_layer(std::string_view word) {
  constexpr std::string_view stem = "denselayer";
  const auto stands_at = word.rfind(stem);
  if (stands_at == word.npos) return false;
  const auto number = word.substr(stands_at + stem.size());
  return !number.empty() && number.find_first_not_of("0123456789") == number.npos;
}

}  // namespace

std::optional<std::string> renamed(std::string_view name) {
  using namespace std::string_view_literals;
  const auto parts = parts_of(name);
  const auto from_end = [&](size_t place) { return parts[parts.size() - place]; };
  const auto before = [&](size_t place) {
    return std::string(name.substr(0, static_cast<size_t>(from_end(place).data() - name.data())));
  };

  // "....denselayer2.norm.1.weight": dots were still allowed in a module's name.
  if (parts.size() >= 4 && is_dense_layer(from_end(4)) && one_of(from_end(3), std::array{"norm"sv, "relu"sv, "conv"sv}) &&
      one_of(from_end(2), std::array{"1"sv, "2"sv}) &&
      one_of(from_end(1), std::array{"weight"sv, "bias"sv, "running_mean"sv, "running_var"sv})) {
    return before(2).substr(0, before(2).size() - 1) + std::string(from_end(2)) + "." + std::string(from_end(1));
  }
  // "....mlp.linear_1.weight": the block had names of its own before it became an MLP.
  if (parts.size() >= 3 && from_end(3) == "mlp" && one_of(from_end(2), std::array{"linear_1"sv, "linear_2"sv}) &&
      one_of(from_end(1), std::array{"weight"sv, "bias"sv})) {
    return before(2) + (from_end(2) == "linear_1" ? "0." : "3.") + std::string(from_end(1));
  }
  // "....inner_blocks.2.weight": the feature pyramid's convolutions were not yet blocks with a norm.
  if (parts.size() >= 3 && one_of(from_end(3), std::array{"inner_blocks"sv, "layer_blocks"sv}) && !from_end(2).empty() &&
      from_end(2).find_first_not_of("0123456789") == name.npos && one_of(from_end(1), std::array{"weight"sv, "bias"sv})) {
    return before(1) + "0." + std::string(from_end(1));
  }
  // "rpn.head.conv.weight", "....mask_head.mask_fcn1.weight": nor were those of detectors' heads blocks with an activation.
  constexpr auto mask_layer = "mask_fcn"sv;
  if (parts.size() >= 3 && one_of(from_end(1), std::array{"weight"sv, "bias"sv})) {
    if (from_end(3) == "head" && from_end(2) == "conv") return before(1) + "0.0." + std::string(from_end(1));
    if (from_end(3) == "mask_head" && from_end(2).size() == mask_layer.size() + 1 && from_end(2).starts_with(mask_layer) &&
        from_end(2).back() >= '1' && from_end(2).back() <= '9') {
      return before(2) + std::to_string(from_end(2).back() - '1') + ".0." + std::string(from_end(1));
    }
  }
  // "....classification_head.conv.4.weight": RetinaNet's convolutions and activations stood in one row.
  if (parts.size() >= 4 && one_of(from_end(4), std::array{"classification_head"sv, "regression_head"sv}) &&
      from_end(3) == "conv" && one_of(from_end(2), std::array{"0"sv, "2"sv, "4"sv, "6"sv}) &&
      one_of(from_end(1), std::array{"weight"sv, "bias"sv})) {
    return before(2) + std::to_string((from_end(2)[0] - '0') / 2) + ".0." + std::string(from_end(1));
  }
  return std::nullopt;
}

}  // namespace opsis::inline v1::models::detail
