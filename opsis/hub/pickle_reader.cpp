#include "opsis/hub/pickle_reader.h"

#include <algorithm>
#include <bit>
#include <string>

#include "opsis/core/check.h"
#include "opsis/hub/pickle_globals.h"
#include "opsis/hub/utf8.h"

namespace opsis::inline v1::hub {
namespace {

using Index = uint32_t;
using Kind = PickleKind;

[[noreturn]] void bad_pickle(std::string_view why) { raise<DecodeError>("read_pickle: {}", why); }

/// Names of the opcodes that are refused, for the message.
std::string_view refused_opcode(uint8_t code) {
  switch (code) {
    case 'i': return "INST";
    case 'o': return "OBJ";
    case 0x81: return "NEWOBJ";
    case 0x92: return "NEWOBJ_EX";
    case 0x82: return "EXT1";
    case 0x83: return "EXT2";
    case 0x84: return "EXT4";
    case 'P': return "PERSID";
    case 0x97: return "NEXT_BUFFER";
    case 0x98: return "READONLY_BUFFER";
    default:
      return std::string_view("ILFSVgpdl").find(static_cast<char>(code)) != std::string_view::npos ? "of protocol 0" : "";
  }
}

class PickleMachine {
 public:
  /// `whole`: nothing follows these bytes. Otherwise they were cut by the limit, and running out of them is going over it.
  PickleMachine(io::Bytes bytes, bool whole, const Limits& limits) : bytes_(bytes), whole_(whole), limits_(limits) {}

  Pickle run() {
    while (step(static_cast<uint8_t>(number(1)))) {
    }
    if (!marks_.empty() || stack_.size() != 1) bad_pickle("it ends with more or less than one object");
    return {std::move(nodes_), stack_.back(), at_};
  }

 private:
  // Input.
  [[noreturn]] void ends_early() const {
    if (!whole_) bad_pickle(text("it has more than limits.pickle_bytes ({}) bytes", limits_.pickle_bytes));
    bad_pickle(text("it is cut short at byte {} of {}", at_, bytes_.size()));
  }
  io::Bytes take(uint64_t count) {
    if (count > bytes_.size() - at_) ends_early();
    const auto out = bytes_.subspan(at_, count);
    at_ += count;
    return out;
  }
  uint64_t number(size_t count) {
    uint64_t value = 0;
    const auto raw = take(count);
    for (size_t i = count; i-- > 0;) value = value << 8 | raw[i];
    return value;
  }
  std::string_view line() {
    const auto rest = io::as_text(bytes_.subspan(at_));
    const auto end = rest.find('\n');
    if (end == std::string_view::npos) bad_pickle("a name does not end");
    at_ += end + 1;
    return rest.substr(0, end);
  }

  // Objects and the stack.
  /// Every object counts, and every reference that is copied without a byte of the pickle being read for it.
  void charge(size_t count) {
    charged_ += static_cast<int64_t>(count);
    if (charged_ > limits_.pickle_objects) {
      bad_pickle(text("it makes more objects than limits.pickle_objects ({})", limits_.pickle_objects));
    }
  }
  Index make(Kind kind) {
    charge(1);
    nodes_.emplace_back().kind = kind;
    return static_cast<Index>(nodes_.size() - 1);
  }
  PickleNode& push(Kind kind) {
    stack_.push_back(make(kind));
    return nodes_.back();
  }
  void push_integer(int64_t value) { push(Kind::Int).integer = value; }
  void push_text(Kind kind, std::string_view value) {
    if (kind == Kind::String && !is_utf8(value)) bad_pickle("a string is not UTF-8");
    push(kind).text = value;
  }
  /// How many objects lie above the last mark: an operation may use no others.
  size_t height() const { return stack_.size() - (marks_.empty() ? 0 : marks_.back()); }
  void need(size_t count) const {
    if (height() < count) bad_pickle(text("its stack runs empty before byte {}", at_));
  }
  Index pop() {
    need(1);
    const auto top = stack_.back();
    stack_.pop_back();
    return top;
  }
  Index top_index() const {
    need(1);
    return stack_.back();
  }
  PickleNode& top(Kind kind, std::string_view operation) {
    auto& node = nodes_[top_index()];
    if (node.kind != kind) bad_pickle(text("{} on something that cannot take it, before byte {}", operation, at_));
    return node;
  }
  std::vector<Index> pop_to_mark() {
    if (marks_.empty()) bad_pickle(text("a mark is missing before byte {}", at_));
    const auto first = stack_.begin() + static_cast<ptrdiff_t>(marks_.back());
    std::vector<Index> out(first, stack_.end());
    stack_.erase(first, stack_.end());
    marks_.pop_back();
    return out;
  }

  // The memo: objects by number, to be had again.
  void remember(uint64_t number) {
    // Picklers count from 0, so a number is smaller than the place where it stands.
    if (number >= at_ || number >= static_cast<uint64_t>(limits_.pickle_objects))
      bad_pickle(text("it memorises an object as number {}", number));
    if (number >= memo_.size()) memo_.resize(number + 1, nothing);
    memo_[number] = top_index();
    ++remembered_;
  }
  void recall(uint64_t number) {
    if (number >= memo_.size() || memo_[number] == nothing)
      bad_pickle(text("it recalls number {}, which it never memorised", number));
    stack_.push_back(memo_[number]);
  }

  void tuple(size_t count) {
    need(count);
    std::vector<Index> items(stack_.end() - static_cast<ptrdiff_t>(count), stack_.end());
    stack_.resize(stack_.size() - count);
    push(Kind::Tuple).items = std::move(items);
  }
  void extend(Kind kind, const std::vector<Index>& items, std::string_view operation) {
    auto& into = top(kind, operation).items;
    if (kind == Kind::Dict && items.size() % 2 != 0) bad_pickle(text("{} with a key that has no value", operation));
    if (kind == Kind::Dict && into.size() % 2 != 0) bad_pickle(text("{} on a dict that was done", operation));
    into.insert(into.end(), items.begin(), items.end());
  }

  void global(std::string_view module, std::string_view name) {
    if (module == "__builtin__") module = "builtins";  // protocol 2 uses Python 2's names
    const auto full = std::string(module) + "." + std::string(name);
    const auto known = pickle_global(full);
    if (known.empty() && is_unread_type(full)) {
      bad_pickle(
          text("it has tensors of {}, which are not read; save them as another type, quantized ones by dequantize()", full));
    }
    if (known.empty()) {
      bad_pickle(
          text("it wants {}, which is not data and is not run. A checkpoint may hold tensors, numbers, strings, lists, "
               "tuples and dicts; save it again in Python without the rest, e.g. torch.save(model.state_dict(), path)",
               is_utf8(full) && full.size() < 200 ? full : "a garbled name"));
    }
    push(Kind::Global).text = known;
  }
  void stack_global() {
    const auto& name = nodes_[pop()];
    const auto& module = nodes_[pop()];
    if (name.kind != Kind::String || module.kind != Kind::String) bad_pickle("a global's name is not a string");
    const auto module_text = module.text, name_text = name.text;  // pushing moves the nodes
    global(module_text, name_text);
  }

  void call();
  void build();
  void persistent();
  bool step(uint8_t code);

  static constexpr Index nothing = 0xFFFFFFFF;
  io::Bytes bytes_;
  bool whole_;
  const Limits& limits_;
  size_t at_ = 0;
  std::vector<PickleNode> nodes_;
  std::vector<Index> stack_;
  std::vector<size_t> marks_;  // heights of the stack
  std::vector<Index> memo_;
  uint64_t remembered_ = 0;
  int64_t charged_ = 0;
};

/// REDUCE: callable, arguments -> result. What makes plain containers is done at once; the rest stays as a Call.
void PickleMachine::call() {
  const auto arguments = pop(), callee = pop();
  const auto& callable = nodes_[callee];
  if (callable.kind != Kind::Global || !pickle_callable(callable.text)) {
    bad_pickle(text("it calls {}, which is no function", callable.kind == Kind::Global ? callable.text : "an object"));
  }
  if (nodes_[arguments].kind != Kind::Tuple) bad_pickle("it calls a function with something other than a tuple");
  const auto name = callable.text;
  const bool dict = name == "collections.OrderedDict" || name == "collections.Counter";
  const bool sequence = name == "builtins.set" || name == "torch.Size";
  if (!dict && !sequence) {
    push(Kind::Call).items = {callee, arguments};
    return;
  }

  const auto& items = nodes_[arguments].items;
  if (items.size() > 1) bad_pickle(text("{} with {} arguments", name, items.size()));
  std::vector<Index> content;
  if (!items.empty()) {
    const auto& from = nodes_[items[0]];
    charge(from.items.size());
    const bool list = from.kind == Kind::List || from.kind == Kind::Tuple;
    if (sequence ? list : from.kind == Kind::Dict) {
      content = from.items;
      if (dict && content.size() % 2 != 0) content.pop_back();  // attributes are not copied
    } else if (dict && list) {                                  // pairs, as Python 2 has them
      for (const auto pair : from.items) {
        const auto& two = nodes_[pair];
        if ((two.kind != Kind::List && two.kind != Kind::Tuple) || two.items.size() != 2)
          bad_pickle(text("{} of no pairs", name));
        content.insert(content.end(), two.items.begin(), two.items.end());
      }
    } else {
      bad_pickle(text("{} of something that it cannot be made of", name));
    }
  }
  push(dict ? Kind::Dict : name == "torch.Size" ? Kind::Tuple : Kind::Set).items = std::move(content);
}

/// BUILD: object, state -> object. What NumPy makes has its content in the state, a state dict its `_metadata`: both are kept.
/// Elsewhere it is a tensor's Python attributes: no data, dropped.
void PickleMachine::build() {
  const auto state = pop();
  auto& node = nodes_[top_index()];
  if (node.kind != Kind::Dict && node.kind != Kind::Call) bad_pickle("it sets attributes of something that has none");
  if (node.kind == Kind::Dict) {
    if (node.items.size() % 2 != 0) bad_pickle("it sets the attributes of a dict twice");
    node.items.push_back(state);
    return;
  }
  if (!nodes_[node.items[0]].text.starts_with("numpy.")) return;
  if (node.items.size() > 2) bad_pickle("it sets the state of a NumPy object twice");
  node.items.push_back(state);
}

/// BINPERSID: what lies outside of the pickle. ("storage", type, key, location, elements) is a storage; the stream before zip
/// has a sixth, None or (key, offset, elements) of a part of that storage. A string is the key of a tensor of a tar archive. The
/// location (a device) is not kept.
void PickleMachine::persistent() {
  const auto id = nodes_[pop()];
  if (id.kind == Kind::String) {
    push(Kind::Tensor).text = id.text;
    return;
  }
  const auto is = [&](const std::vector<Index>& items, size_t i, Kind kind) { return nodes_[items[i]].kind == kind; };
  const auto count = id.items.size();
  if (id.kind != Kind::Tuple || (count != 5 && count != 6) || !is(id.items, 0, Kind::String) ||
      nodes_[id.items[0]].text != "storage" || !is(id.items, 1, Kind::Global) || !is(id.items, 2, Kind::String) ||
      !is(id.items, 3, Kind::String) || !is(id.items, 4, Kind::Int) || storage_width(nodes_[id.items[1]].text) == 0) {
    bad_pickle("it refers to something outside that is not a tensor's storage");
  }
  const auto elements = nodes_[id.items[4]].integer;
  if (elements < 0) bad_pickle("a storage has a negative size");
  const auto key = nodes_[id.items[2]].text;
  std::vector<Index> items{id.items[1]};
  if (count == 6 && !is(id.items, 5, Kind::None)) {
    const auto& part = nodes_[id.items[5]].items;
    if (!is(id.items, 5, Kind::Tuple) || part.size() != 3 || !is(part, 1, Kind::Int) || !is(part, 2, Kind::Int)) {
      bad_pickle("a part of a storage is not described as torch.save did it");
    }
    items.insert(items.end(), part.begin() + 1, part.end());
  }
  auto& storage = push(Kind::Storage);
  storage.text = key;
  storage.items = std::move(items);
  storage.integer = elements;
}

bool PickleMachine::step(uint8_t code) {
  switch (code) {
    case 0x80: {  // PROTO
      const auto protocol = number(1);
      if (protocol < 2 || protocol > 5) bad_pickle(text("it has protocol {}; 2 to 5 are read", protocol));
      break;
    }
    case 0x95:  // FRAME: only a hint how much to read at once
      if (number(8) > bytes_.size() - at_ && whole_) bad_pickle("a frame is longer than what is there");
      break;
    case '.': return false;  // STOP

    case '(': marks_.push_back(stack_.size()); break;
    case '0': pop(); break;
    case '1': pop_to_mark(); break;
    case '2': stack_.push_back(top_index()); break;

    case 'N': push(Kind::None); break;
    case 0x88: push(Kind::Bool).integer = 1; break;
    case 0x89: push(Kind::Bool).integer = 0; break;
    case 'J': push_integer(static_cast<int32_t>(number(4))); break;
    case 'K': push_integer(static_cast<int64_t>(number(1))); break;
    case 'M': push_integer(static_cast<int64_t>(number(2))); break;
    case 0x8a:
    case 0x8b: {  // LONG1, LONG4: two's complement, as short as it goes
      const auto count = number(code == 0x8a ? 1 : 4);
      const auto raw = take(count);
      if (count > 8) bad_pickle("it has an integer of more than 64 bits, with its sign; save it as a string");
      uint64_t value = !raw.empty() && raw.back() >= 0x80 ? ~uint64_t{0} : 0;
      for (size_t i = raw.size(); i-- > 0;) value = value << 8 | raw[i];
      push_integer(static_cast<int64_t>(value));
      break;
    }
    case 'G': {  // BINFLOAT: the one number that is big-endian
      uint64_t bits = 0;
      for (const auto byte : take(8)) bits = bits << 8 | byte;
      push(Kind::Float).real = std::bit_cast<double>(bits);
      break;
    }

    case 'X': push_text(Kind::String, io::as_text(take(number(4)))); break;
    case 0x8c: push_text(Kind::String, io::as_text(take(number(1)))); break;
    case 0x8d: push_text(Kind::String, io::as_text(take(number(8)))); break;
    case 'U':  // Python 2's strings, which are text or bytes
    case 'T': {
      const auto value = io::as_text(take(number(code == 'U' ? 1 : 4)));
      push_text(is_utf8(value) ? Kind::String : Kind::Bytes, value);
      break;
    }
    case 'C': push_text(Kind::Bytes, io::as_text(take(number(1)))); break;
    case 'B': push_text(Kind::Bytes, io::as_text(take(number(4)))); break;
    case 0x8e:
    case 0x96: push_text(Kind::Bytes, io::as_text(take(number(8)))); break;

    case ']': push(Kind::List); break;
    case '}': push(Kind::Dict); break;
    case ')': push(Kind::Tuple); break;
    case 0x8f: push(Kind::Set); break;
    case 't': {
      auto items = pop_to_mark();
      push(Kind::Tuple).items = std::move(items);
      break;
    }
    case 0x91: {  // FROZENSET
      auto items = pop_to_mark();
      push(Kind::Set).items = std::move(items);
      break;
    }
    case 0x85: tuple(1); break;
    case 0x86: tuple(2); break;
    case 0x87: tuple(3); break;
    case 'a': {
      const auto item = pop();
      extend(Kind::List, {item}, "APPEND");
      break;
    }
    case 'e': extend(Kind::List, pop_to_mark(), "APPENDS"); break;
    case 's': {
      const auto value = pop(), key = pop();
      extend(Kind::Dict, {key, value}, "SETITEM");
      break;
    }
    case 'u': extend(Kind::Dict, pop_to_mark(), "SETITEMS"); break;
    case 0x90: extend(Kind::Set, pop_to_mark(), "ADDITEMS"); break;

    case 'c': {
      const auto module = line(), name = line();
      global(module, name);
      break;
    }
    case 0x93: stack_global(); break;
    case 'R': call(); break;
    case 'b': build(); break;
    case 'Q': persistent(); break;

    case 'h': recall(number(1)); break;
    case 'j': recall(number(4)); break;
    case 'q': remember(number(1)); break;
    case 'r': remember(number(4)); break;
    case 0x94: remember(remembered_); break;  // MEMOIZE: the next number

    default:
      if (const auto name = refused_opcode(code); !name.empty()) {
        bad_pickle(text("the opcode {} at byte {} is not read: torch.save does not need it for data", name, at_ - 1));
      }
      bad_pickle(text("unknown opcode {} at byte {}", static_cast<int>(code), at_ - 1));
  }
  return true;
}

/// Holds the graph under the root against the limits, each node once and without recursion: a hostile one may be millions deep,
/// have a cycle, or be small by sharing and endless as a tree.
void check_graph(const Pickle& pickle, const Limits& limits) {
  struct Measure {
    int64_t depth = 0, objects = 0, bytes = 0;  // depth 0: not seen; -1: below the current path
  };
  struct Frame {
    uint32_t node;
    size_t next = 0;
  };
  std::vector<Measure> measures(pickle.nodes.size());
  std::vector<Frame> path{{pickle.root}};
  measures[pickle.root].depth = -1;
  while (!path.empty()) {
    auto& frame = path.back();
    const auto& items = pickle[frame.node].items;
    if (frame.next < items.size()) {
      const auto child = items[frame.next++];
      if (measures[child].depth == -1) bad_pickle("an object holds itself");
      if (measures[child].depth == 0) {
        if (static_cast<int64_t>(path.size()) >= limits.pickle_depth) {
          bad_pickle(text("it nests deeper than limits.pickle_depth ({})", limits.pickle_depth));
        }
        measures[child].depth = -1;
        path.push_back({child});
      }
      continue;
    }
    const auto& node = pickle[frame.node];
    Measure sum{1, 1, node.kind == Kind::Global ? 0 : static_cast<int64_t>(node.text.size())};
    for (const auto child : items) {
      sum.depth = std::max(sum.depth, measures[child].depth + 1);
      sum.objects += measures[child].objects;
      sum.bytes += measures[child].bytes;
      // Checked at each step, so that the sums cannot overflow.
      if (sum.objects > limits.pickle_objects) {
        bad_pickle(
            text("its objects, each as often as it is used, are more than limits.pickle_objects ({})", limits.pickle_objects));
      }
      if (sum.bytes > limits.pickle_bytes) {
        bad_pickle(
            text("its strings, each as often as it is used, are longer than limits.pickle_bytes ({})", limits.pickle_bytes));
      }
    }
    if (sum.depth > limits.pickle_depth) bad_pickle(text("it nests deeper than limits.pickle_depth ({})", limits.pickle_depth));
    measures[frame.node] = sum;
    path.pop_back();
  }
}

}  // namespace

Pickle read_pickle(io::Bytes bytes, const Limits& limits) {
  const auto most = static_cast<size_t>(std::max<int64_t>(limits.pickle_bytes, 0));
  if (bytes.size() > most) {
    bad_pickle(text("it has {} bytes; limits.pickle_bytes is {}", bytes.size(), limits.pickle_bytes));
  }
  return read_pickle_at(bytes, 0, limits);
}

Pickle read_pickle_at(io::Bytes bytes, size_t offset, const Limits& limits) {
  const auto rest = bytes.subspan(std::min(offset, bytes.size()));
  const auto most = static_cast<size_t>(std::max<int64_t>(limits.pickle_bytes, 0));
  auto pickle = PickleMachine(rest.first(std::min(rest.size(), most)), rest.size() <= most, limits).run();
  check_graph(pickle, limits);
  return pickle;
}

}  // namespace opsis::inline v1::hub
