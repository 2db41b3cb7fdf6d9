"""Opens by torchvision a folder that Opsis made and one that torchvision made of the same files; all that is in them must be equal.

    read_back.py NAME THEIRS OURS OPTIONS [NAME THEIRS OURS OPTIONS ...]

OPTIONS are those of torchvision.datasets.NAME, as JSON: '{"split": "val"}'.
"""

import json
import sys

import torch
import torchvision.datasets
from PIL import Image


def _same(a, b):
    if isinstance(a, torch.Tensor):
        return a.dtype == b.dtype and torch.equal(a, b)
    if isinstance(a, Image.Image):
        return (a.mode, a.size, a.tobytes()) == (b.mode, b.size, b.tobytes())
    if isinstance(a, (list, tuple)):
        return type(a) is type(b) and len(a) == len(b) and all(map(_same, a, b))
    return type(a) is type(b) and a == b


def compare(name, theirs, ours, options):
    a, b = (getattr(torchvision.datasets, name)(root, **json.loads(options)) for root in (theirs, ours))
    for attribute in ("classes", "class_to_idx", "wnids", "wnid_to_idx", "targets", "data", "labels", "matches"):
        assert _same(getattr(a, attribute, None), getattr(b, attribute, None)), attribute
    assert len(a) == len(b) > 0, f"{len(a)} examples and {len(b)}"
    for i in range(len(a)):
        assert _same(a[i], b[i]), f"example {i}"


for name, theirs, ours, options in zip(*[iter(sys.argv[1:])] * 4, strict=True):
    try:
        compare(name, theirs, ours, options)
    except Exception as error:
        sys.exit(f"{name} in {ours}, {options}: {type(error).__name__}: {error}")
