"""datasets: FakeData, folders of images, the idx format."""

import pathlib
import struct

import torch
import torchvision
from oracle import case, out_dir, run
from torchvision.datasets import FakeData
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


run(__file__)
