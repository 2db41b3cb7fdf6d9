"""datasets: FakeData, folders of images, the idx format."""

import os
import pathlib
import shutil
import struct

import torch
import torchvision
from oracle import case, fails, out_dir, run
from PIL import Image
from torchvision.datasets import DatasetFolder, FakeData, ImageFolder
from torchvision.datasets.folder import IMG_EXTENSIONS, has_file_allowed_extension
from torchvision.datasets.mnist import read_sn3_pascalvincent_tensor
from torchvision.transforms.functional import pil_to_tensor


@case("datasets/names")
def names():
    return {"names": sorted(torchvision.datasets.__all__)}


@case("datasets/fake_data", image_size=[(3, 32, 24), (1, 5, 5), (1, 1, 1), (4, 3, 2)], random_offset=[0, 1000],
      num_classes=[10, 3])
def fake_data(image_size, random_offset, num_classes):
    data = FakeData(6, image_size, num_classes, random_offset=random_offset)
    examples = [data[i] for i in range(len(data))]
    return {
        "images": torch.stack([pil_to_tensor(image) for image, _ in examples]),
        "labels": torch.tensor([label for _, label in examples]),
        "next_draw": torch.rand(1),
    }


_idx_types = {8: ">u1", 9: ">i1", 11: ">i2", 12: ">i4", 13: ">f4", 14: ">f8"}


@case("datasets/idx", type=list(_idx_types), shape=[(5,), (2, 3), (2, 3, 4), (1, 1, 1)])
def idx(type, shape):
    values = (torch.rand(shape, dtype=torch.float64) * 200 - 100).numpy()
    if type == 8:
        values = values + 100
    data = bytes([0, 0, type, len(shape)]) + struct.pack(f">{len(shape)}I", *shape) + values.astype(_idx_types[type]).tobytes()
    path = out_dir() / "datasets" / "array.idx"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)
    return {"file": torch.frombuffer(bytearray(data), dtype=torch.uint8), "expected": read_sn3_pascalvincent_tensor(str(path))}


# What a folder of photos looks like after some years: nested, mixed, with names whose order is not obvious.
_files = {
    "cat/1.png": "RGB", "cat/b/2.jpg": "RGB", "cat/b-c/3.PNG": "L", "cat/b/c/4.jpeg": "L", "cat/b/notes.txt": None,
    "cat/B/5.png": "RGBA", "dog/10.png": "P", "dog/9.png": "LA", "dog/.png": "1", "dog/a.png.bak": None,
    "\u00c9mile/\u00e9.png": "RGB", "top.png": "RGB", "elsewhere/x.png": "RGB",
}


def _tree(name, extra):
    root = out_dir() / "datasets" / name
    shutil.rmtree(root, ignore_errors=True)
    for number, (file, mode) in enumerate(_files.items()):
        path = (root.parent / (name + "_linked") if file.startswith("elsewhere") else root) / file
        path.parent.mkdir(parents=True, exist_ok=True)
        if mode is None:
            path.write_text("no picture")
            continue
        pixels = torch.randint(0, 256, (9 + number, 12, 4), dtype=torch.uint8).numpy()
        picture = Image.fromarray(pixels, "RGBA") if mode == "RGBA" else Image.fromarray(pixels).convert("RGB").convert(mode)
        picture.save(path, "JPEG" if file.endswith(("jpg", "jpeg")) else "PNG")
    os.symlink(f"../{name}_linked/elsewhere", root / "zebra")
    os.symlink("9.png", root / "dog" / "link.png")
    if extra:
        os.symlink("nothing.png", root / "dog" / "broken.png")
        (root / "empty").mkdir()
    return root


def _folder(root, data):
    return {
        "root": str(root),
        "classes": data.classes,
        "class_to_idx": data.class_to_idx,
        "paths": [os.path.relpath(path, root) for path, _ in data.samples],
        "targets": data.targets,
    }


@case("datasets/image_folder")
def image_folder():
    root = _tree("photos", extra=False)
    data = ImageFolder(str(root))
    images = {f"image{i}": pil_to_tensor(image) for i, (image, _) in enumerate(data)}
    return {**_folder(root, data), **images}


@case("datasets/image_folder_options", valid=[None, "b", "nothing"], allow_empty=[False, True])
def image_folder_options(valid, allow_empty):
    root = _tree(f"photos_{valid}_{allow_empty}", extra=True)
    check = None if valid is None else lambda path: os.path.basename(os.path.dirname(path)).startswith(valid)
    make = lambda: ImageFolder(str(root), is_valid_file=check, allow_empty=allow_empty)
    if fails(make):
        return {"root": str(root), "refused": True}
    return {**_folder(root, make()), "refused": False}


@case("datasets/dataset_folder", extensions=[[".png"], [".jpeg", ".bak"], None], allow_empty=[False, True])
def dataset_folder(extensions, allow_empty):
    """A loader that takes a file's bytes for an image; without extensions a function says which files there are."""
    root = _tree(f"files_{extensions and len(extensions)}_{allow_empty}", extra=False)
    load = lambda path: torch.frombuffer(bytearray(pathlib.Path(path).read_bytes()), dtype=torch.uint8).view(1, 1, -1)
    check = None if extensions else lambda path: os.path.basename(path)[0] in "12345"
    make = lambda: DatasetFolder(str(root), load, extensions and tuple(extensions), is_valid_file=check, allow_empty=allow_empty)
    if fails(make):
        return {"root": str(root), "refused": True}
    data = make()
    return {**_folder(root, data), "refused": False, **{f"bytes{i}": content for i, (content, _) in enumerate(data)}}


@case("datasets/extensions", file=["a.jpg", "A.JPG", "a.jpg.txt", ".jpeg", "jpg", "b.TiFf", "c.webp", "", "d.gif", "x.pgm", "y.bmp"])
def extensions(file):
    return {"allowed": has_file_allowed_extension(file, IMG_EXTENSIONS), "extensions": IMG_EXTENSIONS}


run(__file__)
