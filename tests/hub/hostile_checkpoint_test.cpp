#include <torch/torch.h>

#include <ctime>
#include <fstream>
#include <functional>

#include "opsis/hub/checkpoint.h"
#include "opsis/hub/pickle_writer.h"
#include "opsis/hub/zip_writer.h"
#include "tests/support/checkpoints.h"
#include "tests/support/damage.h"
#include "tests/support/expect.h"
#include "tests/support/oracle.h"
#include "tests/support/peak_allocation.h"
#include "tests/support/temporary.h"

namespace opsis {
namespace {

using namespace std::string_literals;
using hub::PickleWriter;

/// What a tensor's description claims.
struct Claim {
  std::string storage = "FloatStorage", key = "0";
  int64_t elements = 6, offset = 0;
  std::vector<int64_t> sizes{2, 3}, strides{3, 1};
  bool gradient = false;
};

/// Writes one object of a pickle.
using Describe = std::function<void(PickleWriter&)>;

void describe(PickleWriter& pickle, const Claim& claim) {
  const auto integers = [&](const std::vector<int64_t>& numbers) {
    pickle.begin_tuple();
    for (const auto number : numbers) pickle.integer(number);
    pickle.end_tuple();
  };
  pickle.global("torch._utils", "_rebuild_tensor_v2");
  pickle.begin_tuple();
  pickle.begin_tuple();
  pickle.string("storage");
  pickle.global("torch", claim.storage);
  pickle.string(claim.key);
  pickle.string("cpu");
  pickle.integer(claim.elements);
  pickle.end_tuple();
  pickle.persistent();
  pickle.integer(claim.offset);
  integers(claim.sizes);
  integers(claim.strides);
  pickle.boolean(claim.gradient);
  pickle.none();
  pickle.end_tuple();
  pickle.reduce();
}

/// Describes a quantized tensor of one dimension, whose elements are all the first of the storage.
void describe_quantized(PickleWriter& pickle, std::string_view scheme, const Describe& rest, int64_t rows, int64_t elements,
                        std::string_view storage = "QInt32Storage") {
  pickle.global("torch._utils", "_rebuild_qtensor");
  pickle.begin_tuple();
  pickle.begin_tuple();
  pickle.string("storage");
  pickle.global("torch", storage);
  pickle.string("0");
  pickle.string("cpu");
  pickle.integer(elements);
  pickle.end_tuple();
  pickle.persistent();
  pickle.integer(0);
  for (const auto side : {rows, int64_t{0}}) {
    pickle.begin_tuple();
    pickle.integer(side);
    pickle.end_tuple();
  }
  pickle.begin_tuple();
  pickle.global("torch", scheme);
  rest(pickle);
  pickle.end_tuple();
  pickle.boolean(false);
  pickle.none();
  pickle.end_tuple();
  pickle.reduce();
}

/// The same by channels, in a storage of so many bytes.
void describe_channels(PickleWriter& pickle, int64_t bytes, int64_t channels, const Describe& scales,
                       const Describe& zero_points) {
  const auto rest = [&](PickleWriter& into) {
    scales(into);
    zero_points(into);
    into.integer(0);
  };
  describe_quantized(pickle, "per_channel_affine", rest, channels, bytes / 4);
}

Describe tensor_of(const Claim& claim) {
  return [=](PickleWriter& pickle) { describe(pickle, claim); };
}

std::string archive(const std::string& pickle, std::string_view data = "0123456789abcdefghijklmn") {
  std::string out;
  hub::ZipWriter zip([&](io::Bytes bytes) { out += io::as_text(bytes); });
  zip.add("archive/data.pkl", io::as_bytes(pickle));
  zip.add("archive/data/0", io::as_bytes(data));
  zip.add("archive/version", io::as_bytes("3\n"));
  zip.finish();
  return out;
}

std::string with_tensor(const Claim& claim) {
  PickleWriter pickle;
  pickle.begin_dict();
  pickle.string("fc");
  describe(pickle, claim);
  pickle.end_dict();
  return archive(pickle.finish());
}

/// A call of one of torch's functions.
std::string with_call(std::string_view module, std::string_view name, const Describe& arguments) {
  PickleWriter pickle;
  pickle.global(module, name);
  pickle.begin_tuple();
  arguments(pickle);
  pickle.end_tuple();
  pickle.reduce();
  return archive(pickle.finish(), std::string(24, '\0'));
}

class HostileCheckpoint : public testing::Test {
 protected:
  hub::Value load(const std::string& bytes) { return hub::load(folder_.write("x.pth", bytes)); }

  /// Loads and reads all that was loaded: an error or a value, and nothing else, may come of it.
  void attempt(const std::string& bytes) {
    try {
      support::read_all(load(bytes));
    } catch (const DecodeError&) {
    }
  }

 private:
  support::TemporaryFolder folder_;
};

TEST_F(HostileCheckpoint, ASoundOneLoads) {
  EXPECT_EQ(load(with_tensor({})).at("fc").as_tensor().sizes(), (std::vector<int64_t>{2, 3}));
}

TEST_F(HostileCheckpoint, MayNotClaimMoreThanItsStorageHas) {
  EXPECT_ERROR(load(with_tensor({.elements = 50'000'000'000})), DecodeError,
               "fc: its storage 0 claims 50000000000 elements and has 24 bytes");
  EXPECT_ERROR(load(with_tensor({.elements = int64_t{1} << 62})), DecodeError, "its storage 0 claims");
  EXPECT_ERROR(load(with_tensor({.elements = 5})), DecodeError, "its storage 0 claims 5 elements");
  EXPECT_ERROR(load(with_tensor({.storage = "DoubleStorage"})), DecodeError, "its storage 0 claims 6 elements");
  EXPECT_ERROR(load(with_tensor({.key = "1"})), DecodeError, "fc: its storage 1 is missing");
  EXPECT_ERROR(load(with_tensor({.key = "../version"})), DecodeError, "is missing");
  EXPECT_ERROR(load(with_tensor({.sizes = {2, 4}})), DecodeError, "fc: a tensor reaches to element 6 of a storage of 6");
  EXPECT_ERROR(load(with_tensor({.offset = 1})), DecodeError, "reaches to element 6");
  EXPECT_ERROR(load(with_tensor({.offset = -1})), DecodeError, "begins before its storage");
  EXPECT_ERROR(load(with_tensor({.offset = INT64_MAX})), DecodeError, "overflows");
  EXPECT_ERROR(load(with_tensor({.sizes = {-1, 3}})), DecodeError, "not a natural number");
  EXPECT_ERROR(load(with_tensor({.strides = {-3, 1}})), DecodeError, "not a natural number");
  EXPECT_ERROR(load(with_tensor({.sizes = {2}})), DecodeError, "1 sizes and 2 strides");
  EXPECT_ERROR(load(with_tensor({.sizes = {int64_t{1} << 62, 4}, .strides = {0, 0}})), DecodeError, "overflows");
  EXPECT_ERROR(load(with_tensor({.sizes = {0, int64_t{1} << 62, 4}, .strides = {0, 0, 0}})), DecodeError, "overflows");
  EXPECT_ERROR(load(with_tensor({.sizes = {3, 2}, .strides = {int64_t{1} << 62, 1}})), DecodeError, "overflows");
  EXPECT_ERROR(load(with_tensor({.sizes = std::vector<int64_t>(65, 1), .strides = std::vector<int64_t>(65, 1)})), DecodeError,
               "65 dimensions");
  EXPECT_ERROR(load(with_tensor({.storage = "IntStorage", .gradient = true})), DecodeError, "integers that wants a gradient");
}

TEST_F(HostileCheckpoint, RunsNothing) {
  EXPECT_ERROR(load(archive("\x80\x02"
                            "cos\nsystem\nX\x09\x00\x00\x00touch pwn\x85R."s)),
               DecodeError, "it wants os.system");
  EXPECT_ERROR(load(archive("\x80\x02"
                            "cbuiltins\neval\nX\x03\x00\x00\x00"
                            "1+1\x85R."s)),
               DecodeError, "it wants builtins.eval");
  EXPECT_ERROR(load(archive("\x80\x02"
                            "ctorch.storage\n_load_from_bytes\n."s)),
               DecodeError, "torch.storage._load_from_bytes");
  EXPECT_ERROR(load(archive("\x80\x02"
                            "cnumpy\nndarray\n)\x81."s)),
               DecodeError, "the opcode NEWOBJ");
}

TEST_F(HostileCheckpoint, DescribesTensorsAsTorchDoesOrNotAtAll) {
  const auto call = [](const Describe& arguments, std::string_view name = "_rebuild_tensor_v2") {
    return with_call("torch._utils", name, arguments);
  };
  EXPECT_ERROR(load(call([](PickleWriter&) {})), DecodeError, "not described as torch.save does it");
  EXPECT_ERROR(load(call([](PickleWriter& pickle) { pickle.integer(1); })), DecodeError, "not described");
  EXPECT_ERROR(load(call([](PickleWriter&) {}, "_rebuild_parameter")), DecodeError, "not described");
  EXPECT_ERROR(load(call([](PickleWriter&) {}, "_rebuild_tensor_v3")), DecodeError, "not described");
  EXPECT_ERROR(load(archive("\x80\x02"
                            "(X\x07\x00\x00\x00storagectorch\nFloatStorage\nX\x01\x00\x00\x00"
                            "0X\x03\x00\x00\x00"
                            "cpuK\x06tQ."s)),
               DecodeError, "a storage without a tensor");
  EXPECT_ERROR(load(archive("\x80\x02"
                            "c_codecs\nencode\nX\x01\x00\x00\x00xX\x05\x00\x00\x00utf-7\x86R."s)),
               DecodeError, "encoding utf-7");
}

TEST_F(HostileCheckpoint, NamesWhatIsNotReadOfSoundOnes) {
  // A conjugate that torch.save leaves to be computed.
  const auto conjugate = with_call("torch._utils", "_rebuild_tensor_v2", [](PickleWriter& pickle) {
    pickle.begin_tuple();
    pickle.string("storage");
    pickle.global("torch", "ComplexFloatStorage");
    pickle.string("0");
    pickle.string("cpu");
    pickle.integer(3);
    pickle.end_tuple();
    pickle.persistent();
    pickle.integer(0);
    for (const auto number : {3, 1}) {
      pickle.begin_tuple();
      pickle.integer(number);
      pickle.end_tuple();
    }
    pickle.boolean(false);
    pickle.begin_ordered_dict();
    pickle.end_dict();
    pickle.begin_dict();
    pickle.string("conj");
    pickle.boolean(true);
    pickle.end_dict();
  });
  EXPECT_ERROR(load(conjugate), DecodeError,
               "a lazy conjugate or negative; call resolve_conj() and resolve_neg() before saving");
  EXPECT_ERROR(load(archive("\x80\x02\x8a\x09\0\0\0\0\0\0\0\0\x01."s)), DecodeError,
               "an integer of more than 64 bits, with its sign; save it as a string");
  EXPECT_EQ(load(archive("\x80\x02}K\x01K\x02\x86K\x03s."s)).entries()[0].first.items().size(), 2u);
}

TEST_F(HostileCheckpoint, HoldsThePartsOfSparseTensorsAgainstEachOther) {
  struct Parts {
    std::string layout = "torch.sparse_coo";
    std::vector<int64_t> index_sizes{1, 2}, index_strides{2, 1}, sizes{4};
    std::string type = "LongStorage";
    int64_t values = 2;
    bool coalesced = false;
  };
  const auto sparse = [](const Parts& parts) {
    return with_call("torch._utils", "_rebuild_sparse_tensor", [&](PickleWriter& pickle) {
      pickle.global("torch.serialization", "_get_layout");
      pickle.begin_tuple();
      pickle.string(parts.layout);
      pickle.end_tuple();
      pickle.reduce();
      pickle.begin_tuple();
      const auto elements = parts.type == "LongStorage" ? 3 : 6;
      const Claim indices{
          .storage = parts.type, .elements = elements, .sizes = parts.index_sizes, .strides = parts.index_strides};
      for (int i = 0; i < (parts.layout == "torch.sparse_coo" ? 1 : 2); ++i) describe(pickle, indices);
      describe(pickle, {.storage = parts.type, .elements = elements, .sizes = {parts.values}, .strides = {1}});
      pickle.begin_tuple();
      for (const auto size : parts.sizes) pickle.integer(size);
      pickle.end_tuple();
      pickle.boolean(parts.coalesced);
      pickle.end_tuple();
    });
  };
  EXPECT_EQ(load(sparse({})).as_tensor()._nnz(), 2);
  EXPECT_ERROR(load(sparse({.layout = "torch.strided"})), DecodeError, "a sparse tensor of a layout that is none");
  EXPECT_ERROR(load(sparse({.sizes = {}})), DecodeError, "the parts of a sparse tensor do not fit each other");
  EXPECT_ERROR(load(sparse({.sizes = {0}})), DecodeError, "do not fit each other");
  EXPECT_ERROR(load(sparse({.values = 3})), DecodeError, "do not fit each other");
  EXPECT_ERROR(load(sparse({.coalesced = true})), DecodeError, "do not fit each other");  // both at 0
  EXPECT_ERROR(load(sparse({.type = "FloatStorage"})), DecodeError, "do not fit each other");
  EXPECT_ERROR(load(sparse({.layout = "torch.sparse_csr", .sizes = {2, 2}})), DecodeError, "do not fit each other");
  EXPECT_ERROR(load(sparse({.index_sizes = {1, int64_t{1} << 40}, .index_strides = {0, 0}})), DecodeError,
               "a part of a sparse tensor has more elements than its storage");
  EXPECT_ERROR(load(sparse({.sizes = {int64_t{1} << 40, int64_t{1} << 40}})), DecodeError, "a sparse tensor's shape overflows");
  EXPECT_ERROR(load(sparse({.sizes = {-1}})), DecodeError, "not a natural number");
  EXPECT_ERROR(load(with_call("torch._utils", "_rebuild_sparse_tensor", [](PickleWriter&) {})), DecodeError, "not described");
}

TEST_F(HostileCheckpoint, MakesNoMoreOfATensorOfADeviceThanItsStorageHas) {
  const auto of_device = [](const Describe& data) {
    return with_call("torch._utils", "_rebuild_device_tensor_from_cpu_tensor", [&](PickleWriter& pickle) {
      data(pickle);
      pickle.global("torch", "float64");
      pickle.string("xla:0");
      pickle.boolean(false);
    });
  };
  const auto strided = [&](const Claim& claim) { return of_device([&](PickleWriter& pickle) { describe(pickle, claim); }); };
  EXPECT_EQ(load(strided({})).as_tensor().scalar_type(), torch::kDouble);
  for (const int64_t size : {int64_t{7}, int64_t{1} << 34, int64_t{1} << 40}) {
    EXPECT_ERROR(load(strided({.sizes = {size}, .strides = {0}})), DecodeError, "more elements than its storage");
  }
  EXPECT_ERROR(load(of_device([](PickleWriter& pickle) {
                 pickle.global("torch._utils", "_rebuild_meta_tensor_no_storage");
                 pickle.begin_tuple();
                 pickle.global("torch", "float32");
                 for (int i = 0; i < 2; ++i) {
                   pickle.begin_tuple();
                   pickle.integer(1);
                   pickle.end_tuple();
                 }
                 pickle.boolean(false);
                 pickle.end_tuple();
                 pickle.reduce();
               })),
               DecodeError, "a tensor to convert is no plain tensor");
}

TEST_F(HostileCheckpoint, HoldsTensorsWithoutMemoryAgainstWhatATensorCanBe) {
  const auto meta = [](std::string_view type, const std::vector<int64_t>& sizes, const std::vector<int64_t>& strides,
                       bool gradient = false) {
    return with_call("torch._utils", "_rebuild_meta_tensor_no_storage", [&](PickleWriter& pickle) {
      pickle.global("torch", type);
      for (const auto& numbers : {sizes, strides}) {
        pickle.begin_tuple();
        for (const auto number : numbers) pickle.integer(number);
        pickle.end_tuple();
      }
      pickle.boolean(gradient);
    });
  };
  EXPECT_EQ(load(meta("float32", {2, 3}, {3, 1})).as_tensor().numel(), 6);
  EXPECT_ERROR(load(meta("qint8", {2}, {1})), DecodeError, "a quantized tensor without its scale");
  EXPECT_ERROR(load(meta("per_tensor_affine", {2}, {1})), DecodeError, "a tensor of a type that is none");
  EXPECT_ERROR(load(meta("float32", {2}, {})), DecodeError, "1 sizes and 0 strides");
  EXPECT_ERROR(load(meta("float32", {int64_t{1} << 40, int64_t{1} << 40}, {0, 0})), DecodeError, "overflows");
  EXPECT_ERROR(load(meta("float32", {int64_t{1} << 60}, {1})), DecodeError, "a tensor reaches to element");
  EXPECT_ERROR(load(meta("int64", {2}, {1}, true)), DecodeError, "integers that wants a gradient");
  EXPECT_ERROR(
      load(with_call("torch._utils", "_rebuild_device_tensor_from_numpy", [](PickleWriter& pickle) { pickle.none(); })),
      DecodeError, "not described");
  EXPECT_ERROR(load(with_call("builtins", "complex", [](PickleWriter& pickle) { pickle.string("1j"); })), DecodeError,
               "not described");
}

TEST_F(HostileCheckpoint, HoldsQuantizersAgainstTheTensor) {
  const auto quantized = [](std::string_view scheme, const Describe& rest, int64_t rows = 2,
                            std::string_view storage = "QInt32Storage") {
    PickleWriter pickle;
    describe_quantized(pickle, scheme, rest, rows, 6, storage);
    return archive(pickle.finish());
  };
  const auto one_scale = [](PickleWriter& pickle) {
    pickle.real(0.5);
    pickle.integer(3);
  };
  const auto channels = [](int64_t count, int64_t axis) {
    return [=](PickleWriter& pickle) {
      for (int i = 0; i < 2; ++i) describe(pickle, {.sizes = {count}, .strides = {1}});
      pickle.integer(axis);
    };
  };
  EXPECT_EQ(load(quantized("per_tensor_affine", one_scale)).as_tensor().q_zero_point(), 3);
  // A stride of 0 makes many elements of one: that must not make memory for them.
  EXPECT_EQ(load(quantized("per_tensor_affine", one_scale, int64_t{1} << 50)).as_tensor().numel(), int64_t{1} << 50);
  EXPECT_ERROR(load(quantized("per_tensor_affine", one_scale, 2, "IntStorage")), DecodeError, "in a storage of plain numbers");
  EXPECT_ERROR(load(quantized("per_tensor_affine", [](auto&) {})), DecodeError, "not described as torch.save does it");
  EXPECT_ERROR(load(quantized("float32", one_scale)), DecodeError, "a tensor quantized as torch.float32");
  EXPECT_ERROR(load(quantized("per_channel_affine", one_scale)), DecodeError, "not described as torch.save does it");
  EXPECT_ERROR(load(quantized("per_channel_affine", channels(2, 1))), DecodeError, "of 1 dimensions quantized along 1");
  EXPECT_ERROR(load(quantized("per_channel_affine", channels(2, -1))), DecodeError, "quantized along -1");
  EXPECT_ERROR(load(quantized("per_channel_affine", channels(3, 0))), DecodeError, "2 channels with 3 scales");
  EXPECT_ERROR(load(quantized("per_channel_affine", channels(2, 0))), DecodeError, "zero points of another type");
}

TEST_F(HostileCheckpoint, MakesNoMoreScalesThanItsStorageHas) {
  const auto with = [](int64_t channels, const auto& scales, const auto& zero_points) {
    PickleWriter pickle;
    describe_channels(pickle, 24, channels, scales, zero_points);
    return archive(pickle.finish(), std::string(24, '\0'));
  };
  const auto scales = [](int64_t channels, int64_t stride) { return tensor_of({.sizes = {channels}, .strides = {stride}}); };
  const auto zero_points = [](int64_t channels, int64_t stride, const std::string& storage = "LongStorage",
                              int64_t elements = 3) {
    return tensor_of({.storage = storage, .elements = elements, .sizes = {channels}, .strides = {stride}});
  };
  const auto sound = load(with(3, scales(3, 2), zero_points(3, 1))).as_tensor();
  EXPECT_TENSOR_EQ(sound.q_per_channel_scales(), torch::zeros({3}, torch::kDouble));
  EXPECT_TENSOR_EQ(sound.q_per_channel_zero_points(), torch::zeros({3}, torch::kInt64));
  for (const auto channels : {int64_t{7}, int64_t{1} << 26, int64_t{1} << 40}) {
    const auto words = "a tensor to convert has more elements than its storage";
    EXPECT_ERROR(load(with(channels, scales(channels, 0), zero_points(channels, 0))), DecodeError, words);
  }
  EXPECT_ERROR(load(with(2, zero_points(2, 1), zero_points(2, 1))), DecodeError, "scales or zero points of another type");
  for (const auto* storage : {"BoolStorage", "QInt8Storage", "ComplexFloatStorage", "FloatStorage"}) {
    SCOPED_TRACE(storage);
    const int64_t elements = storage[0] == 'C' ? 3 : storage[0] == 'F' ? 6 : 24;
    EXPECT_ERROR(load(with(2, scales(2, 1), zero_points(2, 1, storage, elements))), DecodeError,
                 storage[0] == 'Q' ? "a quantized tensor without its scale" : "scales or zero points of another type");
  }
}

TEST_F(HostileCheckpoint, RefusesScalesThatAreNotInMemoryByTheFilesName) {
  const auto meta = [](PickleWriter& pickle) {
    pickle.global("torch._utils", "_rebuild_meta_tensor_no_storage");
    pickle.begin_tuple();
    pickle.global("torch", "float64");
    for (const auto number : {2, 1}) {
      pickle.begin_tuple();
      pickle.integer(number);
      pickle.end_tuple();
    }
    pickle.boolean(false);
    pickle.end_tuple();
    pickle.reduce();
  };
  const auto sparse = [](PickleWriter& pickle) {
    pickle.global("torch._utils", "_rebuild_sparse_tensor");
    pickle.begin_tuple();
    pickle.global("torch.serialization", "_get_layout");
    pickle.begin_tuple();
    pickle.string("torch.sparse_coo");
    pickle.end_tuple();
    pickle.reduce();
    pickle.begin_tuple();
    describe(pickle, {.storage = "LongStorage", .elements = 3, .sizes = {1, 1}, .strides = {1, 1}});
    describe(pickle, {.sizes = {1}, .strides = {1}});
    pickle.begin_tuple();
    pickle.integer(2);
    pickle.end_tuple();
    pickle.boolean(false);
    pickle.end_tuple();
    pickle.end_tuple();
    pickle.reduce();
  };
  const auto zero_points = tensor_of({.storage = "LongStorage", .elements = 3, .sizes = {2}, .strides = {1}});
  for (const auto& scales : std::vector<Describe>{meta, sparse}) {
    PickleWriter pickle;
    describe_channels(pickle, 24, 2, scales, zero_points);
    const auto bytes = archive(pickle.finish(), std::string(24, '\0'));
    EXPECT_ERROR(load(bytes), DecodeError, "a tensor to convert is no plain tensor");
    EXPECT_ERROR(load(bytes), DecodeError, "x.pth");
  }
}

// Scales and zero points of types that are converted, in one storage.
std::pair<Describe, Describe> numbers_to_convert(int64_t bytes, int64_t channels) {
  return {tensor_of({.elements = channels, .sizes = {channels}, .strides = {1}}),
          tensor_of({.storage = "ShortStorage", .elements = bytes / 2, .sizes = {channels}, .strides = {1}})};
}

TEST_F(HostileCheckpoint, ConvertsTheScalesOfATensorThatStandsThereAThousandTimesOnce) {
  constexpr int64_t bytes = 1 << 18, channels = bytes / 4;
  const auto [scales, zero_points] = numbers_to_convert(bytes, channels);
  PickleWriter pickle;
  pickle.begin_list();
  describe_channels(pickle, bytes, channels, scales, zero_points);
  auto named = pickle.finish();
  named.back() = 'q';  // in place of the end: the tensor becomes the memo's number 255, which is named again
  named += '\xFF';
  for (int i = 1; i < 1000; ++i) named += "h\xFF";
  const support::PeakAllocation memory;
  const auto value = load(archive(named + "e.", std::string(bytes, '\0')));
  EXPECT_EQ(value.items().size(), 1000u);
  EXPECT_LT(memory.bytes(), 8 << 20);  // twice 64 Ki numbers of 8 bytes; a thousand times that would be a gigabyte
}

TEST_F(HostileCheckpoint, HoldsWhatItConvertsAgainstTheFile) {
  // Each tensor describes its scales anew, so that none is known from before, and all have the one storage.
  constexpr int64_t bytes = 1 << 18, channels = bytes / 4;
  const auto [scales, zero_points] = numbers_to_convert(bytes, channels);
  PickleWriter pickle;
  pickle.begin_list();
  for (int i = 0; i < 100; ++i) describe_channels(pickle, bytes, channels, scales, zero_points);
  pickle.end_list();
  const support::PeakAllocation memory;
  EXPECT_ERROR(load(archive(pickle.finish(), std::string(bytes, '\0'))), DecodeError, "its tensors to convert make");
  EXPECT_LT(memory.bytes(), 16 << 20);
}

TEST_F(HostileCheckpoint, HoldsArraysOfNumPyAgainstTheirContent) {
  const auto array = [](const std::string& shape, const std::string& type = "f4", const std::string& content = "C\x04good"s) {
    return archive(
        "\x80\x03"
        "cnumpy.core.multiarray\n_reconstruct\ncnumpy\nndarray\nK\0\x85"
        "C\x01"
        "b\x87R(K\x01"s +
        shape + "cnumpy\ndtype\nX\x02\0\0\0"s + type + "\x85R\x89"s + content + "tb."s);
  };
  EXPECT_EQ(load(array("K\x01\x85"s)).as_tensor().numel(), 1);
  EXPECT_ERROR(load(array("K\x02\x85"s)), DecodeError, "an array of shape [2] with 4 bytes");
  EXPECT_ERROR(load(array("J\xff\xff\xff\xff\x85"s)), DecodeError, "not a natural number");
  EXPECT_ERROR(load(array("K\0\x8a\x08\0\0\0\0\0\0\0\x40K\x04\x87"s)), DecodeError, "with 4 bytes");
  EXPECT_ERROR(load(array("K\x01\x85"s, "O8")), DecodeError, "an array of NumPy's type O8; save it as a tensor");
  EXPECT_ERROR(load(array("K\x01\x85"s, "f4", "]")), DecodeError, "an array of objects");
  EXPECT_ERROR(load(archive("\x80\x03"
                            "cnumpy\ndtype\nX\x02\0\0\0f4\x85R."s)),
               DecodeError, "a type of NumPy without an array");
}

TEST_F(HostileCheckpoint, MayNotHaveAKeyTwice) {
  EXPECT_ERROR(load(archive("\x80\x02"
                            "}(K\x01NK\x01Nu."s)),
               DecodeError, "the key 1 stands twice");
  EXPECT_ERROR(load(archive("\x80\x02"
                            "}(]Nu."s)),
               DecodeError, "a list cannot be the key");
}

TEST_F(HostileCheckpoint, GivesAnErrorOrAValueForEveryDamage) {
  std::vector<std::filesystem::path> files;
  for (const auto* name : {"small_2.pth", "small_4.pth"}) files.push_back(oracle::folder() / "hub" / name);
  const support::TemporaryFolder folder;
  files.push_back(folder.path() / "ours.pth");
  hub::save(files.back(), hub::Value::dict({{"a", torch::arange(6.0f).reshape({2, 3}).t()},
                                            {"n", 3},
                                            {"coo", torch::eye(2).to_sparse()},
                                            {"csr", torch::eye(2).to_sparse_csr()},
                                            {"meta", torch::empty({2}, torch::kMeta)}}));
  for (const auto& path : files) {
    SCOPED_TRACE(path.string());
    std::ifstream file(path, std::ios::binary);
    const std::string sound{std::istreambuf_iterator<char>(file), {}};
    ASSERT_NO_THROW(load(sound));
    for (size_t i = 0; i < sound.size(); ++i) {
      EXPECT_ERROR(load(sound.substr(0, i)), DecodeError, "load ");
      for (const auto mask : support::changes()) {
        auto bytes = sound;
        bytes[i] = static_cast<char>(bytes[i] ^ mask);
        attempt(bytes);
      }
    }
  }
}

TEST_F(HostileCheckpoint, IsRefusedFastHoweverItNests) {
  // Half a million dicts within dicts, 10^100 references, a cycle: each is refused before it is built.
  const auto begin = std::clock();
  std::string deep = "\x80\x02", wide = "\x80\x02]q\0"s;
  for (int i = 0; i < 500'000; ++i) deep += "}N"s;
  deep += "N" + std::string(500'000, 's') + ".";
  for (int i = 0; i < 100; ++i) wide += "0](h\0h\0h\0h\0h\0h\0h\0h\0h\0h\0eq\0"s;
  EXPECT_ERROR(load(archive(deep)), DecodeError, "limits.pickle_depth");
  EXPECT_ERROR(load(archive(wide + ".")), DecodeError, "limits.pickle_objects");
  EXPECT_ERROR(load(archive("\x80\x02]q\0h\0a."s)), DecodeError, "holds itself");
  EXPECT_LT(std::clock() - begin, 20 * CLOCKS_PER_SEC);
}

}  // namespace
}  // namespace opsis
