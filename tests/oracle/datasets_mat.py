"""datasets_mat: MATLAB's files, written and read by SciPy."""

import struct

import h5py
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


# --- Version 7.3: HDF5 behind 512 bytes of MATLAB's own, written and read by h5py -----------------------------------------

_class = {"float64": "double", "float32": "single", "bool": "logical"}


def _class_of(value):
    return _class.get(str(value.dtype), str(value.dtype))


class _Hdf5:
    """A file as MATLAB writes it: sides from the other end, classes as attributes, cells as references."""

    def __init__(self, name):
        _root.mkdir(parents=True, exist_ok=True)
        self.path = _root / f"{name}.mat"
        self.file = h5py.File(self.path, "w", userblock_size=512)
        self.count = 0

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.file.close()
        head = b"MATLAB 7.3 MAT-file, Platform: GLNXA64, Created on: Fri Nov 27 08:00:00 2026 HDF5 schema 1.00 ."
        with open(self.path, "r+b") as file:
            file.write(head.ljust(116) + bytes(8) + b"\x00\x02IM")

    def _put(self, group, name, data, mat_class, **attributes):
        data = group.create_dataset(name, data=data, **self.storage if data.size else {})
        data.attrs["MATLAB_class"] = np.bytes_(mat_class)
        for key, value in attributes.items():
            data.attrs[key] = np.int32(value)

    def put(self, group, name, value, storage={}):
        self.storage = storage
        if isinstance(value, str):
            letters = np.array([[ord(letter)] for letter in value], dtype=np.uint16)
            self._put(group, name, letters, "char", MATLAB_int_decode=2)
        elif isinstance(value, dict):
            inner = group.create_group(name)
            inner.attrs["MATLAB_class"] = np.bytes_("struct")
            for key, item in value.items():
                self.put(inner, key, item)
        elif isinstance(value, list) and value and isinstance(value[0], dict):  # an array of structs
            inner = group.create_group(name)
            inner.attrs["MATLAB_class"] = np.bytes_("struct")
            for key in value[0]:
                inner.create_dataset(key, data=self._references([item[key] for item in value]))
        elif isinstance(value, list):
            self._put(group, name, self._references(value), "cell")
        elif value.size == 0:
            self._put(group, name, np.array(value.shape, dtype=np.uint64), _class_of(value), MATLAB_empty=1)
        else:
            stored = value.astype(np.uint8) if value.dtype == bool else value
            decoded = {"MATLAB_int_decode": 1} if value.dtype == bool else {}
            self._put(group, name, stored.T, _class_of(value), **decoded)

    def _references(self, items):
        refs = self.file.require_group("#refs#")
        out = np.empty((len(items), 1), dtype=h5py.ref_dtype)
        for i, item in enumerate(items):
            self.count += 1
            name = f"r{self.count}"  # what the item refers to itself counts on
            self.put(refs, name, item)
            out[i, 0] = refs[name].ref
        return out


@case("datasets_mat/version_7_3", kind=[*_types, "fractions", "one", "empty", "bools"],
      storage=["whole", "chunks", "unclassed"])
def version_7_3(kind, storage):
    value = np.asarray(_numbers[kind]())
    value = value.reshape(1, 1) if value.ndim == 0 else value
    options = {"chunks": True, "compression": "gzip", "shuffle": True} if storage == "chunks" else {}
    with _Hdf5(f"7_3_{kind}_{storage}") as mat:
        mat.put(mat.file, "before", np.arange(5000.0).reshape(1, -1))
        mat.put(mat.file, "X", value, options)
        if storage == "unclassed" and value.size:  # written by another program
            del mat.file["X"].attrs["MATLAB_class"]
    with h5py.File(mat.path) as file:
        stored = file["X"][()].T if value.size else np.zeros(tuple(file["X"][()]))
    return {"file": str(mat.path), "shape": list(stored.shape),
            "values": torch.tensor(stored.flatten(order="F").astype(np.float64))}


@case("datasets_mat/nested_7_3")
def nested_7_3():
    with _Hdf5("nested_7_3") as mat:
        first = {"name": "first", "cells": [np.arange(3.0).reshape(1, 3), "caf\u00e9 \u4e16"]}
        mat.put(mat.file, "X", [np.zeros((0, 0)), first["cells"], "end"])
        mat.put(mat.file, "one", first)
        mat.put(mat.file, "many", [first, {"name": "second", "cells": np.full((1, 1), 5.0)}])
        mat.put(mat.file, "after", "text")
        mat.file.create_dataset("complex", data=np.array([[1j]])).attrs["MATLAB_class"] = np.bytes_("double")
        mat.file.create_dataset("wrong", data=np.array([[1.5]])).attrs["MATLAB_class"] = np.bytes_("int8")
        mat.file.create_dataset("function", data=np.array([[1.5]])).attrs["MATLAB_class"] = np.bytes_("function_handle")
        mat.file.create_group("group")
        loop = mat.file.create_dataset("loop", (1, 1), dtype=h5py.ref_dtype)
        loop.attrs["MATLAB_class"] = np.bytes_("cell")
        loop[0, 0] = loop.ref
    return {"file": str(mat.path)}


run(__file__)
