"""Small copies of data sets in the layout that they are downloaded in, and a torchvision that downloads them from a folder.

A Mirror holds files under the paths of their urls; opened() lets torchvision fetch, unpack and open them, for the C++ tests to open
the same folder, and to fetch from the same mirror by themselves.
"""

import bz2
import contextlib
import copy
import gzip
import hashlib
import inspect
import io
import itertools
import json
import lzma
import os
import pathlib
import shutil
import tarfile
import urllib.error
import urllib.parse
import zipfile
from unittest import mock

import numpy as np
import torch
import torchvision.datasets
from oracle import out_dir
from PIL import Image
from torchvision.transforms.functional import pil_to_tensor
from torchvision.tv_tensors import _dataset_wrapper

# Where torchvision takes files as the file system gives them, Opsis sorts. For the oracle both do.
_listdir, _rglob = os.listdir, pathlib.Path.rglob
os.listdir = lambda *arguments: sorted(_listdir(*arguments))
pathlib.Path.rglob = lambda self, pattern: iter(sorted(_rglob(self, pattern)))

_random = np.random.RandomState(0)


def pixels(height, width, channels=3, high=256, dtype=np.uint8):
    shape = (height, width) if channels == 1 else (height, width, channels)
    return _random.randint(0, high, shape).astype(dtype)


def picture(format="JPEG", mode="RGB", height=None, width=None):
    """The bytes of a small picture, each time another."""
    height, width = height or _random.randint(4, 9), width or _random.randint(4, 9)
    image = Image.fromarray(pixels(height, width)).convert(mode)
    out = io.BytesIO()
    image.save(out, format)
    return out.getvalue()


def encoded(array, format="PNG"):
    out = io.BytesIO()
    (array if isinstance(array, Image.Image) else Image.fromarray(array)).save(out, format)
    return out.getvalue()


def md5(data):
    return hashlib.md5(data).hexdigest()


def tar(files, compression="gz"):
    """files: {name: bytes}."""
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode=f"w:{compression}") as archive:
        for name, data in files.items():
            info = tarfile.TarInfo(name)
            info.size = len(data)
            archive.addfile(info, io.BytesIO(data))
    return out.getvalue()


def zipped(files):
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in files.items():
            archive.writestr(name, data)
    return out.getvalue()


def put(root, files):
    for name, data in files.items():
        path = pathlib.Path(root) / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)


def fresh(name):
    path = out_dir() / "data_sets" / name
    shutil.rmtree(path, ignore_errors=True)
    path.mkdir(parents=True)
    return path


class Mirror:
    """Files of a data set by url; their names' hashes for the C++ tests."""

    def __init__(self, name):
        self.name = name
        self.folder = fresh(f"mirrors/{name}")
        self.hashes = {}

    def add(self, url, data, file=None):
        parts = urllib.parse.urlsplit(url)
        put(self.folder, {parts.path.lstrip("/") + ("?" + parts.query if parts.query else ""): data})
        self.know(file or url.rsplit("/", 1)[-1], data)

    def drive(self, file_id, data, file):
        self.add(f"https://drive.usercontent.google.com/download?id={file_id}&export=download", data, file)

    def know(self, file, data):
        """A file that comes inside another, and is checked."""
        self.hashes[f"{self.name}/{file}"] = md5(data)

    def content(self, url):
        parts = urllib.parse.urlsplit(url)
        return (self.folder / (parts.path.lstrip("/") + ("?" + parts.query if parts.query else ""))).read_bytes()


@contextlib.contextmanager
def served(mirror=None):
    """A torchvision that finds every hash right, and downloads from the mirror."""
    utils = torchvision.datasets.utils

    def retrieve(url, filename, *_):
        try:
            pathlib.Path(filename).write_bytes(mirror.content(url))
        except FileNotFoundError as error:
            raise urllib.error.URLError(error) from error

    def drive(file_id, root, filename=None, md5=None):
        os.makedirs(root, exist_ok=True)
        retrieve(f"https://drive.usercontent.google.com/download?id={file_id}&export=download", os.path.join(root, filename))

    with contextlib.ExitStack() as stack:
        stack.enter_context(mock.patch.object(utils, "check_md5", lambda *_, **__: True))
        stack.enter_context(mock.patch.object(utils, "_get_redirect_url", lambda url, **_: url))
        stack.enter_context(mock.patch.object(utils, "_urlretrieve", retrieve))
        for module in (torchvision.datasets.celeba, torchvision.datasets.pcam, torchvision.datasets.widerface):
            stack.enter_context(mock.patch.object(module, "download_file_from_google_drive", drive))
        yield


_count = itertools.count()


def opened(name, source, /, **options):
    """torchvision's data set, its root, and what the C++ test must know. `source` is a Mirror, or {name: bytes} put in place."""
    root = fresh(f"roots/{name}_{next(_count)}")
    known = {"root": str(root), "mirror": None}
    cls = getattr(torchvision.datasets, name)
    if isinstance(source, Mirror):
        with served(source):
            data = cls(str(root), download=True, **options)
        known.update(mirror=str(source.folder), hashes=source.hashes)
    else:
        put(root, source)
        with served():
            data = cls(str(root), **options)
        known.update(hashes={})
    _check_wrapped(data)
    return data, known


# Sets whose wrapped examples are others than the plain ones: cases of theirs record them.
_changed_when_wrapped = ("CocoDetection", "VOCDetection", "Kitti", "WIDERFace", "CelebA", "Cityscapes")


def _same(a, b):
    if isinstance(a, (tuple, list)):
        return len(a) == len(b) and all(_same(x, y) for x, y in zip(a, b))
    return torch.equal(tensor(a), tensor(b)) if isinstance(a, (Image.Image, np.ndarray, torch.Tensor)) else a == b


def _check_wrapped(data):
    """What is recorded of a data set is what it gives wrapped for transforms v2 as well, if torchvision wraps it."""
    if type(data).__name__ in _changed_when_wrapped or type(data) not in _dataset_wrapper.WRAPPER_FACTORIES:
        return
    try:
        view = torchvision.datasets.wrap_dataset_for_transforms_v2(copy.copy(data))
    except RuntimeError:  # a target that its wrapper does not take
        return
    for i in range(len(data)):
        if not _same(data[i], view[i]):
            raise AssertionError(f"{type(data).__name__}: example {i} is another one when it is wrapped")


def tensor(image):
    return pil_to_tensor(image) if isinstance(image, Image.Image) else torch.as_tensor(np.ascontiguousarray(image))


def classified(name, source, /, **options):
    """Everything of a data set of classified images."""
    data, known = opened(name, source, **options)
    examples = [data[i] for i in range(len(data))]
    known["labels"] = [-1 if label is None else int(label) for _, label in examples]
    known.update({f"image{i}": tensor(image) for i, (image, _) in enumerate(examples)})
    classes = getattr(data, "classes", None)
    known["classes"] = classes and [", ".join(c) if isinstance(c, tuple) else c for c in classes]
    known["class_to_idx"] = getattr(data, "class_to_idx", None)
    return known


def recorded(name, source, keep, /, **options):
    """keep(data, i) gives {field: value} of an example; tensors are stored, all else is a list with a value an example."""
    data, known = opened(name, source, **options)
    known["length"] = len(data)
    lists = {}
    for i in range(len(data)):
        for key, value in keep(data, i).items():
            if isinstance(value, torch.Tensor):
                known[f"{key}{i}"] = value
            else:
                lists.setdefault(key, []).append(value)
    return data, {**known, **{key: json.dumps(value) for key, value in lists.items()}}


__all__ = [name for name, value in list(globals().items()) if not name.startswith("_") and not inspect.ismodule(value)]
__all__ += ["bz2", "gzip", "lzma", "io"]
