// Reads what tests/oracle/*.py wrote. See tests/oracle/oracle.py for how to add a case.
#pragma once

#include <torch/types.h>

#include <filesystem>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace oracle {

/// One case of a table: its arguments and results by name. A name that is not there fails the test.
class Case {
 public:
  const std::string& name() const { return name_; }
  bool has(std::string_view key) const;
  bool has_tensor(std::string_view key) const;
  torch::Tensor tensor(std::string_view key) const;
  int64_t integer(std::string_view key) const;
  double number(std::string_view key) const;
  bool boolean(std::string_view key) const;
  bool is_null(std::string_view key) const;
  std::string text(std::string_view key) const;
  std::vector<int64_t> ints(std::string_view key) const;    // a single number is a list of one
  std::vector<double> numbers(std::string_view key) const;  // likewise
  std::vector<std::string> texts(std::string_view key) const;
  /// The value as JSON text, for what the above do not cover.
  std::string json(std::string_view key) const;

  struct Table;
  Case(std::shared_ptr<const Table> table, size_t number);

 private:
  std::shared_ptr<const Table> table_;
  size_t number_;
  std::string name_;
};

/// All cases of a table; a missing oracle throws, which fails the test.
std::vector<Case> cases(const std::string& table);

/// Where the oracle's files are, for cases that wrote some of their own.
std::filesystem::path folder();

}  // namespace oracle
