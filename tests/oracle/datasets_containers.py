"""datasets_containers: HDF5 and LMDB, written by h5py and lmdb, and the data sets that are kept in them."""

import contextlib
import functools
import os
import tempfile

import h5py
import lmdb
import numpy as np
import torch
from oracle import case, out_dir, run
from support.fake_data import *
from torchvision import datasets as D

_libver = {"old": "earliest", "1.8": ("v108", "v108"), "latest": "latest"}
_storage = {"contiguous": {}, "chunked": {"chunks": (2, 5, 4)}, "one_chunk": {"chunks": (5, 7, 6)},
            "filtered": {"chunks": (2, 3, 4), "compression": "gzip", "shuffle": True, "fletcher32": True}}


def _hdf5(arrays, libver="old", userblock=0, **storage):
    out = io.BytesIO()
    with h5py.File(out, "w", libver=_libver[libver], userblock_size=userblock) as file:
        for name, array in arrays.items():
            file.create_dataset(name, data=array, **(storage if np.ndim(array) > 1 else {}))
    return out.getvalue()


def _kept(name, data):
    folder = out_dir() / "datasets_containers_files"
    folder.mkdir(parents=True, exist_ok=True)
    (folder / name).write_bytes(data)
    return str(folder / name)


def _array(name, type, data):
    with h5py.File(io.BytesIO(data)) as file:
        values = torch.tensor(file["x"][:].astype(np.int64))
    return {"file": _kept(name, data), "width": np.dtype(type).itemsize, "signed": np.dtype(type).kind == "i", "values": values}


@case("datasets_containers/hdf5", type=["uint8", "<i2", ">i4", "<u4", ">i8"], storage=list(_storage), libver=["old", "1.8"])
def hdf5(type, storage, libver):
    values = np.random.randint(np.iinfo(type).min, min(np.iinfo(type).max, 2**62), (5, 7, 6)).astype(type)
    data = _hdf5({"a": np.arange(3), "x": values}, libver, **_storage[storage])
    return _array(f"{type[-2:]}_{storage}_{libver}.h5", type, data)


@case("datasets_containers/hdf5_groups", libver=["old", "1.8", "latest"], userblock=[0, 512])
def hdf5_groups(libver, userblock):
    """More names than one node of a group's tree takes; the array is in one piece, for which "latest" is like the others."""
    arrays = {f"name{i}": np.zeros(1, np.int8) for i in range(200 if libver == "old" else 5)}
    data = _hdf5({**arrays, "x": np.arange(12, dtype=np.uint8).reshape(3, 4)}, libver, userblock)
    return _array(f"groups_{libver}_{userblock}.h5", "uint8", data)


@case("datasets_containers/hdf5_refused")
def hdf5_refused():
    x = np.arange(12, dtype=np.uint8).reshape(3, 4)
    files = {"floats": _hdf5({"x": x.astype(np.float32)}), "scalar": _hdf5({"x": np.uint8(1)}), "other_name": _hdf5({"y": x}),
             "filter": _hdf5({"x": x}, compression="lzf"), "new_chunks": _hdf5({"x": x}, "latest", chunks=(2, 2))}
    with h5py.File(out := io.BytesIO(), "w") as file:
        file.create_group("x")
    files["group"] = out.getvalue()
    with h5py.File(out := io.BytesIO(), "w") as file:
        file.create_dataset("x", (1000, 1000), chunks=(10, 10), dtype="u1")[5, 5] = 1
    files["never_written"] = out.getvalue()
    return {name: _kept(f"refused_{name}.h5", data) for name, data in files.items()}


def _lmdb(entries, map_size=1 << 24):
    with tempfile.TemporaryDirectory() as folder:
        with lmdb.open(folder, map_size=map_size) as environment, environment.begin(write=True) as transaction:
            for key, value in entries.items():
                transaction.put(key, value)
        with open(f"{folder}/data.mdb", "rb") as file:
            return file.read()


_entries = {
    "none": {},
    "one": {b"k": b"value"},
    "long_values": {b"key%d" % i: os.urandom(37 * i) for i in range(300)},
    "many": {os.urandom(8): b"%d" % i for i in range(5000)},
}


@case("datasets_containers/lmdb", kind=list(_entries))
def lmdb_entries(kind):
    entries = sorted(_entries[kind].items())
    lengths = [[len(key), len(value)] for key, value in entries]
    joined = b"".join(key + value for key, value in entries)
    return {"file": _kept(f"{kind}.mdb", _lmdb(_entries[kind])), "lengths": torch.tensor(lengths).view(-1, 2),
            "bytes": torch.frombuffer(bytearray(joined or b"."), dtype=torch.uint8)}


@functools.cache
def _pcam():
    mirror = Mirror("PCAM")
    for split, parts in D.PCAM._FILES.items():
        x, y = pixels(9 * 96, 96).reshape(9, 96, 96, 3), pixels(9, 1, 1, 2).reshape(9, 1, 1, 1)
        options = {"train": {}, "test": {"chunks": True}, "val": {"chunks": True, "compression": "gzip", "libver": "1.8"}}[split]
        for kind, name, array in (("images", "x", x), ("targets", "y", y)):
            file, file_id, _ = parts[kind]
            mirror.drive(file_id, gzip.compress(_hdf5({name: array}, **options), 1), file + ".gz")
    return mirror


@case("datasets_containers/pcam", split=["train", "test", "val"])
def pcam(split):
    return classified("PCAM", _pcam(), split=split)


@functools.cache
def _lsun():
    kinds = ["bedroom", "bridge", "church_outdoor", "classroom", "conference_room", "dining_room", "kitchen", "living_room",
             "restaurant", "tower"]
    names = [f"{kind}_{split}" for kind in kinds for split in ("train", "val")] + ["test"]
    formats = ["WEBP", "PNG", "JPEG"]
    return {f"{name}_lmdb/data.mdb": _lmdb({os.urandom(20).hex().encode(): picture(formats[i % 3]) for i in range(1 + k % 4)})
            for k, name in enumerate(names)}


@contextlib.contextmanager
def _in_folder_of_its_own():
    """Where torchvision leaves its files of keys."""
    before = os.getcwd()
    with tempfile.TemporaryDirectory() as folder:
        os.chdir(folder)
        yield
        os.chdir(before)


@case("datasets_containers/lsun", classes=["train", "val", "test", ["church_outdoor_val", "bedroom_train"], []])
def lsun(classes):
    with _in_folder_of_its_own():
        return {**classified("LSUN", _lsun(), classes=classes), "asked": [classes] if isinstance(classes, str) else classes}


@case("datasets_containers/lsun_class", kind=["bridge_val"])
def lsun_class(kind):
    with _in_folder_of_its_own():
        return classified("LSUNClass", {"data.mdb": _lsun()[f"{kind}_lmdb/data.mdb"]})


run(__file__)
