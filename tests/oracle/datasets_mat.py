"""datasets_mat: MATLAB's files, written and read by SciPy."""

import struct

import numpy as np
import scipy.io
import scipy.sparse
import torch
from oracle import case, out_dir, run

_root = out_dir() / "datasets_mat"
_types = ["int8", "uint8", "int16", "uint16", "int32", "uint32", "int64", "uint64", "float32", "float64"]
_numbers = {
    **{type: lambda type=type: np.arange(1, 25).reshape(2, 3, 4).astype(type) for type in _types},
    "fractions": lambda: np.linspace(-1, 1, 6).reshape(3, 2),
    "one": lambda: 7.0,
    "empty": lambda: np.zeros((0, 3)),
    "sparse": lambda: scipy.sparse.csc_matrix(np.array([[0, 2.5, 0], [1, 0, 0]])),
    "bools": lambda: np.array([[True, False]]),
}


def _file(name, value, **options):
    _root.mkdir(parents=True, exist_ok=True)
    path = _root / (name + "".join(f"_{value}" for value in options.values()) + ".mat")
    scipy.io.savemat(path, {"before": np.arange(5000), "X": value, "after": "text"}, **options)
    return path


def _known(path):
    value = scipy.io.loadmat(path)["X"]
    value = value.toarray() if scipy.sparse.issparse(value) else value
    return {"file": str(path), "shape": list(value.shape),
            "values": torch.tensor(value.flatten(order="F").astype(np.float64))}


@case("datasets_mat/numbers", kind=list(_numbers), compressed=[False, True])
def numbers(kind, compressed):
    return _known(_file(kind, _numbers[kind](), do_compression=compressed))


@case("datasets_mat/version_4", kind=["uint8", "int32", "float32", "float64"])
def version_4(kind):
    return _known(_file(kind, np.arange(6).reshape(2, 3).astype(kind), format="4"))


@case("datasets_mat/big_endian")
def big_endian():
    array = struct.pack(">IIII", 6, 8, 6, 0) + struct.pack(">IIii", 5, 8, 1, 2) + struct.pack(">HHss2x", 1, 1, b"X", b"\0")
    array += struct.pack(">IIdd", 9, 16, 1.5, -2.5)
    path = _root / "big_endian.mat"
    _root.mkdir(parents=True, exist_ok=True)
    path.write_bytes(b"MATLAB 5.0 MAT-file".ljust(124) + struct.pack(">H", 0x0100) + b"MI" + struct.pack(">II", 14, len(array)) + array)
    return _known(path)


@case("datasets_mat/nested", compressed=[False, True])
def nested(compressed):
    cells = np.empty(2, dtype=object)
    cells[:] = [np.arange(3.0), "caf\u00e9"]
    return {"file": str(_file("nested", [{"name": "first", "cells": cells}, {"name": "second", "cells": 5}],
                              do_compression=compressed))}


run(__file__)
