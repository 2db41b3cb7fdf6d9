#include "tests/support/oracle.h"

#include <cstdlib>
#include <fstream>
#include <map>
#include <nlohmann/json.hpp>
#include <stdexcept>

#include "opsis/hub/safetensors.h"

namespace oracle {

struct Case::Table {
  nlohmann::json cases;
  std::map<std::string, torch::Tensor> tensors;
};

namespace {

const nlohmann::json& value(const Case::Table& table, size_t number, std::string_view key) {
  const auto& values = table.cases.at(number).at("values");
  const auto found = values.find(key);
  if (found == values.end()) throw std::runtime_error("oracle: no value " + std::string(key));
  return *found;
}

}  // namespace

Case::Case(std::shared_ptr<const Table> table, size_t number)
    : table_(std::move(table)), number_(number), name_(table_->cases.at(number).at("name")) {}

bool Case::has(std::string_view key) const { return table_->cases.at(number_).at("values").contains(key); }

bool Case::has_tensor(std::string_view key) const {
  return table_->tensors.contains(std::to_string(number_) + "/" + std::string(key));
}

torch::Tensor Case::tensor(std::string_view key) const {
  const auto found = table_->tensors.find(std::to_string(number_) + "/" + std::string(key));
  if (found == table_->tensors.end()) throw std::runtime_error("oracle: no tensor " + std::string(key));
  return found->second.clone();
}

int64_t Case::integer(std::string_view key) const { return value(*table_, number_, key); }
double Case::number(std::string_view key) const { return value(*table_, number_, key); }
bool Case::boolean(std::string_view key) const { return value(*table_, number_, key); }
bool Case::is_null(std::string_view key) const { return value(*table_, number_, key).is_null(); }
std::string Case::text(std::string_view key) const { return value(*table_, number_, key); }
std::string Case::json(std::string_view key) const { return value(*table_, number_, key).dump(); }

std::vector<int64_t> Case::ints(std::string_view key) const {
  const auto& v = value(*table_, number_, key);
  return v.is_array() ? v.get<std::vector<int64_t>>() : std::vector<int64_t>{v.get<int64_t>()};
}

std::vector<double> Case::numbers(std::string_view key) const {
  const auto& v = value(*table_, number_, key);
  return v.is_array() ? v.get<std::vector<double>>() : std::vector<double>{v.get<double>()};
}

std::vector<std::string> Case::texts(std::string_view key) const {
  return value(*table_, number_, key).get<std::vector<std::string>>();
}

std::filesystem::path folder() {
  const char* path = std::getenv("OPSIS_ORACLE_DIR");
  if (!path) throw std::runtime_error("OPSIS_ORACLE_DIR is not set; run the tests by ctest");
  return path;
}

std::vector<Case> cases(const std::string& name) {
  const auto base = folder() / name;
  auto table = std::make_shared<Case::Table>();
  std::ifstream json(base.string() + ".json");
  if (!json) throw std::runtime_error("oracle: no table " + base.string() + ".json; does tests/oracle make it?");
  table->cases = nlohmann::json::parse(json);
  for (auto& [key, tensor] : opsis::hub::load_safetensors(base.string() + ".safetensors")) table->tensors[key] = tensor;
  std::vector<Case> out;
  for (size_t i = 0; i < table->cases.size(); ++i) out.emplace_back(table, i);
  if (out.empty()) throw std::runtime_error("oracle: table " + name + " is empty");
  return out;
}

}  // namespace oracle
