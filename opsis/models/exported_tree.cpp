#include "opsis/models/exported_tree.h"

#include <ATen/core/Dict.h>
#include <ATen/core/List.h>
#include <ATen/core/ivalue_inl.h>
#include <ATen/core/jit_type.h>

#include <algorithm>
#include <ostream>
#include <utility>

#include "opsis/core/check.h"
#include "opsis/transforms/repr.h"

namespace opsis::inline v1::models::detail {
namespace {

/// The version in which treespec_dumps writes.
constexpr int64_t tree_version = 1;

/// Letters of all ways together: each repeats those of the containers that it leads through.
constexpr size_t most_letters = size_t{64} << 20;

bool is_dict(std::string_view type) {
  return type == "builtins.dict" || type == "collections.OrderedDict" || type == "collections.defaultdict" ||
         type == "torch.fx.immutable_collections.immutable_dict";
}

bool is_list(std::string_view type) {
  return type == "builtins.list" || type == "collections.deque" || type == "torch.fx.immutable_collections.immutable_list";
}

c10::IValue key_of(const Json& key) {
  if (key.is_integer()) return key.integer();
  if (key.is_bool()) return key.boolean();
  if (key.is_number()) return key.number();
  return key.text();
}

/// Numbers as Python writes them, which shows that 2.0 is no whole one.
std::string key_text(const c10::IValue& key) {
  if (key.isInt()) return text("{}", key.toInt());
  if (key.isBool()) return key.toBool() ? "True" : "False";
  return key.isDouble() ? transforms::detail::python(key.toDouble()) : in_quotes(key.toStringRef());
}

/// The one type of all values, as TorchScript's containers want it; Any when they differ.
c10::TypePtr common_type(const std::vector<c10::IValue>& values) {
  c10::TypePtr type = values.empty() ? c10::TypePtr(c10::TensorType::get()) : values.front().type();
  if (values.empty() || std::all_of(values.begin(), values.end(), [](const auto& value) { return value.isTensor(); })) {
    return c10::TensorType::get();
  }
  const auto same = [&](const c10::IValue& value) { return *value.type() == *type; };
  return std::all_of(values.begin(), values.end(), same) ? type : c10::TypePtr(c10::AnyType::get());
}

}  // namespace

std::string in_quotes(std::string_view key) {
  std::string out = "'";
  for (const auto letter : key) {
    if (letter == '\'' || letter == '\\') out += '\\';
    out += letter;
  }
  return out + '\'';
}

Tree Tree::read(const std::string& spec, const Json* classes) {
  const auto json = Json::parse(spec);
  const auto& parts = json.items();
  if (parts.size() != 2 || parts[0] != Json(tree_version)) {
    raise<ValueError>("how its values are nested is not told in version {}", tree_version);
  }
  Classes known;
  if (classes) {
    for (const auto& one : classes->members()) known.emplace(one.first, &one.second);
  }
  return read_node(parts[1], known);
}

Tree Tree::read_node(const Json& node, const Classes& classes) {
  Tree out;
  if (node["type"].is_null()) return out;
  const auto& type = node["type"].text();
  out.kind = is_dict(type) ? Kind::Dict : is_list(type) ? Kind::List : Kind::Tuple;
  out.leaves = 0;
  for (const auto& child : node["children_spec"].items()) {
    out.children.push_back(read_node(child, classes));
    out.leaves += out.children.back().leaves;
  }
  if (out.kind == Kind::Dict) out.read_keys(node["context"]);
  if (out.kind == Kind::Tuple) out.read_fields(node, classes);
  return out;
}

void Tree::read_keys(const Json& context) {
  // A defaultdict has what makes a new value beside its keys; most contexts are JSON in a text.
  const auto parsed = context.is_text() ? Json::parse(context.text()) : context["dict_context"];
  for (const auto& key : parsed.items()) keys.push_back(key_of(key));
  if (keys.size() != children.size()) raise<ValueError>("a dict of {} keys and {} values", keys.size(), children.size());
}

/// Those of a class by torch.export.register_dataclass, [[names], [names of what was None]], or of a named tuple, whose context
/// is its name. Nothing is lost where neither is told: a tuple has its order.
void Tree::read_fields(const Json& node, const Classes& classes) {
  const auto& type = node["type"].text();
  if (type == "builtins.tuple" || !node["context"].is_text()) return;
  const auto& context = node["context"].text();
  const auto add = [&](const Json& names) {
    for (const auto& name : names.items()) {
      if (name.is_text()) fields.push_back(name.text());
    }
  };
  if (type == "collections.namedtuple") {
    if (const auto told = classes.find(context); told != classes.end()) add((*told->second)["field_names"]);
  } else if (context.starts_with("[[")) {
    const auto parsed = Json::parse(context);
    if (!parsed.items().empty() && parsed.items().front().is_list()) add(parsed.items().front());
  }
  if (fields.size() != children.size()) fields.clear();
}

void Tree::ways(const std::string& own, Ways& out) const {
  out.letters += own.size();
  if (out.letters > most_letters) raise<DecodeError>("the names of its arguments are too long: {} letters", out.letters);
  if (kind == Kind::Leaf) out.of_leaves.push_back(own);
  for (size_t i = 0; i < children.size(); ++i) {
    const auto step = !fields.empty() ? '.' + fields[i] : kind == Kind::Dict ? '[' + key_text(keys[i]) + ']' : text("[{}]", i);
    children[i].ways(own + step, out);
  }
}

/// Where a value lies, which is written only when it is asked for.
struct Tree::Place {
  std::string_view name{};        ///< of the outermost
  const Place* around = nullptr;  ///< what it lies in otherwise, and as the how manieth
  const Tree* container = nullptr;
  size_t number = 0;

  friend std::ostream& operator<<(std::ostream& out, const Place& place) {
    if (!place.around) return out << place.name;
    out << *place.around << '[';
    if (place.container->kind == Kind::Dict) {
      out << key_text(place.container->keys[place.number]);
    } else {
      out << place.number;
    }
    return out << ']';
  }
};

void Tree::take_apart(const c10::IValue& value, std::string_view name, std::vector<c10::IValue>& out) const {
  take_apart(value, Place{.name = name}, out);
}

void Tree::take_apart(const c10::IValue& value, const Place& name, std::vector<c10::IValue>& out) const {
  if (kind == Kind::Leaf) {
    out.push_back(value);
    return;
  }
  if (kind == Kind::Dict) {
    OPSIS_CHECK(value.isGenericDict() && value.toGenericDict().size() == children.size(), "{} must be a dict of {} values",
                name, children.size());
    const auto dict = value.toGenericDict();
    for (size_t i = 0; i < children.size(); ++i) {
      const auto found = dict.find(keys[i]);
      OPSIS_CHECK(found != dict.end(), "{} must have a value of the key {}", name, key_text(keys[i]));
      children[i].take_apart(found->value(), Place{.around = &name, .container = this, .number = i}, out);
    }
    return;
  }
  const bool tuple = value.isTuple(), list = value.isList();
  const auto items = tuple ? value.toTupleRef().elements().vec() : list ? value.toListRef().vec() : std::vector<c10::IValue>();
  OPSIS_CHECK((tuple || list) && items.size() == children.size(), "{} must be a {} of {} values, got {}", name,
              kind == Kind::List ? "list" : "tuple", children.size(),
              tuple || list ? text("{}", items.size()) : value.tagKind());
  for (size_t i = 0; i < children.size(); ++i) {
    children[i].take_apart(items[i], Place{.around = &name, .container = this, .number = i}, out);
  }
}

c10::IValue Tree::put_together(std::span<const c10::IValue> values) const {
  if (kind == Kind::Leaf) return values.front();
  std::vector<c10::IValue> parts;
  for (const auto& child : children) {
    parts.push_back(child.put_together(values.first(child.leaves)));
    values = values.subspan(child.leaves);
  }
  if (kind == Kind::Tuple) return c10::ivalue::Tuple::create(std::move(parts));
  if (kind == Kind::List) {
    c10::impl::GenericList list(common_type(parts));
    for (auto& part : parts) list.push_back(std::move(part));
    return list;
  }
  c10::impl::GenericDict dict(keys.empty() ? c10::TypePtr(c10::StringType::get()) : keys.front().type(), common_type(parts));
  for (size_t i = 0; i < parts.size(); ++i) dict.insert(keys[i], std::move(parts[i]));
  return dict;
}

}  // namespace opsis::inline v1::models::detail
