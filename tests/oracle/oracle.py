"""The oracle's machinery: a decorator that turns a function into a table of cases, and the writer of their results.

A module tests/oracle/<room>.py holds cases and ends with `run(__file__)`. CTest runs it with the output folder.

    @case("transforms/resize_uint8", shape=[(3, 33, 47), (1, 8, 8)], size=[[7], [16, 24]])
    def resize_uint8(shape, size):
        image = torch.randint(0, 256, shape, dtype=torch.uint8)
        return {"image": image, "expected": F.resize(image, size)}

makes four cases (the product of the lists). Each runs after torch.manual_seed(0). What it returns is stored: tensors as
tensors, everything else as JSON; so are the arguments. To add a case, add a value to a list. The C++ side:

    for (const auto& c : oracle::cases("transforms/resize_uint8")) { c.tensor("image"); c.ints("size"); ... }
"""

import itertools
import json
import os
import pathlib
import random
import sys

import numpy
import torch
from safetensors.torch import save

_registered = []


def case(name, **table):
    def register(function):
        if any(name == known for known, _, _ in _registered):
            raise ValueError(f"two oracle cases are named {name}")
        _registered.append((name, table, function))
        return function

    return register


def fails(call):
    """Whether torchvision refuses; for cases that hold refusals against ours."""
    try:
        call()
    except Exception:
        return True
    return False


def _plain(value):
    """A value as JSON."""
    if isinstance(value, (str, bool, int, float)) or value is None:
        return value
    if isinstance(value, (list, tuple)):
        return [_plain(v) for v in value]
    if isinstance(value, dict):
        return {str(k): _plain(v) for k, v in value.items()}
    if isinstance(value, torch.Size):
        return list(value)
    return getattr(value, "name", None) or str(value)


def _write(path, data):
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(path.name + f".{os.getpid()}")
    temporary.write_bytes(data)
    temporary.replace(path)


def run(module):
    room = pathlib.Path(module).stem
    out = out_dir()
    count = 0
    for name, table, function in _registered:
        if not name.startswith(room + "/"):
            raise ValueError(f"{name} stands in {room}.py; its name must begin with {room}/")
        tensors, cases = {}, []
        for number, values in enumerate(itertools.product(*table.values())):
            arguments = dict(zip(table, values))
            torch.manual_seed(0)
            numpy.random.seed(0)
            random.seed(0)
            result = function(**arguments)
            title = " ".join(f"{k}={v}" for k, v in arguments.items())
            entry = {"name": title or name, "values": {k: _plain(v) for k, v in arguments.items()}}
            for key, value in result.items():
                if isinstance(value, torch.Tensor):
                    # Plain memory: no subclass, no view, no alias with another tensor of the file.
                    tensors[f"{number}/{key}"] = value.detach().as_subclass(torch.Tensor).clone(memory_format=torch.contiguous_format)
                else:
                    entry["values"][key] = _plain(value)
            cases.append(entry)
        _write(out / f"{name}.safetensors", save(tensors))
        _write(out / f"{name}.json", json.dumps(cases).encode())
        count += len(cases)
    print(f"{room}: {count} cases of {len(_registered)} tables")


def out_dir():
    """Where a case may write files of its own (checkpoints, pictures): they stand beside the results."""
    if len(sys.argv) != 2 or sys.argv[1].startswith("-"):
        raise SystemExit(f"usage: {sys.argv[0]} <folder for the results>")
    return pathlib.Path(sys.argv[1])
