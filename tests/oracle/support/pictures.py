"""Pictures and files of pictures that the oracle's modules of codecs share."""

import importlib.util
import io
import pathlib

import numpy
import torch
from oracle import out_dir
from PIL import Image


def photo(height, width, channels=3, bits=8, noise=0.05):
    """Something like a photograph: soft gradients with noise and an edge."""
    random = numpy.random.RandomState(height * 1000 + width)
    y, x = numpy.mgrid[0:height, 0:width] / max(height, width)
    planes = [0.5 + 0.4 * numpy.sin(7 * x * (c + 1) + 3 * y) * numpy.cos(5 * y - c) for c in range(channels)]
    picture = numpy.stack(planes, -1) + noise * random.randn(height, width, channels)
    picture[height // 3 : height // 2, width // 4 : width // 2] *= 0.3
    return (picture.clip(0, 1) * (2**bits - 1)).round().astype(numpy.uint16 if bits > 8 else numpy.uint8)


def tensor(content):
    return torch.frombuffer(bytearray(content), dtype=torch.uint8)


def written(name, content):
    """Writes a picture for the C++ side, which finds it by the name."""
    path = out_dir() / "io" / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    return tensor(content)


def saved(picture, format, mode=None, **options):
    out = io.BytesIO()
    image = Image.fromarray(picture.squeeze(-1) if picture.ndim == 3 and picture.shape[-1] == 1 else picture)
    (Image.frombytes(mode, image.size, picture.tobytes()) if mode else image).save(out, format, **options)
    return out.getvalue()


def scikit_image():
    """The folder of the pictures that scikit-image ships. It is not imported: what it needs itself is not installed."""
    return pathlib.Path(importlib.util.find_spec("skimage").submodule_search_locations[0]) / "data"
