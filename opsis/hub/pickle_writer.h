// Writes Python pickles of plain data, protocol 2: what torch.load(weights_only=True) reads.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>

#include "opsis/core/api.h"
#include "opsis/io/bytes.h"

namespace opsis::inline v1::hub {

/// A pickle in the making: each call appends an operation of the stack machine that will read it. Containers are opened, filled
/// and closed:
///     PickleWriter pickle;                 // {"epoch": 3, "lr": [0.1]}
///     pickle.begin_dict();
///     pickle.string("epoch"); pickle.integer(3);
///     pickle.string("lr"); pickle.begin_list(); pickle.real(0.1); pickle.end_list();
///     pickle.end_dict();
///     auto bytes = pickle.finish();
/// Throws   ValueError for a string that is not UTF-8 or longer than 4 GiB
class OPSIS_API PickleWriter {
 public:
  PickleWriter();

  void none() { out_ += 'N'; }
  void boolean(bool value) { out_ += static_cast<char>(value ? 0x88 : 0x89); }
  void integer(int64_t value);
  void real(double value);
  void string(std::string_view utf8);
  void bytes(std::string_view bytes);

  void begin_list() { out_ += "]("; }
  void end_list() { out_ += 'e'; }
  void begin_dict() { out_ += "}("; }
  void end_dict() { out_ += 'u'; }
  /// Of the class OrderedDict: the dict that can have attributes.
  void begin_ordered_dict();
  void begin_tuple() { out_ += '('; }
  void end_tuple() { out_ += 't'; }

  /// The Python object of that name.
  void global(std::string_view module, std::string_view name);
  /// Calls what stands below the tuple on top.
  void reduce() { out_ += 'R'; }
  /// Gives the object below the dict on top what that holds, as attributes.
  void build() { out_ += 'b'; }
  /// Turns the tuple on top into what the reader makes of it.
  void persistent() { out_ += 'Q'; }

  /// Ends the pickle and gives it away.
  std::string finish();

 private:
  std::string out_;
  std::map<std::string, uint32_t, std::less<>> globals_;  // their places in the memo
};

}  // namespace opsis::inline v1::hub
