"""datasets_packed: archives that are read in place and shards of WebDataset, written by Python's zipfile and tarfile."""

import functools
import io
import json
import pathlib
import re
import tarfile
import warnings
import zipfile

from oracle import case, run
from PIL import Image
from support.fake_data import *
from torchvision import datasets as D


@functools.cache
def _photos():
    """Names whose order is not obvious, one too long for tar's oldest header, and one that no folder of a class has."""
    names = ["cat/1.png", "cat/b/2.jpg", "cat/b-c/3.PNG", "cat/b/c/4.jpeg", "dog/10.png", "dog/9.png", "dog/.png", "\u00c9mile/\u00e9.png",
             "top.png", f"cat/{'x' * 100}/{'y' * 90}.png"]
    files = {name: picture("JPEG" if "jp" in name else "PNG") for name in names}
    return {**files, "cat/b/notes.txt": b"no picture " * 30}


class _Stream(io.BytesIO):
    """Cannot go back, so that zipfile puts sizes behind the data."""

    def seekable(self):
        return False

    def seek(self, *_):
        raise io.UnsupportedOperation

    def tell(self):
        raise io.UnsupportedOperation


def _write_zip(kind, files):
    out = _Stream() if kind == "streamed" else io.BytesIO()
    method = zipfile.ZIP_DEFLATED if kind in ("deflated", "streamed") else zipfile.ZIP_STORED
    with zipfile.ZipFile(out, "w", method) as archive, warnings.catch_warnings():
        warnings.simplefilter("ignore")  # that a name comes twice
        if kind == "folders":
            for folder in sorted({name.rsplit("/", 1)[0] + "/" for name in files if "/" in name} | {"cow/"}):
                archive.writestr(folder, b"")
        if kind == "twice":
            archive.writestr("cat/1.png", picture("PNG"))
        for name, data in files.items():
            with archive.open(zipfile.ZipInfo(name), "w", force_zip64=True) if kind == "wide" else io.BytesIO() as entry:
                entry.write(data)
            if kind != "wide":
                archive.writestr(name, data)
    return out.getvalue()


def _write_tar(kind, files):
    format = {"ustar": tarfile.USTAR_FORMAT, "gnu": tarfile.GNU_FORMAT}.get(kind, tarfile.PAX_FORMAT)
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w", format=format) as archive:
        def add(name, data=b"", type=tarfile.REGTYPE, link=""):
            info = tarfile.TarInfo(name)
            info.size, info.type, info.linkname = len(data), type, link
            archive.addfile(info, io.BytesIO(data))

        if kind == "dotted":
            add(".", type=tarfile.DIRTYPE)
            add("./cow", type=tarfile.DIRTYPE)
        if kind == "twice":
            add("cat/1.png", picture("PNG"))
        for name, data in files.items():
            add(f"./{name}" if kind == "dotted" else name, data)
        if kind == "links":
            add("dog/hard.png", type=tarfile.LNKTYPE, link="cat/1.png")
            add("dog/soft.png", type=tarfile.SYMTYPE, link="../cat/b/2.jpg")
            add("dog/again.png", type=tarfile.SYMTYPE, link="soft.png")
            add("pipe.png", type=tarfile.FIFOTYPE)
    return out.getvalue()


_zips, _tars = ["stored", "deflated", "streamed", "wide", "folders", "twice"], ["ustar", "gnu", "pax", "dotted", "twice", "links"]


@case("datasets_packed/photos", kind=[f"{kind}.zip" for kind in _zips] + [f"{kind}.tar" for kind in _tars] + ["deep.zip", "deep.tar"])
def photos(kind):
    """The archive, and what torchvision makes of the folder that Python unpacks it to."""
    name, ending = kind.split(".")
    files = {("all/train/" if name == "deep" else "") + file: data for file, data in _photos().items()}
    root = fresh(f"packed/{kind}.folder")
    path = root / kind
    path.write_bytes((_write_zip if ending == "zip" else _write_tar)(name, files))
    with zipfile.ZipFile(path) if ending == "zip" else tarfile.open(path) as archive:
        if ending == "zip":
            archive.extractall(root / "unpacked")
        else:
            archive.extractall(root / "unpacked")
    inner = "all/train" if name == "deep" else ""
    data = D.ImageFolder(str(root / "unpacked" / inner), allow_empty=True)
    images = {f"image{i}": tensor(data[i][0]) for i in range(len(data))}
    return {"root": str(path / inner), "unpacked": str(root / "unpacked" / inner), "classes": data.classes, "class_to_idx": data.class_to_idx,
            "targets": data.targets, "paths": [str(pathlib.Path(file).relative_to(data.root)) for file, _ in data.samples], **images}


@case("datasets_packed/latin", kind=["ustar", "gnu", "pax"])
def latin(kind):
    """Names in Latin-1, as old archives have them; Python's zipfile has no way to write such."""
    root = fresh(f"packed/latin-{kind}")
    path = root / "photos.tar"
    names = ["caf\udce9/\udcff\udcfe.png", "dog/1.png", "\udcc0/1.png"]
    path.write_bytes(_write_tar(kind, {name: picture("PNG") for name in names}))
    with tarfile.open(path) as archive:
        archive.extractall(root / "unpacked")
    return {"root": str(path), "unpacked": str(root / "unpacked")}


# --- WebDataset -------------------------------------------------------------------------------------------------------------


def _split(name):
    """The package's rule: what is in front of the first point of the last part, and what is behind it."""
    found = re.match(r"^((?:.*/|)[^.]+)[.]([^/]*)$", name)
    return found.groups() if found else None


def _shard(number):
    """Samples of a picture, its class, a text and numbers; with what real shards have besides."""
    files = {}
    for i in range(3):
        key = ["{:05}", "sub/{:05}", "./{:05}"][i].format(10 * number + i)
        files[f"{key}.jpg"] = picture()
        files[f"{key}.cls"] = b" 7 \n" if i == 1 else str(10 * number + i).encode()
        files[f"{key}.JSON"] = json.dumps({"number": i, "name": "\u00e4"}).encode()
        files[f"{key}.txt"] = "a photo, \u00e4\n".encode()
        files[f"{key}.seg.png"] = picture("PNG", "L")
        if i == 0:
            files["__meta__"], files["README"], files["__skipped__/x.jpg"] = b"m", b"r", b"s"
    return files


@case("datasets_packed/shards", shards=["train-{000000..000002}.tar", "train-{000002..000000}.tar", "train-00000{0,2}.tar",
                                        "{train-000001,train-{000000..000000}}.tar", "train-000001.tar"],
      format=["ustar", "gnu", "pax"])
def shards(shards, format):
    root = fresh(f"shards/{format}") if format not in _written else _written[format]
    if format not in _written:
        _written[format] = root
        for number in range(3):
            (root / f"train-{number:06}.tar").write_bytes(_write_tar(format, _shard(number)))
    order = {"train-{000000..000002}.tar": [0, 1, 2], "train-{000002..000000}.tar": [2, 1, 0], "train-00000{0,2}.tar": [0, 2],
             "{train-000001,train-{000000..000000}}.tar": [1, 0], "train-000001.tar": [1]}[shards]
    samples = []
    for number in order:
        with tarfile.open(root / f"train-{number:06}.tar") as archive:
            for info in archive:
                if re.match(r"__[^/]*__($|/)", info.name) or not info.isreg() or not _split(info.name):
                    continue
                key, suffix = _split(info.name)
                if not samples or samples[-1]["key"] != key or samples[-1]["shard"] != number:
                    samples.append({"key": key, "shard": number, "members": {}})
                samples[-1]["members"][suffix.lower()] = archive.extractfile(info).read()
    out = {"root": str(root), "keys": [sample["key"] for sample in samples], "members": [sorted(sample["members"]) for sample in samples],
           "labels": [int(sample["members"]["cls"]) for sample in samples], "texts": [sample["members"]["txt"].decode() for sample in samples],
           "numbers": [json.loads(sample["members"]["json"])["number"] for sample in samples]}
    for i, sample in enumerate(samples):
        out[f"image{i}"] = tensor(Image.open(io.BytesIO(sample["members"]["jpg"])))
        out[f"mask{i}"] = tensor(Image.open(io.BytesIO(sample["members"]["seg.png"])))
    return out


_written = {}

run(__file__)
