#include "opsis/hub/pickle_reader.h"
#include "opsis/hub/pickle_writer.h"
#include "tests/support/expect.h"

namespace opsis {
namespace {

using namespace std::string_literals;
using Kind = hub::PickleKind;

hub::Pickle read(const std::string& bytes, const Limits& limits = {}) { return hub::read_pickle(io::as_bytes(bytes), limits); }

/// A pickle whose operations are given, with the head and the end put around them.
std::string ops(std::string_view body) { return "\x80\x02" + std::string(body) + "."; }
std::string global(std::string_view module, std::string_view name) {
  return "c" + std::string(module) + "\n" + std::string(name) + "\n";
}

TEST(Pickle, ReadsEveryKindOfNumber) {
  const auto integer = [](const std::string& body) {
    const auto bytes = ops(body);
    const auto pickle = read(bytes);
    EXPECT_EQ(pickle[pickle.root].kind, Kind::Int);
    return pickle[pickle.root].integer;
  };
  EXPECT_EQ(integer("K\xff"s), 255);
  EXPECT_EQ(integer("M\xff\xff"s), 65535);
  EXPECT_EQ(integer("J\xff\xff\xff\xff"s), -1);
  EXPECT_EQ(integer("\x8a\x00"s), 0);
  EXPECT_EQ(integer("\x8a\x01\xff"s), -1);
  EXPECT_EQ(integer("\x8a\x02\xff\x00"s), 255);
  EXPECT_EQ(integer("\x8a\x08\x00\x00\x00\x00\x00\x00\x00\x80"s), INT64_MIN);
  EXPECT_EQ(integer("\x8b\x02\x00\x00\x00\x00\x01"s), 256);
  const auto real = ops("G\x3f\xf8\x00\x00\x00\x00\x00\x00"s);
  EXPECT_EQ(read(real)[read(real).root].real, 1.5);
  EXPECT_ERROR(read(ops("\x8a\x09\x00\x00\x00\x00\x00\x00\x00\x00\x01"s)), DecodeError, "more than 64 bits");
}

TEST(Pickle, WritesWhatItReads) {
  hub::PickleWriter writer;
  writer.begin_dict();
  for (const int64_t value : {int64_t{0}, int64_t{255}, int64_t{256}, int64_t{-1}, int64_t{INT32_MIN}, INT64_MAX, INT64_MIN}) {
    writer.integer(value);
    writer.begin_tuple();
    writer.real(0.1);
    writer.string("Zürich");
    writer.boolean(true);
    writer.none();
    writer.end_tuple();
  }
  writer.end_dict();
  const auto bytes = writer.finish();
  const auto pickle = read(bytes);
  const auto& dict = pickle[pickle.root];
  ASSERT_EQ(dict.kind, Kind::Dict);
  ASSERT_EQ(dict.items.size(), 14u);
  EXPECT_EQ(pickle[dict.items[2]].integer, 255);
  EXPECT_EQ(pickle[dict.items[10]].integer, INT64_MAX);
  EXPECT_EQ(pickle[dict.items[12]].integer, INT64_MIN);
  const auto& tuple = pickle[dict.items[13]];
  EXPECT_EQ(pickle[tuple.items[0]].real, 0.1);
  EXPECT_EQ(pickle[tuple.items[1]].text, "Zürich");
  EXPECT_EQ(pickle[tuple.items[2]].integer, 1);
  EXPECT_EQ(pickle[tuple.items[3]].kind, Kind::None);
}

TEST(Pickle, KeepsTheAttributesOfADictAsItsLastItem) {
  const auto bytes = ops(global("collections", "OrderedDict") + ")RK\x01K\x02s}b"s);
  const auto pickle = read(bytes);
  ASSERT_EQ(pickle[pickle.root].kind, Kind::Dict);
  ASSERT_EQ(pickle[pickle.root].items.size(), 3u);
  EXPECT_EQ(pickle[pickle[pickle.root].items[2]].kind, Kind::Dict);
  const auto copy = ops(global("collections", "OrderedDict") + "}K\x01K\x02s}b\x85R"s);
  EXPECT_EQ(read(copy)[read(copy).root].items.size(), 2u);
  EXPECT_ERROR(read(ops("}}b}b")), DecodeError, "sets the attributes of a dict twice");
  EXPECT_ERROR(read(ops("}}bK\x01K\x02s"s)), DecodeError, "SETITEM on a dict that was done");
  EXPECT_ERROR(read(ops("}q\x00h\x00"
                        "b"s)),
               DecodeError, "an object holds itself");
}

TEST(Pickle, RefusesToWriteTextThatIsNone) {
  hub::PickleWriter writer;
  EXPECT_ERROR(writer.string("\xff"), ValueError, "not UTF-8");
}

TEST(Pickle, RunsNothing) {
  const auto call = "(X\x02\x00\x00\x00lstR"s;
  EXPECT_ERROR(read(ops(global("os", "system") + call)), DecodeError, "it wants os.system, which is not data and is not run");
  EXPECT_ERROR(read(ops(global("posix", "system") + call)), DecodeError, "posix.system");
  EXPECT_ERROR(read(ops(global("builtins", "eval") + call)), DecodeError, "builtins.eval");
  EXPECT_ERROR(read(ops(global("__builtin__", "eval") + call)), DecodeError, "builtins.eval");
  EXPECT_ERROR(read(ops("\x8c\x02os\x8c\x06system\x93"s + call)), DecodeError, "os.system");
  EXPECT_ERROR(read(ops("X\x02\x00\x00\x00osX\x06\x00\x00\x00system\x93"s)), DecodeError, "os.system");
  EXPECT_ERROR(read(ops(global("numpy", "load"))), DecodeError, "it wants numpy.load");
  for (const auto* type : {"QUInt4x2Storage", "quint4x2", "int4", "float4_e2m1fn_x2"}) {
    EXPECT_ERROR(read(ops(global("torch", type))), DecodeError,
                 std::string("it has tensors of torch.") + type + ", which are not read");
  }
  EXPECT_ERROR(read(ops(global("argparse", "Namespace"))), DecodeError, "save it again in Python without the rest");
  EXPECT_ERROR(read(ops(global("torch.nn.modules.linear", "Linear"))), DecodeError, "torch.save(model.state_dict(), path)");
  EXPECT_ERROR(read(ops(global("torch", "float32\nos"))), DecodeError, "");
  EXPECT_ERROR(read(ops(global("a\xff", "b"))), DecodeError, "a garbled name");
  EXPECT_ERROR(read(ops(global(std::string(100000, 'a'), "b"))), DecodeError, "a garbled name");
}

TEST(Pickle, CallsOnlyFunctionsOfTheList) {
  EXPECT_ERROR(read(ops(global("torch", "float32") + ")R")), DecodeError, "it calls torch.float32, which is no function");
  EXPECT_ERROR(read(ops("K\x01)R"s)), DecodeError, "it calls an object");
  EXPECT_ERROR(read(ops(global("torch", "Size") + "K\x01R")), DecodeError, "something other than a tuple");
  EXPECT_ERROR(read(ops(global("torch", "Size") + "K\x01\x85R")), DecodeError, "cannot be made of");
  EXPECT_ERROR(read(ops(global("collections", "OrderedDict") + "]K\x01"
                                                               "a\x85R")),
               DecodeError, "of no pairs");
}

TEST(Pickle, RefusesOpcodesThatDataDoesNotNeed) {
  EXPECT_ERROR(read(ops("(ios\nsystem\n")), DecodeError, "the opcode INST at byte 3 is not read");
  EXPECT_ERROR(read(ops("(" + global("torch", "Size") + "o")), DecodeError, "opcode OBJ");
  EXPECT_ERROR(read(ops(global("torch", "Size") + ")\x81")), DecodeError, "opcode NEWOBJ");
  EXPECT_ERROR(read(ops(global("torch", "Size") + ")}\x92")), DecodeError, "opcode NEWOBJ_EX");
  for (const auto* code : {"\x82\x01", "\x83\x01\x01", "\x84\x01\x01\x01\x01"})
    EXPECT_ERROR(read(ops(code)), DecodeError, "opcode EXT");
  EXPECT_ERROR(read(ops("Pname\n")), DecodeError, "opcode PERSID");
  EXPECT_ERROR(read(ops("\x97")), DecodeError, "opcode NEXT_BUFFER");
  EXPECT_ERROR(read(ops("N\x98")), DecodeError, "opcode READONLY_BUFFER");
  EXPECT_ERROR(read(ops("I1\n")), DecodeError, "of protocol 0");
  EXPECT_ERROR(read(ops("\xff")), DecodeError, "unknown opcode 255 at byte 2");
  EXPECT_ERROR(read("\x80\x06N."s), DecodeError, "it has protocol 6; 2 to 5 are read");
}

TEST(Pickle, RefusesStoragesThatAreNone) {
  const auto storage = [](const std::string& type, const std::string& count) {
    return ops("(X\x07\x00\x00\x00storage"s + type +
               "X\x01\x00\x00\x00"
               "0X\x03\x00\x00\x00"
               "cpu"s +
               count + "tQ");
  };
  const auto sound = storage(global("torch", "FloatStorage"), "K\x05");
  const auto pickle = read(sound);
  EXPECT_EQ(pickle[pickle.root].kind, Kind::Storage);
  EXPECT_EQ(pickle[pickle.root].integer, 5);
  EXPECT_EQ(pickle[pickle.root].text, "0");
  const auto* why = "it refers to something outside that is not a tensor's storage";
  EXPECT_ERROR(read(storage(global("torch", "float32"), "K\x05")), DecodeError, why);
  EXPECT_ERROR(read(storage("N", "K\x05")), DecodeError, why);
  EXPECT_ERROR(read(storage(global("torch", "FloatStorage"), "N")), DecodeError, why);
  EXPECT_ERROR(read(storage(global("torch", "FloatStorage"), "J\xff\xff\xff\xff")), DecodeError, "negative size");
  EXPECT_ERROR(read(ops("K\x01Q"s)), DecodeError, why);
  EXPECT_ERROR(read(ops(")Q")), DecodeError, why);
}

TEST(Pickle, ChecksStackAndMemo) {
  EXPECT_ERROR(read(ops("")), DecodeError, "more or less than one object");
  EXPECT_ERROR(read(ops("NN")), DecodeError, "more or less than one object");
  EXPECT_ERROR(read(ops("N(")), DecodeError, "more or less than one object");
  EXPECT_ERROR(read(ops("0")), DecodeError, "runs empty");
  EXPECT_ERROR(read(ops("N(0")), DecodeError, "runs empty");  // what is below the mark is out of reach
  EXPECT_ERROR(read(ops("N\x86")), DecodeError, "runs empty");
  EXPECT_ERROR(read(ops("t")), DecodeError, "a mark is missing");
  EXPECT_ERROR(read(ops("h\x01")), DecodeError, "it recalls number 1");
  EXPECT_ERROR(read(ops("j\xff\xff\xff\xff")), DecodeError, "recalls number 4294967295");
  EXPECT_ERROR(read(ops("Nr\xff\xff\xff\xff")), DecodeError, "memorises an object as number 4294967295");
  EXPECT_ERROR(read(ops("Nr\x40\x42\x0f\x00"s)), DecodeError, "memorises an object as number 1000000");
  EXPECT_ERROR(read(ops("q\x01"s)), DecodeError, "runs empty");
  EXPECT_ERROR(read(ops("NNa")), DecodeError, "APPEND on something");
  EXPECT_ERROR(read(ops("}(Nu")), DecodeError, "key that has no value");
  EXPECT_ERROR(read(ops("](NNu")), DecodeError, "SETITEMS on something");
  EXPECT_ERROR(read(ops("NNb")), DecodeError, "sets attributes");
  EXPECT_ERROR(read(ops("X\x01\x00\x00\x00\xff"s)), DecodeError, "not UTF-8");
  EXPECT_ERROR(read("\x80\x04\x95\xff\x00\x00\x00\x00\x00\x00\x00N."s), DecodeError, "a frame is longer");
  EXPECT_ERROR(read(ops("\x8d\xff\xff\xff\xff\xff\xff\xff\xff"s)), DecodeError, "cut short");
  EXPECT_ERROR(read("\x80\x02N"s), DecodeError, "cut short at byte 3 of 3");
}

TEST(Pickle, RefusesAnObjectThatHoldsItself) {
  EXPECT_ERROR(read(ops("]q\x01h\x01"
                        "a"s)),
               DecodeError, "an object holds itself");
  EXPECT_ERROR(read(ops("]q\x01]h\x01"
                        "aa"s)),
               DecodeError, "an object holds itself");
}

TEST(Pickle, HoldsDepthAgainstTheLimit) {
  const auto nested = [](size_t depth) {
    std::string body(depth, ']');
    return ops(body + std::string(depth - 1, 'a'));
  };
  EXPECT_EQ(read(nested(1000)).nodes.size(), 1000u);
  EXPECT_ERROR(read(nested(1001)), DecodeError, "limits.pickle_depth (1000)");
  EXPECT_ERROR(read(nested(5'000'000)), DecodeError, "limits.pickle_depth (1000)");
  // Depth by sharing: each list holds the one before it, which is already known when it is met.
  std::string body = "]q";
  body += '\0';
  for (int i = 0; i < 2000; ++i) body += "0]h\0aq\0"s;
  EXPECT_ERROR(read(ops(body)), DecodeError, "limits.pickle_depth (1000)");
}

TEST(Pickle, HoldsTheUnfoldedTreeAgainstTheLimit) {
  // Each list holds the one before it ten times: 10^100 objects in 3 kB.
  std::string body = "]q\0"s;
  for (int i = 0; i < 100; ++i) body += "0](h\0h\0h\0h\0h\0h\0h\0h\0h\0h\0eq\0"s;
  EXPECT_ERROR(read(ops(body)), DecodeError, "its objects, each as often as it is used, are more than limits.pickle_objects");
  // The same with one long string.
  std::string many = "]X\x00\x00\x10\x00"s + std::string(1 << 20, 'x') +
                     "q\0"
                     "0("s;
  for (int i = 0; i < 100; ++i) many += "h\0"s;
  EXPECT_ERROR(read(ops(many + "e")), DecodeError, "limits.pickle_bytes");
}

TEST(Pickle, HoldsObjectsAndBytesAgainstTheLimits) {
  Limits limits;
  limits.pickle_objects = 10;
  EXPECT_ERROR(read(ops("](" + std::string(10, 'N') + "e"), limits), DecodeError,
               "more objects than limits.pickle_objects (10)");
  EXPECT_EQ(read(ops("](" + std::string(9, 'N') + "e"), limits).nodes.size(), 10u);
  limits.pickle_bytes = 20;
  EXPECT_ERROR(read(ops(std::string(30, ']')), limits), DecodeError, "it has 33 bytes; limits.pickle_bytes is 20");
}

TEST(Pickle, DoesNotCopyALongListForEveryCall) {
  // A million elements, and a call for each few bytes that would copy them.
  std::string body = "](" + std::string(1 << 20, 'N') +
                     "eq\1"
                     "0" +
                     global("torch", "Size") +
                     "q\2"
                     "0]("s;
  for (int i = 0; i < 100'000; ++i) body += "h\2h\1\x85R"s;
  EXPECT_ERROR(read(ops(body + "e")), DecodeError, "limits.pickle_objects");
}

TEST(Pickle, NeverReadsOutsideOfDamagedBytes) {
  hub::PickleWriter writer;
  writer.begin_dict();
  writer.string("weight");
  writer.global("torch._utils", "_rebuild_tensor_v2");
  writer.begin_tuple();
  writer.begin_tuple();
  writer.string("storage");
  writer.global("torch", "FloatStorage");
  writer.string("0");
  writer.string("cpu");
  writer.integer(300);
  writer.end_tuple();
  writer.persistent();
  writer.end_tuple();
  writer.reduce();
  writer.bytes("\xff\x00x"s);
  writer.real(1);
  writer.end_dict();
  const auto sound = writer.finish();
  ASSERT_NO_THROW(read(sound));
  Limits limits;
  limits.pickle_objects = 10'000;
  for (size_t i = 0; i < sound.size(); ++i) {
    EXPECT_ERROR(read(sound.substr(0, i)), DecodeError, "");
    for (int mask = 1; mask < 256; ++mask) {
      std::vector<uint8_t> bytes(sound.begin(), sound.end());
      bytes[i] ^= static_cast<uint8_t>(mask);
      try {
        hub::read_pickle(bytes, limits);
      } catch (const DecodeError&) {
      }
    }
  }
}

}  // namespace
}  // namespace opsis
