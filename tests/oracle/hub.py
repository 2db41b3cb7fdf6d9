"""hub: checkpoints and safetensors files as Python writes them, with what is in them."""

import collections
import io
import json
import pickle
import struct
import tarfile
import zipfile

import numpy
import safetensors.torch
import torch
import torchvision
from oracle import case, out_dir, run
from support.listed import Listed

FLOATS = [torch.float64, torch.float32, torch.float16, torch.bfloat16, torch.float8_e4m3fn, torch.float8_e5m2, torch.float8_e4m3fnuz,
          torch.float8_e5m2fnuz, torch.float8_e8m0fnu]  # fmt: skip
COMPLEX = [torch.complex64, torch.complex32, torch.complex128]  # of which safetensors files have the first
INTEGERS = [torch.int64, torch.int32, torch.int16, torch.int8, torch.uint8, torch.uint16, torch.uint32, torch.uint64, torch.bool]


def _small():
    return {"a": torch.arange(6, dtype=torch.float32).reshape(2, 3), "b": torch.tensor([1, 2, 3])}


def _every_type():
    out = {str(t): torch.randn(3, 4).to(t) for t in FLOATS}
    out |= {str(t): torch.randint(0, 2 if t == torch.bool else 100, (5,)).to(t) for t in INTEGERS}
    return out | {str(t): torch.randn(2, 2, dtype=torch.complex128).to(t) for t in COMPLEX}


def _views():
    x = torch.arange(60, dtype=torch.float32).reshape(3, 4, 5)
    return {"whole": x, "part": x[1:, :2], "turned": x.permute(2, 0, 1), "every_second": x[:, ::2, 1::3], "one": x[2, 3, 4],
            "wide": torch.tensor([1.0, 2.0])[:, None].expand(2, 7), "last": x.flatten()[55:]}


def _sizes():
    return {"scalar": torch.tensor(2.5), "empty": torch.zeros(0), "empty_3d": torch.zeros(2, 0, 3, dtype=torch.int64),
            "behind": torch.arange(12).reshape(3, 4)[3:, 4:], "one": torch.ones(1, 1, 1, 1)}


def _parameters():
    frozen = torch.nn.Parameter(torch.randn(3), requires_grad=False)
    named = torch.nn.Parameter(torch.randn(2))
    named.note = "an attribute makes it another kind of pickle"
    noted = torch.randn(3)
    noted.note = ["so does one", {"of a": "tensor"}]
    return {"parameter": torch.nn.Parameter(torch.randn(2, 2)), "frozen": frozen, "named": named,
            "noted": noted, "buffer": torch.nn.Buffer(torch.ones(2)),
            "wants_gradient": torch.ones(2, requires_grad=True)}


def _plain():
    return {"none": None, "yes": True, "no": False, "text": "Zürich 📷 'x' \\ \n", "empty": "", "bytes": b"\x00\x7f\x80\xff", "no_bytes": bytearray(),
            "ints": [0, 1, -1, 255, 256, 65535, 65536, 2**31 - 1, 2**31, -(2**31), -(2**31) - 1, 2**40, 2**63 - 1, -(2**63)],
            "floats": [0.0, -1.5, 1e300, 5e-324, 0.1], "tuples": [(), (1,), (1, 2), (1, 2, 3), (1, 2, 3, 4)], "nested": [[[]], [{}], {"a": {1: {"b": ()}}}],
            "complex": [1 + 2j, -0.5j, complex(0.1, -0.0)],
            3: "an int as a key", -1: "another", "set": {7}, "ordered": collections.OrderedDict(z=1, a=2), "counter": collections.Counter({"a": 2}),
            "shape": torch.Size([2, 3]), "dtype": torch.float32, "device": torch.device("cpu"), "cuda": torch.device("cuda", 1)}


def _training():
    model = torch.nn.Sequential(torch.nn.Conv2d(3, 4, 3), torch.nn.BatchNorm2d(4), torch.nn.Flatten(), torch.nn.LazyLinear(5))
    model(torch.randn(2, 3, 6, 6)).sum().backward()
    optimizer = torch.optim.AdamW(model.parameters(), lr=0.01)
    optimizer.step()
    sgd = torch.optim.SGD(model.parameters(), lr=0.1, momentum=0.9, nesterov=True)
    sgd.step()
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(sgd, 10)
    return {"model": model.state_dict(), "optimizer": optimizer.state_dict(), "sgd": sgd.state_dict(), "schedule": schedule.state_dict(),
            "epoch": 7, "best": 0.75, "rng": torch.get_rng_state(), "history": [{"loss": 1.0, "epoch": 0}, {"loss": 0.5, "epoch": 1}]}


def _quantized():
    x = torch.randn(4, 3, 2)
    whole = torch.quantize_per_tensor(x, 0.02, 3, torch.qint8)
    scales, zeros = torch.rand(3) * 0.1 + 0.01, torch.arange(3)
    return {"qint8": whole, "quint8": torch.quantize_per_tensor(x, 0.03, 128, torch.quint8), "qint32": torch.quantize_per_tensor(x, 1e-6, 0, torch.qint32),
            "channels": torch.quantize_per_channel(x, scales, zeros, 1, torch.qint8), "part": whole[1:3], "turned": whole.permute(2, 0, 1),
            "no_elements": torch.quantize_per_tensor(torch.zeros(0, 3), 0.5, 1, torch.quint8), "dtype": torch.qint8}


def _without_memory_or_zeros():
    x = torch.randn(4, 6).clamp(min=0.5) - 0.5
    one = torch.sparse_coo_tensor([[0, 1, 1], [2, 0, 0]], torch.tensor([1.0, 2.0, 3.0]), (2, 3))
    return {"coo": x.to_sparse(), "twice": one, "in order": one.coalesce(), "of integers": torch.eye(3, dtype=torch.int64).to_sparse(),
            "of rows": torch.sparse_coo_tensor([[0, 2]], torch.randn(2, 3), (4, 3)), "nothing": torch.zeros(3, 0, 2).to_sparse(),
            "zeros": torch.zeros(3, 2).to_sparse(), "csr": x.to_sparse_csr(), "csc": x.to_sparse_csc(), "bsr": x.to_sparse_bsr((2, 3)),
            "bsc": x.to_sparse_bsc((2, 3)), "batch": torch.stack([x, x]).to_sparse_csr(), "layout": torch.sparse_coo,
            "meta": torch.empty(2, 3, dtype=torch.float16, device="meta"), "turned": torch.empty(2, 3, device="meta").t(),
            "wanted": torch.empty(2, device="meta", requires_grad=True), "huge": torch.empty(2**40, device="meta")}


def _shared_containers():
    row = [1, 2, torch.ones(2)]
    return {"a": row, "b": row, "c": (row, row)}


OBJECTS = {"small": _small, "every_type": _every_type, "views": _views, "sizes": _sizes, "parameters": _parameters, "plain": _plain,
           "training": _training, "quantized": _quantized, "without_memory_or_zeros": _without_memory_or_zeros, "shared_containers": _shared_containers,
           "tuple_keys": lambda: {(1, "a"): 1, ("b", (2, None)): torch.ones(2), (): 3.5, 1: 2}, "nothing": lambda: {}, "tensor": lambda: torch.ones(2, 3)}


def _describe(value, tensors):
    """A value as JSON: its kind as Opsis sees it, and what it holds; tensors by their number."""
    if isinstance(value, torch.Tensor) and value.is_quantized:
        channels = value.qscheme() == torch.per_channel_affine
        tensors.append(value.int_repr())
        scales = value.q_per_channel_scales() if channels else torch.tensor([value.q_scale()], dtype=torch.float64)
        zeros = value.q_per_channel_zero_points() if channels else torch.tensor([value.q_zero_point()])
        return ["quantized", len(tensors) - 1, str(value.dtype), scales.tolist(), zeros.tolist(), value.q_per_channel_axis() if channels else -1]
    if isinstance(value, torch.Tensor) and value.layout != torch.strided:
        tensors.append(value.to_dense())
        return ["sparse", len(tensors) - 1, str(value.layout), value._nnz(), value.is_coalesced() if value.is_sparse else None]
    if isinstance(value, torch.Tensor) and value.is_meta:
        return ["meta", str(value.dtype), list(value.shape), list(value.stride()), value.requires_grad]
    if isinstance(value, numpy.ndarray):
        return _describe(torch.from_numpy(value.astype(value.dtype.newbyteorder("="), order="C", copy=True)), tensors)
    if isinstance(value, numpy.generic):
        return _describe(value.item(), tensors)
    if isinstance(value, torch.Tensor):
        tensors.append(torch.view_as_real(value) if value.is_complex() else value)
        return ["tensor", len(tensors) - 1, value.requires_grad]
    if value is None:
        return ["none"]
    if isinstance(value, bool):
        return ["bool", value]
    if isinstance(value, int):
        return ["int", value]
    if isinstance(value, float):
        return ["float", value]
    if isinstance(value, complex):
        return ["complex", value.real, value.imag]
    if isinstance(value, (str, torch.dtype, torch.device, torch.layout)):
        return ["string", str(value)]
    if isinstance(value, (bytes, bytearray)):
        return ["bytes", list(value)]
    if isinstance(value, (list, set)):
        return ["list", [_describe(v, tensors) for v in value]]
    if isinstance(value, tuple):
        return ["tuple", [_describe(v, tensors) for v in value]]
    if isinstance(value, dict):
        return ["dict", [[_describe(k, tensors), _describe(v, tensors)] for k, v in value.items()]]
    raise TypeError(f"{type(value)} in a checkpoint")


def _folder():
    folder = out_dir() / "hub"
    folder.mkdir(parents=True, exist_ok=True)
    return folder


@case("hub/checkpoints", object=list(OBJECTS), protocol=[2, 4, 5])
def checkpoints(object, protocol):
    value = OBJECTS[object]()
    name = f"{object}_{protocol}.pth"
    torch.save(value, _folder() / name, pickle_protocol=protocol)
    with zipfile.ZipFile(_folder() / name) as archive:  # an example for the fuzzer
        (_folder() / f"{object}_{protocol}.pickle").write_bytes(archive.read(f"{object}_{protocol}/data.pkl"))
    tensors = []
    tree = _describe(value, tensors)
    return {"file": name, "tree": json.dumps(tree)} | {str(i): t for i, t in enumerate(tensors)}


@case("hub/streams", object=list(OBJECTS), protocol=[2, 3, 4, 5])
def streams(object, protocol):
    value = OBJECTS[object]()
    name = f"{object}_{protocol}.stream"
    torch.save(value, _folder() / name, pickle_protocol=protocol, _use_new_zipfile_serialization=False)
    tensors = []
    tree = _describe(value, tensors)
    return {"file": name, "tree": json.dumps(tree)} | {str(i): t for i, t in enumerate(tensors)}


def _numpy():
    x = numpy.arange(24, dtype=numpy.float32).reshape(2, 3, 4)
    types = ["b1", "i1", "i2", "i4", "i8", "u1", "u2", "u4", "u8", "f2", "f4", "f8", "c8", "c16"]
    return {"array": x, "fortran": numpy.asfortranarray(x), "turned": x.T, "big": x.astype(">f4"), "big_complex": x.astype(">c8"), "scalar": numpy.array(2.5),
            "empty": numpy.zeros((0, 3)), "float": numpy.float64(0.1), "float32": numpy.float32(0.1), "half": numpy.float16(0.1), "int": numpy.int64(-7),
            "complex": numpy.complex64(1 - 2j), "byte": numpy.uint8(200), "yes": numpy.bool_(True), "big_int": numpy.dtype(">i4").type(5)} | {t: numpy.array([[1, 0], [2, 3]], dtype=t) for t in types}


@case("hub/numpy", kind=["zip 2", "zip 4", "zip 5", "stream 2", "stream 3", "stream 5", "stream 2 of NumPy 1"])
def numpy_values(kind):
    file = io.BytesIO()
    value = _numpy()
    container, protocol = kind.split()[:2]
    torch.save(value, file, pickle_protocol=int(protocol), _use_new_zipfile_serialization=container == "zip")
    # NumPy 1 has the same without the underscore; in protocol 2 a name's length is not told.
    bytes = file.getvalue().replace(b"numpy._core", b"numpy.core") if "NumPy 1" in kind else file.getvalue()
    name = f"{kind}.numpy"
    (_folder() / name).write_bytes(bytes)
    tensors = []
    tree = _describe(value, tensors)
    return {"file": name, "tree": json.dumps(tree)} | {str(i): t for i, t in enumerate(tensors)}


@case("hub/quantized_lists", container=["pth", "stream"], zeros=["whole", "real"])
def quantized_lists(container, zeros):
    zero_points = torch.tensor([3, 0, 7]) if zeros == "whole" else torch.tensor([3.5, 0.25, 7])
    tensor = torch.quantize_per_channel(torch.randn(2, 3), torch.rand(3) + 0.01, zero_points, 1, torch.quint8)
    path = _folder() / f"listed_{zeros}.{container}"
    torch.save({"x": Listed(tensor)}, path, _use_new_zipfile_serialization=container == "pth")
    loaded = torch.load(path)["x"]
    return {"file": path.name, "scales": loaded.q_per_channel_scales(), "zero_points": loaded.q_per_channel_zero_points(), "numbers": loaded.int_repr()}


@case("hub/of_devices", data=["tensor", "numpy"], dtype=[torch.float16, torch.int32])
def of_devices(data, dtype):
    """Tensors of devices whose memory has no storages go through the CPU, and once went through NumPy."""
    tensor = torch.randn(2, 3) * 9
    rebuild = torch._utils._rebuild_device_tensor_from_cpu_tensor if data == "tensor" else torch._utils._rebuild_device_tensor_from_numpy

    class OfDevice:
        def __reduce__(self):
            return rebuild, (tensor if data == "tensor" else tensor.numpy(), dtype, "cpu", dtype.is_floating_point)

    path = _folder() / f"of_device_{data}_{dtype}.pth"
    torch.save({"x": OfDevice()}, path)
    loaded = torch.load(path, weights_only=data == "tensor")["x"]
    return {"file": path.name, "expected": loaded, "wanted": loaded.requires_grad}


class _Pickler(pickle.Pickler):
    """Writes tensors' storages, or tensors, by what `identify` says of them."""

    def __init__(self, file, identify):
        super().__init__(file, protocol=2)
        self.persistent_id = identify


def _stored(tensor):
    """A tensor's storage: the number of its elements, and they."""
    return struct.pack("<q", tensor.numel()) + tensor.numpy().tobytes()


@case("hub/old_streams", little_endian=[True, False], views=[True, False])
def old_streams(little_endian, views):
    """Streams as machines of the other byte order and PyTorch 0.1 to 0.3 wrote them, the latter with parts of storages."""
    whole = torch.arange(20, dtype=torch.float32)
    places = {"whole": (None, 0, (4, 5), (5, 1)), "part": (("7", 5, 10), 2, (2, 4), (4, 1)), "turned": (("8", 0, 6), 0, (2, 3), (1, 2)), "same": (("7", 5, 10), 0, (10,), (1,))}
    if not views:
        places = {"whole": places["whole"]}

    class Place:
        def __init__(self, view):
            self.view = view

    class Tensor:
        def __init__(self, view, offset, size, stride):
            self.arguments = (Place(view), offset, size, stride)

        def __reduce__(self):
            return torch._utils._rebuild_tensor, self.arguments

    file = io.BytesIO()
    for head in [0x1950A86A20F9469CFC6C, 1001, {"protocol_version": 1001, "little_endian": little_endian, "type_sizes": {"short": 2, "int": 4, "long": 4}}]:
        pickle.dump(head, file, protocol=2)
    _Pickler(file, lambda x: ("storage", torch.FloatStorage, "12", "cpu", 20, x.view) if isinstance(x, Place) else None).dump(
        collections.OrderedDict((name, Tensor(*place)) for name, place in places.items()))
    pickle.dump(["12"], file, protocol=2)
    file.write(_stored(whole))
    path = _folder() / f"old_{little_endian}_{views}.stream"
    path.write_bytes(file.getvalue())
    loaded = torch.load(path)
    assert torch.equal(loaded["whole"], whole.reshape(4, 5))
    return {"file": path.name} | {f"tensor {name}": tensor.clone() for name, tensor in loaded.items()}


@case("hub/tar")
def tar():
    """An archive as PyTorch before 0.1.9 wrote it: storages, tensors and the rest in three files of their own."""
    whole, numbers, part = torch.arange(12, dtype=torch.float32), torch.tensor([3, 1, 2]), (500, 11, 4, 6)
    tensors = {"weight": (21, 11, (3, 4), (4, 1), 0), "turned": (22, 11, (4, 3), (1, 4), 0), "numbers": (23, 12, (3,), (1,), 0), "part": (24, 500, (2, 2), (2, 1), 1)}
    names = {11: torch.FloatStorage, 12: torch.LongStorage, 500: torch.FloatStorage}
    storages = io.BytesIO()
    pickle.dump(2, storages, protocol=2)
    for key, kept in {11: whole, 12: numbers}.items():
        pickle.dump((key, "cpu", names[key]), storages, protocol=2)
        storages.write(_stored(kept))
    pickle.dump([part], storages, protocol=2)
    described = io.BytesIO()
    pickle.dump(len(tensors), described, protocol=2)
    for key, storage, size, stride, offset in tensors.values():
        pickle.dump((key, storage, torch.FloatTensor if storage != 12 else torch.LongTensor), described, protocol=2)
        described.write(struct.pack(f"<ii{2 * len(size) + 1}q", len(size), 0, *size, *stride, offset))
    rest = io.BytesIO()
    _Pickler(rest, lambda x: str(x[0]) if isinstance(x, tuple) and len(x) == 5 else None).dump(collections.OrderedDict(tensors) | {"epoch": 3})
    path = _folder() / "old.tar"
    with tarfile.open(path, "w") as archive:
        for name, content in {"sys_info": pickle.dumps({}), "storages": storages.getvalue(), "tensors": described.getvalue(), "pickle": rest.getvalue()}.items():
            entry = tarfile.TarInfo(name)
            entry.size = len(content)
            archive.addfile(entry, io.BytesIO(content))
    loaded = torch.load(path, weights_only=False)
    assert loaded.pop("epoch") == 3
    assert torch.equal(loaded["weight"], whole.reshape(3, 4)) and torch.equal(loaded["part"], whole[5:9].reshape(2, 2))
    return {"file": path.name} | {f"tensor {name}": tensor.clone() for name, tensor in loaded.items()}


@case("hub/without_checksums")
def without_checksums():
    torch.serialization.set_crc32_options(False)
    try:
        torch.save(_small(), _folder() / "without_checksums.pth")
    finally:
        torch.serialization.set_crc32_options(True)
    return _small()


@case("hub/big_endian")
def big_endian():
    value = {"f": torch.randn(5), "i": torch.arange(3), "c": torch.randn(2, dtype=torch.complex64), "b": torch.tensor([True, False])}
    path = _folder() / "big_endian.pth"
    torch.save(value, path)
    reader = torch._C.PyTorchFileReader(str(path))
    writer = torch._C.PyTorchFileWriter(str(_folder() / "big_endian.pth.new"))
    width = {0: 4, 1: 8, 2: 4, 3: 1}
    for record in reader.get_all_records():
        data = reader.get_record(record)
        if record == "byteorder":
            data = b"big"
        if record.startswith("data/"):
            w = width[int(record[5:])]
            data = b"".join(data[i : i + w][::-1] for i in range(0, len(data), w))
        if record != "version" and not record.startswith("."):
            writer.write_record(record, data, len(data))
    writer.write_end_of_file()
    (_folder() / "big_endian.pth.new").replace(path)
    loaded = torch.load(path)
    assert all(torch.equal(loaded[k], v) for k, v in value.items())
    return value | {"c": torch.view_as_real(value["c"])}


@case("hub/refused", kind=["tar_of_others", "script", "code", "npz"])
def refused(kind):
    path = _folder() / f"{kind}.pth"
    if kind == "tar_of_others":
        path.write_bytes(b"\0" * 257 + b"ustar\0" + b"\0" * 249)
    elif kind == "script":
        torch.jit.script(torch.nn.Linear(2, 2)).save(str(path))
    elif kind == "code":
        torch.save(torch.nn.Linear(2, 2), path)
    else:
        with open(path, "wb") as file:
            numpy.savez(file, a=numpy.zeros(3))
    return {"file": path.name}


@case("hub/safetensors", object=["small", "every_type", "views", "sizes"])
def safetensors_file(object):
    tensors = {k: v.contiguous().clone() for k, v in OBJECTS[object]().items() if v.dtype not in COMPLEX[1:]}
    name = f"{object}.safetensors"
    safetensors.torch.save_file(tensors, _folder() / name, metadata={"format": "pt", "note": "ü"})
    plain = {k: torch.view_as_real(v) if v.is_complex() else v for k, v in tensors.items()}
    return {"file": name, "names": list(plain)} | {f"tensor {k}": v for k, v in plain.items()}


@case("hub/resnet18")
def resnet18():
    state = torchvision.models.resnet18().state_dict()
    torch.save(state, _folder() / "resnet18.pth")
    torch.save(state, _folder() / "resnet18.stream", _use_new_zipfile_serialization=False)
    safetensors.torch.save_file(state, _folder() / "resnet18_weights.safetensors")
    return {"names": list(state)}


run(__file__)
