#include "opsis/transforms/arguments.h"

#include "opsis/core/check.h"
#include "opsis/core/nearest.h"
#include "opsis/transforms/repr.h"

namespace opsis::inline v1::transforms::detail {

std::string code_of_number(double value) {
  if (value != value) return "NAN";
  if (value - value != 0) return value < 0 ? "-INFINITY" : "INFINITY";
  return python(value);
}

std::string code_of_text(std::string_view text) {
  std::string out = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') out += '\\';
    out += c == '\n' ? ' ' : c;
  }
  return out + "\"";
}

std::string code_of_dtype(torch::ScalarType dtype) {
  auto name = dtype_name(dtype);  // uint8 -> UInt8
  if (name == "bfloat16") return "torch::kBFloat16";
  if (name.starts_with("uint")) name.replace(0, 4, "UInt");
  name[0] = static_cast<char>(name[0] - (name[0] >= 'a' ? 'a' - 'A' : 0));
  return "torch::k" + name;
}

std::string code_of_tensor(const torch::Tensor& tensor) {
  if (!tensor.defined()) return "torch::Tensor()";
  const auto dtype = code_of_dtype(tensor.scalar_type());
  const auto shape = to_code(tensor.sizes().vec());
  if (tensor.numel() == 0) return "torch::empty(" + shape + ", " + dtype + ")";
  const auto json = tensor_json(tensor);
  std::vector<std::string> numbers;
  for (const auto& number : json["data"].items()) {
    numbers.push_back(tensor.is_floating_point() ? code_of_number(number.number()) : std::to_string(number.integer()));
  }
  const auto line = joined("torch::tensor({", numbers, "}, ") + dtype + ")";
  return tensor.dim() == 1 ? line : line + ".view(" + shape + ")";
}

std::string enumerator(std::string_view pretty) {
  // clang: "... [V = a::Enum::NAME]"; g++: "... [with auto V = a::Enum::NAME; std::string_view = ...]"
  const auto begin = pretty.rfind("V = ");
  if (begin == std::string_view::npos) return {};
  auto name = pretty.substr(begin + 4);
  name = name.substr(0, name.find_first_of(";]"));
  if (name.find('(') != std::string_view::npos) return {};  // "(a::Enum)7"
  const auto last = name.rfind("::");
  if (last == std::string_view::npos) return std::string(name);
  const auto before = name.rfind("::", last - 1);
  return std::string(before == std::string_view::npos ? name : name.substr(before + 2));
}

std::string joined(std::string_view open, const std::vector<std::string>& parts, std::string_view close) {
  std::string out(open);
  for (size_t i = 0; i < parts.size(); ++i) out += (i > 0 ? ", " : "") + parts[i];
  return out.append(close);
}

void refuse_argument(std::string_view transform, std::string_view argument, std::string_view what) {
  constexpr std::string_view from_json = "Json: ";
  if (what.starts_with(from_json)) what.remove_prefix(from_json.size());
  raise<ValueError>("{}: {}: {}", transform, argument, what);
}

void refuse_missing(std::string_view transform, std::string_view argument) {
  raise<ValueError>("{}: the argument \"{}\" is needed", transform, argument);
}

void refuse_unknown(std::string_view transform, const Json& json, const std::vector<std::string>& known) {
  for (const auto& [name, value] : json.members()) {
    if (std::find(known.begin(), known.end(), name) != known.end()) continue;
    const std::vector<std::string_view> names(known.begin() + 1, known.end());
    raise<ValueError>("{}: there is no argument \"{}\"{}", transform, name, did_you_mean(name, names));
  }
}

}  // namespace opsis::inline v1::transforms::detail
