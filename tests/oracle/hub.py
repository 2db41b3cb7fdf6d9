"""hub: checkpoints and safetensors files as Python writes them, with what is in them."""

import collections
import json

import safetensors.torch
import torch
import torchvision
from oracle import case, out_dir, run

FLOATS = [torch.float64, torch.float32, torch.float16, torch.bfloat16, torch.float8_e4m3fn, torch.float8_e5m2]
INTEGERS = [torch.int64, torch.int32, torch.int16, torch.int8, torch.uint8, torch.uint16, torch.uint32, torch.uint64, torch.bool]


def _small():
    return {"a": torch.arange(6, dtype=torch.float32).reshape(2, 3), "b": torch.tensor([1, 2, 3])}


def _every_type():
    out = {str(t): torch.randn(3, 4).to(t) for t in FLOATS}
    out |= {str(t): torch.randint(0, 2 if t == torch.bool else 100, (5,)).to(t) for t in INTEGERS}
    return out | {str(t): torch.randn(2, 2, dtype=t) for t in [torch.complex64, torch.complex128]}


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
    return {"parameter": torch.nn.Parameter(torch.randn(2, 2)), "frozen": frozen, "named": named,
            "wants_gradient": torch.ones(2, requires_grad=True)}


def _plain():
    return {"none": None, "yes": True, "no": False, "text": "Zürich 📷 'x' \\ \n", "empty": "", "bytes": b"\x00\x7f\x80\xff", "no_bytes": bytearray(),
            "ints": [0, 1, -1, 255, 256, 65535, 65536, 2**31 - 1, 2**31, -(2**31), -(2**31) - 1, 2**40, 2**63 - 1, -(2**63)],
            "floats": [0.0, -1.5, 1e300, 5e-324, 0.1], "tuples": [(), (1,), (1, 2), (1, 2, 3), (1, 2, 3, 4)], "nested": [[[]], [{}], {"a": {1: {"b": ()}}}],
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


def _shared_containers():
    row = [1, 2, torch.ones(2)]
    return {"a": row, "b": row, "c": (row, row)}


OBJECTS = {"small": _small, "every_type": _every_type, "views": _views, "sizes": _sizes, "parameters": _parameters, "plain": _plain,
           "training": _training, "shared_containers": _shared_containers, "nothing": lambda: {}, "tensor": lambda: torch.ones(2, 3)}


def _describe(value, tensors):
    """A value as JSON: its kind as Opsis sees it, and what it holds; tensors by their number."""
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
    if isinstance(value, (str, torch.dtype, torch.device)):
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
    tensors = []
    tree = _describe(value, tensors)
    return {"file": name, "tree": json.dumps(tree)} | {str(i): t for i, t in enumerate(tensors)}


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


@case("hub/refused", kind=["legacy", "legacy_tar_like", "script", "code", "npz"])
def refused(kind):
    path = _folder() / f"{kind}.pth"
    if kind == "legacy":
        torch.save(_small(), path, _use_new_zipfile_serialization=False)
    elif kind == "legacy_tar_like":
        path.write_bytes(b"\0" * 257 + b"ustar\0" + b"\0" * 249)
    elif kind == "script":
        torch.jit.script(torch.nn.Linear(2, 2)).save(str(path))
    elif kind == "code":
        torch.save(torch.nn.Linear(2, 2), path)
    else:
        import numpy

        with open(path, "wb") as file:
            numpy.savez(file, a=numpy.zeros(3))
    return {"file": path.name}


@case("hub/safetensors", object=["small", "every_type", "views", "sizes"])
def safetensors_file(object):
    tensors = {k: v.contiguous().clone() for k, v in OBJECTS[object]().items() if v.dtype != torch.complex128}
    name = f"{object}.safetensors"
    safetensors.torch.save_file(tensors, _folder() / name, metadata={"format": "pt", "note": "ü"})
    plain = {k: torch.view_as_real(v) if v.is_complex() else v for k, v in tensors.items()}
    return {"file": name, "names": list(plain)} | {f"tensor {k}": v for k, v in plain.items()}


@case("hub/resnet18")
def resnet18():
    state = torchvision.models.resnet18().state_dict()
    torch.save(state, _folder() / "resnet18.pth")
    safetensors.torch.save_file(state, _folder() / "resnet18_weights.safetensors")
    return {"names": list(state)}


run(__file__)
