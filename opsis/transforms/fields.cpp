#include "opsis/transforms/fields.h"

#include <ATen/ops/from_blob.h>
#include <ATen/ops/tensor.h>
#include <c10/core/ScalarType.h>

#include "opsis/core/check.h"
#include "opsis/core/nearest.h"

namespace opsis::inline v1::transforms::detail {
namespace {

struct DtypeName {
  torch::ScalarType dtype;
  std::string_view name;
};
constexpr DtypeName dtype_names[] = {
    {torch::kUInt8, "uint8"},     {torch::kInt8, "int8"},         {torch::kInt16, "int16"},     {torch::kUInt16, "uint16"},
    {torch::kInt32, "int32"},     {torch::kUInt32, "uint32"},     {torch::kInt64, "int64"},     {torch::kUInt64, "uint64"},
    {torch::kFloat16, "float16"}, {torch::kBFloat16, "bfloat16"}, {torch::kFloat32, "float32"}, {torch::kFloat64, "float64"},
    {torch::kBool, "bool"},
};

}  // namespace

std::string dtype_name(torch::ScalarType dtype) {
  for (const auto& row : dtype_names) {
    if (row.dtype == dtype) return std::string(row.name);
  }
  raise<ValueError>("Json: {} has no name here", dtype);
}

torch::ScalarType dtype_named(std::string_view name) {
  std::vector<std::string_view> names;
  for (const auto& row : dtype_names) {
    if (row.name == name) return row.dtype;
    names.push_back(row.name);
  }
  raise<ValueError>("Json: no type is named \"{}\"{}", name, did_you_mean(name, names));
}

Json tensor_json(const torch::Tensor& tensor) {
  if (!tensor.defined()) return {};
  Json::List shape, numbers;
  for (const auto side : tensor.sizes()) shape.emplace_back(side);
  numbers.reserve(static_cast<size_t>(tensor.numel()));
  const auto plain = tensor.detach().cpu().contiguous();
  if (tensor.is_floating_point()) {
    const auto doubles = plain.to(torch::kFloat64);
    const auto* data = doubles.const_data_ptr<double>();
    for (int64_t i = 0; i < doubles.numel(); ++i) numbers.emplace_back(data[i]);
  } else {
    const auto wholes = plain.to(torch::kInt64);
    const auto* data = wholes.const_data_ptr<int64_t>();
    for (int64_t i = 0; i < wholes.numel(); ++i) numbers.emplace_back(data[i]);
  }
  Json json;
  json.add("dtype", dtype_name(tensor.scalar_type()));
  json.add("shape", std::move(shape));
  json.add("data", std::move(numbers));
  return json;
}

torch::Tensor json_tensor(const Json& json) {
  if (json.is_null()) return {};
  const auto dtype = dtype_named(json["dtype"].text());
  std::vector<int64_t> shape;
  int64_t count = 1;
  for (const auto& side : json["shape"].items()) {
    shape.push_back(side.integer());
    OPSIS_CHECK(shape.back() >= 0 && shape.back() <= (int64_t{1} << 31) && count <= (int64_t{1} << 31),
                "Json: a tensor's shape must be sensible, got {}", json["shape"].dump());
    count *= shape.back();
  }
  const auto& data = json["data"].items();
  OPSIS_CHECK(static_cast<int64_t>(data.size()) == count, "Json: a tensor of shape {} has {} numbers, got {}",
              json["shape"].dump(), count, data.size());
  if (at::isFloatingType(dtype)) {
    std::vector<double> numbers;
    for (const auto& number : data) numbers.push_back(number.number());
    return at::tensor(numbers, torch::kFloat64).reshape(shape).to(dtype);
  }
  std::vector<int64_t> numbers;
  for (const auto& number : data) numbers.push_back(number.integer());
  return at::tensor(numbers, torch::kInt64).reshape(shape).to(dtype);
}

void refuse_json(std::string_view rule, const Json& json) {
  raise<ValueError>("Json: this must be {}, got {}", rule, json.dump().substr(0, 80));
}

void refuse_word(const std::string& word, const std::vector<std::string_view>& words) {
  raise<ValueError>("Json: no setting is named \"{}\"{}", word, did_you_mean(word, words));
}

void refuse_member(const std::string& name, const std::vector<std::string_view>& names) {
  raise<ValueError>("Json: there is no member \"{}\" here{}", name, did_you_mean(name, names));
}

}  // namespace opsis::inline v1::transforms::detail
